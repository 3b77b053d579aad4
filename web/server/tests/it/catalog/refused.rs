//! What the catalog refuses, by who asks and by what they send (B-J4, B-J5, B-L1 to B-L3).

use serde_json::{Value, json};

use super::{Counter, new_product, text};
use crate::{api::Api, table::Table};

impl Counter {
    fn table(&self) -> Table {
        let callers: [(&str, &Api); 6] = [
            ("nobody", &self.nobody),
            ("buyer", &self.buyer),
            ("host", &self.host),
            ("owner", &self.owner),
            ("manager", &self.manager),
            ("admin", &self.admin),
        ];
        let table = Table::default()
            .name("NEW", new_product(&self.seller, "New", 1).to_string())
            .name("SELLER", &self.seller)
            .name("PRODUCT", self.product())
            .name("VARIANT", self.variant())
            .name("LARGE", "a".repeat(70_000))
            .name("LONG", "a".repeat(300));
        callers
            .into_iter()
            .fold(table, |table, (who, api)| table.caller(who, api))
    }
}

const RIGHTS: &str = r#"
    product    | nobody | POST /api/products                   | - | $NEW | 401 unauthenticated
    product    | buyer  | POST /api/products                   | - | $NEW | 403 forbidden
    product    | host   | POST /api/products                   | - | $NEW | 403 forbidden
    edit       | host   | PUT /api/products/$PRODUCT           | if-match: "1" | {"title":{"ko":"a","en":"a"},"image_url":"/a.svg","status":"active"} | 403 forbidden
    archive    | host   | DELETE /api/products/$PRODUCT        | if-match: "1" | - | 403 forbidden
    variant    | host   | PATCH /api/variants/$VARIANT         | if-match: "1" | {"sku":"X"} | 403 forbidden
    category   | owner  | POST /api/categories                 | - | {"slug":"mine","name":{"ko":"a","en":"a"}} | 403 forbidden
    coupon     | host   | POST /api/coupons                    | - | {"seller_id":"$SELLER","code":"HOST1","name":"x","currency":"KRW","discount":{"kind":"percent","basis_points":1}} | 403 forbidden
    site's own | owner  | POST /api/coupons                    | - | {"code":"SITE1","name":"x","currency":"KRW","discount":{"kind":"percent","basis_points":1}} | 403 forbidden
    coupons    | buyer  | GET /api/coupons?seller_id=$SELLER   | - | - | 403 forbidden
    wishes     | nobody | GET /api/wishlist                    | - | - | 401 unauthenticated
    review     | nobody | POST /api/products/$PRODUCT/reviews  | - | {"rating":5} | 401 unauthenticated
"#;

const MISSING: &str = r#"
    product   | nobody | GET /api/products/prd_01ARZ3NDEKTSV4RRFFQ69G5FAV         | - | - | 404 not_found
    no id     | nobody | GET /api/products/1                                      | - | - | 404 not_found
    sql       | nobody | GET /api/products/'%20OR%201=1--                         | - | - | 404 not_found
    variant   | owner  | PATCH /api/variants/var_01ARZ3NDEKTSV4RRFFQ69G5FAV       | if-match: "1" | {"sku":"X"} | 404 not_found
    reviews   | nobody | GET /api/products/prd_01ARZ3NDEKTSV4RRFFQ69G5FAV/reviews | - | - | 404 not_found
    category  | admin  | PATCH /api/categories/cat_01ARZ3NDEKTSV4RRFFQ69G5FAV     | - | {"sort":1} | 404 not_found
    into cart | buyer  | POST /api/cart/items       | - | {"variant_id":"var_01ARZ3NDEKTSV4RRFFQ69G5FAV","quantity":1} | 404 not_found
    in cart   | buyer  | PATCH /api/cart/items/$VARIANT                           | - | {"quantity":1} | 404 not_found
    no cart   | nobody | DELETE /api/cart/items/$VARIANT                          | - | - | 404 not_found
    bad token | nobody | GET /api/cart                                            | cart-token: x | - | 400 bad_request
    wish      | buyer  | POST /api/wishlist/items/var_01ARZ3NDEKTSV4RRFFQ69G5FAV  | - | - | 404 not_found
    coupon    | owner  | PATCH /api/coupons/cpn_01ARZ3NDEKTSV4RRFFQ69G5FAV        | - | {"active":true} | 404 not_found
"#;

