//! Mutes and bans are kept: over a restart, with their author, and not against the shop's own.

use commerce_core::Refusal;
use commerce_service::{Actor, ServiceError};
use signaling_wire::{
    ServerFrame, UserId,
    frame::control::{Sanction, SanctionKind},
};

use super::{
    audit::audit,
    fixture::{Shop, actor},
    room::{join, next},
};

const BAN: SanctionKind = SanctionKind::Ban;
const MUTE: SanctionKind = SanctionKind::Mute;

async fn decide(
    shop: &Shop,
    who: Actor,
    user: UserId,
    kind: SanctionKind,
    seconds: Option<u32>,
) -> Result<commerce_service::SanctionView, ServiceError> {
    shop.commerce
        .sanction(who, shop.stream, user, kind, seconds)
        .await
}

/// What somebody who comes in is told about themselves.
async fn told(shop: &Shop, user: UserId) -> Sanction {
    let mut socket = join(shop, user).await;
    next(&mut socket, |frame| match frame {
        ServerFrame::Sanction(sanction) => Some(sanction),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_outlives_the_process_and_the_newest_one_holds() {
    let shop = Shop::open().await;
    let (loud, rude) = (shop.buyer().await, shop.buyer().await);
    let owner = shop.owner;
    decide(&shop, owner, loud, BAN, None).await.unwrap();
    let mute = decide(&shop, owner, loud, MUTE, Some(600)).await.unwrap();
    assert_eq!((mute.sanction.kind, mute.by_user_id), (MUTE, owner.user));
    let until = mute.sanction.until_ms.unwrap();
    assert_eq!(
        until / 1_000,
        (shop.now_us() / 1_000_000 + 600).unsigned_abs()
    );
    decide(&shop, owner, rude, BAN, None).await.unwrap();
    let shop = shop.restart().await;
    assert_eq!(told(&shop, loud).await, mute.sanction);
    assert_eq!(told(&shop, rude).await.kind, BAN);
    let seen = shop.commerce.audience(owner, shop.stream).await.unwrap();
    assert_eq!(seen.sanctions.len(), 2);
    // The mute is not the ban that is taken back.
    for (user, kind) in [(rude, MUTE), (rude, BAN), (loud, MUTE)] {
        shop.commerce
            .lift(owner, shop.stream, user, kind)
            .await
            .unwrap();
        let left = shop.commerce.audience(owner, shop.stream).await.unwrap();
        let banned = left.sanctions.iter().any(|view| view.user_id == rude);
        assert_eq!(banned, kind == MUTE && user == rude);
    }
    let shop = shop.restart().await;
    let mut socket = join(&shop, rude).await;
    let session = next(&mut socket, |frame| match frame {
        ServerFrame::Session(session) => Some(session.user.map(|user| user.id)),
        ServerFrame::Sanction(_) => Some(None),
        _ => None,
    })
    .await;
    assert_eq!(session, Some(rude));
}

/// Whichever way the purchase comes: the room's door is not the only one.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_banned_buys_nothing_in_the_show_until_the_ban_is_over() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 9).await;
    let (buyer, before) = shop.order(place).await;
    decide(&shop, shop.owner, buyer, BAN, Some(60))
        .await
        .unwrap();
    let refused = shop.buy(buyer, place, 1, "more").await;
    assert!(matches!(
        refused,
        Err(ServiceError::Refused(Refusal::Banned))
    ));
    let again = shop.buy(buyer, place, 1, "first").await.unwrap();
    assert_eq!(
        (again.order.id, again.replayed),
        (before.id, true),
        "orders stay theirs"
    );
    let muted = shop.buyer().await;
    decide(&shop, shop.owner, muted, MUTE, None).await.unwrap();
    shop.buy(muted, place, 1, "quiet").await.unwrap();
    assert_eq!(shop.stock(place.0).await.available, 7);
    shop.pass(std::time::Duration::from_secs(61));
    shop.buy(buyer, place, 1, "more").await.unwrap();
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_decide_nothing_and_the_shops_people_are_safe() {
    let shop = Shop::open().await;
    let (someone, other) = (shop.buyer().await, shop.buyer().await);
    let refused = decide(&shop, actor(someone), other, MUTE, None).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden)));
    let refused = decide(&shop, shop.owner, shop.owner.user, BAN, None).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))));
    let nobody = UserId::from_parts(1, 1);
    let refused = decide(&shop, shop.owner, nobody, MUTE, None).await;
    assert!(matches!(refused, Err(ServiceError::NotFound("user"))));
    let refused = decide(&shop, shop.owner, other, MUTE, Some(0)).await;
    assert!(matches!(refused, Err(ServiceError::Validation(_))));
    let seen = shop.commerce.audience(shop.owner, shop.stream).await;
    assert!(seen.unwrap().sanctions.is_empty());
}
