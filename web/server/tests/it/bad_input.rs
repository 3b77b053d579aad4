//! What strangers may send over HTTP, each with its status and its stable code.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    api::{Api, refusal},
    souk::{Ready, Souk},
    viewer::PATIENCE,
};

struct Row(&'static str, RequestBuilder, u16, &'static str);

async fn assert_all(rows: Vec<Row>) {
    for Row(what, request, status, code) in rows {
        let (got, said) = refusal(request.send().await.unwrap()).await;
        assert_eq!((got.as_u16(), said.as_str()), (status, code), "{what}");
    }
}

/// The demo's sale: its id and its first product.
async fn sale(api: &Api, ready: &Ready) -> (String, String) {
    let snapshot = api
        .get(&format!("/api/streams/{}/room", ready.stream_id))
        .await;
    let sale = &snapshot["d"]["shop"]["sale"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&sale["id"]), text(&sale["items"][0]["product_id"]))
}

#[tokio::test]
async fn bad_purchases_are_refused_with_their_codes() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let anonymous = Api::anonymous(ready);
    let (sale, product) = sale(&buyer, ready).await;
    let good = json!({ "sale_id": sale, "product_id": product, "quantity": 1 });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let order = |api: &Api| api.request(Method::POST, "/api/orders");
    let keyed = |body: &Value| order(&buyer).header("idempotency-key", "bad-1").json(body);
    let raw = |kind: &str, body: &'static str| {
        let request = order(&buyer)
            .header("idempotency-key", "bad-1")
            .header("content-type", kind);
        request.body(body)
    };
    let won = |amount: i64| json!({ "amount": amount, "currency": "KRW" });
    let huge = format!("{{\"x\":\"{}\"}}", "a".repeat(70_000));
    let deep = "[".repeat(10_000);
    let ghost = "prd_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let no_sale = "sal_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let json_type = |body: String| {
        let request = order(&buyer).header("idempotency-key", "bad-1");
        request
            .header("content-type", "application/json")
            .body(body)
    };
    assert_all(vec![
        Row(
            "nobody",
            order(&anonymous).header("idempotency-key", "x").json(&good),
            401,
            "unauthenticated",
        ),
        Row(
            "no key",
            order(&buyer).json(&good),
            400,
            "idempotency_key_missing",
        ),
        Row(
            "empty key",
            order(&buyer).header("idempotency-key", "").json(&good),
            400,
            "bad_request",
        ),
        Row(
            "long key",
            order(&buyer)
                .header("idempotency-key", "k".repeat(256))
                .json(&good),
            400,
            "bad_request",
        ),
        Row(
            "text",
            raw("text/plain", "{}"),
            415,
            "unsupported_media_type",
        ),
        Row(
            "not json",
            raw("application/json", "{"),
            400,
            "invalid_json",
        ),
        Row("nothing", raw("application/json", ""), 400, "invalid_json"),
        Row(
            "bom",
            raw("application/json", "\u{feff}{}"),
            400,
            "invalid_json",
        ),
        Row(
            "lone surrogate",
            raw("application/json", r#"{"sale_id":"\ud800"}"#),
            400,
            "invalid_json",
        ),
        Row("deep", json_type(deep), 400, "invalid_json"),
        Row("large", json_type(huge), 413, "payload_too_large"),
        Row(
            "gzip",
            keyed(&good).header("content-encoding", "gzip"),
            415,
            "unsupported_media_type",
        ),
        Row(
            "quantity 0",
            keyed(&with("quantity", json!(0))),
            422,
            "validation_error",
        ),
        Row(
            "quantity -1",
            keyed(&with("quantity", json!(-1))),
            422,
            "validation_error",
        ),
        Row(
            "quantity 1.5",
            keyed(&with("quantity", json!(1.5))),
            422,
            "validation_error",
        ),
        Row(
            "quantity text",
            keyed(&with("quantity", json!("1"))),
            422,
            "validation_error",
        ),
        Row(
            "quantity 1e9",
            keyed(&with("quantity", json!(1_000_000_000))),
            422,
            "validation_error",
        ),
        Row(
            "quantity 2^63",
            keyed(&with("quantity", json!(9_223_372_036_854_775_808_u64))),
            422,
            "validation_error",
        ),
        Row(
            "over the limit",
            keyed(&with("quantity", json!(6))),
            409,
            "per_buyer_limit",
        ),
        Row(
            "own price",
            keyed(&with("unit_price", won(1))),
            422,
            "validation_error",
        ),
        Row(
            "own total",
            keyed(&with("total", won(1))),
            422,
            "validation_error",
        ),
        Row(
            "other buyer",
            keyed(&with("buyer_id", json!("usr_x"))),
            422,
            "validation_error",
        ),
        Row(
            "foreign price",
            keyed(&with("expected_unit_price", won(1))),
            409,
            "price_changed",
        ),
        Row(
            "foreign currency",
            keyed(&with(
                "expected_unit_price",
                json!({"amount": 1, "currency": "XXX"}),
            )),
            422,
            "validation_error",
        ),
        Row(
            "unknown product",
            keyed(&with("product_id", json!(ghost))),
            404,
            "not_found",
        ),
        Row(
            "unknown sale",
            keyed(&with("sale_id", json!(no_sale))),
            404,
            "not_found",
        ),
        Row(
            "malformed id",
            keyed(&with("sale_id", json!("' OR 1=1"))),
            422,
            "validation_error",
        ),
    ])
    .await;
    let placed = buyer.buy("key-1", &good).await.unwrap();
    assert_eq!(placed.status(), 201);
    let other = buyer
        .buy("key-1", &with("quantity", json!(2)))
        .await
        .unwrap();
    assert_eq!(refusal(other).await.1, "idempotency_key_reused");
    let again = buyer.buy("\"key-1\"", &good).await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(
        buyer.all("/api/orders").await.len(),
        1,
        "refusals placed nothing"
    );
}

