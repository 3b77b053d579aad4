//! A provider that lies, repeats itself, mixes things up or says nothing (F20, F21, F30): one
//! charge or all of it back, whatever came in which order.

use std::time::Duration;

use commerce_sandbox::Faults;
use signaling_wire::{
    PaymentId, UserId,
    frame::shop::{Order, OrderStatus, PaymentStatus},
};

use super::{
    audit::audit,
    fixture::{HOLD_SECONDS, SECRET, Shop, eventually},
};

/// Charges at the provider, behind the shop's back.
pub(crate) async fn charge(shop: &Shop, payment: PaymentId, token: &str) {
    let url = format!("{}/payments/{payment}/confirm", shop.sandbox.base_url);
    reqwest::Client::new()
        .post(url)
        .header("Authorization", format!("PortOne {SECRET}"))
        .json(&serde_json::json!({ "paymentToken": token }))
        .send()
        .await
        .unwrap();
}

async fn cancel_there(shop: &Shop, payment: PaymentId) {
    let url = format!("{}/payments/{payment}/cancel", shop.sandbox.base_url);
    reqwest::Client::new()
        .post(url)
        .header("Authorization", format!("PortOne {SECRET}"))
        .json(&serde_json::json!({ "reason": "by hand" }))
        .send()
        .await
        .unwrap();
}

async fn order(shop: &Shop, buyer: UserId, order: &Order) -> Order {
    shop.commerce.order(buyer, order.id).await.unwrap()
}

/// Never delivered: the list of the provider has the charge.
#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_no_webhook_told_of_is_found() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    shop.sandbox.set_faults(Faults {
        webhook_lost: true,
        ..Faults::default()
    });
    let token = shop.token(buyer, placed.payment.id).await;
    charge(&shop, placed.payment.id, &token).await;
    assert_eq!(shop.commerce.reconcile().await.unwrap(), 1);
    assert_eq!(order(&shop, buyer, &placed).await.status, OrderStatus::Paid);
    assert_eq!(
        shop.commerce.reconcile().await.unwrap(),
        0,
        "nothing differs any more"
    );
    audit(&shop.store).await;
}

/// Refunded at the provider before we ever saw it paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_refund_before_the_payment_calls_the_order_off() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    let token = shop.token(buyer, placed.payment.id).await;
    charge(&shop, placed.payment.id, &token).await;
    cancel_there(&shop, placed.payment.id).await;
    for _ in 0..3 {
        shop.commerce.settle(placed.payment.id).await.unwrap();
    }
    let after = order(&shop, buyer, &placed).await;
    assert_eq!(
        (after.status, after.payment_status),
        (OrderStatus::Cancelled, PaymentStatus::Refunded)
    );
    assert_eq!(shop.stock(place.0).await.available, 2);
    audit(&shop.store).await;
}

/// The order is called off while the buyer is in the window: the late charge goes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_charge_for_an_order_that_is_called_off_goes_back() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    let token = shop.token(buyer, placed.payment.id).await;
    let actor = super::fixture::actor(buyer);
    shop.commerce
        .cancel_order(actor, placed.id, "")
        .await
        .unwrap();
    charge(&shop, placed.payment.id, &token).await;
    shop.commerce.settle(placed.payment.id).await.unwrap();
    let after = order(&shop, buyer, &placed).await;
    assert_eq!(
        (after.status, after.payment_status),
        (OrderStatus::Cancelled, PaymentStatus::Refunded)
    );
    audit(&shop.store).await;
}

/// Unsigned webhooks of the older API only make us look.
#[tokio::test(flavor = "multi_thread")]
async fn an_unsigned_webhook_is_a_hint_and_nothing_more() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    for _ in 0..20 {
        let id = placed.payment.id.to_string();
        shop.commerce.webhook_v1(&id).await.unwrap();
        shop.commerce
            .webhook_v1("p00000000000000000000000000")
            .await
            .unwrap();
        shop.commerce.webhook_v1("nonsense").await.unwrap();
    }
    assert_eq!(
        order(&shop, buyer, &placed).await.status,
        OrderStatus::PendingPayment
    );
    let token = shop.token(buyer, placed.payment.id).await;
    charge(&shop, placed.payment.id, &token).await;
    let id = placed.payment.id.to_string();
    shop.commerce.webhook_v1(&id).await.unwrap();
    eventually("the hint was followed", || async {
        order(&shop, buyer, &placed).await.status == OrderStatus::Paid
    })
    .await;
    audit(&shop.store).await;
}

/// A channel that charges by itself asks first; the units are secured by the yes.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_the_provider_secures_the_units() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (_, placed) = shop.order(place).await;
    let (id, amount) = (placed.payment.id, placed.payment.amount.amount);
    let wrong = shop.commerce.allow_charge(id, amount - 1).await;
    assert!(wrong.is_err(), "another amount");
    shop.commerce.allow_charge(id, amount).await.unwrap();
    shop.pass(Duration::from_secs(u64::from(HOLD_SECONDS) + 1));
    let other = shop.buyer().await;
    assert!(
        shop.buy(other, place, 1, "k").await.is_err(),
        "no clock ends the hold"
    );
    assert!(
        shop.commerce.allow_charge(id, amount).await.is_err(),
        "it was asked once"
    );
    audit(&shop.store).await;
}
