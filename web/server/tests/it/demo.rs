//! The demo itself: what it leaves, what it keeps, and when its loop is on air.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::{api::Api, souk::Souk, viewer::Viewer, whip::OBS};

#[tokio::test]
async fn the_ready_file_tells_the_truth() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let api = Api::anonymous(ready);
    let streams = api.get("/api/streams?status=live").await;
    assert_eq!(streams["data"][0]["id"], ready.stream_id.as_str());
    assert_eq!(streams["data"][0]["live"], true);
    assert_eq!(streams["data"][0]["pinned"]["no"], 1);
    assert!(
        ready
            .watch_url
            .ends_with(&format!("/watch/{}", ready.stream_id))
    );
    assert!(ready.studio_url.contains("/studio"));
    let mut roles: Vec<&str> = ready.accounts.iter().map(|one| one.role.as_str()).collect();
    roles.sort_unstable();
    let cast = "admin assistant buyer buyer host manager seller";
    assert_eq!(roles.join(" "), cast);
    for account in &ready.accounts {
        let me = Api::signed_in(ready, account)
            .await
            .get("/api/users/profile")
            .await;
        let role = if account.role == "admin" {
            "admin"
        } else {
            "user"
        };
        assert_eq!(me["role"], role, "{}", account.email);
        let member = me["memberships"].as_array().unwrap().len();
        let acts = !matches!(account.role.as_str(), "buyer" | "admin");
        assert_eq!(member, usize::from(acts), "{}", account.email);
    }
    let products = api.get("/api/products").await;
    let products = products["data"].as_array().unwrap();
    assert_eq!(products.len(), 6);
    for product in products {
        let picture = api.request(reqwest::Method::GET, product["image_url"].as_str().unwrap());
        let picture = picture.send().await.unwrap();
        assert_eq!(
            picture.headers()["content-type"],
            "image/svg+xml",
            "{product}"
        );
        assert_ne!(product["title"]["ko"], product["title"]["en"]);
    }
    let metrics = api
        .request(reqwest::Method::GET, "/metrics")
        .send()
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    for name in [
        "souk_media_packets_in_total",
        "souk_media_joins_total",
        "souk_media_viewers",
        "souk_media_lane_backlog_bytes",
        "souk_outbox_depth",
    ] {
        assert!(metrics.contains(name), "no {name} in\n{metrics}");
    }
    let log = souk.terminate();
    assert!(log.contains("drained"), "{log}");
}

#[tokio::test]
async fn a_kept_folder_is_found_as_it_was() {
    let data = TempDir::new().unwrap();
    let flags = [
        "--no-broadcast",
        "--data-dir",
        data.path().to_str().unwrap(),
    ];
    let first = Souk::demo(&flags);
    let (stream, key) = (
        first.ready.stream_id.clone(),
        first.ready.stream_key.clone(),
    );
    let password = first.ready.accounts[0].password.clone();
    let room = format!("/api/streams/{stream}/room");
    let before = Api::anonymous(&first.ready).get(&room).await;
    first.terminate();
    let second = Souk::demo(&flags);
    assert_eq!(second.ready.stream_id, stream);
    assert_eq!(second.ready.stream_key, key);
    assert_eq!(second.ready.accounts[0].password, password);
    let after = Api::anonymous(&second.ready).get(&room).await;
    let shop = |snapshot: &Value| snapshot["d"]["shop"].clone();
    assert_eq!(shop(&after), shop(&before));
    assert_eq!(
        Api::anonymous(&second.ready).get("/api/products").await["data"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
}

#[tokio::test]
async fn the_loop_yields_and_comes_back() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let api = Api::anonymous(ready);
    // Somebody else publishes, if only an offer: the newest wins, so the loop is closed.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = client
        .post(&ready.whip)
        .bearer_auth(&ready.stream_key)
        .body(OBS);
    let taken = post
        .header("content-type", "application/sdp")
        .send()
        .await
        .unwrap();
    assert_eq!(taken.status(), 201);
    let session = taken.headers()["location"].to_str().unwrap().to_owned();
    let started = Instant::now();
    wait(&souk, "off air", |log| log.contains("the loop is off air")).await;
    // A new key is for encoders: the loop comes back without it.
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let rotate = format!("/api/streams/{}/key", ready.stream_id);
    host.poke(&rotate).await;
    api.request(reqwest::Method::DELETE, &session)
        .send()
        .await
        .unwrap();
    let left = Instant::now();
    wait(&souk, "back", |log| {
        log.matches("the loop is on air").count() == 2
    })
    .await;
    let away = left.elapsed();
    assert!(away >= Duration::from_secs(9), "came back after {away:?}");
    println!(
        "yielded and came back {away:?} after the other left, {:?} in all",
        started.elapsed()
    );
    let viewer = Viewer::plain(ready, &api).await;
    viewer.sees_media().await;
    viewer.leave().await;
}

async fn wait(souk: &Souk, what: &str, done: impl Fn(&str) -> bool) {
    let started = Instant::now();
    while !done(&souk.log()) {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "not {what}:\n{}",
            souk.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