#[tokio::test]
async fn tokens_and_sign_ins_that_do_not_hold() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let anonymous = Api::anonymous(ready);
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let profile = |token: String| {
        anonymous
            .request(Method::GET, "/api/users/profile")
            .bearer_auth(token)
    };
    let [head, body, mark] = buyer.token().split('.').collect::<Vec<_>>()[..] else {
        panic!()
    };
    let flipped = format!("{head}.{body}.{}", mark.chars().rev().collect::<String>());
    // {"alg":"none","typ":"at+jwt"}
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}.");
    let login = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        anonymous
            .request(Method::POST, "/api/auth/login")
            .json(&body)
    };
    let email = &ready.account("buyer", 0).email;
    let register = |body: Value| {
        anonymous
            .request(Method::POST, "/api/auth/register")
            .json(&body)
    };
    let new = |email: &str, password: &str| json!({ "email": email, "password": password, "display_name": "N" });
    let with_role = json!({ "email": "r@souk.example", "password": "a long pass phrase", "display_name": "N", "role": "admin" });
    let refresh = || anonymous.request(Method::POST, "/api/auth/refresh");
    assert_all(vec![
        Row(
            "none",
            anonymous.request(Method::GET, "/api/users/profile"),
            401,
            "unauthenticated",
        ),
        Row("garbage", profile("garbage".into()), 401, "invalid_token"),
        Row("signature", profile(flipped), 401, "invalid_token"),
        Row("alg none", profile(none), 401, "invalid_token"),
        Row("9 KB", profile("t".repeat(9_000)), 401, "invalid_token"),
        Row(
            "stream key",
            profile(ready.stream_key.clone()),
            401,
            "invalid_token",
        ),
        Row(
            "basic",
            anonymous
                .request(Method::GET, "/api/users/profile")
                .basic_auth("a", Some("b")),
            401,
            "invalid_token",
        ),
        Row(
            "wrong password",
            login(email, "wrong wrong wrong"),
            401,
            "invalid_credentials",
        ),
        Row(
            "unknown e-mail",
            login("ghost@souk.example", "wrong wrong wrong"),
            401,
            "invalid_credentials",
        ),
        Row(
            "taken",
            register(new(email, "a long pass phrase")),
            409,
            "email_taken",
        ),
        Row(
            "short password",
            register(new("s@souk.example", "short")),
            422,
            "validation_error",
        ),
        Row(
            "no e-mail",
            register(new("nonsense", "a long pass phrase")),
            422,
            "validation_error",
        ),
        Row("own role", register(with_role), 422, "validation_error"),
        Row("no session", refresh(), 401, "unauthenticated"),
        Row(
            "made-up session",
            refresh().header("cookie", "souk_refresh=rt_made-up"),
            401,
            "invalid_token",
        ),
        Row(
            "foreign page",
            refresh().header("origin", "https://elsewhere.example"),
            403,
            "forbidden",
        ),
        Row(
            "hidden foreign page",
            refresh().header("sec-fetch-site", "cross-site"),
            403,
            "forbidden",
        ),
    ])
    .await;
    let token = "eyJhbGciOiJIUzI1NiJ9";
    assert!(
        !souk.log().contains(token) && !souk.log().contains(mark),
        "a token in the log"
    );
}

