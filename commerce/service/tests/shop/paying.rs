//! The confirm gate: charged once, sold once, or neither.

use std::time::Duration;

use commerce_core::Refusal;
use commerce_sandbox::{ConfirmFault, Faults};
use commerce_service::{ServiceError, ServiceError::Refused};
use signaling_wire::frame::shop::{OrderStatus, PaymentStatus};
use tokio::task::JoinSet;

use super::{
    audit::audit,
    fixture::{HOLD_SECONDS, Shop, actor, eventually},
};

const HOLD: Duration = Duration::from_secs(HOLD_SECONDS as u64);

fn confirming(fault: ConfirmFault) -> Faults {
    Faults {
        confirm: fault,
        confirm_times: Some(1),
        hang_ms: 3_000,
        ..Faults::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_payment_pays_the_order_once() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    let (buyer, order) = shop.order(place).await;
    let payment = order.payment.id;
    let token = shop.token(buyer, payment).await;
    let mut race = JoinSet::new();
    for _ in 0..10 {
        let (commerce, token) = (shop.commerce.clone(), token.clone());
        race.spawn(async move { commerce.confirm(buyer, payment, Some(&token)).await });
    }
    for outcome in race.join_all().await {
        match outcome {
            Ok(order) => assert_eq!(order.status, OrderStatus::Paid),
            Err(ServiceError::InFlight) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let order = shop
        .commerce
        .confirm(buyer, payment, Some(&token))
        .await
        .unwrap();
    assert_eq!(
        (order.status, order.payment_status),
        (OrderStatus::Paid, PaymentStatus::Paid)
    );
    assert!(order.paid_ms.is_some());
    let stock = shop.stock(place.0).await;
    assert_eq!((stock.held, stock.sold, stock.available), (0, 1, 4));
    assert_eq!(
        shop.commerce
            .payment(buyer, payment)
            .await
            .unwrap()
            .attempts,
        1
    );
    for _ in 0..3 {
        shop.commerce.settle(payment).await.unwrap();
    }
    let events = shop
        .commerce
        .order_events(actor(buyer), order.id)
        .await
        .unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["placed", "paying", "paid"]);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_can_be_tried_again_while_the_hold_lasts() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let payment = order.payment.id;
    let token = shop
        .commerce
        .sandbox_authorize(buyer, payment, false)
        .await
        .unwrap();
    let declined = shop.commerce.confirm(buyer, payment, Some(&token)).await;
    assert!(
        matches!(declined, Err(Refused(Refusal::Declined { .. }))),
        "{declined:?}"
    );
    let failed = shop.commerce.order(buyer, order.id).await.unwrap();
    assert_eq!(
        (failed.status, failed.payment_status),
        (OrderStatus::PendingPayment, PaymentStatus::Failed)
    );
    assert_eq!(shop.stock(place.0).await.held, 1, "still held");
    audit(&shop.store).await;

    let token = shop.token(buyer, payment).await;
    let paid = shop
        .commerce
        .confirm(buyer, payment, Some(&token))
        .await
        .unwrap();
    assert_eq!(paid.status, OrderStatus::Paid);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_charged_for_a_hold_that_is_over() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let token = shop.token(buyer, order.payment.id).await;
    shop.pass(HOLD);
    let late = shop
        .commerce
        .confirm(buyer, order.payment.id, Some(&token))
        .await;
    assert!(
        matches!(late, Err(Refused(Refusal::ReservationExpired))),
        "{late:?}"
    );
    assert_eq!(shop.stock(place.0).await.available, 1);
    shop.commerce.settle(order.payment.id).await.unwrap();
    let expired = shop.commerce.order(buyer, order.id).await.unwrap();
    assert_eq!(
        (expired.status, expired.payment_status),
        (OrderStatus::Expired, PaymentStatus::None)
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_after_charging_becomes_paid_and_no_clock_ends_the_hold() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let token = shop.token(buyer, order.payment.id).await;
    shop.sandbox.set_faults(Faults {
        lookup_unavailable_times: 1,
        ..confirming(ConfirmFault::TimeoutAfterCharge)
    });
    let pending = shop
        .commerce
        .confirm(buyer, order.payment.id, Some(&token))
        .await
        .unwrap();
    assert_eq!(pending.payment_status, PaymentStatus::Pending);
    shop.pass(HOLD * 2);
    let other = shop.buyer().await;
    let refused = shop.buy(other, place, 1, "key").await;
    assert!(
        matches!(refused, Err(Refused(Refusal::OutOfStock { .. }))),
        "{refused:?}"
    );
    eventually("the order is paid", || async {
        shop.pass(Duration::from_secs(1));
        shop.commerce.order(buyer, order.id).await.unwrap().status == OrderStatus::Paid
    })
    .await;
    assert_eq!(shop.stock(place.0).await.sold, 1);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_without_a_charge_frees_the_stock_in_the_end() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let token = shop.token(buyer, order.payment.id).await;
    shop.sandbox
        .set_faults(confirming(ConfirmFault::TimeoutBeforeCharge));
    let pending = shop
        .commerce
        .confirm(buyer, order.payment.id, Some(&token))
        .await
        .unwrap();
    assert_eq!(pending.payment_status, PaymentStatus::Pending);
    shop.pass(HOLD * 2);
    eventually("the order is over", || async {
        shop.pass(Duration::from_secs(5));
        shop.commerce.order(buyer, order.id).await.unwrap().status == OrderStatus::Expired
    })
    .await;
    assert_eq!(shop.stock(place.0).await.available, 1);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_amount_than_the_orders_is_given_back() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let token = shop.token(buyer, order.payment.id).await;
    shop.sandbox.set_faults(Faults {
        charge_skew: -100,
        ..Faults::default()
    });
    let after = shop
        .commerce
        .confirm(buyer, order.payment.id, Some(&token))
        .await
        .unwrap();
    assert_eq!(
        (after.status, after.payment_status),
        (OrderStatus::Cancelled, PaymentStatus::Refunded)
    );
    let stock = shop.stock(place.0).await;
    assert_eq!((stock.available, stock.sold), (1, 0));
    audit(&shop.store).await;
}

/// Charged behind the shop's back after the hold ran out, as an auto-approving channel would.
async fn charge_directly(shop: &Shop, payment: signaling_wire::PaymentId, token: &str) {
    let answer = reqwest::Client::new()
        .post(format!(
            "{}/payments/{payment}/confirm",
            shop.sandbox.base_url
        ))
        .header(
            "Authorization",
            format!("PortOne {}", super::fixture::SECRET),
        )
        .json(&serde_json::json!({ "paymentToken": token }))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_charge_gets_its_stock_or_its_money_back() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (lucky, first) = shop.order(place).await;
    let (unlucky, second) = shop.order(place).await;
    let tokens = [
        shop.token(lucky, first.payment.id).await,
        shop.token(unlucky, second.payment.id).await,
    ];
    shop.pass(HOLD);
    let (_, _) = shop.order(place).await;
    charge_directly(&shop, first.payment.id, &tokens[0]).await;
    charge_directly(&shop, second.payment.id, &tokens[1]).await;
    shop.commerce.settle(first.payment.id).await.unwrap();
    shop.commerce.settle(second.payment.id).await.unwrap();
    let kept = shop.commerce.order(lucky, first.id).await.unwrap();
    assert_eq!(
        (kept.status, kept.payment_status),
        (OrderStatus::Paid, PaymentStatus::Paid)
    );
    let back = shop.commerce.order(unlucky, second.id).await.unwrap();
    assert_eq!(
        (back.status, back.payment_status),
        (OrderStatus::Expired, PaymentStatus::Refunded)
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_nobody_elses_business() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let token = shop.token(buyer, order.payment.id).await;
    let stranger = shop.buyer().await;
    let confirmed = shop
        .commerce
        .confirm(stranger, order.payment.id, Some(&token))
        .await;
    assert!(matches!(confirmed, Err(ServiceError::NotFound(_))));
    assert!(matches!(
        shop.commerce.order(stranger, order.id).await,
        Err(ServiceError::NotFound(_))
    ));
    let forged = shop
        .commerce
        .confirm(buyer, order.payment.id, Some("forged"))
        .await;
    assert!(
        matches!(forged, Err(Refused(Refusal::Declined { .. }))),
        "{forged:?}"
    );
    audit(&shop.store).await;
}
