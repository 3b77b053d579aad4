//! WHIP by status codes, with the offers of real publishers (RFC 9725).

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::HeaderMap};

use crate::{
    api::{Api, refusal},
    souk::{Ready, Souk},
    table::Table,
};

pub(crate) const OBS: &str = include_str!("../fixtures/obs-32.2-h264-single.reconstructed.sdp");
const OBS_SIMULCAST: &str = include_str!("../fixtures/obs-32.2-h264-simulcast3.reconstructed.sdp");
const FFMPEG: &str = include_str!("../fixtures/ffmpeg-9.0.2-offer.captured.sdp");
const LIBDATACHANNEL: &str = include_str!("../fixtures/libdatachannel-0.24.5-offer.captured.sdp");
const FRAGMENT: &str = "a=ice-ufrag:1tzd\r\na=ice-pwd:Q0393oaBjpSijHbKslDOnw\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\na=end-of-candidates\r\n";

/// WHIP requests to a server.
struct Whip<'a> {
    client: Client,
    ready: &'a Ready,
}

impl<'a> Whip<'a> {
    fn new(ready: &'a Ready) -> Self {
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            ready,
        }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, format!("{}{path}", self.ready.http))
    }

    /// A good POST, to be spoilt.
    fn post(&self, offer: &str) -> RequestBuilder {
        let request = self
            .request("POST", "/whip")
            .bearer_auth(&self.ready.stream_key);
        request
            .header("content-type", "application/sdp")
            .body(offer.to_owned())
    }

    async fn publish(&self, offer: &str) -> (HeaderMap, String) {
        let response = self.post(offer).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{body}");
        (headers, body)
    }

    async fn end(&self, session: &str) -> StatusCode {
        self.request("DELETE", session)
            .send()
            .await
            .unwrap()
            .status()
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .unwrap_or_else(|| panic!("no {name}"))
        .to_str()
        .unwrap()
}

async fn assert_refused(what: &str, response: Response, status: u16, code: &str) {
    let (got, said) = refusal(response).await;
    assert_eq!((got.as_u16(), said.as_str()), (status, code), "{what}");
}

#[tokio::test]
async fn every_real_publisher_gets_an_answer_and_a_session() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    for offer in [OBS, OBS_SIMULCAST, FFMPEG, LIBDATACHANNEL] {
        let (headers, answer) = whip.publish(offer).await;
        assert_eq!(text(&headers, "content-type"), "application/sdp");
        let session = text(&headers, "location");
        let name = session.strip_prefix("/whip/sessions/").unwrap();
        assert!(name.len() >= 22, "{name} has fewer than 128 bits");
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
            "a=rtcp-mux",
            "a=recvonly",
            "a=fingerprint:sha-256 ",
        ] {
            assert!(answer.contains(line), "no {line} in\n{answer}");
        }
        assert!(answer.contains("a=candidate:"), "{answer}");
        let setup = if offer.contains("a=setup:passive") {
            "active"
        } else {
            "passive"
        };
        assert!(answer.contains(&format!("a=setup:{setup}\r\n")), "{answer}");
        // Ended at once, so that the next one is no takeover.
        assert_eq!(whip.end(session).await, StatusCode::OK);
        assert_eq!(whip.end(session).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_simulcast_answer_is_what_obs_waits_for() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let (_, answer) = Whip::new(&souk.ready).publish(OBS_SIMULCAST).await;
    for rid in ["a=rid:0 recv", "a=rid:1 recv", "a=rid:2 recv"] {
        assert!(answer.contains(rid), "no {rid} in\n{answer}");
    }
    assert!(answer.contains("a=simulcast:recv 0;1;2\r\n"), "{answer}");
}

const POSTS: &str = "
    no token       | nobody | POST /whip | content-type: application/sdp        | $OBS | 401 unauthenticated
    wrong token    | nobody | POST /whip | $SDP; authorization: Bearer nonsense | $OBS | 401 invalid_token
    raw token      | nobody | POST /whip | $SDP; authorization: $KEY            | $OBS | 401 invalid_token
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
async fn bad_posts_are_refused_one_by_one() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let auth = format!("authorization: Bearer {}", souk.ready.stream_key);
    let bare = OBS
        .lines()
        .filter(|line| !line.starts_with("a=fingerprint"));
    let bare: String = bare.map(|line| format!("{line}\r\n")).collect();
    let voice = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:9\r\n";
    let table = Table::default()
        .caller("nobody", &Api::anonymous(&souk.ready))
        .name("KEY", &souk.ready.stream_key)
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
        .header("content-type", "application/sdp; charset=utf-8")
        .body(OBS);
    assert_eq!(typed.send().await.unwrap().status(), StatusCode::CREATED);
}

