//! Holds follow their buyer's connection: a grace for who goes, nothing lost for who comes back,
//! more time for who stays, and never past the cap.

use std::time::Duration;

use commerce_core::{
    Refusal,
    limits::HOLD_GRACE_SECONDS,
    reservation::{latest, left_alone},
};
use commerce_service::ServiceError::Refused;
use commerce_store::sql;
use signaling_wire::{
    OrderId, ServerFrame,
    frame::shop::{Order, OrderStatus},
};

use super::{
    audit::audit,
    fixture::{HOLD_SECONDS, Shop, eventually},
    room::{join, next},
};

const GRACE: Duration = Duration::from_secs(HOLD_GRACE_SECONDS as u64);
const HOLD: Duration = Duration::from_secs(HOLD_SECONDS as u64);
const MOMENT: Duration = Duration::from_millis(1);

type Place = (signaling_wire::SaleId, signaling_wire::ProductId);

/// The one hold of an order, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    state: String,
    expires_at: i64,
    due: i64,
}

async fn held(shop: &Shop, order: OrderId) -> Held {
    let row = sql::query(
        "SELECT r.state, r.expires_at, o.payment_due_at FROM reservation r
         JOIN orders o ON o.id = r.order_id WHERE o.id = ?",
    )
    .bind(order.to_string())
    .fetch_one(shop.store.reader())
    .await
    .unwrap();
    Held {
        state: row.get("state").unwrap(),
        expires_at: row.get("expires_at").unwrap(),
        due: row.get("payment_due_at").unwrap(),
    }
}

/// Somebody in the room with an order of one unit.
struct Buyer {
    user: signaling_wire::UserId,
    order: Order,
    socket: signaling_hub::SocketSession,
}

async fn buyer(shop: &Shop, place: Place) -> Buyer {
    let user = shop.buyer().await;
    let socket = join(shop, user).await;
    let order = shop.buy(user, place, 1, "key").await.unwrap().order;
    Buyer {
        user,
        order,
        socket,
    }
}

/// Closes the connection; the hold is shortened when this returns.
async fn go(shop: &Shop, buyer: &Buyer) {
    shop.hub.leave_socket(shop.stream, buyer.socket.key).await;
    shortened(shop, buyer).await;
}

async fn shortened(shop: &Shop, buyer: &Buyer) {
    eventually("the hold is shortened", || async {
        let held = held(shop, buyer.order.id).await;
        held.expires_at < held.due
    })
    .await;
}

/// Waits until all news so far has been worked on.
async fn caught_up(shop: &Shop, place: Place) {
    let marker = buyer(shop, place).await;
    go(shop, &marker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_leaves_a_grace() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let gone = buyer(&shop, place).await;
    let before = held(&shop, gone.order.id).await;
    go(&shop, &gone).await;
    let after = held(&shop, gone.order.id).await;
    assert_eq!(
        after.expires_at,
        left_alone(before.expires_at, shop.now_us())
    );
    assert_eq!(after.due, before.due, "what the buyer was told");
    let other = shop.buyer().await;
    shop.pass(GRACE - MOMENT);
    let early = shop.buy(other, place, 1, "key").await;
    assert!(matches!(early, Err(Refused(Refusal::OutOfStock { .. }))));
    shop.pass(MOMENT);
    shop.buy(other, place, 1, "key").await.unwrap();
    let lost = shop.commerce.order(gone.user, gone.order.id).await.unwrap();
    assert_eq!(lost.status, OrderStatus::Expired);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_in_time_has_lost_nothing() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let gone = buyer(&shop, place).await;
    go(&shop, &gone).await;
    shop.pass(GRACE - MOMENT);
    let _back = join(&shop, gone.user).await;
    eventually("the time is given back", || async {
        let held = held(&shop, gone.order.id).await;
        held.expires_at == held.due
    })
    .await;
    shop.pass(HOLD - GRACE);
    let token = shop.token(gone.user, gone.order.payment.id).await;
    let paid = shop
        .commerce
        .confirm(gone.user, gone.order.payment.id, Some(&token))
        .await
        .unwrap();
    assert_eq!(paid.status, OrderStatus::Paid);
    assert_eq!(paid.id, gone.order.id);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_connections_is_enough_and_other_accounts_are_not_meant() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 1).await;
    let phone = buyer(&shop, place).await;
    let laptop = join(&shop, phone.user).await;
    let (by_http, order) = shop.order(place).await;
    shop.hub.leave_socket(shop.stream, phone.socket.key).await;
    caught_up(&shop, place).await;
    for id in [phone.order.id, order.id] {
        let held = held(&shop, id).await;
        assert_eq!(held.expires_at, held.due, "{id} of {by_http}");
    }
    shop.hub.leave_socket(shop.stream, laptop.key).await;
    shortened(&shop, &phone).await;
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_gone_to_pay_keeps_the_time() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 1).await;
    let paying = buyer(&shop, place).await;
    let token = shop.token(paying.user, paying.order.payment.id).await;
    shop.hub.leave_socket(shop.stream, paying.socket.key).await;
    caught_up(&shop, place).await;
    shop.pass(GRACE + MOMENT);
    let paid = shop
        .commerce
        .confirm(paying.user, paying.order.payment.id, Some(&token))
        .await;
    assert_eq!(paid.unwrap().status, OrderStatus::Paid);
    audit(&shop.store).await;
}

