//! Events: signed, thin, repeated until they are taken, and the ways in which they go wrong.

use serde_json::json;
use standardwebhooks::Webhook;

use crate::shop::{Delivery, Receiver, SECRET, Shop};

fn paid(delivery: &Delivery) -> bool {
    delivery.kind() == "Transaction.Paid"
}

async fn pay(shop: &Shop, id: &str) {
    let token = shop.authorized(id, true).await;
    assert_eq!(shop.confirm(id, &token).await.0, 200);
}

#[tokio::test]
async fn every_change_is_told_with_a_signature_that_verifies() {
    let (shop, receiver) = (Shop::open().await, Receiver::open(0).await);
    shop.sandbox.set_webhook(Some(receiver.target.clone()));
    pay(&shop, "p1").await;
    shop.call(
        "/payments/p1/cancel",
        json!({ "reason": "part", "amount": 900 }),
    )
    .await;
    shop.call("/payments/p1/cancel", json!({ "reason": "rest" }))
        .await;
    let token = shop.authorized("p2", false).await;
    shop.confirm("p2", &token).await;

    let all = receiver.wait(6, |_| true).await;
    let mut kinds: Vec<_> = all.iter().map(Delivery::kind).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "Transaction.Cancelled",
            "Transaction.Failed",
            "Transaction.Paid",
            "Transaction.PartialCancelled",
            "Transaction.Ready",
            "Transaction.Ready",
        ]
    );
    let webhook = Webhook::new(SECRET).unwrap();
    for delivery in &all {
        webhook.verify(&delivery.body, &delivery.headers).unwrap();
        let data = &delivery.json()["data"];
        assert_eq!(data["storeId"], "store-1");
        assert!(data["transactionId"].as_str().unwrap().starts_with("tx_"));
        let cancelled = delivery.kind().ends_with("Cancelled");
        assert_eq!(data["cancellationId"].is_string(), cancelled);
        assert!(delivery.body.len() < 1024, "the payload is thin");
    }
    // Negative control: one byte more and the signature no longer fits.
    let mut altered = all[0].body.to_vec();
    altered.push(b' ');
    assert!(webhook.verify(&altered, &all[0].headers).is_err());
}

#[tokio::test]
async fn a_webhook_that_is_refused_comes_again_with_the_same_id() {
    let (shop, receiver) = (Shop::open().await, Receiver::open(3).await);
    // The window's event would use up the failures.
    let token = shop.authorized("p1", true).await;
    shop.sandbox.set_webhook(Some(receiver.target.clone()));
    shop.confirm("p1", &token).await;
    let all = receiver.wait(4, paid).await;
    assert!(all.iter().all(|delivery| delivery.id() == all[0].id()));
    let webhook = Webhook::new(SECRET).unwrap();
    assert!(
        all.iter()
            .all(|one| webhook.verify(&one.body, &one.headers).is_ok())
    );
}

#[tokio::test]
async fn duplicates_share_an_id_and_a_resend_has_its_own() {
    let (shop, receiver) = (Shop::open().await, Receiver::open(0).await);
    shop.sandbox.set_webhook(Some(receiver.target.clone()));
    shop.fault(json!({ "webhookDuplicates": 2 })).await;
    pay(&shop, "p1").await;
    let all = receiver.wait(3, paid).await;
    assert!(all.iter().all(|delivery| delivery.id() == all[0].id()));
    shop.fault(json!({})).await;
    assert_eq!(
        shop.call("/payments/p1/resend-webhook", json!({})).await.0,
        200
    );
    let all = receiver.wait(4, paid).await;
    assert_ne!(all[3].id(), all[0].id());
}

#[tokio::test]
async fn webhooks_are_lost_late_and_forged_on_demand() {
    let (shop, receiver) = (Shop::open().await, Receiver::open(0).await);
    shop.sandbox.set_webhook(Some(receiver.target.clone()));
    shop.fault(json!({ "webhookLost": true })).await;
    pay(&shop, "p1").await;
    shop.fault(json!({ "webhookForged": true })).await;
    pay(&shop, "p2").await;
    let forged = receiver.wait(1, paid).await;
    let webhook = Webhook::new(SECRET).unwrap();
    assert!(webhook.verify(&forged[0].body, &forged[0].headers).is_err());

    shop.fault(json!({ "webhookDelayMs": 120 })).await;
    let began = std::time::Instant::now();
    pay(&shop, "p3").await;
    let all = receiver.wait(2, paid).await;
    assert!(began.elapsed() >= std::time::Duration::from_millis(120));
    let payments: Vec<_> = all
        .iter()
        .map(|one| one.json()["data"]["paymentId"].clone())
        .collect();
    assert_eq!(payments, ["p2", "p3"], "p1's was lost");
}

#[tokio::test]
async fn webhooks_are_stale_and_out_of_order_on_demand() {
    let (shop, receiver) = (Shop::open().await, Receiver::open(0).await);
    let token = shop.authorized("p1", true).await;
    shop.sandbox.set_webhook(Some(receiver.target.clone()));
    shop.fault(json!({ "webhookStaleS": 400 })).await;
    shop.confirm("p1", &token).await;
    let stale = receiver.wait(1, paid).await;
    let webhook = Webhook::new(SECRET).unwrap();
    assert!(webhook.verify(&stale[0].body, &stale[0].headers).is_err());

    let token = shop.authorized("p2", true).await;
    let before = receiver.wait(2, |_| true).await.len();
    shop.fault(json!({ "webhookReorder": 2 })).await;
    shop.confirm("p2", &token).await;
    assert_eq!(receiver.deliveries().len(), before, "kept back");
    shop.call("/payments/p2/cancel", json!({ "reason": "all" }))
        .await;
    let all = receiver.wait(before + 2, |_| true).await;
    let mut kinds: Vec<_> = all[before..].iter().map(Delivery::kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Transaction.Cancelled", "Transaction.Paid"]);
}

#[tokio::test]
async fn payments_are_listed_in_pages_and_by_time() {
    let shop = Shop::open().await;
    for id in ["p1", "p2", "p3"] {
        pay(&shop, id).await;
    }
    let list = |wanted: serde_json::Value| {
        let text: String = wanted
            .to_string()
            .bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect();
        format!("/payments-by-cursor?requestBody={text}")
    };
    let (_, first) = shop.get(&list(json!({ "size": 2 }))).await;
    let items = first["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let cursor = items[1]["cursor"].as_str().unwrap();
    let (_, rest) = shop
        .get(&list(json!({ "size": 2, "cursor": cursor })))
        .await;
    assert_eq!(rest["items"][0]["payment"]["id"], "p3");
    let (_, none) = shop
        .get(&list(json!({ "from": "2099-01-01T00:00:00Z" })))
        .await;
    assert_eq!(none["items"], json!([]));
}
