//! Products, their variants, and the categories that they are found in.

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{Counter, ids, new_product, send, text, won};
use crate::api::{Api, refusal};

fn texts(title: &str, categories: &[String]) -> Value {
    json!({
        "title": { "ko": title, "en": title }, "image_url": "/products/mug.svg",
        "categories": categories, "status": "active",
    })
}

async fn etag(api: &Api, path: &str) -> String {
    let answer = api.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.headers()[header::ETAG].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_product_is_changed_by_who_has_seen_it() {
    let shop = Counter::open().await;
    let path = shop.path();
    let put = async |tag: Option<&str>| {
        let request = shop.manager.request(Method::PUT, &path);
        let request = match tag {
            Some(tag) => request.header(header::IF_MATCH, tag),
            None => request,
        };
        request
            .json(&texts("Better teapot", &[]))
            .send()
            .await
            .unwrap()
    };
    let first = etag(&shop.nobody, &path).await;
    assert_eq!(first, format!("\"{}\"", shop.product["version"]));
    assert_eq!(refusal(put(None).await).await.1, "precondition_required");
    for stale in ["\"0\"", "*", "1", "W/\"1\"", "\"99\""] {
        let (status, code) = refusal(put(Some(stale)).await).await;
        assert_eq!(
            (status.as_u16(), &*code),
            (412, "precondition_failed"),
            "{stale}"
        );
    }
    let done = put(Some(&first)).await;
    assert_eq!(done.status(), 200);
    let second = done.headers()[header::ETAG].to_str().unwrap().to_owned();
    assert_ne!(second, first);
    assert_eq!(etag(&shop.nobody, &path).await, second);
    assert_eq!(
        put(Some(&first)).await.status(),
        412,
        "seen before the change"
    );
    let shown = shop.nobody.get(&path).await;
    assert_eq!(shown["title"]["en"], "Better teapot");
    assert_eq!(shown["price"], won(12_000), "prices are the variants'");

    // What was archived is there for the seller's people only.
    let gone = |tag: &str| {
        let request = shop.owner.request(Method::DELETE, &path);
        request.header(header::IF_MATCH, tag.to_owned()).send()
    };
    assert_eq!(gone(&first).await.unwrap().status(), 412);
    assert_eq!(gone(&second).await.unwrap().status(), 204);
    for stranger in [&shop.nobody, &shop.buyer] {
        let answer = stranger.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(refusal(answer).await.1, "not_found");
    }
    assert_eq!(shop.owner.get(&path).await["status"], "archived");
}

#[tokio::test]
async fn a_variant_is_changed_under_its_own_version() {
    let shop = Counter::open().await;
    let path = format!("/api/variants/{}", shop.variant());
    let version = &shop.product["variants"][0]["version"];
    let patch = async |tag: Option<String>, body: Value| {
        let request = shop.owner.request(Method::PATCH, &path);
        let request = match tag {
            Some(tag) => request.header(header::IF_MATCH, tag),
            None => request,
        };
        request.json(&body).send().await.unwrap()
    };
    let cheaper = json!({ "price": won(9_000), "sku": "POT-1" });
    let seen = Some(format!("\"{version}\""));
    assert_eq!(patch(None, cheaper.clone()).await.status(), 428);
    assert_eq!(
        patch(Some("\"77\"".to_owned()), cheaper.clone())
            .await
            .status(),
        412
    );
    let done = patch(seen.clone(), cheaper.clone()).await;
    assert_eq!(done.status(), 200);
    assert_eq!(done.json::<Value>().await.unwrap()["sku"], "POT-1");
    assert_eq!(patch(seen, cheaper).await.status(), 412);
    assert_eq!(shop.nobody.get(&shop.path()).await["price"], won(9_000));
    // The number is one product's; there is nothing to choose between two variants.
    let variants = format!("{}/variants", shop.path());
    let second = json!({ "price": won(1), "sku": "POT-2" });
    let refused = send(&shop.owner, Method::POST, &variants, &second).await;
    assert!(refused.status().is_client_error(), "{refused:?}");
}

#[tokio::test]
async fn products_are_found_filtered_and_paged() {
    let shop = Counter::open().await;
    for n in 1..=4 {
        let new = new_product(&shop.seller, &format!("Zebra cup {n}"), n * 1_000);
        shop.owner.post("/api/products", new).await;
    }
    let find = async |query: &str| {
        let path = format!("/api/products?q=zebra&{query}");
        shop.nobody.get(&path).await
    };
    assert_eq!(ids(&find("").await).len(), 4);
    let prices = |list: &Value| -> Vec<i64> {
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|row| row["price"]["amount"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(
        prices(&find("sort=price").await),
        [1_000, 2_000, 3_000, 4_000]
    );
    assert_eq!(
        prices(&find("sort=-price").await),
        [4_000, 3_000, 2_000, 1_000]
    );
    assert_eq!(
        prices(&find("sort=price&price_min=2000&price_max=3000").await),
        [2_000, 3_000]
    );
    let seller = format!("seller_id={}&in_stock=true", shop.seller);
    assert_eq!(ids(&find(&seller).await).len(), 4);
    let first = find("sort=price&limit=3").await;
    assert_eq!(first["page"]["has_more"], true);
    let cursor = text(&first["page"]["next_cursor"]);
    let second = find(&format!("sort=price&limit=3&cursor={cursor}")).await;
    assert_eq!(prices(&second), [4_000]);
    assert_eq!(second["page"]["has_more"], false);
    // What would be a pattern is no letter here: it parts words, or nothing is left to look for.
    for wild in ["z%25a", "ze_ra"] {
        let list = shop.nobody.get(&format!("/api/products?q={wild}")).await;
        assert!(ids(&list).is_empty(), "{wild}");
    }
    for wild in ["%25", "_", "%5C"] {
        let path = format!("/api/products?q={wild}");
        let answer = shop.nobody.request(Method::GET, &path).send().await;
        assert_eq!(refusal(answer.unwrap()).await.1, "validation_error");
    }
    // Drafts are for the people of their seller.
    let drafts = format!("/api/products?status=draft&seller_id={}", shop.seller);
    assert!(ids(&shop.host.get(&drafts).await).is_empty());
    let answer = shop
        .buyer
        .request(Method::GET, &drafts)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(answer).await.1, "forbidden");
}

#[tokio::test]
async fn categories_hold_products_and_go_when_they_are_empty() {
    let shop = Counter::open().await;
    let named = |slug: &str, parent: Option<&str>| json!({ "slug": slug, "name": { "ko": slug, "en": slug }, "parent_id": parent });
    let all = "/api/categories";
    let home = shop.admin.post(all, named("test-home", None)).await;
    let home = text(&home["id"]);
    let tea = shop.admin.post(all, named("test-tea", Some(&home))).await;
    let tea = text(&tea["id"]);
    let twice = send(&shop.admin, Method::POST, all, &named("test-tea", None)).await;
    assert_eq!(refusal(twice).await.1, "conflict");
    let put = shop
        .owner
        .request(Method::PUT, &shop.path())
        .header(header::IF_MATCH, etag(&shop.nobody, &shop.path()).await)
        .json(&texts("Teapot", std::slice::from_ref(&tea)))
        .send()
        .await
        .unwrap();
    assert_eq!(put.status(), 200);
    for id in [&home, &tea] {
        let found = shop
            .nobody
            .get(&format!("/api/products?category_id={id}"))
            .await;
        assert_eq!(ids(&found), [shop.product()], "in it or below it");
    }
    assert!(ids(&shop.nobody.get(all).await).contains(&tea));
    let path = format!("{all}/{home}");
    let full = shop
        .admin
        .request(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(full.status(), 409, "something is below it");
    let sorted = send(&shop.admin, Method::PATCH, &path, &json!({ "sort": 7 })).await;
    assert_eq!(sorted.status(), 200);
    let empty = shop.admin.post(all, named("test-empty", None)).await;
    let path = format!("{all}/{}", text(&empty["id"]));
    let gone = shop
        .admin
        .request(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 204);
    let again = shop
        .admin
        .request(Method::DELETE, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(again).await.1, "not_found");
}
