//! Tickets that do not hold, each next to one that does; and the two kinds kept apart.
#![allow(clippy::unwrap_used)]

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::{
    clock::Clock, config::AccountsConfig, role::Role, secret::SigningSecret, session::Proof,
};

const NOW_S: u64 = 1_800_000_000;
const SECRET: &str = "an0ther-secret-of-thirty-two-bytes-or-more";
const PROOF: Proof = Proof {
    at: NOW_S.cast_signed() * 1_000_000,
    two_factors: false,
};

fn at(seconds: u64) -> Now {
    Clock::from_fn(move || seconds * 1_000_000).now()
}

fn tokens() -> Tokens {
    Tokens::new(&AccountsConfig::default(), &SigningSecret::new(SECRET))
}

fn who() -> (UserId, StreamId) {
    (UserId::from_parts(1, 2), StreamId::from_parts(3, 4))
}

fn body() -> Value {
    let (user, stream) = who();
    json!({ "iss": "souk", "aud": "souk-api/whip", "sub": user, "stream": stream,
        "exp": NOW_S + 120, "nbf": NOW_S, "iat": NOW_S })
}

/// Any type and body, with a signature that fits.
fn signed(typ: &str, secret: &str, body: &Value) -> String {
    let header = Header {
        typ: Some(typ.to_owned()),
        kid: Some(SigningSecret::new(SECRET).kid()),
        ..Header::new(Algorithm::HS256)
    };
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&header, body, &key).unwrap()
}

fn with(name: &str, other: Value) -> Value {
    let mut value = body();
    value[name] = other;
    value
}

#[track_caller]
fn refused(ticket: &str) {
    assert_eq!(tokens().verify_ticket(ticket, at(NOW_S)), None);
}

#[test]
fn a_ticket_holds_until_it_expires_and_names_its_stream() {
    let (user, stream) = who();
    let tokens = tokens();
    let ticket = tokens.sign_ticket(user, stream, at(NOW_S)).unwrap();
    let last = NOW_S + limits::PUBLISH_TICKET_TTL.as_secs() + limits::LEEWAY_S;
    for now in [NOW_S - limits::LEEWAY_S, NOW_S, last - 1] {
        assert_eq!(tokens.verify_ticket(&ticket, at(now)), Some(who()));
    }
    for now in [NOW_S - limits::LEEWAY_S - 1, last, last + 3600] {
        assert_eq!(tokens.verify_ticket(&ticket, at(now)), None);
    }
}

#[test]
fn neither_kind_passes_as_the_other() {
    let (user, stream) = who();
    let tokens = tokens();
    let ticket = tokens.sign_ticket(user, stream, at(NOW_S)).unwrap();
    let access = tokens
        .sign((user, Role::Admin, "Mina"), ("family", PROOF), at(NOW_S))
        .unwrap();
    assert!(tokens.verify(&access, at(NOW_S)).is_ok());
    assert!(tokens.verify_ticket(&ticket, at(NOW_S)).is_some());
    assert!(tokens.verify(&ticket, at(NOW_S)).is_err());
    assert!(tokens.verify_ticket(&access, at(NOW_S)).is_none());

    // One body with the claims of both: the type alone and the audience alone must refuse it.
    let mut both = body();
    both["fam"] = json!("family");
    both["role"] = json!("user");
    both["name"] = json!("Mina");
    assert!(
        tokens
            .verify_ticket(&signed("publish+jwt", SECRET, &both), at(NOW_S))
            .is_some()
    );
    refused(&signed("at+jwt", SECRET, &both));
    assert!(
        tokens
            .verify(&signed("at+jwt", SECRET, &both), at(NOW_S))
            .is_err()
    );
    both["aud"] = json!("souk-api");
    assert!(
        tokens
            .verify(&signed("at+jwt", SECRET, &both), at(NOW_S))
            .is_ok()
    );
    refused(&signed("publish+jwt", SECRET, &both));
    assert!(
        tokens
            .verify(&signed("publish+jwt", SECRET, &both), at(NOW_S))
            .is_err()
    );
}

#[test]
fn forged_and_changed_tickets_are_refused() {
    let good = signed("publish+jwt", SECRET, &body());
    assert_eq!(tokens().verify_ticket(&good, at(NOW_S)), Some(who()));
    let other = "a-key-of-somebody-else-of-32-bytes-or-more";
    refused(&signed("publish+jwt", other, &body()));
    for typ in ["JWT", "publish+JWT", ""] {
        refused(&signed(typ, SECRET, &body()));
    }
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("sub", json!("str_00000000000000000000000000")),
        ("stream", json!("str_1")),
        ("stream", Value::Null),
        ("exp", json!((NOW_S + 120).to_string())),
        ("exp", Value::Null),
        ("nbf", json!(-1)),
    ] {
        refused(&signed("publish+jwt", SECRET, &with(name, value)));
    }
    // Another stream's claims under this one's signature.
    let elsewhere = with("stream", json!(StreamId::from_parts(3, 5)));
    let elsewhere = signed("publish+jwt", SECRET, &elsewhere);
    let (head, _) = elsewhere.rsplit_once('.').unwrap();
    let (_, mark) = good.rsplit_once('.').unwrap();
    refused(&format!("{head}.{mark}"));
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'Q' { b'g' } else { b'Q' };
        refused(&String::from_utf8(bytes).unwrap());
    }
    for text in ["", "..", crate::StreamKey::generate().expose(), &good[1..]] {
        refused(text);
    }
}
