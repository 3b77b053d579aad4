//! A checkout from the shelf to the buyer's door and half of it back, and what is refused on the
//! way: each with its status and code.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    api::{Api, refusal},
    souk::Souk,
};

async fn send(api: &Api, method: Method, path: &str, body: Value) -> Response {
    let request = api.request(method, path).json(&body);
    request.send().await.unwrap()
}

async fn keyed(api: &Api, path: &str, key: &str, body: Value) -> Response {
    let request = api
        .request(Method::POST, path)
        .header("idempotency-key", key);
    request.json(&body).send().await.unwrap()
}

async fn refused(response: Response) -> (u16, String) {
    let (status, code) = refusal(response).await;
    (status.as_u16(), code)
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// A product of the demo's seller with five units; returns its variant.
async fn variant(seller: &Api) -> String {
    let me = seller.get("/api/users/profile").await;
    let product = json!({
        "seller_id": me["memberships"][0]["seller_id"],
        "title": { "ko": "접시", "en": "Plate" },
        "image_url": "/products/mug.svg",
        "price": { "amount": 1000, "currency": "KRW" },
        "stock": 5,
    });
    let product = seller.post("/api/products", product).await;
    product["variants"][0]["id"].as_str().unwrap().to_owned()
}

async fn refusals_of_checkouts(buyer: &Api, variant: &str) {
    let items =
        |quantity: i64| json!({ "items": [{ "variant_id": variant, "quantity": quantity }] });
    let dear = json!({
        "items": [{ "variant_id": variant, "quantity": 1 }],
        "expected_total": { "amount": 1, "currency": "KRW" },
    });
    let twice = json!({ "items": [], "cart": true });
    for (n, (body, expected)) in [
        (items(0), is(422, "validation_error")),
        (items(6), is(409, "out_of_stock")),
        (json!({ "items": [] }), is(422, "validation_error")),
        (json!({ "cart": true }), is(422, "validation_error")),
        (json!({}), is(422, "validation_error")),
        (twice, is(422, "validation_error")),
        (dear, is(409, "cart_changed")),
    ]
    .into_iter()
    .enumerate()
    {
        let text = body.to_string();
        let answer = keyed(buyer, "/api/orders", &format!("refused-{n}"), body).await;
        assert_eq!(refused(answer).await, expected, "{text}");
    }
    let keyless = send(buyer, Method::POST, "/api/orders", items(1)).await;
    assert_eq!(refused(keyless).await, is(400, "idempotency_key_missing"));
}

/// A paid order of four units; returns it and its payment.
async fn paid(buyer: &Api, variant: &str) -> (String, String, Value) {
    let body = json!({ "items": [{ "variant_id": variant, "quantity": 4 }] });
    let made = keyed(buyer, "/api/orders", "mine", body.clone()).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["total"]["amount"], 4000);
    let again = keyed(buyer, "/api/orders", "mine", body).await;
    assert!(again.headers().contains_key("idempotent-replayed"));
    assert_eq!(again.json::<Value>().await.unwrap(), made);
    let other = json!({ "items": [{ "variant_id": variant, "quantity": 1 }] });
    let other = keyed(buyer, "/api/orders", "mine", other).await;
    assert_eq!(refused(other).await, is(422, "idempotency_key_reused"));
    assert_eq!(buyer.get(&location).await, made);

    let order = made["orders"][0]["id"].as_str().unwrap().to_owned();
    let address = json!({ "address": {
        "recipient": "Mina", "phone": "010-1234-5678", "postcode": "04524", "line1": "Sejong 110",
    }});
    let to = format!("/api/orders/{order}/ship-to");
    let kept = send(buyer, Method::PUT, &to, address).await;
    assert_eq!(kept.status(), StatusCode::OK);
    let bad = json!({ "address": { "recipient": "", "phone": "", "postcode": "", "line1": "" } });
    let bad = send(buyer, Method::PUT, &to, bad).await;
    assert_eq!(refused(bad).await, is(422, "validation_error"));

    let group = json!({ "group_id": made["id"] });
    let prepared = keyed(buyer, "/api/payments", "pay", group).await;
    let prepared: Value = prepared.json().await.unwrap();
    assert_eq!(prepared["amount"]["amount"], 4000);
    let payment = prepared["id"].as_str().unwrap().to_owned();
    let window = format!("/api/payments/{payment}/sandbox");
    let token = buyer.post(&window, json!({ "approve": true })).await["payment_token"].clone();
    let confirm = format!("/api/payments/{payment}/confirm");
    let paid = buyer
        .post(&confirm, json!({ "payment_token": token }))
        .await;
    assert_eq!(paid["status"], "paid");
    assert_eq!(
        buyer.get(&format!("/api/payments/{payment}")).await["state"],
        "paid"
    );
    (order, payment, paid)
}