const FIELDS: &str = r#"
    quantity 0    | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":0} | 422 validation_error
    quantity -1   | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":-1} | 422 validation_error
    quantity 1.5  | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":1.5} | 422 validation_error
    quantity text | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":"1"} | 422 validation_error
    quantity 1e9  | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":1000000000} | 422 validation_error
    quantity 2^63 | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":9223372036854775808} | 422 validation_error
    own price     | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":1,"unit_price":1} | 422 validation_error
    own user      | nobody | POST /api/cart/items | - | {"variant_id":"$VARIANT","quantity":1,"user_id":"usr_x"} | 422 validation_error
    own rating    | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"/a.svg","price":{"amount":1,"currency":"KRW"},"rating":5} | 422 validation_error
    price 0       | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"/a.svg","price":{"amount":0,"currency":"KRW"}} | 422 validation_error
    price -1      | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"/a.svg","price":{"amount":-1,"currency":"KRW"}} | 422 validation_error
    price 1.5     | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"/a.svg","price":{"amount":1.5,"currency":"KRW"}} | 422 validation_error
    currency      | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"/a.svg","price":{"amount":1,"currency":"BTC"}} | 422 validation_error
    no price      | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"/a.svg"} | 422 validation_error
    blank title   | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":" ","en":"a"},"image_url":"/a.svg","price":{"amount":1,"currency":"KRW"}} | 422 validation_error
    long title    | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"$LONG","en":"a"},"image_url":"/a.svg","price":{"amount":1,"currency":"KRW"}} | 422 validation_error
    script        | owner  | POST /api/products   | - | {"seller_id":"$SELLER","title":{"ko":"a","en":"a"},"image_url":"javascript:alert(1)","price":{"amount":1,"currency":"KRW"}} | 422 validation_error
    a megabyte    | owner  | POST /api/products   | - | {"seller_id":"$LARGE"} | 413 payload_too_large
    no slug       | admin  | POST /api/categories | - | {"slug":"Not A Slug","name":{"ko":"a","en":"a"}} | 422 validation_error
    stars         | buyer  | POST /api/products/$PRODUCT/reviews | - | {"rating":6} | 422 validation_error
    short code    | owner  | POST /api/coupons    | - | {"seller_id":"$SELLER","code":"a","name":"x","currency":"KRW","discount":{"kind":"percent","basis_points":1}} | 422 validation_error
    all of it     | owner  | POST /api/coupons    | - | {"seller_id":"$SELLER","code":"TOOMUCH","name":"x","currency":"KRW","discount":{"kind":"percent","basis_points":10001}} | 422 validation_error
    sort          | nobody | GET /api/products?sort=price%20desc | - | - | 422 validation_error
    unknown query | nobody | GET /api/products?order=price       | - | - | 422 validation_error
    limit 0       | nobody | GET /api/products?limit=0           | - | - | 422 validation_error
    limit 101     | nobody | GET /api/products?limit=101         | - | - | 422 validation_error
    cursor        | nobody | GET /api/products?cursor=nonsense   | - | - | 422 validation_error
    long search   | nobody | GET /api/products?q=$LONG           | - | - | 422 validation_error
"#;

#[tokio::test]
async fn who_may_not_is_told_so_and_what_is_not_there_is_not_found() {
    let shop = Counter::open().await;
    shop.table().assert_refused(RIGHTS).await;
    shop.table().assert_refused(MISSING).await;
}

#[tokio::test]
async fn fields_are_judged_one_by_one_and_nothing_changes() {
    let shop = Counter::open().await;
    let before = shop.nobody.get("/api/products?limit=100").await;
    shop.table().assert_refused(FIELDS).await;
    assert_eq!(shop.nobody.get("/api/products?limit=100").await, before);
    assert_eq!(shop.nobody.get("/api/cart").await["items"], json!([]));
}

#[tokio::test]
async fn quotes_and_emoji_are_text_and_nothing_else() {
    let shop = Counter::open().await;
    for title in [
        "Robert'); DROP TABLE product;--",
        "\"quoted\" \\ back",
        "100% _off_ %s {0}",
        "찻잔 🫖👩‍👩‍👧 \u{1F1F0}\u{1F1F7}",
        "<script>alert(1)</script>",
    ] {
        let made = shop
            .owner
            .post("/api/products", new_product(&shop.seller, title, 1_000))
            .await;
        let path = format!("/api/products/{}", text(&made["id"]));
        let shown: Value = shop.nobody.get(&path).await;
        assert_eq!(shown["title"]["ko"], title);
    }
    let nul = new_product(&shop.seller, "a\u{0}b", 1_000);
    let refused = super::send(&shop.owner, reqwest::Method::POST, "/api/products", &nul).await;
    let (status, _) = crate::api::refusal(refused).await;
    assert_eq!(status, 422, "no NUL in a name");
}
