//! The golden vectors: what the front end tests too. Every kind of frame is in them, reads, and
//! writes as the same JSON again; what must be refused is refused for the stated reason.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use signaling_wire::{
    ClientFrame, Code, DecodeError, Lane, Problem, ServerFrame, codec, decode_client,
    decode_server, encode_client, encode_server,
};

#[derive(Deserialize)]
struct Valid {
    name: String,
    bytes: Value,
}

#[derive(Deserialize)]
struct Invalid {
    name: String,
    text: String,
    error: String,
}

fn read<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = format!("{}/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

// Exhaustive on purpose: a new kind does not compile until it is named, and then needs a vector.
fn server_kind(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Snapshot(_) => "snapshot",
        ServerFrame::Session(_) => "session",
        ServerFrame::Sanction(_) => "sanction",
        ServerFrame::Pong(_) => "pong",
        ServerFrame::Presence(_) => "presence",
        ServerFrame::Lint(_) => "lint",
        ServerFrame::Bye(_) => "bye",
        ServerFrame::Error(_) => "error",
        ServerFrame::Card(_) => "card",
        ServerFrame::Pinned(_) => "pinned",
        ServerFrame::Unpinned(_) => "unpinned",
        ServerFrame::Sale(_) => "sale",
        ServerFrame::Stock(_) => "stock",
        ServerFrame::Order(_) => "order",
        ServerFrame::Lease(_) => "lease",
        ServerFrame::Chat(_) => "chat",
    }
}
const SERVER_KINDS: usize = 16;

fn client_kind(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Auth(_) => "auth",
        ClientFrame::Ping(_) => "ping",
        ClientFrame::Resync(_) => "resync",
        ClientFrame::Say(_) => "say",
        ClientFrame::Buy(_) => "buy",
        ClientFrame::Quote(_) => "quote",
        ClientFrame::Glance(_) => "glance",
    }
}
const CLIENT_KINDS: usize = 7;

#[test]
fn server_vectors_survive_the_round_trip() {
    let mut kinds = BTreeSet::new();
    for Valid { name, bytes } in read::<Valid>("server.json") {
        let received = decode_server(bytes.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(server_kind(&received.frame), bytes["t"], "{name}");
        assert!(
            received.frame.lane().is_none_or(|own| own == received.lane),
            "{name}: foreign lane"
        );
        let again = encode_server(received.lane, received.pos, &received.frame);
        assert_eq!(
            serde_json::from_slice::<Value>(&again).unwrap(),
            bytes,
            "{name}"
        );
        kinds.insert(server_kind(&received.frame));
    }
    assert_eq!(kinds.len(), SERVER_KINDS, "kinds without vector: {kinds:?}");
}

#[test]
fn client_vectors_survive_the_round_trip() {
    let mut kinds = BTreeSet::new();
    for Valid { name, bytes } in read::<Valid>("client.json") {
        let frame = decode_client(bytes.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(client_kind(&frame), bytes["t"], "{name}");
        let again: Value = serde_json::from_slice(&encode_client(&frame)).unwrap();
        assert_eq!(again, bytes, "{name}");
        kinds.insert(client_kind(&frame));
    }
    assert_eq!(kinds.len(), CLIENT_KINDS, "kinds without vector: {kinds:?}");
}

fn error_kind(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::TooLarge => "too_large",
        DecodeError::Envelope(_) => "envelope",
        DecodeError::Version(_) => "version",
        DecodeError::Kind => "kind",
        DecodeError::Payload(_) => "payload",
    }
}

#[test]
fn invalid_vectors_are_refused_for_the_stated_reason() {
    for Invalid { name, text, error } in read::<Invalid>("invalid.json") {
        match decode_client(text.as_bytes()) {
            Ok(frame) => panic!("{name}: taken as {frame:?}"),
            Err(found) => assert_eq!(error_kind(&found), error, "{name}: {found}"),
        }
    }
}

#[test]
fn hostile_bytes_are_refused_without_recursion_or_panic() {
    let limit = signaling_wire::limits::CLIENT_FRAME_BYTES_MAX;
    let say = |length: usize| {
        let rest = r#"{"v":1,"t":"say","d":{"key":"k","body":""}}"#.len();
        let body = "x".repeat(length - rest);
        format!(r#"{{"v":1,"t":"say","d":{{"key":"k","body":"{body}"}}}}"#)
    };
    assert!(decode_client(say(limit).as_bytes()).is_ok());
    assert_eq!(
        decode_client(say(limit + 1).as_bytes()),
        Err(DecodeError::TooLarge)
    );
    let deep = format!(r#"{{"v":1,"t":"ping","d":{}}}"#, "[".repeat(10_000));
    assert!(decode_client(deep.as_bytes()).is_err());
    let deep = format!(
        r#"{{"v":1,"t":"ping","d":{}1{}}}"#,
        r#"{"a":"#.repeat(2_000),
        "}".repeat(2_000)
    );
    assert!(decode_client(deep.as_bytes()).is_err());
    for bytes in [
        &b"\xff\xfe{\x00"[..],
        b"{\"v\":1,\"t\":\"say\",\"d\":{\"key\":\"k\",\"body\":\"\xff\"}}",
    ] {
        assert!(decode_client(bytes).is_err());
    }
    // Brackets and escapes inside a text are no list.
    let frame = br#"{"v":1,"t":"say","d":{"key":"\"[","body":"[\\"}}"#;
    assert!(decode_client(frame).is_ok());
}

#[test]
fn refusals_become_problems_of_their_own_code() {
    let code = |text: &str| Problem::from(&decode_client(text.as_bytes()).unwrap_err()).code;
    assert_eq!(code("{"), Code::InvalidJson);
    assert_eq!(code(r#"{"v":9,"t":"ping","d":{}}"#), Code::UnknownFrame);
    assert_eq!(code(r#"{"v":1,"t":"hi","d":{}}"#), Code::UnknownFrame);
    assert_eq!(code(r#"{"v":1,"t":"ping","d":{}}"#), Code::ValidationError);
    assert_eq!(code(&" ".repeat(20_000)), Code::PayloadTooLarge);
}

#[test]
fn another_version_of_a_server_frame_is_named() {
    let text = r#"{"v":2,"lane":"control","t":"pong","d":{"client_ms":1,"server_ms":2}}"#;
    assert_eq!(
        decode_server(text.as_bytes()).unwrap_err(),
        DecodeError::Version(2)
    );
    assert_eq!(codec::VERSION, 1);
}

#[test]
fn lanes_are_numbered_as_their_channels() {
    for (index, lane) in Lane::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(lane.id()), index);
        assert_eq!(Lane::from_id(lane.id()), Some(lane));
        assert_eq!(
            serde_json::to_value(lane).unwrap(),
            Value::from(lane.spec().label)
        );
    }
    assert_eq!(Lane::from_id(4), None);
    let stock = Lane::Stock.spec();
    assert!(!stock.ordered && stock.max_retransmits == Some(0));
}

#[test]
fn access_tokens_stay_out_of_debug_output() {
    let frame = decode_client(br#"{"v":1,"t":"auth","d":{"token":"s3cret"}}"#).unwrap();
    let shown = format!("{frame:?}");
    assert!(
        shown.contains("redacted") && !shown.contains("s3cret"),
        "{shown}"
    );
}
