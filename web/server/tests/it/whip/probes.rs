//! GET, HEAD and OPTIONS.

use super::*;
use crate::souk::Souk;

#[tokio::test]
async fn w04_e04_probes_succeed_without_content() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let watch = format!("/whep/{}", souk.ready.stream_id);
    let (headers, _) = whip.publish(OBS).await;
    let session = text(&headers, "location");
    for method in ["GET", "HEAD"] {
        for path in ["/whip", &watch] {
            let probe = whip.request(method, path).send().await.unwrap();
            assert_eq!(probe.status(), StatusCode::OK, "{method} {path}");
            assert_eq!(text(probe.headers(), "content-type"), "application/sdp");
            assert_eq!(probe.bytes().await.unwrap().len(), 0);
        }
        let probe = whip.request(method, session).send().await.unwrap();
        assert!(probe.status().is_success(), "{method} {session}");
        assert_eq!(probe.bytes().await.unwrap().len(), 0);
        let unknown = whip.request(method, "/whep/str_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        let unknown = unknown.send().await.unwrap();
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn w05_options_and_preflights_tell_what_can_be_done() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let watch = format!("/whep/{}", souk.ready.stream_id);
    let (headers, _) = whip.publish(OBS).await;
    let session = text(&headers, "location");
    for path in ["/whip", &watch, session] {
        let preflight = whip
            .request("OPTIONS", path)
            .header("origin", "https://elsewhere.example")
            .header("access-control-request-method", "POST");
        let with_auth = whip.request("OPTIONS", path).bearer_auth("undefined");
        for options in [whip.request("OPTIONS", path), preflight, with_auth] {
            let answer = options.send().await.unwrap();
            assert!(answer.status().is_success(), "{path}");
            assert_cors(path, answer.headers());
            let (name, value) = match path == session {
                true => ("accept-patch", FRAGMENT_TYPE),
                false => ("accept-post", "application/sdp"),
            };
            assert!(text(answer.headers(), name).contains(value));
        }
        for method in ["PUT", "TRACE", "BREW"] {
            let refused = whip.request(method, path).send().await.unwrap();
            assert!(refused.headers().contains_key("allow"), "{method} {path}");
            assert_refused(path, refused, 405, "method_not_allowed").await;
        }
    }
    // A refusal can be read by a foreign page as well.
    let refused = whip.bare_post(OBS).send().await.unwrap();
    assert_cors("a refusal", refused.headers());
}

fn assert_cors(what: &str, headers: &HeaderMap) {
    assert_eq!(text(headers, "access-control-allow-origin"), "*", "{what}");
    let lists = [
        ("access-control-allow-methods", "POST PATCH DELETE OPTIONS"),
        (
            "access-control-allow-headers",
            "Authorization Content-Type If-Match",
        ),
        (
            "access-control-expose-headers",
            "Location ETag Link Accept-Post Retry-After",
        ),
    ];
    for (name, wanted) in lists {
        let list: Vec<&str> = text(headers, name).split(", ").collect();
        for word in wanted.split(' ') {
            assert!(list.contains(&word), "{what}: no {word} in {name}");
        }
    }
}
