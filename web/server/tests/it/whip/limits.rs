//! How often, and how many.

use serde_json::Value;

use super::*;
use crate::souk::Souk;

/// Far above every burst that a test here runs into.
const TRIES_MAX: usize = 400;

/// Repeats a request until it is refused for its rate. Returns how many passed.
async fn until_limited(request: impl Fn() -> RequestBuilder) -> usize {
    for n in 0..TRIES_MAX {
        let answer = request().send().await.unwrap();
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            continue;
        }
        let seconds: u32 = text(answer.headers(), "retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_refused("limited", answer, 429, "rate_limited").await;
        return n;
    }
    panic!("never limited");
}

#[tokio::test]
async fn w18_b_p7_offers_are_limited_by_key_and_wrong_keys_by_address() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    // Refused offers count as well: it is the asking that costs.
    let passed = until_limited(|| whip.post("hello")).await;
    assert!(passed >= 20, "{passed}");
    let passed = until_limited(|| whip.bare_post(OBS).bearer_auth("sk_guess")).await;
    assert!(passed >= 10, "{passed}");
    // Viewers at the same address do not suffer.
    let player = whip.request("POST", &format!("/whep/{}", souk.ready.stream_id));
    let player = player.header("content-type", "application/sdp").body(OBS);
    let answer = player.send().await.unwrap();
    assert_ne!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn w18_b_p8_sessions_are_limited_and_so_is_guessing_their_names() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let (session, etag) = (text(&headers, "location"), text(&headers, "etag"));
    let passed = until_limited(|| whip.fragment(session).header("if-match", etag)).await;
    assert!(passed >= 50, "a client trickles ten candidates: {passed}");
    let passed = until_limited(|| whip.request("DELETE", "/whip/sessions/guess")).await;
    assert!(passed >= 50, "{passed}");
}

#[tokio::test]
async fn w12_b_p10_a_full_server_says_when_to_come_back() {
    let souk = Souk::configured(&[], &[("SOUK_MEDIA__MAX_VIEWERS", "1")]);
    let ready = &souk.ready;
    let whip = Whip::new(ready);
    let watch = || {
        let player = whip.request("POST", &format!("/whep/{}", ready.stream_id));
        let offer = OBS.replace("sendonly", "recvonly");
        player.header("content-type", "application/sdp").body(offer)
    };
    // The demo's broadcast goes on air a moment after the server.
    let first = loop {
        let first = watch().send().await.unwrap();
        if first.status() != StatusCode::CONFLICT {
            break first;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    assert_eq!(first.status(), StatusCode::CREATED);
    let session = text(first.headers(), "location").to_owned();
    let full = watch().send().await.unwrap();
    let seconds: u32 = text(full.headers(), "retry-after").parse().unwrap();
    assert!(seconds > 0);
    assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = full.json().await.unwrap();
    assert_eq!(problem["code"], "busy");
    assert_eq!(whip.end(&session).await, StatusCode::OK);
    // The place is free once the media plane has let the peer go.
    let asked = std::time::Instant::now();
    while watch().send().await.unwrap().status() != StatusCode::CREATED {
        assert!(asked.elapsed().as_secs() < 60, "the place stays taken");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
