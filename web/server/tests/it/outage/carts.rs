//! F29: many buyers at once, each with the same goods in another order. Rows are locked in the
//! order of their ids, what still collides is repeated, and hardly anybody notices.
//!
//! The store's tests have the control: the same rows locked as they come, without repeats, end in
//! a deadlock that the caller sees.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::BACK_MAX;
use crate::{api::Api, database, souk::Souk};

const BUYERS: usize = 8;
const ROUNDS: usize = 6;
const GOODS: usize = 6;
const STOCK: u64 = 1_000;

/// Products off the shelf: their ids and those of their only variants.
async fn goods(souk: &Souk) -> Vec<(String, String)> {
    let ready = &souk.ready;
    let seller = Api::signed_in(ready, ready.account("seller", 0)).await;
    let me = seller.get("/api/users/profile").await;
    let mut goods = Vec::new();
    for n in 0..GOODS {
        let product = json!({
            "seller_id": me["memberships"][0]["seller_id"],
            "title": { "ko": format!("장바구니 {n}"), "en": format!("Cart {n}") },
            "image_url": "/products/mug.svg",
            "price": { "amount": 1000, "currency": "KRW" },
            "stock": STOCK,
        });
        let made = seller.post("/api/products", product).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        goods.push((text(&made["id"]), text(&made["variants"][0]["id"])));
    }
    goods
}

/// Checks out one unit of each, until it is done; returns how often it was refused before.
async fn check_out(buyer: &Api, key: &str, variants: &[&str]) -> usize {
    let items: Vec<Value> = variants
        .iter()
        .map(|variant| json!({ "variant_id": variant, "quantity": 1 }))
        .collect();
    let (body, begun) = (json!({ "items": items }), Instant::now());
    for refused in 0.. {
        let response = buyer.buy(key, &body).await.unwrap();
        let status = response.status();
        if status == StatusCode::CREATED {
            return refused;
        }
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
        assert!(begun.elapsed() < BACK_MAX, "never done: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("it ends by one or the other")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f29_carts_that_want_the_same_in_any_order_all_come_through() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let goods = goods(&souk).await;
    let mut buyers = Vec::new();
    for n in 0..BUYERS {
        buyers.push(Api::registered(&souk.ready, &format!("cart{n}@souk.example")).await);
    }
    let all = buyers.iter().enumerate().map(|(n, buyer)| {
        let goods = &goods;
        async move {
            let mut refused = 0;
            for round in 0..ROUNDS {
                let mut mine: Vec<&str> = goods.iter().map(|(_, variant)| &**variant).collect();
                mine.rotate_left((n + round) % GOODS);
                if n % 2 == 1 {
                    mine.reverse();
                }
                refused += check_out(buyer, &format!("cart-{round}"), &mine).await;
            }
            refused
        }
    });
    let refused: usize = futures_util::future::join_all(all).await.iter().sum();
    let metrics = buyers[0].request(reqwest::Method::GET, "/metrics");
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    let repeats = metrics
        .lines()
        .find(|line| line.starts_with("souk_store_repeats_total"));
    println!(
        "F29: {} carts, {refused} asked to come back, {} on MariaDB: {}",
        BUYERS * ROUNDS,
        repeats.unwrap_or("souk_store_repeats_total 0"),
        database::is_mariadb(),
    );
    for (product, _) in &goods {
        let stock = &buyers[0].get(&format!("/api/products/{product}")).await["stock"];
        let left = STOCK - (BUYERS * ROUNDS) as u64;
        assert_eq!(stock["available"], left, "{stock}");
    }
    for buyer in &buyers {
        assert_eq!(buyer.all("/api/orders").await.len(), ROUNDS);
    }
}