const PATCHES: &str = "
    no If-Match     | nobody | PATCH $SESSION | $FRAG                                      | $BODY | 428 precondition_required
    stale tag       | nobody | PATCH $SESSION | $FRAG; if-match: \"old\"                   | $BODY | 412 precondition_failed
    ice restart     | nobody | PATCH $SESSION | $FRAG; if-match: *                         | $BODY | 422 unsupported_offer
    wrong type      | nobody | PATCH $SESSION | if-match: $TAG; content-type: application/sdp | $BODY | 415 unsupported_media_type
    too large       | nobody | PATCH $SESSION | $FRAG; if-match: $TAG                      | $LARGE | 413 payload_too_large
    wrong token     | nobody | PATCH $SESSION | $FRAG; if-match: $TAG; authorization: Bearer x | $BODY | 401 invalid_token
    unknown session | nobody | PATCH /whip/sessions/nonsense | $FRAG; if-match: $TAG       | $BODY | 404 not_found
    other kind      | nobody | DELETE $WHEP   | -                                          | -     | 404 not_found
    wrong key       | nobody | DELETE $SESSION | authorization: Bearer x                   | -     | 401 invalid_token
";

#[tokio::test]
async fn trickle_asks_for_the_right_tag_and_the_right_type() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let (session, etag) = (text(&headers, "location"), text(&headers, "etag"));
    let patch = whip
        .request("PATCH", session)
        .header("if-match", etag)
        .body(FRAGMENT);
    let typed = patch.header("content-type", "application/trickle-ice-sdpfrag");
    let done = typed.send().await.unwrap();
    assert_eq!(done.status(), StatusCode::NO_CONTENT);
    assert!(done.headers().get("etag").is_none());
    let table = Table::default()
        .caller("nobody", &Api::anonymous(&souk.ready))
        .name("WHEP", session.replace("whip", "whep"))
        .name("SESSION", session)
        .name("TAG", etag)
        .name("LARGE", "x".repeat(20_000))
        .name("BODY", FRAGMENT);
    let kind = "content-type: application/trickle-ice-sdpfrag";
    table.assert_refused(&PATCHES.replace("$FRAG", kind)).await;
    // None of that has hurt the session.
    assert_eq!(
        whip.request("GET", session).send().await.unwrap().status(),
        204
    );
    let ended = whip
        .request("DELETE", session)
        .header("if-match", "\"old\"");
    let ended = ended
        .bearer_auth(&souk.ready.stream_key)
        .send()
        .await
        .unwrap();
    assert_eq!(ended.status(), StatusCode::OK);
    assert_eq!(ended.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn probes_and_preflights_tell_what_can_be_done() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let watch = format!("/whep/{}", souk.ready.stream_id);
    for path in ["/whip", watch.as_str()] {
        for method in ["GET", "HEAD"] {
            let probe = whip.request(method, path).send().await.unwrap();
            assert!(probe.status().is_success(), "{method} {path}");
            assert_eq!(text(probe.headers(), "content-type"), "application/sdp");
            assert_eq!(probe.bytes().await.unwrap().len(), 0);
        }
        let preflight = whip
            .request("OPTIONS", path)
            .header("origin", "https://elsewhere.example")
            .header("access-control-request-method", "POST");
        for options in [whip.request("OPTIONS", path), preflight] {
            let answer = options.send().await.unwrap();
            assert!(answer.status().is_success());
            let headers = answer.headers();
            assert_eq!(text(headers, "accept-post"), "application/sdp");
            assert_eq!(text(headers, "access-control-allow-origin"), "*");
            assert!(text(headers, "access-control-allow-methods").contains("PATCH"));
            let allowed = text(headers, "access-control-allow-headers");
            for name in ["Authorization", "Content-Type", "If-Match"] {
                assert!(allowed.contains(name), "{allowed}");
            }
        }
        for method in ["PUT", "TRACE", "BREW"] {
            let refused = whip.request(method, path).send().await.unwrap();
            assert!(refused.headers().contains_key("allow"), "{method} {path}");
            assert_refused(path, refused, 405, "method_not_allowed").await;
        }
    }
}

#[tokio::test]
async fn the_newest_publisher_wins_but_not_for_ever() {
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
