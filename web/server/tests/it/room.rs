//! The room without media: socket rules, server-sent events, snapshots.

use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        protocol::frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

use crate::{
    api::{Api, refusal},
    socket::Socket,
    souk::{Ready, Souk},
    viewer::PATIENCE,
};

#[tokio::test]
async fn sockets_hold_to_the_protocol_or_are_closed() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let table: Vec<(&str, Message, CloseCode)> = vec![
        (
            "binary",
            Message::binary(vec![1, 2, 3]),
            CloseCode::Unsupported,
        ),
        (
            "too long",
            Message::text("x".repeat(17_000)),
            CloseCode::Size,
        ),
        (
            "reserved opcode",
            Message::Frame(reserved()),
            CloseCode::Protocol,
        ),
        ("not utf-8", Message::Frame(not_utf8()), CloseCode::Invalid),
    ];
    for (what, message, code) in table {
        let mut socket = Socket::open(ready).await;
        socket.raw(message).await;
        assert_eq!(socket.close_code().await, code, "{what}");
    }
    let mut socket = Socket::open(ready).await;
    let frames = [
        (json!("not a frame").to_string(), "invalid_json"),
        ("{".to_owned(), "invalid_json"),
        (
            json!({ "v": 9, "t": "ping", "d": {} }).to_string(),
            "unknown_frame",
        ),
        (
            json!({ "v": 1, "t": "dance", "d": {} }).to_string(),
            "unknown_frame",
        ),
        (
            json!({ "v": 1, "t": "ping", "d": { "x": 1 } }).to_string(),
            "validation_error",
        ),
        (
            json!({ "v": 1, "t": "auth", "d": { "token": "forged" } }).to_string(),
            "invalid_token",
        ),
        (
            json!({ "v": 1, "t": "say", "d": { "key": "k", "body": "x" } }).to_string(),
            "unauthenticated",
        ),
    ];
    for (text, code) in frames {
        socket.raw(Message::text(text.clone())).await;
        let error = socket
            .frame("a refusal", |frame| frame["t"] == "error")
            .await;
        assert_eq!(error["d"]["problem"]["code"], code, "{text}");
    }
    socket.send("ping", json!({ "client_ms": 7 })).await;
    let pong = socket.frame("a pong", |frame| frame["t"] == "pong").await;
    assert_eq!(pong["d"]["client_ms"], 7);
    // A room that others misuse still answers.
    let snapshot = Api::anonymous(ready)
        .get(&format!("/api/streams/{}/room", ready.stream_id))
        .await;
    assert_eq!(snapshot["t"], "snapshot");
}

fn reserved() -> Frame {
    Frame::message(vec![1], OpCode::Data(Data::Reserved(3)), true)
}

fn not_utf8() -> Frame {
    Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true)
}

#[tokio::test]
async fn foreign_pages_open_no_socket() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let address = ready.ws(&format!("/api/streams/{}/events", ready.stream_id));
    for (origin, welcome) in [
        (ready.http.as_str(), true),
        ("https://elsewhere.example", false),
        ("null", false),
    ] {
        let mut request = address.as_str().into_client_request().unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        let opened = connect_async(request).await;
        assert_eq!(opened.is_ok(), welcome, "{origin}");
    }
    let nowhere = ready.ws("/api/streams/str_01ARZ3NDEKTSV4RRFFQ69G5FAV/events");
    assert!(connect_async(nowhere).await.is_err());
}

#[tokio::test]
async fn an_endless_handshake_head_is_refused() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let mut stream = TcpStream::connect(souk.ready.authority()).await.unwrap();
    let path = format!("/api/streams/{}/events", souk.ready.stream_id);
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX-Long: ");
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may close before it has taken all of it.
    let _ = stream.write_all(&vec![b'a'; 1_000_000]).await;
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    Api::anonymous(&souk.ready).get("/api/products").await;
}

#[tokio::test]
async fn server_sent_events_are_the_same_frames() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let api = Api::anonymous(ready);
    let path = format!("/api/streams/{}/events", ready.stream_id);
    let neither = api.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(refusal(neither).await.0, StatusCode::NOT_ACCEPTABLE);
    let events = api
        .request(Method::GET, &path)
        .header("accept", "text/event-stream");
    let events = events.send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let mut reader = Events {
        body: Box::pin(events.bytes_stream()),
        held: String::new(),
    };
    assert_eq!(reader.next().await["t"], "snapshot");
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let card = first_card(ready, &api, 2).await;
    host.poke(&format!(
        "/api/streams/{}/cards/{card}/pin",
        ready.stream_id
    ))
    .await;
    let pinned = loop {
        let frame = reader.next().await;
        if frame["t"] == "pinned" {
            break frame;
        }
    };
    assert_eq!(pinned["d"]["card"]["id"], card.as_str());
}

async fn first_card(ready: &Ready, api: &Api, n: usize) -> String {
    let cards = api
        .get(&format!("/api/streams/{}/cards", ready.stream_id))
        .await;
    cards["data"][n]["id"].as_str().unwrap().to_owned()
}

type Body =
    std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>;

/// Reads `data:` lines.
struct Events {
    body: Body,
    held: String,
}

impl Events {
    async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.held.split_once("\n\n") {
                let data = event
                    .strip_prefix("data: ")
                    .map(|data| serde_json::from_str(data).unwrap());
                self.held = rest.to_owned();
                match data {
                    Some(frame) => return frame,
                    None => continue,
                }
            }
            let chunk = timeout(PATIENCE, self.body.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            self.held.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_tells_its_rooms_to_come_back() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let mut socket = Socket::open(&souk.ready).await;
    socket
        .frame("the snapshot", |frame| frame["t"] == "snapshot")
        .await;
    let stopping = tokio::task::spawn_blocking(move || souk.terminate());
    let bye = socket.frame("a goodbye", |frame| frame["t"] == "bye").await;
    assert_eq!(bye["d"], json!({ "reason": "restart", "reconnect": true }));
    stopping.await.unwrap();
}
