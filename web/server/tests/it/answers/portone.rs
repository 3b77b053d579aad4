//! What the real provider sends and asks, signed as it signs: a shop with the newer API, which a
//! provider on this machine plays.

use std::time::{SystemTime, UNIX_EPOCH};

use commerce_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::{book::Book, script::Stage};
use crate::{api::Api, souk::Souk};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ASK: &str = "/api/webhooks/portone/confirm";
const TELL: &str = "/api/webhooks/portone/v2";

const PLAY: &str = r#"
    # an order that nobody paid yet
    buys        | buyer  | POST /api/orders | key | {"sale_id":"$SALE","product_id":"$PRODUCT","quantity":1} | 201 PAYMENT=/payment/id GROUP=/group_id
    no sandbox  | buyer  | POST /api/payments/$PAYMENT/sandbox | - | {"approve":true} | 404 not_found
    older API   | nobody | POST /api/webhooks/portone/v1 | - | {"merchant_uid":"$PAYMENT"} | 200
    too long    | nobody | POST /api/webhooks/portone/v1 | - | "$LARGE" | 413 payload_too_large
    too long    | nobody | POST /api/webhooks/portone/v2 | - | "$LARGE" | 413 payload_too_large
    too long    | nobody | POST /api/webhooks/portone/confirm | - | "$LARGE" | 413 payload_too_large
    packed      | nobody | POST /api/webhooks/portone/v1 | content-encoding: gzip; content-type: application/json | x | 415 unsupported_media_type
    packed      | nobody | POST /api/webhooks/portone/v2 | content-encoding: gzip; content-type: application/json | x | 415 unsupported_media_type
    packed      | nobody | POST /api/webhooks/portone/confirm | content-encoding: gzip; content-type: application/json | x | 415 unsupported_media_type
    forged      | nobody | POST /api/webhooks/portone/v2 | - | {} | 401 unauthenticated
    forged      | nobody | POST /api/webhooks/portone/confirm | - | {} | 401 unauthenticated
"#;

/// With a provider that does not answer.
const WITHOUT_IT: &str = r#"
    buys        | buyer  | POST /api/orders | key | {"sale_id":"$SALE","product_id":"$PRODUCT","quantity":1} | 201 PAYMENT=/payment/id GROUP=/group_id
    away        | buyer  | POST /api/payments | key | {"group_id":"$GROUP"} | 502 payment_provider_unavailable
    not known   | buyer  | POST /api/payments/$PAYMENT/confirm | - | {"payment_token":"token"} | 200
    away        | admin  | GET /api/admin/payments/$PAYMENT/comparison | - | - | 502 payment_provider_unavailable
"#;

/// Starts both, and asks.
pub(super) async fn ask(book: &mut Book) -> Vec<String> {
    let provider = Sandbox::start(SandboxConfig::new("api-secret", "store-1")).await;
    let provider = provider.unwrap();
    let keys = [
        ("SOUK_SHOP__PAYMENT", "portone_v2"),
        ("SOUK_PORTONE__API_SECRET", "api-secret"),
        ("SOUK_PORTONE__STORE_ID", "store-1"),
        ("SOUK_PORTONE__CHANNEL_KEY", "channel-1"),
        ("SOUK_PORTONE__TEST_CHANNEL", "true"),
        ("SOUK_PORTONE__BASE_URL", provider.base_url.as_str()),
        ("SOUK_PORTONE__WEBHOOK_SECRETS", &format!("[\"{SECRET}\"]")),
    ];
    let souk = Souk::configured(&["--no-broadcast"], &keys);
    let ready = &souk.ready;
    let nobody = Api::anonymous(ready);
    let room = format!("/api/streams/{}/room", ready.stream_id);
    let sale = nobody.get(&room).await["d"]["shop"]["sale"].clone();
    let mut stage = Stage::new(ready);
    stage.caller(
        "buyer",
        Api::signed_in(ready, ready.account("buyer", 0)).await,
    );
    stage.caller("nobody", nobody);
    let admin = Api::signed_in(ready, ready.account("admin", 0)).await;
    stage.caller("admin", admin);
    stage.name("SALE", sale["id"].as_str().unwrap());
    stage.name("PRODUCT", sale["items"][0]["product_id"].as_str().unwrap());
    stage.name("LARGE", "a".repeat(300_000));
    stage.play("portone", PLAY, book).await;

    let price = sale["items"][0]["price"]["amount"].as_i64().unwrap();
    let paid = json!({ "type": "Transaction.Paid", "data": { "paymentId": "$PAYMENT" } });
    let wanted = |payment: &str, amount: i64| json!({ "data": { "paymentId": payment, "totalAmount": amount } });
    for (path, body, expected) in [
        (TELL, paid.clone(), "200"),
        (TELL, json!({ "type": "Of.Another.Kind" }), "200"),
        (
            ASK,
            wanted("p01ARZ3NDEKTSV4RRFFQ69G5FAV", price),
            "404 not_found",
        ),
        (ASK, wanted("$PAYMENT", price + 1), "409 cart_changed"),
        (ASK, wanted("$PAYMENT", price), "200"),
        (ASK, wanted("$PAYMENT", price), "409 idempotency_in_flight"),
    ] {
        let row = signed(&mut stage, path, &body, expected);
        stage.play("portone, signed", &row, book).await;
    }
    provider.stop().await;
    stage.play("portone, gone", WITHOUT_IT, book).await;
    stage.wrong
}

/// A row with the headers of a webhook.
fn signed(stage: &mut Stage, path: &str, body: &Value, expected: &str) -> String {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (at, body) = (at.as_secs(), stage.fill(&body.to_string()).unwrap());
    let id = format!("msg_{}", stage.serial());
    let webhook = Webhook::new(SECRET).unwrap();
    let seconds = i64::try_from(at).unwrap();
    let mark = webhook.sign(&id, seconds, body.as_bytes()).unwrap();
    let headers = format!("webhook-id: {id}; webhook-timestamp: {at}; webhook-signature: {mark}");
    format!("signed | nobody | POST {path} | {headers} | {body} | {expected}")
}