/// Half of what was paid goes back, once.
async fn halve(seller: &Api, buyer: &Api, (order, payment, paid): (&str, &str, &Value)) {
    let path = format!("/api/orders/{order}");
    let line = &paid["lines"][0]["id"];
    let refunds = format!("/api/payments/{payment}/refunds");
    let half = |quantity| {
        json!({
            "order_id": order, "lines": [{ "line_id": line, "quantity": quantity }], "reason": "chipped",
        })
    };
    let own = keyed(buyer, &refunds, "r0", half(2)).await;
    assert_eq!(refused(own).await, is(404, "not_found"));
    let most = keyed(seller, &refunds, "r1", half(5)).await;
    assert_eq!(refused(most).await, is(422, "validation_error"));
    let made = keyed(seller, &refunds, "r2", half(2)).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["amount"]["amount"], 2000);
    let again: Value = keyed(seller, &refunds, "r2", half(2))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(again["id"], made["id"]);
    let listed = buyer.get(&format!("{path}/refunds")).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test]
async fn a_checkout_goes_to_the_door_and_half_of_it_comes_back() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let seller = Api::signed_in(ready, ready.account("seller", 0)).await;
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let stranger = Api::signed_in(ready, ready.account("buyer", 1)).await;
    let variant = variant(&seller).await;
    refusals_of_checkouts(&buyer, &variant).await;
    let (order, payment, paid) = paid(&buyer, &variant).await;

    let path = format!("/api/orders/{order}");
    let to = format!("{path}/ship-to");
    assert_eq!(seller.get(&to).await["recipient"], "Mina");
    let foreign = stranger.request(Method::GET, &to).send().await.unwrap();
    assert_eq!(refused(foreign).await, is(404, "not_found"));
    let early = json!({ "status": "delivered" });
    let early = send(&seller, Method::PUT, &path, early).await;
    assert_eq!(refused(early).await, is(409, "invalid_transition"));
    let sold = format!("/api/seller/orders/{order}");
    assert_eq!(
        seller.poke(&format!("{sold}/accept")).await["status"],
        "preparing"
    );
    let late = json!({ "address": {
        "recipient": "M", "phone": "010-1234-5678", "postcode": "04524", "line1": "1",
    }});
    let late = send(&buyer, Method::PUT, &to, late).await;
    assert_eq!(refused(late).await, is(409, "conflict"));
    let parcel = json!({ "courier": "CJ", "invoice_no": "123" });
    let parcels = seller.post(&format!("{sold}/shipments"), parcel).await;
    let parcel = parcels["data"][0]["id"].as_str().unwrap();
    let events = format!("/api/seller/shipments/{parcel}/events");
    let odd = send(&seller, Method::POST, &events, json!({ "state": "eaten" })).await;
    assert_eq!(refused(odd).await, is(422, "validation_error"));
    seller.post(&events, json!({ "state": "delivered" })).await;
    assert_eq!(buyer.get(&path).await["status"], "delivered");
    let tracking = buyer.get(&format!("{path}/tracking")).await;
    assert_eq!(tracking["data"][0]["state"], "delivered", "{tracking}");

    halve(&seller, &buyer, (&order, &payment, &paid)).await;

    assert_eq!(
        buyer.poke(&format!("{path}/confirm-purchase")).await["status"],
        "completed"
    );
    let over = send(&buyer, Method::POST, &format!("{path}/cancel"), json!({})).await;
    assert_eq!(refused(over).await, is(409, "invalid_transition"));
    let admin = Api::signed_in(ready, ready.account("admin", 0)).await;
    let log = admin.get("/api/admin/audit").await;
    let actions = log["data"].as_array().unwrap().iter();
    let told = actions
        .filter(|entry| entry["action"] == "refund.decided")
        .count();
    assert_eq!(told, 1, "{log}");
}
