//! Paths that are not there, methods that they do not take, and what others may not do.

use serde_json::{Value, json};

use super::Shop;

const PATHS: &str = r#"
    unknown path     | nobody | GET /api/nothing                                  | - | - | 404 not_found
    unknown stream   | nobody | GET /api/streams/str_01ARZ3NDEKTSV4RRFFQ69G5FAV   | - | - | 404 not_found
    malformed stream | nobody | GET /api/streams/%27%20OR%201                     | - | - | 404 not_found
    unknown room     | nobody | GET /api/streams/nonsense/room                    | - | - | 404 not_found
    unknown card     | buyer  | POST /api/streams/$STREAM/cards/nonsense/pin      | - | - | 404 not_found
    wrong method     | nobody | PUT /api/orders                                   | - | - | 405 method_not_allowed
    trace            | nobody | TRACE /api/orders                                 | - | - | 405 method_not_allowed
    posted page      | nobody | POST /watch/anything                              | - | - | 405 method_not_allowed
    limit 0          | nobody | GET /api/products?limit=0                         | - | - | 422 validation_error
    limit 1000       | nobody | GET /api/products?limit=1000                      | - | - | 422 validation_error
    made-up cursor   | nobody | GET /api/products?cursor=zzz                      | - | - | 422 validation_error
    unknown filter   | nobody | GET /api/products?order=price                     | - | - | 422 validation_error
    neither form     | nobody | GET /api/streams/$STREAM/events                   | - | - | 406 not_acceptable
"#;

const RIGHTS: &str = r#"
    somebody's order   | other  | GET $ORDER                                      | - | - | 404 not_found
    somebody's events  | other  | GET $ORDER/events                               | - | - | 404 not_found
    somebody's payment | other  | GET $PAYMENT                                    | - | - | 404 not_found
    pays for somebody  | other  | POST $PAYMENT/sandbox                           | - | {"approve":true} | 404 not_found
    nobody's orders    | nobody | GET /api/orders                                 | - | - | 401 unauthenticated
    nobody pins        | nobody | POST $CARD/pin                                  | - | - | 401 unauthenticated
    buyer pins         | buyer  | POST $CARD/pin                                  | - | - | 403 forbidden
    buyer's key        | buyer  | POST /api/streams/$STREAM/key                   | - | - | 403 forbidden
    buyer's ingest     | buyer  | GET /api/streams/$STREAM/ingest                 | - | - | 403 forbidden
    buyer ends         | buyer  | DELETE /api/streams/$STREAM                     | - | - | 403 forbidden
    buyer closes       | buyer  | POST /api/sales/$SALE/close                     | - | - | 403 forbidden
    buyer's stock      | buyer  | POST /api/products/$PRODUCT/stock-adjustments   | - | {"delta":5,"reason":"found"} | 403 forbidden
    buyer allocates    | buyer  | POST /api/sales/$SALE/items/$PRODUCT/allocations | - | {"delta":1} | 403 forbidden
    forged webhook     | nobody | POST /api/webhooks/portone/v2                   | - | {} | 401 unauthenticated
"#;

#[tokio::test]
async fn paths_and_rights() {
    let shop = Shop::open().await;
    let table = shop.table().await;
    table.assert_refused(PATHS).await;
    let stream = format!("/api/streams/{}", shop.ready().stream_id);
    let sale = shop.nobody.get(&format!("{stream}/room")).await["d"]["shop"]["sale"].clone();
    let product = &sale["items"][0]["product_id"];
    let good = json!({ "sale_id": sale["id"], "product_id": product, "quantity": 1 });
    let placed = shop.buyer.buy("mine", &good).await.unwrap();
    let placed: Value = placed.json().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cards = shop.buyer.get(&format!("{stream}/cards")).await;
    let table = table
        .name("ORDER", format!("/api/orders/{}", text(&placed["id"])))
        .name(
            "PAYMENT",
            format!("/api/payments/{}", text(&placed["payment"]["id"])),
        )
        .name(
            "CARD",
            format!("{stream}/cards/{}", text(&cards["data"][1]["id"])),
        );
    table.assert_refused(RIGHTS).await;
}

#[tokio::test]
async fn pages_carry_their_headers_and_missing_files_are_missing() {
    let shop = Shop::open().await;
    let get = |path: &'static str| shop.nobody.request(reqwest::Method::GET, path).send();
    let page = get("/watch/anything").await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    for header in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
    ] {
        assert!(page.headers().contains_key(header), "{header}");
    }
    assert_eq!(get("/assets/missing.js").await.unwrap().status(), 404);
    let etag = page.headers()["etag"].clone();
    let again = shop
        .nobody
        .request(reqwest::Method::GET, "/")
        .header("if-none-match", etag);
    assert_eq!(again.send().await.unwrap().status(), 304);
}
