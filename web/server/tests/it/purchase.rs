//! One purchase by two ways: the data channel and HTTP, with one key, at the same time.

use serde_json::{Value, json};
use signaling_wire::Lane;

use crate::{
    api::Api,
    souk::{Ready, Souk},
    viewer::Viewer,
};

const PURCHASES: usize = 100;

/// Most units that a buyer may have of one product.
pub(crate) const PER_BUYER: usize = 99;

/// Closes the demo's sale and opens one of new products; returns its id and theirs.
pub(crate) async fn wide_sale(
    ready: &Ready,
    seller: &Api,
    products: usize,
    units: u32,
) -> (String, Vec<String>) {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let room = format!("/api/streams/{}/room", ready.stream_id);
    let running = id(&seller.get(&room).await["d"]["shop"]["sale"]);
    seller.poke(&format!("/api/sales/{running}/close")).await;
    let me = seller.get("/api/users/profile").await;
    let mut ids = Vec::new();
    for n in 0..products {
        let product = json!({
            "seller_id": me["memberships"][0]["seller_id"],
            "title": { "ko": format!("시험 {n}"), "en": format!("Trial {n}") },
            "image_url": "/products/mug.svg",
            "price": { "amount": 1000, "currency": "KRW" },
            "stock": units,
        });
        ids.push(id(&seller.post("/api/products", product).await));
    }
    let item =
        |id: &String| json!({ "product_id": id, "allocated": units, "max_per_buyer": PER_BUYER });
    let items: Vec<Value> = ids.iter().map(item).collect();
    let sale = json!({ "stream_id": ready.stream_id, "hold_seconds": 600, "items": items });
    let sale = id(&seller.post("/api/sales", sale).await);
    seller.poke(&format!("/api/sales/{sale}/open")).await;
    (sale, ids)
}

#[tokio::test]
async fn the_same_key_by_lane_and_by_http_is_one_order() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let seller = Api::signed_in(ready, ready.account("seller", 0)).await;
    let (sale, products) = wide_sale(ready, &seller, 2, 200).await;
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let (viewer, _) = Viewer::with_lanes(ready, &buyer).await;
    let mut replays = 0;
    for n in 0..PURCHASES {
        let body = json!({ "sale_id": sale, "product_id": products[n % 2], "quantity": 1 });
        let key = format!("twin-{n}");
        let mut command = body.clone();
        command["key"] = json!(key);
        let by_http = async {
            let response = buyer.buy(&key, &body).await.unwrap();
            assert_eq!(response.status(), 201, "{key}");
            let replayed = response.headers().contains_key("idempotent-replayed");
            (response.json::<Value>().await.unwrap(), replayed)
        };
        let by_lane = async {
            loop {
                viewer.send(Lane::Shop, "buy", command.clone()).await;
                let answer = viewer
                    .frame("the receipt", |frame| frame["d"]["key"] == key.as_str())
                    .await;
                match answer["t"].as_str().unwrap() {
                    "order" => return answer["d"]["order"].clone(),
                    // The lane has a rate; the key makes a repeat harmless.
                    _ => {
                        assert_eq!(answer["d"]["problem"]["code"], "rate_limited", "{answer}");
                        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    }
                }
            }
        };
        let ((http, replayed), lane) = tokio::join!(by_http, by_lane);
        assert_eq!(http["id"], lane["id"], "{key}");
        assert_eq!(http["lines"][0]["quantity"], 1);
        replays += usize::from(replayed);
    }
    let orders = buyer.all("/api/orders").await;
    assert_eq!(orders.len(), PURCHASES);
    let view = seller.get(&format!("/api/sales/{sale}")).await;
    for stock in view["stock"].as_array().unwrap() {
        assert_eq!(stock["held"], PURCHASES / 2, "{stock}");
        assert_eq!(stock["available"], 200 - PURCHASES / 2, "{stock}");
    }
    println!("{PURCHASES} purchases twice: {PURCHASES} orders; HTTP came second {replays} times");
    viewer.leave().await;
}

#[tokio::test]
async fn a_purchase_is_paid_and_the_stock_is_told_to_others() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let buyer = Api::signed_in(ready, ready.account("buyer", 1)).await;
    let (watching, snapshot) = Viewer::with_lanes(ready, &Api::anonymous(ready)).await;
    let item = &snapshot["d"]["shop"]["sale"]["items"][2];
    let body = json!({
        "sale_id": snapshot["d"]["shop"]["sale"]["id"],
        "product_id": item["product_id"],
        "variant_id": item["variant_id"],
        "quantity": 2,
        "expected_unit_price": item["price"],
    });
    let order: Value = buyer
        .buy("paid-1", &body)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(order["status"], "pending_payment");
    let told = watching
        .frame("the stock", |frame| {
            let levels = frame["d"]["levels"].as_array();
            frame["t"] == "stock"
                && levels.is_some_and(|levels| {
                    levels.iter().any(|level| {
                        level["variant_id"] == item["variant_id"] && level["held"] == 2
                    })
                })
        })
        .await;
    assert_eq!(told["lane"], "stock");
    let payment = order["payment"]["id"].as_str().unwrap();
    let window = format!("/api/payments/{payment}/sandbox");
    let token = buyer.post(&window, json!({ "approve": true })).await["payment_token"].clone();
    let paid = buyer
        .post(
            &format!("/api/payments/{payment}/confirm"),
            json!({ "payment_token": token }),
        )
        .await;
    assert_eq!(paid["status"], "paid", "{paid}");
    assert_eq!(paid["payment_status"], "paid", "{paid}");
    let id = order["id"].as_str().unwrap();
    let events = buyer.get(&format!("/api/orders/{id}/events")).await;
    let statuses: Vec<_> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["to_status"].clone())
        .collect();
    assert_eq!(statuses.first().unwrap(), "pending_payment", "{events}");
    assert_eq!(statuses.last().unwrap(), "paid", "{events}");
    watching.leave().await;
}
