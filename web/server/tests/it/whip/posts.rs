//! The POST and its answer.

use reqwest::StatusCode;

use super::*;
use crate::{api::Api, souk::Souk, table::Table};

#[tokio::test]
async fn w01_w09_w11_every_real_publisher_gets_an_answer_and_a_session() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let active = OBS.replace("a=setup:actpass", "a=setup:active");
    let mut names = std::collections::BTreeSet::new();
    for offer in [OBS, OBS_SIMULCAST, FFMPEG, LIBDATACHANNEL, &active] {
        let (headers, answer) = whip.publish(offer).await;
        assert_eq!(text(&headers, "content-type"), "application/sdp");
        let session = text(&headers, "location");
        let name = session.strip_prefix("/whip/sessions/").unwrap();
        // W18: base64url has six bits a character.
        assert!(name.len() * 6 >= 128, "{name} has fewer than 128 bits");
        assert!(names.insert(name.to_owned()), "a name twice");
        let etag = text(&headers, "etag");
        assert!(
            etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"'),
            "{etag}"
        );
        for exposed in ["Location", "ETag", "Link", "Accept-Post", "Retry-After"] {
            assert!(text(&headers, "access-control-expose-headers").contains(exposed));
        }
        assert!(answer.starts_with("v=0\r\n"), "{answer}");
        for line in [
            "a=ice-lite",
            "a=recvonly",
            "a=fingerprint:sha-256 ",
            "a=group:BUNDLE ",
        ] {
            assert!(answer.contains(line), "no {line} in\n{answer}");
        }
        let sections = answer.matches("m=").count();
        assert_eq!(
            answer.matches("a=rtcp-mux\r\n").count(),
            sections,
            "{answer}"
        );
        assert!(answer.contains("a=candidate:"), "{answer}");
        let setup = match offer.contains("a=setup:passive") {
            true => "active",
            false => "passive",
        };
        assert!(answer.contains(&format!("a=setup:{setup}\r\n")), "{answer}");
        // Ended at once, so that the next one is no takeover.
        assert_eq!(whip.end(session).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn w03_both_ways_is_taken_and_answered_one_way() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let offer = OBS.replace("a=sendonly", "a=sendrecv");
    let (_, answer) = Whip::new(&souk.ready).publish(&offer).await;
    assert_eq!(answer.matches("a=recvonly").count(), 2, "{answer}");
    assert!(!answer.contains("a=sendrecv"), "{answer}");
}

#[tokio::test]
async fn w17_o6_the_simulcast_answer_is_what_obs_waits_for() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let (_, answer) = Whip::new(&souk.ready).publish(OBS_SIMULCAST).await;
    for rid in ["a=rid:0 recv", "a=rid:1 recv", "a=rid:2 recv"] {
        assert!(answer.contains(rid), "no {rid} in\n{answer}");
    }
    assert!(answer.contains("a=simulcast:recv 0;1;2\r\n"), "{answer}");
}

#[tokio::test]
async fn w13_ice_servers_are_told_one_link_each() {
    let servers = r#"[{url="stun:stun.souk.example:3478"},{url="turn:turn.souk.example:3478?transport=udp",username="anna",credential="p=s/w+d"}]"#;
    let souk = Souk::configured(&["--no-broadcast"], &[("SOUK_MEDIA__ICE_SERVERS", servers)]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let links: Vec<&str> = headers
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap())
        .collect();
    let expected = [
        r#"<stun:stun.souk.example:3478>; rel="ice-server""#,
        r#"<turn:turn.souk.example:3478?transport=udp>; rel="ice-server"; username="anna"; credential="p=s/w+d"; credential-type="password""#,
    ];
    assert_eq!(links, expected);
    // W5: a preflight asks without a right, and learns no credentials.
    for path in ["/whip", text(&headers, "location")] {
        let options = whip.request("OPTIONS", path).send().await.unwrap();
        assert!(options.headers().get("link").is_none());
    }
    assert!(
        !souk.terminate().contains("p=s/w+d"),
        "a credential in the log"
    );
}

