//! The older API: one envelope, tokens, a charge that the shop is asked about first.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Json, Router, http::StatusCode, routing::post};
use serde_json::{Value, json};

use crate::shop::{Answer, Shop};

async fn token(shop: &Shop) -> String {
    let login = json!({ "imp_key": "store-1", "imp_secret": "the-api-secret" });
    let (status, body) = shop.call_with("/v1/users/getToken", login, &[]).await;
    assert_eq!((status, &body["code"]), (200, &json!(0)));
    body["response"]["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn call(shop: &Shop, token: &str, path: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {token}");
    shop.call_with(path, body, &[("authorization", bearer.as_str())])
        .await
}

async fn window(shop: &Shop, id: &str, approve: bool) -> Value {
    let path = format!("/v1/sandbox/payments/{id}/authorize");
    shop.call_with(&path, json!({ "approve": approve, "amount": 12_900 }), &[])
        .await
        .1
}

/// A shop's confirm address that says what the switch says.
async fn confirm_address(yes: Arc<AtomicBool>) -> String {
    let answer = move |Json(asked): Json<Value>| async move {
        assert_eq!(asked["amount"], 12_900);
        match yes.load(Ordering::SeqCst) {
            true => (StatusCode::OK, Json(json!({}))),
            false => (StatusCode::CONFLICT, Json(json!({ "reason": "sold out" }))),
        }
    };
    let router = Router::new().route("/confirm", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/confirm", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn the_shop_is_asked_before_the_charge() {
    let shop = Shop::open().await;
    let yes = Arc::new(AtomicBool::new(false));
    let url = confirm_address(yes.clone()).await;
    shop.sandbox.set_confirm_url(Some(url));
    let refused = window(&shop, "p1", true).await;
    assert_eq!(refused["response"]["status"], "failed");
    yes.store(true, Ordering::SeqCst);
    let paid = window(&shop, "p1", true).await;
    assert_eq!(paid["response"]["status"], "paid");
    assert_eq!(paid["response"]["amount"], 12_900);
    assert!(paid["response"]["paid_at"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn a_refusal_hides_behind_status_200() {
    let shop = Shop::open().await;
    let token = token(&shop).await;
    window(&shop, "p1", true).await;
    let cancel = |checksum| json!({ "merchant_uid": "p1", "amount": 900, "checksum": checksum, "reason": "part" });
    let (status, body) = call(&shop, &token, "/v1/payments/cancel", cancel(12_000)).await;
    assert_eq!(
        (status, &body["code"]),
        (200, &json!(1)),
        "the balance is another one"
    );
    let (status, body) = call(&shop, &token, "/v1/payments/cancel", cancel(12_900)).await;
    assert_eq!(
        (status, &body["response"]["cancel_amount"]),
        (200, &json!(900))
    );
    let (status, _) = call(&shop, "another", "/v1/payments/cancel", cancel(12_000)).await;
    assert_eq!(status, 401);
}
