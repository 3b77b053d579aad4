//! The provider's older API: charges that it makes by itself, after asking or without.

use commerce_sandbox::{Faults, Sandbox};
use commerce_service::{PaymentConfig, PaymentKind, Secret};
use signaling_wire::{
    PaymentId,
    frame::shop::{OrderStatus, PaymentStatus},
};

use super::{
    audit::audit,
    fixture::{PRICE, SECRET, STORE, Shop, actor, eventually},
};

fn older(sandbox: &Sandbox) -> Option<PaymentConfig> {
    let base_url = format!("{}/v1", sandbox.base_url);
    let mut payment = PaymentConfig::sandbox(base_url, Secret::new(SECRET), None);
    payment.kind = PaymentKind::PortoneV1;
    payment.imp_key = Some(STORE.to_owned());
    Some(payment)
}

/// The buyer approves in the provider's window, which charges.
async fn window(shop: &Shop, id: PaymentId) {
    let base = &shop.sandbox.base_url;
    let url = format!("{base}/v1/sandbox/payments/{id}/authorize");
    let body = serde_json::json!({ "approve": true, "amount": PRICE.amount });
    let answer = reqwest::Client::new().post(url).json(&body).send().await;
    assert!(answer.unwrap().status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_found_checked_and_given_back() {
    let shop = Shop::open_at(older).await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    let prepared = shop
        .commerce
        .prepare(buyer, placed.group_id, "prepare".to_owned())
        .await
        .unwrap();
    assert_eq!(prepared.payment.provider, "portone_v1");
    window(&shop, placed.payment.id).await;
    // A token that is no longer good is fetched anew.
    shop.sandbox.set_faults(Faults {
        tokens_expired_times: 1,
        ..Faults::default()
    });
    let back = shop.commerce.confirm(buyer, placed.payment.id, None).await;
    assert_eq!(back.unwrap().status, OrderStatus::Paid);
    let cancelled = shop
        .commerce
        .cancel_order(actor(buyer), placed.id, "")
        .await;
    cancelled.unwrap();
    eventually("the money is back", || async {
        let order = shop.commerce.order(buyer, placed.id).await.unwrap();
        order.payment_status == PaymentStatus::Refunded
    })
    .await;
    assert_eq!(shop.stock(place.0).await.available, 2);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_window_of_ours_and_no_token() {
    let shop = Shop::open_at(older).await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, placed) = shop.order(place).await;
    let ours = shop
        .commerce
        .sandbox_authorize(buyer, placed.payment.id, true);
    assert!(ours.await.is_err());
    let early = shop.commerce.confirm(buyer, placed.payment.id, None).await;
    assert_eq!(early.unwrap().status, OrderStatus::PendingPayment);
    audit(&shop.store).await;
}
