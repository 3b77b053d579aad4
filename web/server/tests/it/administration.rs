//! The site run by HTTP: what administrators see and change, and who is told no.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    api::{Api, refusal},
    souk::Souk,
    table::Table,
};

const REFUSED: &str = r#"
    no such account   | admin | GET /api/admin/users/$NOBODY          | - | - | 404 not_found
    not an id         | admin | GET /api/admin/users/x                | - | - | 404 not_found
    unknown state     | admin | GET /api/admin/users?status=x         | - | - | 422 validation_error
    no cursor         | admin | GET /api/admin/users?cursor=x         | - | - | 422 validation_error
    too many rows     | admin | GET /api/admin/users?limit=101        | - | - | 422 validation_error
    no rows           | admin | GET /api/admin/sellers?limit=0        | - | - | 422 validation_error
    oneself           | admin | PUT /api/admin/users/$ME/status       | - | {"suspended":true} | 409 conflict
    one's own role    | admin | PUT /api/admin/users/$ME/role         | - | {"role":"user"} | 409 conflict
    no such role      | admin | PUT /api/admin/users/$NOBODY/role     | - | {"role":"king"} | 422 validation_error
    nobody's role     | admin | PUT /api/admin/users/$NOBODY/role     | - | {"role":"user"} | 404 not_found
    by a seller       | owner | PUT /api/admin/users/$ME/status       | - | {"suspended":true} | 403 forbidden
    no such seller    | admin | GET /api/admin/sellers/$NOSELLER      | - | - | 404 not_found
    nobody's state    | admin | PATCH /api/admin/sellers/$NOSELLER    | - | {"status":"active"} | 404 not_found
    too large a share | admin | PATCH /api/admin/sellers/$SELLER      | - | {"commission_bps":10001} | 422 validation_error
    unknown field     | admin | PATCH /api/admin/sellers/$SELLER      | - | {"name":"x"} | 422 validation_error
    no such product   | admin | PUT /api/admin/products/$NOPRODUCT/blocked | - | {"blocked":true} | 404 not_found
    unknown state     | admin | GET /api/admin/products?status=x      | - | - | 422 validation_error
    unknown filter    | admin | GET /api/admin/orders?name=x          | - | - | 422 validation_error
    not a time        | admin | GET /api/admin/orders?from_ms=-1      | - | - | 422 validation_error
    unknown state     | admin | GET /api/admin/payments?state=x       | - | - | 422 validation_error
    no such payment   | admin | GET /api/admin/payments/$NOPAYMENT    | - | - | 404 not_found
    nothing to hold   | admin | GET /api/admin/payments/$NOPAYMENT/comparison | - | - | 404 not_found
    not a day         | admin | GET /api/admin/statistics?from=2026-02-30 | - | - | 422 validation_error
    too many days     | admin | GET /api/admin/statistics?from=2024-01-01&until=2025-01-01 | - | - | 422 validation_error
    whose             | owner | GET /api/seller/statistics            | - | - | 422 validation_error
    somebody else's   | buyer | GET /api/seller/statistics?seller_id=$SELLER | - | - | 404 not_found
    an assistant's    | help  | GET /api/seller/statistics?seller_id=$SELLER | - | - | 403 forbidden
"#;

