//! Purchases that are refused, by their head and by their body.

use serde_json::{Value, json};

use super::Shop;
use crate::api::refusal;

const HEADS: &str = r#"
    nobody    | nobody | POST /api/orders | idempotency-key: k                             | $GOOD | 401 unauthenticated
    no key    | buyer  | POST /api/orders | -                                              | $GOOD | 400 idempotency_key_missing
    empty key | buyer  | POST /api/orders | idempotency-key:                               | $GOOD | 400 bad_request
    long key  | buyer  | POST /api/orders | idempotency-key: $LONG                         | $GOOD | 400 bad_request
    two keys  | buyer  | POST /api/orders | idempotency-key: a; idempotency-key: b         | $GOOD | 400 bad_request
    text      | buyer  | POST /api/orders | idempotency-key: k; content-type: text/plain   | $GOOD | 415 unsupported_media_type
    gzip      | buyer  | POST /api/orders | idempotency-key: k; content-encoding: gzip; content-type: application/json | $GOOD | 415 unsupported_media_type
"#;

/// `what | body | status code`, all sent with a key.
const BODIES: &str = r#"
    not json          | {                                        | 400 invalid_json
    byte order mark   | $BOM{}                                   | 400 invalid_json
    lone surrogate    | {"sale_id":"\ud800"}                     | 400 invalid_json
    deep              | $DEEP                                    | 400 invalid_json
    doubled           | {"quantity":1,"quantity":1}              | 400 invalid_json
    large             | {"x":"$LARGE"}                           | 413 payload_too_large
    a list            | ["$SALE","$PRODUCT",1]                   | 422 validation_error
    quantity 0        | $START,"quantity":0}                     | 422 validation_error
    quantity -1       | $START,"quantity":-1}                    | 422 validation_error
    quantity 1.5      | $START,"quantity":1.5}                   | 422 validation_error
    quantity text     | $START,"quantity":"1"}                   | 422 validation_error
    quantity 1e9      | $START,"quantity":1000000000}            | 422 validation_error
    quantity 2^63     | $START,"quantity":9223372036854775808}   | 422 validation_error
    no quantity       | $START}                                  | 422 validation_error
    over the limit    | $START,"quantity":6}                     | 409 per_buyer_limit
    own price         | $START,"quantity":1,"unit_price":1}      | 422 validation_error
    own total         | $START,"quantity":1,"total":1}           | 422 validation_error
    other buyer       | $START,"quantity":1,"buyer_id":"usr_x"}  | 422 validation_error
    foreign price     | $START,"quantity":1,"expected_unit_price":{"amount":1,"currency":"KRW"}} | 409 price_changed
    foreign currency  | $START,"quantity":1,"expected_unit_price":{"amount":1,"currency":"XXX"}} | 422 validation_error
    unknown product   | {"sale_id":"$SALE","product_id":"prd_01ARZ3NDEKTSV4RRFFQ69G5FAV","quantity":1} | 404 not_found
    unknown sale      | {"sale_id":"sal_01ARZ3NDEKTSV4RRFFQ69G5FAV","product_id":"$PRODUCT","quantity":1} | 404 not_found
    malformed id      | {"sale_id":"' OR 1=1","product_id":"$PRODUCT","quantity":1} | 422 validation_error
"#;

#[tokio::test]
async fn bad_purchases_are_refused_with_their_codes() {
    let shop = Shop::open().await;
    let table = shop.table().await;
    let good = r#"{"sale_id":"$SALE","product_id":"$PRODUCT","quantity":1}"#;
    let start = r#"{"sale_id":"$SALE","product_id":"$PRODUCT""#;
    // The names that hold names come first: names are filled in in their order.
    let table = crate::table::Table::default()
        .name("GOOD", good)
        .name("START", start)
        .name("LONG", "k".repeat(256))
        .name("LARGE", "a".repeat(70_000))
        .name("DEEP", "[".repeat(10_000))
        .name("BOM", "\u{feff}")
        .and(table);
    table.assert_refused(HEADS).await;
    let rows: Vec<String> = BODIES
        .lines()
        .filter_map(|row| row.split_once('|'))
        .map(|(what, rest)| {
            format!("{what} | buyer | POST /api/orders | idempotency-key: k | {rest}")
        })
        .collect();
    table.assert_refused(&rows.join("\n")).await;
    assert!(
        shop.buyer.all("/api/orders").await.is_empty(),
        "refusals placed something"
    );
}

#[tokio::test]
async fn a_key_stands_for_one_purchase() {
    let shop = Shop::open().await;
    let room = format!("/api/streams/{}/room", shop.ready().stream_id);
    let sale = shop.nobody.get(&room).await["d"]["shop"]["sale"].clone();
    let product = &sale["items"][0]["product_id"];
    let buy = |quantity: u32| json!({ "sale_id": sale["id"], "product_id": product, "quantity": quantity });
    let first = shop.buyer.buy("key-1", &buy(1)).await.unwrap();
    assert_eq!(first.status(), 201);
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first: Value = first.json().await.unwrap();
    let other = shop.buyer.buy("key-1", &buy(2)).await.unwrap();
    assert_eq!(refusal(other).await.1, "idempotency_key_reused");
    let again = shop.buyer.buy("\"key-1\"", &buy(1)).await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    let again: Value = again.json().await.unwrap();
    assert_eq!(again["id"], first["id"]);
    // Keys belong to their buyer.
    let theirs = shop.other.buy("key-1", &buy(1)).await.unwrap();
    assert!(!theirs.headers().contains_key("idempotent-replayed"));
    assert_eq!(shop.buyer.all("/api/orders").await.len(), 1);
}
