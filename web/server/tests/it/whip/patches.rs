//! PATCH on a session: trickle, and what it asks for.

use reqwest::StatusCode;

use super::*;
use crate::{api::Api, souk::Souk, table::Table};

const PATCHES: &str = "
    no If-Match     | nobody | PATCH $SESSION | $FRAG                                      | $BODY | 428 precondition_required
    stale tag       | nobody | PATCH $SESSION | $FRAG; if-match: \"old\"                   | $BODY | 412 precondition_failed
    weak tag        | nobody | PATCH $SESSION | $FRAG; if-match: W/$TAG                    | $BODY | 412 precondition_failed
    wrong type      | nobody | PATCH $SESSION | if-match: $TAG; content-type: text/plain   | $BODY | 415 unsupported_media_type
    no type         | nobody | PATCH $SESSION | if-match: $TAG; no-type                    | $BODY | 415 unsupported_media_type
    not a fragment  | nobody | PATCH $SESSION | $FRAG; if-match: $TAG                      | hello | 400 malformed_offer
    too large       | nobody | PATCH $SESSION | $FRAG; if-match: $TAG                      | $LARGE | 413 payload_too_large
    wrong token     | nobody | PATCH $SESSION | $FRAG; if-match: $TAG; authorization: Bearer x | $BODY | 401 invalid_token
    unknown session | nobody | PATCH /whip/sessions/nonsense | $FRAG; if-match: $TAG       | $BODY | 404 not_found
    other kind      | nobody | PATCH $WHEP    | $FRAG; if-match: $TAG                      | $BODY | 404 not_found
    other's DELETE  | nobody | DELETE $WHEP   | -                                          | -     | 404 not_found
    wrong key       | nobody | DELETE $SESSION | authorization: Bearer x                   | -     | 401 invalid_token
";

#[tokio::test]
async fn w07_b_p8_b_p9_trickle_asks_for_the_right_tag_and_the_right_type() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let (session, etag) = (text(&headers, "location"), text(&headers, "etag"));
    let listed = format!("\"old\", {etag}");
    for tags in [etag, &listed] {
        let patch = whip.fragment(session).header("if-match", tags);
        let done = patch.send().await.unwrap();
        assert_eq!(done.status(), StatusCode::NO_CONTENT, "{tags}");
        assert!(done.headers().get("etag").is_none());
    }
    let table = Table::default()
        .caller("nobody", &Api::anonymous(&souk.ready))
        .name("WHEP", session.replace("whip", "whep"))
        .name("SESSION", session)
        .name("TAG", etag)
        .name("LARGE", "x".repeat(20_000))
        .name("BODY", FRAGMENT);
    let kind = format!("content-type: {FRAGMENT_TYPE}");
    table.assert_refused(&PATCHES.replace("$FRAG", &kind)).await;
    // None of that has hurt the session.
    assert!(whip.lives(session).await);
}

#[tokio::test]
async fn w07_fragments_of_another_time_and_unknown_candidates_are_dropped_in_silence() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let (session, etag) = (text(&headers, "location"), text(&headers, "etag"));
    let stale = FRAGMENT.replace("1tzd", "9999");
    let odd = format!("{FRAGMENT}a=candidate:2 1 quic 1 example.local 9 typ wormhole\r\n");
    let bare = "a=end-of-candidates\r\n".to_owned();
    for fragment in [stale, odd, bare] {
        let patch = whip.request("PATCH", session).header("if-match", etag);
        let patch = patch.header("content-type", FRAGMENT_TYPE).body(fragment);
        let done = patch.send().await.unwrap();
        assert_eq!(done.status(), StatusCode::NO_CONTENT);
        assert_eq!(done.bytes().await.unwrap().len(), 0);
    }
    assert!(whip.lives(session).await);
}

#[tokio::test]
async fn w08_an_ice_restart_names_a_new_session_and_one_without_credentials_does_not() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, answer) = whip.publish(OBS).await;
    let (session, etag) = (text(&headers, "location"), text(&headers, "etag"));
    let restart = |body: String| {
        let patch = whip.request("PATCH", session).header("if-match", "*");
        patch.header("content-type", FRAGMENT_TYPE).body(body)
    };
    let bare = restart("a=end-of-candidates\r\n".to_owned());
    let refused = bare.send().await.unwrap();
    assert_refused("no credentials", refused, 422, "unsupported_offer").await;
    let same = whip.fragment(session).header("if-match", etag);
    assert_eq!(same.send().await.unwrap().status(), StatusCode::NO_CONTENT);

    let fresh = FRAGMENT.replace("1tzd", "2new");
    let done = restart(fresh).send().await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    let headers = done.headers().clone();
    assert_eq!(text(&headers, "content-type"), FRAGMENT_TYPE);
    let renewed = text(&headers, "etag");
    assert!(renewed != etag && renewed.starts_with('"') && renewed.ends_with('"'));
    let body = done.text().await.unwrap();
    for line in ["a=ice-ufrag:", "a=ice-pwd:"] {
        let of = |sdp: &str| {
            sdp.lines()
                .find(|found| found.starts_with(line))
                .map(str::to_owned)
        };
        assert!(of(&body).is_some() && of(&body) != of(&answer), "{body}");
    }
    assert!(body.contains("a=candidate:"), "{body}");
    // The tag of before is another ICE session's now.
    let stale = whip.fragment(session).header("if-match", etag);
    assert_refused(
        "stale",
        stale.send().await.unwrap(),
        412,
        "precondition_failed",
    )
    .await;
    let current = whip.fragment(session).header("if-match", renewed);
    assert_eq!(
        current.send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn w08_a_restart_that_comes_to_nothing_leaves_the_picture_running() {
    let souk = Souk::demo(&[]);
    let whip = Whip::new(&souk.ready);
    let viewer = crate::viewer::Viewer::plain(&souk.ready, &Api::anonymous(&souk.ready)).await;
    viewer.sees_media().await;
    // This client never checks with what it is given here.
    let restart = whip.fragment(&viewer.session).header("if-match", "*");
    assert_eq!(restart.send().await.unwrap().status(), StatusCode::OK);
    let seen = || {
        let packets = &viewer.received.video_packets;
        packets.load(std::sync::atomic::Ordering::Relaxed)
    };
    let (before, asked) = (seen(), std::time::Instant::now());
    while seen() < before + 100 {
        assert!(
            asked.elapsed() < crate::viewer::PATIENCE,
            "the picture stands"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    viewer.leave().await;
}
