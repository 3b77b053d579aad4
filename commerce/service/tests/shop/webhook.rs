//! Webhooks: only the provider's own, each at most once, and never believed.

use commerce_service::{ServiceError, WebhookOutcome};
use commerce_store::sql;
use reqwest::header::{HeaderMap, HeaderValue};
use signaling_wire::{PaymentId, frame::shop::OrderStatus};
use standardwebhooks::Webhook;
use tokio::task::JoinSet;

use super::{
    audit::audit,
    fixture::{SECRET, Shop, WEBHOOK_SECRET, actor, eventually},
};

fn body(kind: &str, payment: PaymentId) -> String {
    serde_json::json!({ "type": kind, "timestamp": "2026-11-22T00:00:00Z", "novel": true,
        "data": { "storeId": "store-souk", "paymentId": payment, "transactionId": "t" } })
    .to_string()
}

fn signed(id: &str, at_s: i64, body: &str, secret: &str) -> HeaderMap {
    let signature = Webhook::new(secret)
        .unwrap()
        .sign(id, at_s, body.as_bytes())
        .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", HeaderValue::from_str(id).unwrap());
    headers.insert("webhook-timestamp", HeaderValue::from(at_s));
    headers.insert(
        "webhook-signature",
        HeaderValue::from_str(&signature).unwrap(),
    );
    headers
}

fn now_s() -> i64 {
    commerce_store::clock::now_us() / 1_000_000
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_pays_the_order_and_its_duplicates_change_nothing() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    let (buyer, order) = shop.order(place).await;
    let payment = order.payment.id;
    let token = shop.token(buyer, payment).await;
    // The buyer's page is gone; the charge happens at the provider alone.
    let charged = reqwest::Client::new()
        .post(format!(
            "{}/payments/{payment}/confirm",
            shop.sandbox.base_url
        ))
        .header("Authorization", format!("PortOne {SECRET}"))
        .json(&serde_json::json!({ "paymentToken": token }))
        .send()
        .await
        .unwrap();
    assert!(charged.status().is_success());

    let body = body("Transaction.Paid", payment);
    let mut deliveries = JoinSet::new();
    for n in 0..30 {
        // Ten webhooks, each delivered three times.
        let headers = signed(&format!("msg-{}", n % 10), now_s(), &body, WEBHOOK_SECRET);
        let (commerce, body) = (shop.commerce.clone(), body.clone());
        deliveries.spawn(async move { commerce.webhook(&headers, body.as_bytes()).await.unwrap() });
    }
    let outcomes = deliveries.join_all().await;
    let fresh = outcomes
        .iter()
        .filter(|outcome| **outcome == WebhookOutcome::Accepted)
        .count();
    assert_eq!((fresh, outcomes.len()), (10, 30));
    eventually("the order is paid", || async {
        shop.commerce.order(buyer, order.id).await.unwrap().status == OrderStatus::Paid
    })
    .await;
    eventually("the inbox is worked off", || async {
        let sql = "SELECT COUNT(*) FROM webhook_inbox WHERE state <> 'processed'";
        sql::query(sql)
            .fetch_value::<i64>(shop.store.reader())
            .await
            .unwrap()
            == 0
    })
    .await;
    assert_eq!(shop.stock(place.0).await.sold, 1);
    let events = shop
        .commerce
        .order_events(actor(buyer), order.id)
        .await
        .unwrap();
    assert_eq!(
        events.iter().filter(|event| event.kind == "paid").count(),
        1
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_claims_is_not_believed() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    let (buyer, order) = shop.order(place).await;
    let body = body("Transaction.Paid", order.payment.id);
    let headers = signed("msg-1", now_s(), &body, WEBHOOK_SECRET);
    let outcome = shop
        .commerce
        .webhook(&headers, body.as_bytes())
        .await
        .unwrap();
    assert_eq!(outcome, WebhookOutcome::Accepted);
    eventually("the webhook is worked off", || async {
        let sql = "SELECT COUNT(*) FROM webhook_inbox WHERE state = 'processed'";
        sql::query(sql)
            .fetch_value::<i64>(shop.store.reader())
            .await
            .unwrap()
            == 1
    })
    .await;
    let order = shop.commerce.order(buyer, order.id).await.unwrap();
    assert_eq!(
        order.status,
        OrderStatus::PendingPayment,
        "nothing was charged"
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_stale_doubled_and_malformed_ones_are_refused() {
    let shop = Shop::open().await;
    let payment = PaymentId::from_parts(1, 1);
    let body = body("Transaction.Paid", payment);
    let refused = |headers: HeaderMap, body: String| {
        let commerce = shop.commerce.clone();
        async move {
            matches!(
                commerce.webhook(&headers, body.as_bytes()).await,
                Err(ServiceError::Webhook(_))
            )
        }
    };
    let good = signed("msg-1", now_s(), &body, WEBHOOK_SECRET);
    let foreign = signed(
        "msg-1",
        now_s(),
        &body,
        "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
    );
    assert!(refused(foreign, body.clone()).await, "another secret");
    assert!(
        refused(good.clone(), format!("{body} ")).await,
        "another body"
    );
    assert!(
        refused(
            signed("msg-1", now_s() - 301, &body, WEBHOOK_SECRET),
            body.clone()
        )
        .await,
        "stale"
    );
    assert!(
        refused(
            signed("msg-1", now_s() + 330, &body, WEBHOOK_SECRET),
            body.clone()
        )
        .await,
        "early"
    );
    assert!(refused(HeaderMap::new(), body.clone()).await, "unsigned");
    let mut doubled = good.clone();
    doubled.append("webhook-signature", HeaderValue::from_static("v1,AAAA"));
    assert!(refused(doubled, body.clone()).await, "a header twice");
    let text = "no json";
    assert!(
        refused(
            signed("msg-2", now_s(), text, WEBHOOK_SECRET),
            text.to_owned()
        )
        .await
    );

    let other = self::body("BillingKey.Issued", payment);
    let headers = signed("msg-3", now_s(), &other, WEBHOOK_SECRET);
    assert_eq!(
        shop.commerce
            .webhook(&headers, other.as_bytes())
            .await
            .unwrap(),
        WebhookOutcome::Ignored
    );
}
