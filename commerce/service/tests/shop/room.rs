//! What a room is told: cards, pins, sales, stock, receipts; and buying from within it.

use signaling_hub::{Identity, SocketSession};
use signaling_wire::{
    ClientFrame, Code, ServerFrame, UserId, decode_server, encode_client,
    frame::shop::{CardState, SaleState},
};

use super::{
    audit::audit,
    fixture::{Shop, command},
};

pub(crate) async fn join(shop: &Shop, user: UserId) -> SocketSession {
    let expires_ms = commerce_store::clock::now_ms() + 600_000;
    let name = "Buyer".to_owned();
    let identity = Identity {
        user,
        login: "".into(),
        name,
        admin: false,
        seller: false,
        expires_ms,
    };
    shop.hub
        .join_socket(shop.stream, Some(identity))
        .await
        .unwrap()
}

/// The next frame that `pick` takes.
pub(crate) async fn next<T>(
    socket: &mut SocketSession,
    pick: impl Fn(ServerFrame) -> Option<T>,
) -> T {
    let picked = async {
        loop {
            let bytes = socket.rx.recv().await.expect("the socket stays open");
            if let Some(picked) = pick(decode_server(&bytes).unwrap().frame) {
                return picked;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), picked)
        .await
        .expect("the frame comes")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_sees_the_show() {
    let shop = Shop::open().await;
    let viewer = shop.buyer().await;
    let mut socket = join(&shop, viewer).await;
    let product = shop.add_product(5).await;
    let card = shop
        .commerce
        .add_card(shop.owner, shop.stream, product)
        .await
        .unwrap();
    let seen = next(&mut socket, |frame| match frame {
        ServerFrame::Card(card) => Some(card),
        _ => None,
    })
    .await;
    assert_eq!(
        (seen.clone(), seen.no, seen.state),
        (card.clone(), 1, CardState::Queued)
    );

    let second = shop.add_product(5).await;
    let second = shop
        .commerce
        .add_card(shop.owner, shop.stream, second)
        .await
        .unwrap();
    shop.commerce
        .pin(shop.owner, shop.stream, card.id)
        .await
        .unwrap();
    shop.commerce
        .pin(shop.owner, shop.stream, second.id)
        .await
        .unwrap();
    for id in [card.id, second.id] {
        let pinned = next(&mut socket, |frame| match frame {
            ServerFrame::Pinned(pinned) => Some(pinned),
            _ => None,
        })
        .await;
        assert_eq!((pinned.card.id, pinned.card.state), (id, CardState::Pinned));
    }
    let states: Vec<_> = shop
        .commerce
        .cards(shop.stream)
        .await
        .unwrap()
        .iter()
        .map(|card| card.state)
        .collect();
    assert_eq!(states, [CardState::Shown, CardState::Pinned], "at most one");
    shop.commerce
        .unpin(shop.owner, shop.stream, second.id)
        .await
        .unwrap();
    next(&mut socket, |frame| {
        matches!(frame, ServerFrame::Unpinned(_)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_finds_in_the_snapshot_what_the_others_were_told() {
    let shop = Shop::open().await;
    let viewer = shop.buyer().await;
    let mut socket = join(&shop, viewer).await;
    let product = shop.add_product(5).await;
    let card = shop
        .commerce
        .add_card(shop.owner, shop.stream, product)
        .await
        .unwrap();
    shop.commerce
        .pin(shop.owner, shop.stream, card.id)
        .await
        .unwrap();
    let place = shop.open_sale(5, 5).await;
    let sale = next(&mut socket, |frame| match frame {
        ServerFrame::Sale(sale) if sale.state == SaleState::Open => Some(sale),
        _ => None,
    })
    .await;
    assert_eq!(sale.id, place.0);

    let mut late = join(&shop, viewer).await;
    let snapshot = next(&mut late, |frame| match frame {
        ServerFrame::Snapshot(snapshot) => Some(snapshot),
        _ => None,
    })
    .await;
    assert_eq!(
        (snapshot.shop.cards.len(), snapshot.shop.pinned),
        (1, Some(card.id))
    );
    assert_eq!(snapshot.shop.sale.unwrap(), sale);
    assert_eq!(snapshot.shop.stock[0].available, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_purchase_by_socket_and_by_call_is_one_order() {
    let shop = Shop::open().await;
    let place = shop.open_sale(50, 50).await;
    let buyer = shop.buyer().await;
    let mut socket = join(&shop, buyer).await;
    for n in 0..12 {
        let buy = command(place, 1, &format!("key-{n}"));
        let frame = encode_client(&ClientFrame::Buy(buy.clone()));
        let (called, ()) = tokio::join!(
            shop.commerce.buy(buyer, buy),
            shop.hub.socket_frame(shop.stream, socket.key, &frame)
        );
        let answered = next(&mut socket, |frame| match frame {
            ServerFrame::Order(update) if update.key.is_some() => Some(update),
            _ => None,
        })
        .await;
        assert_eq!(answered.key.unwrap(), format!("key-{n}"));
        assert_eq!(answered.order.id, called.unwrap().order.id);
    }
    assert_eq!(shop.stock(place.0).await.held, 12);
    let level = next(&mut socket, |frame| match frame {
        ServerFrame::Stock(batch) => batch.levels.into_iter().find(|level| level.held == 12),
        _ => None,
    })
    .await;
    assert_eq!(
        level,
        shop.stock(place.0).await,
        "the tick is what was committed"
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_answers_with_the_key_and_a_receipt_follows_the_payment() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let buyer = shop.buyer().await;
    let mut socket = join(&shop, buyer).await;
    let frame = encode_client(&ClientFrame::Buy(command(place, 2, "too-many")));
    shop.hub.socket_frame(shop.stream, socket.key, &frame).await;
    let refused = next(&mut socket, |frame| match frame {
        ServerFrame::Error(refused) => Some(refused),
        _ => None,
    })
    .await;
    assert_eq!(refused.key.as_deref(), Some("too-many"));
    assert_eq!(refused.problem.code, Code::PerBuyerLimit);
    assert_eq!(refused.problem.facts["limit"], 1);

    let order = shop.buy(buyer, place, 1, "key").await.unwrap().order;
    let token = shop.token(buyer, order.payment.id).await;
    let paid = shop
        .commerce
        .confirm(buyer, order.payment.id, Some(&token))
        .await
        .unwrap();
    let receipt = next(&mut socket, |frame| match frame {
        ServerFrame::Order(update) if update.order.paid_ms.is_some() => Some(update.order),
        _ => None,
    })
    .await;
    assert_eq!(*receipt, paid);
}
