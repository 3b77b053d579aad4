//! Who watches a show, whom the hosts mute or ban, what came of the cards, and what helpers may not.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    api::{Api, refusal},
    socket::Socket,
    souk::Souk,
    viewer::PATIENCE,
};

async fn send(api: &Api, method: Method, path: &str, body: Value) -> (u16, Value) {
    let answer = api.request(method, path).json(&body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

/// Waits until an answer is as it should be.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, found)
        .await
        .unwrap_or_else(|_| panic!("never happened: {what}"))
}

struct Show {
    souk: Souk,
    helper: Api,
    host: Api,
    buyer: Api,
    user: String,
    path: String,
}

impl Show {
    async fn open(arguments: &[&str]) -> Self {
        let souk = Souk::demo(arguments);
        let ready = &souk.ready;
        let sign_in = async |role| Api::signed_in(ready, ready.account(role, 0)).await;
        let (helper, host) = (sign_in("assistant").await, sign_in("host").await);
        let buyer = sign_in("buyer").await;
        let me = buyer.get("/api/users/profile").await;
        Self {
            helper,
            host,
            buyer,
            user: me["id"].as_str().unwrap().to_owned(),
            path: format!("/api/streams/{}", ready.stream_id),
            souk,
        }
    }

    /// A socket of the buyer.
    async fn socket(&self) -> Socket {
        let mut socket = Socket::open(&self.souk.ready).await;
        socket
            .send("auth", json!({ "token": self.buyer.token() }))
            .await;
        socket
            .frame("a session", |frame| frame["t"] == "session")
            .await;
        socket
    }

    async fn decide(&self, method: Method, what: &str, body: Value) -> (u16, Value) {
        let path = format!("{}/viewers/{}/{what}", self.path, self.user);
        send(&self.helper, method, &path, body).await
    }
}

async fn refused(socket: &mut Socket, kind: &str, body: Value) -> String {
    socket.send(kind, body).await;
    let frame = socket
        .frame("a refusal", |frame| frame["t"] == "error")
        .await;
    frame["d"]["problem"]["code"].as_str().unwrap().to_owned()
}

fn say(key: &str) -> Value {
    json!({ "key": key, "body": "hello" })
}

#[tokio::test]
async fn a_helper_takes_the_word_and_gives_it_back() {
    let show = Show::open(&["--no-broadcast"]).await;
    let mut socket = show.socket().await;
    let (status, told) = show
        .decide(Method::POST, "mute", json!({ "seconds": 600 }))
        .await;
    assert_eq!(
        (status, &told["kind"], &told["user_id"]),
        (200, &json!("mute"), &json!(show.user))
    );
    socket
        .frame("the mute", |frame| frame["d"]["kind"] == "mute")
        .await;
    assert_eq!(refused(&mut socket, "say", say("a")).await, "muted");
    // A new connection is no way round it.
    let mut again = show.socket().await;
    again
        .frame("the mute", |frame| frame["d"]["kind"] == "mute")
        .await;
    assert_eq!(refused(&mut again, "say", say("b")).await, "muted");

    let seen = show.host.get(&format!("{}/viewers", show.path)).await;
    let accounts = seen["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 1, "{seen}");
    assert_eq!(
        (
            &accounts[0]["connections"],
            &accounts[0]["sanction"]["kind"]
        ),
        (&json!(2), &json!("mute"))
    );
    assert_eq!(seen["sanctions"][0]["user_id"], show.user.as_str());

    assert_eq!(show.decide(Method::DELETE, "mute", json!({})).await.0, 204);
    again
        .frame("the pardon", |frame| frame["d"]["kind"] == "lifted")
        .await;
    again.send("say", say("c")).await;
    again
        .frame("the message", |frame| frame["t"] == "chat")
        .await;
    let seen = show.host.get(&format!("{}/viewers", show.path)).await;
    assert_eq!(seen["sanctions"], json!([]));
}

#[tokio::test]
async fn who_is_banned_is_nobody_there_and_the_log_says_by_whom() {
    let show = Show::open(&["--no-broadcast"]).await;
    let mut socket = show.socket().await;
    assert_eq!(show.decide(Method::POST, "ban", json!({})).await.0, 200);
    socket
        .frame("the session's end", |frame| {
            frame["t"] == "session" && frame["d"]["user"].is_null()
        })
        .await;
    socket
        .frame("the ban", |frame| frame["d"]["kind"] == "ban")
        .await;
    assert_eq!(refused(&mut socket, "say", say("a")).await, "banned");
    let mut again = show.socket().await;
    again
        .frame("the ban", |frame| frame["d"]["kind"] == "ban")
        .await;
    assert_eq!(refused(&mut again, "say", say("b")).await, "banned");
    let seen = show.host.get(&format!("{}/viewers", show.path)).await;
    assert_eq!(seen["accounts"], json!([]));

    let admin = Api::signed_in(&show.souk.ready, show.souk.ready.account("admin", 0)).await;
    let log = admin.get("/api/admin/audit").await;
    let mut entries = log["data"].as_array().unwrap().iter();
    let entry = entries
        .find(|entry| entry["action"] == "stream.ban")
        .unwrap();
    assert_eq!(entry["detail"]["user"], show.user.as_str());
    let helper = show.helper.get("/api/users/profile").await;
    assert_eq!(entry["actor"], helper["id"]);
}

#[tokio::test]
async fn sanctions_are_refused_where_they_make_no_sense() {
    let show = Show::open(&["--no-broadcast"]).await;
    let host = show.host.get("/api/users/profile").await;
    let viewer = |id: &str| format!("{}/viewers/{id}/mute", show.path);
    let nobody_knows = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (who, path, body, code) in [
        (&show.buyer, viewer(&show.user), json!({}), "forbidden"),
        (
            &show.helper,
            viewer(host["id"].as_str().unwrap()),
            json!({}),
            "conflict",
        ),
        (&show.helper, viewer(nobody_knows), json!({}), "not_found"),
        (&show.helper, viewer("somebody"), json!({}), "not_found"),
        (
            &show.helper,
            viewer(&show.user),
            json!({ "seconds": 0 }),
            "validation_error",
        ),
        (
            &show.helper,
            viewer(&show.user),
            json!({ "seconds": 99_999_999 }),
            "validation_error",
        ),
        (
            &show.helper,
            viewer(&show.user),
            json!({ "days": 1 }),
            "validation_error",
        ),
    ] {
        let answer = who
            .request(Method::POST, &path)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(answer).await.1, code, "{path} {body}");
    }
    let seen = show.helper.get(&format!("{}/viewers", show.path)).await;
    assert_eq!(seen["sanctions"], json!([]));
}

/// An order that is paid.
async fn paid(buyer: &Api, order: &Value) -> Value {
    let order = buyer.buy("metrics", order).await.unwrap();
    let order: Value = order.json().await.unwrap();
    let payment = format!("/api/payments/{}", order["payment"]["id"].as_str().unwrap());
    let window = format!("{payment}/sandbox");
    let token = buyer.post(&window, json!({ "approve": true })).await;
    let confirm = buyer.request(Method::POST, &format!("{payment}/confirm"));
    let confirm = confirm
        .header("idempotency-key", "metrics-pay")
        .json(&token);
    assert_eq!(confirm.send().await.unwrap().status(), 200);
    order
}

#[tokio::test]
async fn cards_count_who_saw_and_opened_them_and_what_was_paid() {
    let show = Show::open(&["--no-broadcast"]).await;
    let room = show.host.get(&format!("{}/room", show.path)).await;
    let shop = &room["d"]["shop"];
    let sale = &shop["sale"];
    let product = &sale["items"][0]["product_id"];
    let cards = shop["cards"].as_array().unwrap();
    let card = cards
        .iter()
        .find(|card| card["product"]["id"] == *product)
        .unwrap();
    let glance = |what: &str| json!({ "card_id": card["id"], "what": what });
    // Anonymous ones count, each connection once.
    let (mut one, mut two) = (
        Socket::open(&show.souk.ready).await,
        Socket::open(&show.souk.ready).await,
    );
    for _ in 0..3 {
        one.send("glance", glance("shown")).await;
        two.send("glance", glance("shown")).await;
    }
    two.send("glance", glance("clicked")).await;
    let buy = json!({ "sale_id": sale["id"], "product_id": product, "quantity": 2 });
    let order = paid(&show.buyer, &buy).await;
    let path = format!("{}/metrics", show.path);
    let counted = eventually("the looks are counted", async || {
        let metrics = show.host.get(&path).await;
        let mut cards = metrics["cards"].as_array().unwrap().iter();
        let counted = cards
            .find(|row| row["card_id"] == card["id"])
            .unwrap()
            .clone();
        (counted["shown"] == 2 && counted["clicked"] == 1).then_some(counted)
    })
    .await;
    assert_eq!(
        (&counted["orders"], &counted["units"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(counted["revenue"], order["total"]);
    let answer = show
        .helper
        .request(Method::GET, &path)
        .send()
        .await
        .unwrap();
    assert_eq!(
        refusal(answer).await.1,
        "forbidden",
        "money is not for helpers"
    );
}

#[tokio::test]
async fn a_helper_pins_and_has_no_say_in_prices_and_stock() {
    let show = Show::open(&["--no-broadcast"]).await;
    let room = show.host.get(&format!("{}/room", show.path)).await;
    let shop = &room["d"]["shop"];
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let (sale, item) = (id(&shop["sale"]["id"]), &shop["sale"]["items"][0]);
    let (product, variant) = (id(&item["product_id"]), id(&item["variant_id"]));
    let card = id(&shop["cards"][0]["id"]);
    let pinned = show
        .helper
        .poke(&format!("{}/cards/{card}/pin", show.path))
        .await;
    assert_eq!(pinned["state"], "pinned");
    let won = json!({ "amount": 1, "currency": "KRW" });
    for (method, path, body) in [
        (
            Method::PATCH,
            format!("/api/sales/{sale}/items/{product}"),
            json!({ "price": won }),
        ),
        (
            Method::POST,
            format!("/api/sales/{sale}/items/{product}/allocations"),
            json!({ "delta": 1 }),
        ),
        (Method::POST, format!("/api/sales/{sale}/pause"), json!({})),
        (
            Method::POST,
            format!("/api/products/{product}/variants"),
            json!({ "price": won }),
        ),
        (
            Method::POST,
            format!("/api/variants/{variant}/stock-adjustments"),
            json!({ "delta": 1, "reason": "found" }),
        ),
        (
            Method::PATCH,
            format!("/api/variants/{variant}"),
            json!({ "price": won }),
        ),
    ] {
        let request = show
            .helper
            .request(method, &path)
            .header("if-match", "\"1\"");
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(refusal(answer).await.1, "forbidden", "{path}");
    }
}

#[tokio::test]
async fn a_price_that_was_promised_is_paid_and_a_forged_promise_is_not() {
    let show = Show::open(&["--no-broadcast"]).await;
    let room = show.host.get(&format!("{}/room", show.path)).await;
    let sale = &room["d"]["shop"]["sale"];
    let id = sale["id"].as_str().unwrap();
    let item = &sale["items"][0];
    let product = item["product_id"].as_str().unwrap();
    let nobody = Api::anonymous(&show.souk.ready);
    let lease = nobody
        .post(
            &format!("/api/sales/{id}/leases"),
            json!({ "product_id": product }),
        )
        .await;
    assert_eq!(lease["unit_price"], item["price"]);
    let dearer =
        json!({ "amount": item["price"]["amount"].as_i64().unwrap() + 500, "currency": "KRW" });
    let path = format!("/api/sales/{id}/items/{product}");
    let (status, _) = send(&show.host, Method::PATCH, &path, json!({ "price": dearer })).await;
    assert_eq!(status, 200);
    let buy = |lease: &str| json!({ "sale_id": id, "product_id": product, "quantity": 1, "lease": lease });
    let token = lease["lease"].as_str().unwrap();
    let forged = show
        .buyer
        .buy("forged", &buy(&format!("{token}x")))
        .await
        .unwrap();
    let (status, code) = refusal(forged).await;
    assert_eq!((status.as_u16(), &*code), (422, "offer_invalid"));
    let order: Value = show
        .buyer
        .buy("leased", &buy(token))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(order["total"], item["price"]);

    // Who comes too early is told when to come back.
    let soon = lease["expires_ms"].as_u64().unwrap() + 3_600_000;
    let new = json!({
        "stream_id": show.souk.ready.stream_id, "opens_ms": soon,
        "items": [{ "product_id": product, "allocated": 1, "max_per_buyer": 1 }],
    });
    let next = show.host.post("/api/sales", new).await;
    let early = json!({ "sale_id": next["id"], "product_id": product, "quantity": 1 });
    let early: Value = show
        .buyer
        .buy("early", &early)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&early["code"], &early["opens_at"]),
        (&json!("sale_not_open"), &json!(soon))
    );
}

#[tokio::test]
async fn the_timeline_knows_its_place_in_the_broadcast() {
    let show = Show::open(&[]).await;
    let live = eventually("the show is live", async || {
        let events = show.host.all(&format!("{}/timeline", show.path)).await;
        events.into_iter().find(|event| event["type"] == "live")
    })
    .await;
    assert_eq!(live["media_ms"], 0);
    let cards = show.host.get(&format!("{}/cards", show.path)).await;
    let card = cards["data"][1]["id"].as_str().unwrap();
    show.host
        .poke(&format!("{}/cards/{card}/pin", show.path))
        .await;
    let events = show.host.all(&format!("{}/timeline", show.path)).await;
    let pinned = events
        .iter()
        .rfind(|event| event["type"] == "pinned")
        .unwrap();
    let at = |event: &Value| event["at_ms"].as_u64().unwrap();
    let media = pinned["media_ms"].as_u64().unwrap();
    // Both are cut to whole milliseconds.
    assert!(
        media.abs_diff(at(pinned) - at(&live)) <= 1,
        "{pinned} {live}"
    );
}