/// Whether a buyer's going did what it may: nothing but a hold changed, and none was given time.
fn sound(before: &[Held], after: &[Held]) -> bool {
    before.iter().zip(after).all(|(before, after)| {
        let unchanged = before == after;
        let shorter = before.state == "held" && after.expires_at < before.expires_at;
        unchanged || (shorter && before.state == after.state)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_or_nearly_over_is_not_touched_and_a_blind_write_would_be_found() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 9).await;
    let leaving = buyer(&shop, place).await;
    let token = shop.token(leaving.user, leaving.order.payment.id).await;
    let paid = shop
        .commerce
        .confirm(leaving.user, leaving.order.payment.id, Some(&token))
        .await;
    paid.unwrap();
    let second = shop.buy(leaving.user, place, 1, "second").await.unwrap();
    // Not there any more for the sweeper, which would give the hold more time.
    shop.hub.leave_socket(shop.stream, leaving.socket.key).await;
    caught_up(&shop, place).await;
    shop.pass(GRACE - Duration::from_secs(1));
    let again = join(&shop, leaving.user).await;
    eventually("the time is given back", || async {
        let held = held(&shop, second.order.id).await;
        held.expires_at == held.due
    })
    .await;
    shop.pass(HOLD - GRACE - Duration::from_secs(9));
    eventually("the hold is longer", || async {
        held(&shop, second.order.id).await.due > held(&shop, leaving.order.id).await.due
    })
    .await;
    let all = async || {
        [
            held(&shop, leaving.order.id).await,
            held(&shop, second.order.id).await,
        ]
    };
    let before = all().await;
    assert_eq!(before[0].state, "committed");
    shop.hub.leave_socket(shop.stream, again.key).await;
    caught_up(&shop, place).await;
    assert!(sound(&before, &all().await));

    // The control: without its conditions the same write is caught.
    let until = left_alone(i64::MAX, shop.now_us());
    shop.store
        .write(move |conn| {
            Box::pin(async move {
                sql::query("UPDATE reservation SET expires_at = ?")
                    .bind(until)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    assert!(!sound(&before, &all().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stays_gets_more_time_up_to_the_cap() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 1).await;
    let mut stays = buyer(&shop, place).await;
    let placed_at = shop.now_us();
    let (_, by_http) = shop.order(place).await;
    let cap = latest(placed_at, HOLD_SECONDS);
    let mut due = held(&shop, stays.order.id).await.due;
    let mut steps = 0;
    while due < cap {
        let left = Duration::from_micros((due - shop.now_us()).unsigned_abs());
        shop.pass(left - Duration::from_secs(5));
        eventually("the hold is longer", || async {
            held(&shop, stays.order.id).await.due > due
        })
        .await;
        let now = held(&shop, stays.order.id).await;
        assert_eq!(now.expires_at, now.due);
        assert!(now.due <= cap);
        if steps == 0 {
            let other = held(&shop, by_http.id).await;
            assert_eq!(
                other.due, other.expires_at,
                "nobody extends who is not there"
            );
            assert!(other.due < now.due);
        }
        due = now.due;
        steps += 1;
        let told = next(&mut stays.socket, |frame| match frame {
            ServerFrame::Order(update) => update
                .order
                .payment_due_ms
                .filter(|ms| i64::try_from(*ms).unwrap() == due / 1_000),
            _ => None,
        })
        .await;
        assert_eq!(i64::try_from(told).unwrap(), due / 1_000);
    }
    assert!(steps >= 2, "{steps}");
    shop.pass(Duration::from_micros((cap - shop.now_us()).unsigned_abs()));
    eventually("the hold is over", || async {
        held(&shop, stays.order.id).await.state == "expired"
    })
    .await;
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_news_is_made_up_for_and_a_restart_is_nobodys_going() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 1).await;
    let here = buyer(&shop, place).await;
    // As if the news of a return had been lost.
    let (id, soon) = (here.order.id.to_string(), shop.now_us() + 5_000_000);
    shop.store
        .write(move |conn| {
            Box::pin(async move {
                sql::query("UPDATE reservation SET expires_at = ? WHERE order_id = ?")
                    .bind(soon)
                    .bind(id)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    eventually("the sweeper has asked who is there", || async {
        let held = held(&shop, here.order.id).await;
        held.expires_at == held.due
    })
    .await;
    let before = held(&shop, here.order.id).await;
    let shop = shop.restart().await;
    assert_eq!(held(&shop, here.order.id).await, before);
    audit(&shop.store).await;
}
