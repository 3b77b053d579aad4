//! What buyers keep: carts, coupons, wishes and reviews.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Counter, send, text, won};
use crate::api::{Api, refusal};

fn line(shop: &Counter, quantity: u32) -> Value {
    json!({ "variant_id": shop.variant(), "quantity": quantity })
}

#[tokio::test]
async fn a_guests_cart_is_priced_by_the_server_and_moves_in_at_sign_in() {
    let shop = Counter::open().await;
    assert_eq!(shop.nobody.get("/api/cart").await["items"], json!([]));
    let added = send(
        &shop.nobody,
        Method::POST,
        "/api/cart/items",
        &line(&shop, 2),
    )
    .await;
    let token = added.headers()["cart-token"].to_str().unwrap().to_owned();
    let cart: Value = added.json().await.unwrap();
    assert_eq!(
        (&cart["subtotal"], &cart["total"]),
        (&won(24_000), &won(24_000))
    );
    let path = format!("/api/cart/items/{}", shop.variant());
    let three = send(
        &shop.nobody,
        Method::PATCH,
        &path,
        &json!({ "quantity": 3 }),
    )
    .await;
    assert_eq!(
        three.json::<Value>().await.unwrap()["subtotal"],
        won(36_000)
    );

    // The token alone names the cart, and signing in takes it over.
    let elsewhere = Api::anonymous(&shop.souk.ready);
    let seen = elsewhere
        .request(Method::GET, "/api/cart")
        .header("cart-token", &token)
        .send();
    let seen: Value = seen.await.unwrap().json().await.unwrap();
    assert_eq!(seen["items"][0]["quantity"], 3);
    let merged = shop
        .buyer
        .request(Method::GET, "/api/cart")
        .header("cart-token", &token)
        .send();
    let merged: Value = merged.await.unwrap().json().await.unwrap();
    assert_eq!(merged["items"][0]["quantity"], 3);
    assert_eq!(shop.buyer.get("/api/cart").await["subtotal"], won(36_000));
    let empty = elsewhere
        .request(Method::GET, "/api/cart")
        .header("cart-token", &token)
        .send();
    let empty: Value = empty.await.unwrap().json().await.unwrap();
    assert_eq!(empty["items"], json!([]));
    let gone = shop
        .buyer
        .request(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(gone.json::<Value>().await.unwrap()["items"], json!([]));
    let again = shop
        .buyer
        .request(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(again).await.1, "not_found");
}

#[tokio::test]
async fn a_cart_says_what_can_no_longer_be_had() {
    let shop = Counter::open().await;
    let items = "/api/cart/items";
    let cart = shop.buyer.post(items, line(&shop, 9)).await;
    assert_eq!(cart["items"][0]["state"], "short", "five are there");
    let path = format!("/api/variants/{}", shop.variant());
    let version = &shop.product["variants"][0]["version"];
    let dearer = shop
        .owner
        .request(Method::PATCH, &path)
        .header("if-match", format!("\"{version}\""))
        .json(&json!({ "price": won(13_000) }))
        .send();
    assert_eq!(dearer.await.unwrap().status(), 200);
    let cart = shop.buyer.get("/api/cart").await;
    let line = &cart["items"][0];
    assert_eq!(
        (&line["unit_price"], &line["was"]),
        (&won(13_000), &won(12_000))
    );
    let archive = shop.owner.request(Method::DELETE, &shop.path()).header(
        "if-match",
        format!("\"{}\"", shop.owner.get(&shop.path()).await["version"]),
    );
    assert_eq!(archive.send().await.unwrap().status(), 204);
    let cart = shop.buyer.get("/api/cart").await;
    assert_eq!(cart["items"][0]["state"], "gone");
    assert!(cart["total"].is_null(), "what is gone costs nothing");
}

#[tokio::test]
async fn a_coupon_takes_off_what_its_terms_say() {
    let shop = Counter::open().await;
    let new = json!({
        "seller_id": shop.seller, "code": "Tea-Time 10", "name": "Tea", "currency": "KRW",
        "discount": { "kind": "percent", "basis_points": 1_000 }, "minimum": 20_000,
    });
    let coupon = shop.manager.post("/api/coupons", new.clone()).await;
    let taken = json!({ "code": "TEATIME10" });
    let mut twice = new.clone();
    twice["code"] = taken["code"].clone();
    let twice = send(&shop.owner, Method::POST, "/api/coupons", &twice).await;
    assert_eq!(
        refusal(twice).await.1,
        "conflict",
        "one code, however it is written"
    );
    let enter = async |code: &str| {
        send(
            &shop.buyer,
            Method::POST,
            "/api/cart/coupons",
            &json!({ "code": code }),
        )
        .await
    };
    shop.buyer.post("/api/cart/items", line(&shop, 1)).await;
    assert_eq!(
        refusal(enter("teatime10").await).await.1,
        "coupon_refused",
        "below the minimum"
    );
    shop.buyer.post("/api/cart/items", line(&shop, 1)).await;
    let cart: Value = enter("tea time-10").await.json().await.unwrap();
    assert_eq!(
        (&cart["discount"], &cart["total"]),
        (&won(2_400), &won(21_600))
    );
    assert_eq!(refusal(enter("nosuch").await).await.1, "coupon_refused");

    stops(&shop, &coupon).await;
}

/// A coupon that its seller stops takes nothing off any more.
async fn stops(shop: &Counter, coupon: &Value) {
    let path = format!("/api/coupons/{}", text(&coupon["id"]));
    let off = send(
        &shop.owner,
        Method::PATCH,
        &path,
        &json!({ "active": false }),
    )
    .await;
    assert_eq!(off.json::<Value>().await.unwrap()["active"], false);
    let cart = shop.buyer.get("/api/cart").await;
    assert!(cart["coupon"]["reason"].is_string(), "{cart}");
    assert_eq!(cart["total"], won(24_000));
    let without = shop
        .buyer
        .request(Method::DELETE, "/api/cart/coupons")
        .send();
    let without: Value = without.await.unwrap().json().await.unwrap();
    assert!(without["coupon"].is_null());
    let mine = shop
        .owner
        .get(&format!("/api/coupons?seller_id={}", shop.seller))
        .await;
    let rows = mine["data"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["id"] == coupon["id"] && row["used"] == 0)
    );
    let foreign = send(
        &shop.buyer,
        Method::PATCH,
        &path,
        &json!({ "active": true }),
    )
    .await;
    assert_eq!(refusal(foreign).await.1, "not_found");
}

#[tokio::test]
async fn wishes_are_ones_own_and_reviews_need_a_purchase() {
    let shop = Counter::open().await;
    let path = format!("/api/wishlist/items/{}", shop.variant());
    for _ in 0..2 {
        let wished = shop
            .buyer
            .request(Method::POST, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(wished.status(), 204, "twice is once");
    }
    let list = shop.buyer.get("/api/wishlist").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(shop.host.get("/api/wishlist").await["data"], json!([]));
    for _ in 0..2 {
        let gone = shop
            .buyer
            .request(Method::DELETE, &path)
            .send()
            .await
            .unwrap();
        assert_eq!(gone.status(), 204);
    }
    assert_eq!(shop.buyer.get("/api/wishlist").await["data"], json!([]));

    let reviews = format!("{}/reviews", shop.path());
    assert_eq!(shop.nobody.get(&reviews).await["data"], json!([]));
    let said = json!({ "rating": 5, "body": "<b>good</b>" });
    let stranger = send(&shop.buyer, Method::POST, &reviews, &said).await;
    assert_eq!(refusal(stranger).await.1, "forbidden");
    assert_eq!(
        shop.nobody.get(&reviews).await["data"],
        json!([]),
        "nothing was said"
    );
}
