//! How a session ends, and who may have one.

use reqwest::StatusCode;

use super::*;
use crate::{api::Api, souk::Souk};

#[tokio::test]
async fn w06_a_session_ends_once_with_exactly_200() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let session = text(&headers, "location");
    let ended = whip
        .request("DELETE", session)
        .header("if-match", "\"old\"")
        .bearer_auth(&souk.ready.stream_key);
    let ended = ended.send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::OK);
    assert_eq!(ended.bytes().await.unwrap().len(), 0);
    assert_eq!(whip.end(session).await, StatusCode::NOT_FOUND);
    assert!(!whip.lives(session).await);
    let late = whip.fragment(session).header("if-match", "*");
    assert_refused("late", late.send().await.unwrap(), 404, "not_found").await;
}

#[tokio::test]
async fn w14_another_stream_s_key_is_refused_and_none_is_needed() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let session = text(&headers, "location");
    let host = Api::signed_in(&souk.ready, souk.ready.account("host", 0)).await;
    let other = host
        .post("/api/streams", serde_json::json!({ "title": "Another" }))
        .await;
    let key = other["stream_key"].as_str().unwrap();
    let refused = whip.request("DELETE", session).bearer_auth(key);
    let refused = refused.send().await.unwrap();
    let challenge = text(refused.headers(), "www-authenticate");
    assert!(challenge.contains("insufficient_scope"), "{challenge}");
    assert_refused("another's key", refused, 403, "forbidden").await;
    assert!(whip.lives(session).await);
    assert_eq!(whip.end(session).await, StatusCode::OK);
}

#[tokio::test]
async fn w15_b_p7_a_publisher_that_never_connects_is_gone_within_half_a_minute() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let session = text(&headers, "location");
    let asked = std::time::Instant::now();
    while whip.lives(session).await {
        // Half a minute by the server's clock; the rest is for a machine that is slow.
        assert!(asked.elapsed().as_secs() < 120, "the session stays");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn w15_f11_the_newest_publisher_wins_but_not_for_ever() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let mut sessions = Vec::new();
    let refused = loop {
        let response = whip.post(OBS).send().await.unwrap();
        if response.status() != StatusCode::CREATED {
            break response;
        }
        sessions.push(text(response.headers(), "location").to_owned());
        assert!(sessions.len() < 10, "takeovers are not limited");
    };
    assert!(refused.headers().contains_key("retry-after"));
    assert_refused("flapping", refused, 409, "publisher_conflict").await;
    assert_eq!(sessions.len(), 4, "one publisher and three takeovers");
    let newest = sessions.pop().unwrap();
    assert_eq!(whip.end(&newest).await, StatusCode::OK);
}

#[tokio::test]
async fn a_rotated_key_publishes_and_the_old_one_does_not() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let answer = host
        .poke(&format!("/api/streams/{}/key", ready.stream_id))
        .await;
    let key = answer["stream_key"].as_str().unwrap();
    assert_eq!(answer["whip_url"], ready.whip.as_str());
    let whip = Whip::new(ready);
    let old = whip.post(OBS).send().await.unwrap();
    assert_refused("old key", old, 401, "invalid_token").await;
    let post = whip.request("POST", "/whip").bearer_auth(key).body(OBS);
    let new = post
        .header("content-type", "application/sdp")
        .send()
        .await
        .unwrap();
    assert_eq!(new.status(), StatusCode::CREATED);
    let ingest = host
        .get(&format!("/api/streams/{}/ingest", ready.stream_id))
        .await;
    assert!(
        key.ends_with(ingest["key_hint"].as_str().unwrap().trim_start_matches('…')),
        "{ingest}"
    );
    let log = souk.terminate();
    assert!(!log.contains(key), "a stream key in the log");
}
