//! `stock.low`: told once each time that the shelves of a variant run low, whatever emptied them.

use commerce_service::{AdjustReason, Adjustment, WebhookConfig};
use commerce_store::sql;
use signaling_wire::VariantId;

use super::{
    listen, pay,
    receiver::{Received, Receiver},
};
use crate::{
    checkout::{items, variant},
    fixture::{Shop, eventually, webhooks},
};

async fn shop() -> Shop {
    let config = WebhookConfig {
        stock_low: 3,
        ..webhooks()
    };
    Shop::open_telling(config).await
}

async fn adjust(shop: &Shop, variant: VariantId, delta: i32) {
    let change = Adjustment {
        location_id: None,
        delta,
        reason: AdjustReason::Recount,
        note: String::new(),
    };
    let done = shop.commerce.adjust_variant(shop.owner, variant, change);
    done.await.unwrap();
}

/// Waits until the shop has seen that the variant has enough, or has not.
async fn watched(shop: &Shop, variant: VariantId, enough: bool) {
    eventually("the shelves are looked at", || async {
        let found = sql::query("SELECT COUNT(*) FROM stock_watch WHERE variant_id = ?")
            .bind(variant.to_string())
            .fetch_value(shop.store.reader());
        let found: i64 = found.await.unwrap();
        (found == 1) == enough
    })
    .await;
}

fn left(came: &Received) -> i64 {
    came.json()["data"]["available"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_once_a_fall_and_again_after_more_came() {
    let shop = shop().await;
    let receiver = Receiver::start(200).await;
    // One that never had enough has not fallen.
    let (few, many) = (variant(&shop, 2).await, variant(&shop, 10).await);
    listen(&shop, &receiver.url(), &["stock.low"]).await;
    watched(&shop, many, true).await;
    adjust(&shop, many, -6).await;
    adjust(&shop, few, -1).await;
    adjust(&shop, many, -1).await;
    let came = receiver.wait(1).await;
    watched(&shop, many, false).await;
    adjust(&shop, many, -1).await;
    adjust(&shop, many, 8).await;
    watched(&shop, many, true).await;
    adjust(&shop, many, -9).await;
    let both = receiver.wait(2).await;
    assert_eq!((left(&both[0]), left(&both[1])), (3, 1));
    let data = &came[0].json()["data"];
    assert_eq!(came[0].kind(), "stock.low");
    assert_eq!(data["variant_id"], many.to_string());
    assert_eq!(data["seller_id"], shop.seller.to_string());
    assert_eq!(data["threshold"], 3);
    assert!(data["product_id"].as_str().unwrap().starts_with("prd_"));
    // The last word of the outbox: nothing else was ever said.
    let told = sql::query("SELECT COUNT(*) FROM outbox WHERE topic = 'stock.low'");
    let told: i64 = told.fetch_value(shop.store.reader()).await.unwrap();
    assert_eq!(told, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_are_sold_or_held_count_as_gone() {
    let shop = shop().await;
    let receiver = Receiver::start(200).await;
    let (held, sold) = (variant(&shop, 5).await, variant(&shop, 5).await);
    listen(&shop, &receiver.url(), &["stock.*"]).await;
    watched(&shop, held, true).await;
    watched(&shop, sold, true).await;
    let buyer = shop.buyer().await;
    let first = shop.commerce.checkout(buyer, items(&[(held, 2)], "first"));
    first.await.unwrap();
    receiver.wait(1).await;
    let second = shop.commerce.checkout(buyer, items(&[(sold, 5)], "second"));
    let second = second.await.unwrap();
    pay(&shop, buyer, second.orders[0].payment.id).await;
    let came = receiver.wait(2).await;
    let told: Vec<(String, i64)> = came
        .iter()
        .map(|one| {
            let id = one.json()["data"]["variant_id"]
                .as_str()
                .unwrap()
                .to_owned();
            (id, left(one))
        })
        .collect();
    assert_eq!(told, [(held.to_string(), 3), (sold.to_string(), 0)]);
}