async fn send(api: &Api, method: Method, path: &str, body: Value) -> Value {
    let response = api.request(method, path).json(&body).send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{path}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// What buys one unit of the show's sale.
async fn purchase(buyer: &Api, stream: &str) -> Value {
    let room = buyer.get(&format!("/api/streams/{stream}/room")).await;
    let sale = &room["d"]["shop"]["sale"];
    let product = &sale["items"][0]["product_id"];
    json!({ "sale_id": sale["id"], "product_id": product, "quantity": 1 })
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let someone = async |role: &str| Api::signed_in(ready, ready.account(role, 0)).await;
    let (admin, owner) = (someone("admin").await, someone("seller").await);
    let me = admin.get("/api/users/profile").await;
    let shop = owner.get("/api/users/profile").await;
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let table = Table::default()
        .caller("admin", &admin)
        .caller("owner", &owner)
        .caller("buyer", &someone("buyer").await)
        .caller("help", &someone("assistant").await)
        .name("ME", id(&me["id"]))
        .name("SELLER", id(&shop["memberships"][0]["seller_id"]))
        .name("NOBODY", "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .name("NOSELLER", "slr_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .name("NOPRODUCT", "prd_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .name("NOPAYMENT", "p01ARZ3NDEKTSV4RRFFQ69G5FAV");
    table.assert_refused(REFUSED).await;
}

#[tokio::test]
async fn a_suspension_ends_the_session_at_once_and_is_on_record() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let someone = async |role: &str| Api::signed_in(ready, ready.account(role, 0)).await;
    let (admin, buyer) = (someone("admin").await, someone("buyer").await);
    let me = buyer.get("/api/users/profile").await;
    let email = format!("/api/admin/users?email={}", me["email"].as_str().unwrap());
    let found = admin.get(&email.replace('+', "%2B")).await;
    assert_eq!(found["data"][0]["id"], me["id"]);
    let one = format!("/api/admin/users/{}", me["id"].as_str().unwrap());
    assert_eq!(admin.get(&one).await["status"], "active");

    let body = json!({ "suspended": true, "reason": "spam" });
    let changed = send(&admin, Method::PUT, &format!("{one}/status"), body).await;
    assert_eq!(changed["status"], "suspended");
    let profile = buyer.request(Method::GET, "/api/users/profile");
    let (status, code) = refusal(profile.send().await.unwrap()).await;
    assert_eq!((status.as_u16(), code.as_str()), (401, "invalid_token"));
    let log = admin.get("/api/admin/audit?limit=1").await;
    assert_eq!(log["data"][0]["action"], "user.suspended");
    assert_eq!(log["data"][0]["object"], me["id"]);
    assert_eq!(log["data"][0]["detail"]["reason"], "spam");
    let suspended = admin.get("/api/admin/users?status=suspended").await;
    assert_eq!(suspended["data"].as_array().unwrap().len(), 1);

    let body = json!({ "suspended": false });
    send(&admin, Method::PUT, &format!("{one}/status"), body).await;
    let body = json!({ "role": "admin", "reason": "joins us" });
    send(&admin, Method::PUT, &format!("{one}/role"), body).await;
    let promoted = someone("buyer").await;
    assert_eq!(promoted.get(&one).await["role"], "admin");
    let everybody = promoted.all("/api/admin/users").await;
    assert!(everybody.len() >= 5, "{everybody:?}");
    let verdict = promoted.get("/api/admin/audit/verdict").await;
    assert_eq!(verdict["sound"], true);
}

#[tokio::test]
async fn orders_payments_and_sums_are_seen_by_who_runs_the_site() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let someone = async |role: &str| Api::signed_in(ready, ready.account(role, 0)).await;
    let (admin, buyer, owner) = (
        someone("admin").await,
        someone("buyer").await,
        someone("seller").await,
    );
    let body = purchase(&buyer, &ready.stream_id).await;
    let order: Value = buyer.buy("one", &body).await.unwrap().json().await.unwrap();
    let payment = order["payment"]["id"].as_str().unwrap();
    let sandbox = format!("/api/payments/{payment}/sandbox");
    let token = buyer.post(&sandbox, json!({ "approve": true })).await;
    let confirm = format!("/api/payments/{payment}/confirm");
    let token = json!({ "payment_token": token["payment_token"] });
    buyer.post(&confirm, token).await;

    let number = order["number"].as_str().unwrap();
    let found = admin
        .get(&format!("/api/admin/orders?number={number}"))
        .await;
    assert_eq!(found["data"][0]["id"], order["id"]);
    let me = buyer.get("/api/users/profile").await;
    assert_eq!(found["data"][0]["buyer_id"], me["id"]);
    let paid = admin.get("/api/admin/payments?state=paid").await;
    assert_eq!(paid["data"][0]["id"], payment);
    let one = admin.get(&format!("/api/admin/payments/{payment}")).await;
    assert_eq!(one["order_ids"][0], order["id"]);
    let beside = admin
        .get(&format!("/api/admin/payments/{payment}/comparison"))
        .await;
    assert_eq!(beside["provider"]["state"], "paid", "{beside}");
    assert_eq!(beside["differences"], json!([]), "{beside}");

    let sums = admin.get("/api/admin/statistics?by=stream").await;
    let row = &sums["data"][0];
    assert_eq!(row["stream_id"], ready.stream_id.as_str(), "{sums}");
    assert_eq!(
        (&row["orders_placed"], &row["orders_paid"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(row["gmv"], order["items_total"]);
    let profile = owner.get("/api/users/profile").await;
    let seller = profile["memberships"][0]["seller_id"].as_str().unwrap();
    let own = owner
        .get(&format!("/api/seller/statistics?seller_id={seller}"))
        .await;
    assert_eq!(own["data"][0]["gmv"], row["gmv"]);
}

#[tokio::test]
async fn sellers_and_products_are_ruled_by_who_runs_the_site() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let someone = async |role: &str| Api::signed_in(ready, ready.account(role, 0)).await;
    let (admin, buyer, owner) = (
        someone("admin").await,
        someone("buyer").await,
        someone("seller").await,
    );
    let body = purchase(&buyer, &ready.stream_id).await;
    let product = body["product_id"].as_str().unwrap();
    let profile = owner.get("/api/users/profile").await;
    let seller = profile["memberships"][0]["seller_id"].as_str().unwrap();
    let sellers = admin.get("/api/admin/sellers?status=active").await;
    assert_eq!(sellers["data"][0]["id"], seller);
    let path = format!("/api/admin/sellers/{seller}");
    let share = json!({ "commission_bps": 700, "reason": "contract" });
    let changed = send(&admin, Method::PATCH, &path, share).await;
    assert_eq!(changed["commission_bps"], 700);
    let usual = json!({ "commission_bps": null });
    let changed = send(&admin, Method::PATCH, &path, usual).await;
    assert!(changed["commission_bps"].is_null(), "{changed}");

    let path = format!("/api/admin/products/{product}/blocked");
    let down = json!({ "blocked": true, "reason": "recalled" });
    let down = send(&admin, Method::PUT, &path, down).await;
    assert_eq!(down["status"], "blocked");
    let listed = admin.get("/api/admin/products?status=blocked").await;
    assert_eq!(listed["data"][0]["id"], product);
    let refused = buyer.buy("two", &body).await.unwrap();
    assert!(!refused.status().is_success(), "its sale is paused");
    assert!(admin.get("/api/admin/coupons").await["data"].is_array());
    assert!(admin.get("/api/admin/reconciliations").await["data"].is_array());
    let books = admin.get("/api/admin/books").await;
    assert_eq!(books["checks"].as_array().unwrap().len(), 5);
    assert_eq!(books["violations"], 0);
}