const POSTS: &str = "
    no token       | nobody | POST /whip | content-type: application/sdp        | $OBS | 401 unauthenticated
    wrong token    | nobody | POST /whip | $SDP; authorization: Bearer nonsense | $OBS | 401 invalid_token
    no key at all  | nobody | POST /whip | $SDP; authorization: Bearer undefined | $OBS | 401 invalid_token
    other scheme   | nobody | POST /whip | $SDP; authorization: Basic YTpi      | $OBS | 401 invalid_token
    scheme alone   | nobody | POST /whip | $SDP; authorization: Bearer          | $OBS | 401 invalid_token
    huge token     | nobody | POST /whip | $SDP; authorization: Bearer $LONG    | $OBS | 401 invalid_token
    json           | nobody | POST /whip | $AUTH; content-type: application/json | $OBS | 415 unsupported_media_type
    no type        | nobody | POST /whip | $AUTH; no-type                       | $OBS | 415 unsupported_media_type
    gzip           | nobody | POST /whip | $AUTH; $SDP; content-encoding: gzip  | $OBS | 415 unsupported_media_type
    wrong accept   | nobody | POST /whip | $AUTH; $SDP; accept: text/html       | $OBS | 406 not_acceptable
    too large      | nobody | POST /whip | $AUTH; $SDP | $LARGE                    | 413 payload_too_large
    empty          | nobody | POST /whip | $AUTH; $SDP | -                         | 400 malformed_offer
    not sdp        | nobody | POST /whip | $AUTH; $SDP | hello                     | 400 malformed_offer
    nul            | nobody | POST /whip | $AUTH; $SDP | $NUL                      | 400 malformed_offer
    recvonly       | nobody | POST /whip | $AUTH; $SDP | $RECVONLY                 | 422 unsupported_offer
    inactive       | nobody | POST /whip | $AUTH; $SDP | $INACTIVE                 | 422 unsupported_offer
    unknown codecs | nobody | POST /whip | $AUTH; $SDP | $CODECS                   | 422 unsupported_offer
    weak print     | nobody | POST /whip | $AUTH; $SDP | $WEAK                     | 422 unsupported_offer
    no print       | nobody | POST /whip | $AUTH; $SDP | $BARE                     | 422 unsupported_offer
    two voices     | nobody | POST /whip | $AUTH; $SDP | $VOICES                   | 422 unsupported_offer
";

#[tokio::test]
async fn w02_w03_w10_w14_w16_bad_posts_are_refused_one_by_one() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let auth = format!("authorization: Bearer {}", souk.ready.stream_key);
    let bare = OBS
        .lines()
        .filter(|line| !line.starts_with("a=fingerprint"));
    let bare: String = bare.map(|line| format!("{line}\r\n")).collect();
    let voice = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:9\r\n";
    let table = Table::default()
        .caller("nobody", &Api::anonymous(&souk.ready))
        .name("LONG", "k".repeat(9_000))
        .name("LARGE", "a".repeat(70_000))
        .name("NUL", OBS.replace("s=-", "s=\0"))
        .name("RECVONLY", OBS.replace("sendonly", "recvonly"))
        .name("INACTIVE", OBS.replace("sendonly", "inactive"))
        .name(
            "CODECS",
            OBS.replace("H264", "H999").replace("opus", "nope"),
        )
        .name("WEAK", OBS.replace("sha-256", "sha-1"))
        .name("BARE", bare)
        .name("VOICES", format!("{OBS}{voice}"))
        .name("OBS", OBS);
    let sdp = "content-type: application/sdp";
    let posts = POSTS.replace("$AUTH", &auth).replace("$SDP", sdp);
    table.assert_refused(&posts).await;
    let whip = Whip::new(&souk.ready);
    let post = whip
        .request("POST", "/whip")
        .bearer_auth(&souk.ready.stream_key);
    let typed = post
        .header("content-type", "Application/SDP; charset=utf-8")
        .body(OBS);
    assert_eq!(typed.send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn w14_a_refused_token_is_challenged() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let none = whip.bare_post(OBS).send().await.unwrap();
    assert_eq!(text(none.headers(), "www-authenticate"), "Bearer");
    let wrong = whip.bare_post(OBS).bearer_auth("nonsense");
    let wrong = wrong.send().await.unwrap();
    let challenge = text(wrong.headers(), "www-authenticate");
    assert_eq!(challenge, "Bearer error=\"invalid_token\"");
    // W16: one line that tells the host what to do.
    let problem: serde_json::Value = wrong.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("key") && !detail.contains('\n'), "{detail}");
}