#[tokio::test]
async fn paths_and_rights() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let anonymous = Api::anonymous(ready);
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let other = Api::signed_in(ready, ready.account("buyer", 1)).await;
    let (sale, product) = sale(&buyer, ready).await;
    let good = json!({ "sale_id": sale, "product_id": product, "quantity": 1 });
    let placed: Value = buyer
        .buy("mine", &good)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let order = format!("/api/orders/{}", placed["id"].as_str().unwrap());
    let payment = format!(
        "/api/payments/{}",
        placed["payment"]["id"].as_str().unwrap()
    );
    let stream = format!("/api/streams/{}", ready.stream_id);
    let cards = buyer.get(&format!("{stream}/cards")).await;
    let pin = format!(
        "{stream}/cards/{}/pin",
        cards["data"][1]["id"].as_str().unwrap()
    );
    let get = |api: &Api, path: &str| api.request(Method::GET, path);
    let post = |api: &Api, path: &str| api.request(Method::POST, path);
    let delta = json!({ "delta": 5, "reason": "found" });
    let moved = format!("/api/sales/{sale}/items/{product}/allocations");
    assert_all(vec![
        Row(
            "unknown path",
            get(&anonymous, "/api/nothing"),
            404,
            "not_found",
        ),
        Row(
            "unknown stream",
            get(&anonymous, "/api/streams/str_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            404,
            "not_found",
        ),
        Row(
            "malformed stream",
            get(&anonymous, "/api/streams/%27%20OR%201"),
            404,
            "not_found",
        ),
        Row(
            "unknown room",
            get(&anonymous, "/api/streams/nonsense/room"),
            404,
            "not_found",
        ),
        Row(
            "wrong method",
            anonymous.request(Method::PUT, "/api/orders"),
            405,
            "method_not_allowed",
        ),
        Row(
            "trace",
            anonymous.request(Method::TRACE, "/api/orders"),
            405,
            "method_not_allowed",
        ),
        Row(
            "limit 0",
            get(&anonymous, "/api/products?limit=0"),
            422,
            "validation_error",
        ),
        Row(
            "limit 1000",
            get(&anonymous, "/api/products?limit=1000"),
            422,
            "validation_error",
        ),
        Row(
            "made-up cursor",
            get(&anonymous, "/api/products?cursor=zzz"),
            422,
            "validation_error",
        ),
        Row(
            "unknown filter",
            get(&anonymous, "/api/products?order=price;drop"),
            422,
            "validation_error",
        ),
        Row("somebody's order", get(&other, &order), 404, "not_found"),
        Row(
            "somebody's payment",
            get(&other, &payment),
            404,
            "not_found",
        ),
        Row(
            "nobody's orders",
            get(&anonymous, "/api/orders"),
            401,
            "unauthenticated",
        ),
        Row("buyer pins", post(&buyer, &pin), 403, "forbidden"),
        Row(
            "nobody pins",
            post(&anonymous, &pin),
            401,
            "unauthenticated",
        ),
        Row(
            "buyer's key",
            post(&buyer, &format!("{stream}/key")),
            403,
            "forbidden",
        ),
        Row(
            "buyer ends",
            buyer.request(Method::DELETE, &stream),
            403,
            "forbidden",
        ),
        Row(
            "buyer closes",
            post(&buyer, &format!("/api/sales/{sale}/close")),
            403,
            "forbidden",
        ),
        Row(
            "buyer's stock",
            post(
                &buyer,
                &format!("/api/products/{product}/stock-adjustments"),
            )
            .json(&delta),
            403,
            "forbidden",
        ),
        Row(
            "buyer allocates",
            post(&buyer, &moved).json(&json!({ "delta": 1 })),
            403,
            "forbidden",
        ),
        Row(
            "forged webhook",
            post(&anonymous, "/api/webhooks/portone/v2").body("{}"),
            401,
            "unauthenticated",
        ),
    ])
    .await;
    let page = anonymous
        .request(Method::GET, "/watch/anything")
        .send()
        .await
        .unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    for header in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
    ] {
        assert!(page.headers().contains_key(header), "{header}");
    }
    let missing = anonymous
        .request(Method::GET, "/assets/missing.js")
        .send()
        .await
        .unwrap();
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn broken_requests_are_answered_with_400_and_closed() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let many: String = (0..150).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(20_000));
    let table = [
        ("CL and TE", "POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(), "40"),
        ("two lengths", "POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd".to_owned(), "400"),
        ("folded", "GET /livez HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n b\r\n\r\n".to_owned(), "400"),
        ("no http", "hello\r\n\r\n".to_owned(), "400"),
        ("many headers", format!("GET /livez HTTP/1.1\r\nhost: x\r\n{many}\r\n"), "431"),
        ("long header", format!("GET /livez HTTP/1.1\r\nhost: x\r\n{long}\r\n"), "431"),
    ];
    for (what, request, status) in table {
        let mut stream = TcpStream::connect(souk.ready.authority()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = timeout(PATIENCE, stream.read(&mut answer))
            .await
            .unwrap()
            .unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{what}: {answer}"
        );
    }
}

#[tokio::test]
async fn slow_heads_are_closed_and_do_not_stop_others() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut stream = TcpStream::connect(souk.ready.authority()).await.unwrap();
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost:")
            .await
            .unwrap();
        slow.push(stream);
    }
    Api::anonymous(&souk.ready).get("/api/products").await;
    let mut rest = Vec::new();
    let closed = timeout(PATIENCE, slow[0].read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "a half request keeps its connection");
}
