//! Outbound webhooks through the real router: set up by HTTP, received by a real server, and
//! refused where they must be (checklist 23).

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::{Api, refusal},
    souk::Souk,
    viewer::PATIENCE,
};

type Came = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

async fn take(State(came): State<Came>, headers: HeaderMap, body: Bytes) {
    let body = serde_json::from_slice(&body).unwrap();
    came.lock().unwrap().push((headers, body));
}

/// A receiver on this machine; its address and what came.
async fn receiver() -> (String, Came) {
    let came = Came::default();
    let app = Router::new()
        .route("/hook", post(take))
        .with_state(came.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, came)
}

async fn wait(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "never happened: {what}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn owner(souk: &Souk) -> (Api, String) {
    let owner = Api::signed_in(&souk.ready, souk.ready.account("seller", 0)).await;
    let me = owner.get("/api/users/profile").await;
    let seller = me["memberships"][0]["seller_id"]
        .as_str()
        .unwrap()
        .to_owned();
    (owner, seller)
}

#[tokio::test]
async fn an_order_arrives_where_the_seller_asked_for_it() {
    let keys = [
        ("SOUK_WEBHOOKS__ALLOW", "[\"127.0.0.1\"]"),
        ("SOUK_WEBHOOKS__PORTS", "[]"),
        ("SOUK_WEBHOOKS__PLAIN_HTTP", "true"),
    ];
    let souk = Souk::configured(&["--no-broadcast"], &keys);
    let (owner, seller) = owner(&souk).await;
    let (url, came) = receiver().await;
    let new = json!({ "seller_id": seller, "url": url, "events": ["order.placed"] });
    let made = owner.post("/api/webhooks", new).await;
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("/api/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
    let shown = owner.get(&path).await;
    assert_eq!(shown["status"], "active");
    assert!(!shown.to_string().contains("whsec_"), "shown once: {shown}");

    let buyer = Api::signed_in(&souk.ready, souk.ready.account("buyer", 0)).await;
    let room = buyer
        .get(&format!("/api/streams/{}/room", souk.ready.stream_id))
        .await;
    let sale = &room["d"]["shop"]["sale"];
    let order = json!({
        "sale_id": sale["id"], "product_id": sale["items"][0]["product_id"], "quantity": 1,
    });
    let order = buyer.buy("hook", &order).await.unwrap();
    let order: Value = order.json().await.unwrap();
    wait("the order arrives", async || {
        !came.lock().unwrap().is_empty()
    })
    .await;
    let (headers, body) = came.lock().unwrap()[0].clone();
    assert_eq!(body["type"], "order.placed");
    assert_eq!(body["data"]["order_id"], order["id"]);
    assert_eq!(headers["webhook-id"], body["id"].as_str().unwrap());
    assert!(
        headers["webhook-signature"]
            .to_str()
            .unwrap()
            .starts_with("v1,")
    );

    let deliveries = format!("{path}/deliveries");
    wait("it is noted", async || {
        let found = owner.get(&format!("{deliveries}?state=delivered")).await;
        found["data"].as_array().unwrap().len() == 1
    })
    .await;
    let row = owner.get(&deliveries).await["data"][0].clone();
    let one = format!("{deliveries}/{}", row["id"].as_str().unwrap());
    let detail = owner.get(&one).await;
    assert_eq!(detail["body"], body);
    assert_eq!(detail["tries"][0]["status"], 200);
    owner.poke(&format!("{one}/replay")).await;
    wait("it arrives again", async || came.lock().unwrap().len() >= 2).await;
    assert_eq!(
        came.lock().unwrap()[1].0["webhook-id"],
        headers["webhook-id"]
    );
}

#[tokio::test]
async fn c23_webhooks_are_refused_what_they_must_not_reach() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let (owner, seller) = owner(&souk).await;
    let create = async |url: &str, events: Value| {
        let new = json!({ "seller_id": seller, "url": url, "events": events });
        let request = owner.request(Method::POST, "/api/webhooks").json(&new);
        refusal(request.send().await.unwrap()).await
    };
    let invalid = (
        reqwest::StatusCode::UNPROCESSABLE_ENTITY,
        "validation_error".to_owned(),
    );
    for url in [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://169.254.169.254/latest/meta-data/",
        "https://hooks.example:6379/",
    ] {
        assert_eq!(create(url, json!(["*"])).await, invalid, "{url}");
    }
    for events in [json!([]), json!(["order.lost"])] {
        assert_eq!(create("https://hooks.example/", events).await, invalid);
    }

    // `localhost` says what it is only when it is looked up: taken, and never connected to.
    let new = json!({ "seller_id": seller, "url": "https://localhost/", "events": ["*"] });
    let made = owner.post("/api/webhooks", new).await;
    let path = format!("/api/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
    let sent = owner.poke(&format!("{path}/test")).await;
    let one = format!("{path}/deliveries/{}", sent["id"].as_str().unwrap());
    wait("it was tried", async || {
        owner.get(&one).await["delivery"]["tries"] != 0
    })
    .await;
    let tried = owner.get(&one).await;
    assert_eq!(tried["delivery"]["last_error"], "forbidden_address");

    let status = async |method: Method, path: &str, body: Value| {
        let request = owner.request(method, path).json(&body);
        refusal(request.send().await.unwrap()).await
    };
    let nowhere = "/api/webhooks/whk_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(status(Method::PATCH, nowhere, json!({})).await.0, 404);
    let no_delivery = format!("{path}/deliveries/nothing/replay");
    assert_eq!(status(Method::POST, &no_delivery, json!({})).await.0, 404);
    let off = owner
        .request(Method::PATCH, &path)
        .json(&json!({ "enabled": false }));
    assert!(off.send().await.unwrap().status().is_success());
    let test = status(Method::POST, &format!("{path}/test"), json!({})).await;
    assert_eq!(test, (reqwest::StatusCode::CONFLICT, "conflict".to_owned()));
    let range = json!({ "from_ms": 2, "until_ms": 1 });
    let replay = status(Method::POST, &format!("{path}/replay"), range).await;
    assert_eq!(replay, invalid);
    let gone = owner.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(status(Method::PATCH, &path, json!({})).await.0, 404);
}
