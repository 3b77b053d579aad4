//! What single publishers insist on.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::souk::Souk;

/// Sends a request as it stands and reads until the server closes.
async fn raw(ready: &Ready, request: &str) -> String {
    let mut stream = TcpStream::connect(ready.authority()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn post(ready: &Ready, headers: &str, offer: &str) -> String {
    let (host, length) = (ready.authority(), offer.len());
    format!(
        "POST /whip HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Type: application/sdp\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{offer}"
    )
}

#[tokio::test]
async fn o5_obs_finds_its_location_and_a_body() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let auth = format!("Authorization: Bearer {}\r\n", souk.ready.stream_key);
    let answer = raw(&souk.ready, &post(&souk.ready, &auth, OBS)).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    // OBS compares without case, but wants the space after the colon.
    let location = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("location: "))
        .unwrap_or_else(|| panic!("no location in {head}"));
    assert!(location[10..].starts_with("/whip/sessions/"), "{location}");
    assert!(body.starts_with("v=0\r\n"), "{body}");
}

#[tokio::test]
async fn ffmpeg_s_captured_requests_are_answered() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let fill = |captured: &str, path: &str| {
        let (head, body) = captured.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let method = lines.next().unwrap().split(' ').next().unwrap();
        let mut filled = format!("{method} {path} HTTP/1.1\r\n");
        for line in lines {
            let line = match line.to_ascii_lowercase().split(':').next().unwrap() {
                "host" => format!("Host: {}", ready.authority()),
                "authorization" => format!("Authorization: Bearer {}", ready.stream_key),
                _ => line.to_owned(),
            };
            filled += &format!("{line}\r\n");
        }
        format!("{filled}\r\n{body}")
    };
    let captured = include_str!("../../fixtures/ffmpeg-9.0.2-post.captured.http");
    let answer = raw(ready, &fill(captured, "/whip")).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let session = answer
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap();
    let captured = include_str!("../../fixtures/ffmpeg-9.0.2-delete.captured.http");
    let ended = raw(ready, &fill(captured, session)).await;
    assert!(ended.starts_with("HTTP/1.1 200 "), "{ended}");
}

#[tokio::test]
async fn eyevinn_s_tag_in_the_wrong_header_leaves_the_publication_alone() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let (headers, _) = whip.publish(OBS).await;
    let (session, etag) = (text(&headers, "location"), text(&headers, "etag"));
    let candidate = FRAGMENT.replace("UDP/TLS/RTP/SAVPF 0", "RTP/AVP 0");
    let patch = || {
        let patch = whip.request("PATCH", session).body(candidate.clone());
        patch.header("content-type", FRAGMENT_TYPE)
    };
    let misplaced = patch().header("etag", etag).send().await.unwrap();
    assert_refused("ETag", misplaced, 428, "precondition_required").await;
    // The same fragment with the right header is taken, whatever its m-line says.
    let taken = patch().header("if-match", etag).send().await.unwrap();
    assert_eq!(taken.status(), StatusCode::NO_CONTENT);
    assert!(whip.lives(session).await);
    // Its DELETE carries no token.
    assert_eq!(whip.end(session).await, StatusCode::OK);
}

#[tokio::test]
async fn e07_a_key_without_its_scheme_is_taken() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let whip = Whip::new(&souk.ready);
    let post = whip.bare_post(OBS);
    let raw = post.header("authorization", &souk.ready.stream_key);
    assert_eq!(raw.send().await.unwrap().status(), StatusCode::CREATED);
    let wrong = whip.bare_post(OBS).header("authorization", "nonsense");
    let wrong = wrong.send().await.unwrap();
    assert_refused("a wrong raw key", wrong, 401, "invalid_token").await;
}

#[tokio::test]
async fn gstreamer_s_error_correction_is_left_out_of_the_answer() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let lines = "a=rtpmap:122 red/90000\r\na=rtpmap:123 ulpfec/90000\r\na=mid:";
    let (before, after) = OBS.split_once("m=video").unwrap();
    let video = format!("m=video{after}").replacen(" 96", " 96 122 123", 1);
    let offer = format!("{before}{}", video.replacen("a=mid:", lines, 1));
    let (_, answer) = Whip::new(&souk.ready).publish(&offer).await;
    assert!(
        !answer.contains("ulpfec") && !answer.contains(" red/"),
        "{answer}"
    );
    assert!(answer.contains("H264/90000"), "{answer}");
}
