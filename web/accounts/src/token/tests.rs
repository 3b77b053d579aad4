//! Forged, stretched and misused access tokens, each next to one that passes.
#![allow(clippy::unwrap_used)]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;

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

fn user() -> UserId {
    UserId::from_parts(1, 2)
}

fn header() -> Value {
    json!({ "typ": "at+jwt", "alg": "HS256", "kid": SigningSecret::new(SECRET).kid() })
}

fn body() -> Value {
    json!({ "iss": "souk", "aud": "souk-api", "sub": user(), "exp": NOW_S + 600, "nbf": NOW_S,
        "iat": NOW_S, "fam": "family", "role": "user", "name": "Mina" })
}

/// Any header and body, with a signature that fits.
fn signed(header: &Value, body: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(body));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn with(mut value: Value, name: &str, other: Value) -> Value {
    value[name] = other;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

#[track_caller]
fn refused(token: &str) {
    assert!(matches!(
        tokens().verify(token, at(NOW_S)),
        Err(AccountError::InvalidToken)
    ));
}

#[test]
fn what_is_signed_is_verified() {
    let tokens = tokens();
    let token = tokens
        .sign(
            (user(), Role::Admin, "민아 \"x\""),
            ("family", PROOF),
            at(NOW_S),
        )
        .unwrap();
    let claims = tokens.verify(&token, at(NOW_S + 1)).unwrap();
    assert_eq!(
        (claims.user, claims.role, claims.name.as_str()),
        (user(), Role::Admin, "민아 \"x\"")
    );
    assert_eq!(
        (claims.family.as_str(), claims.expires_ms),
        ("family", (NOW_S + 600) * 1000)
    );
    assert_eq!(
        (claims.proved_ms, claims.two_factors),
        (NOW_S * 1000, false)
    );
    assert!(token.len() < 1024);
    // The control of all the refusals below: the hand-made token passes as it stands.
    assert!(
        tokens
            .verify(&signed(&header(), &body()), at(NOW_S))
            .is_ok()
    );
}

#[test]
fn only_hs256_counts() {
    for alg in [
        "none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", "PS256", "HS999", "",
    ] {
        refused(&signed(&with(header(), "alg", json!(alg)), &body()));
    }
    let unsigned = signed(&with(header(), "alg", json!("none")), &body());
    let bare = unsigned.rsplit_once('.').unwrap().0;
    refused(&format!("{bare}."));
    refused(bare);
    // A right signature of another family over the same key bytes.
    let header = Header {
        typ: Some(TYPE.to_owned()),
        ..Header::new(Algorithm::HS512)
    };
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    refused(&jsonwebtoken::encode(&header, &body(), &key).unwrap());
}

#[test]
fn a_token_cannot_bring_or_point_to_a_key() {
    let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET) });
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
        ("jwk", jwk),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("abc")),
        ("crit", json!(["exp"])),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("00000000")),
        ("kid", json!("")),
        ("kid", json!(7)),
        ("kid", Value::Null),
    ] {
        refused(&signed(&with(header(), name, value), &body()));
    }
}

#[test]
fn times_are_whole_numbers_that_are_there() {
    for name in ["exp", "nbf", "iat"] {
        let soon = NOW_S + 60;
        for value in [
            json!(soon.to_string()),
            json!(soon as f64 + 0.5),
            json!(-1),
            json!(1e30),
            json!([soon]),
            Value::Null,
            json!(true),
        ] {
            refused(&signed(&header(), &with(body(), name, value)));
        }
        refused(&signed(&header(), &without(body(), name)));
    }
}

#[test]
fn the_leeway_is_seconds_and_no_more() {
    let token = signed(&header(), &body());
    let last = NOW_S + 600 + limits::LEEWAY_S;
    const { assert!(limits::LEEWAY_S <= 10) };
    assert!(tokens().verify(&token, at(last - 1)).is_ok());
    assert!(tokens().verify(&token, at(last)).is_err());
    assert!(
        tokens()
            .verify(&token, at(NOW_S - limits::LEEWAY_S))
            .is_ok()
    );
    assert!(
        tokens()
            .verify(&token, at(NOW_S - limits::LEEWAY_S - 1))
            .is_err()
    );
    let endless = signed(&header(), &with(body(), "exp", json!(u64::MAX)));
    assert!(tokens().verify(&endless, at(NOW_S)).is_ok(), "no overflow");
}

#[test]
fn tokens_of_other_kinds_are_refused() {
    for typ in [json!("JWT"), json!("rt+jwt"), json!("at+JWT"), Value::Null] {
        refused(&signed(&with(header(), "typ", typ), &body()));
    }
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("aud", json!(["souk-api", "other"])),
        ("sub", json!("usr_1")),
        ("sub", json!("slr_00000000000000000000000000")),
        ("role", json!("root")),
        ("fam", Value::Null),
    ] {
        refused(&signed(&header(), &with(body(), name, value)));
    }
    for name in ["iss", "aud", "sub", "fam", "role"] {
        refused(&signed(&header(), &without(body(), name)));
    }
    refused(crate::RefreshToken::generate().expose());
    refused(crate::StreamKey::generate().expose());
}

#[test]
fn a_changed_token_is_refused_wherever_it_was_changed() {
    let token = signed(&header(), &body());
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        // The last character of a part has bits that carry nothing, so step far enough to differ.
        bytes[at] = if bytes[at] == b'Q' { b'g' } else { b'Q' };
        refused(&String::from_utf8(bytes).unwrap());
    }
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        &token[1..],
        &format!("{token}x"),
        &format!("{token}.x"),
    ] {
        refused(text);
    }
}

#[test]
fn a_token_that_is_too_long_is_not_even_read() {
    let pad = |spare: usize| {
        let bare = signed(&header(), &with(body(), "pad", json!(""))).len();
        let fill = (ACCESS_TOKEN_BYTES_MAX - bare) * 3 / 4;
        signed(
            &header(),
            &with(body(), "pad", json!("x".repeat(fill + spare))),
        )
    };
    let (fits, longer) = (pad(0), pad(4));
    assert!(fits.len() <= ACCESS_TOKEN_BYTES_MAX && longer.len() > ACCESS_TOKEN_BYTES_MAX);
    assert!(tokens().verify(&fits, at(NOW_S)).is_ok());
    refused(&longer);
}

#[test]
fn a_rotated_key_still_verifies_until_it_is_dropped() {
    let old = tokens();
    let token = old
        .sign((user(), Role::User, "Mina"), ("family", PROOF), at(NOW_S))
        .unwrap();
    let fresh = SigningSecret::new("yet-another-secret-of-32-bytes-or-more");
    let mut config = AccountsConfig::default();
    let dropped = Tokens::new(&config, &fresh);
    assert!(dropped.verify(&token, at(NOW_S)).is_err());
    config.previous_jwt_secret = Some(SigningSecret::new(SECRET));
    let rotated = Tokens::new(&config, &fresh);
    assert!(rotated.verify(&token, at(NOW_S)).is_ok());
    let newer = rotated
        .sign((user(), Role::User, "Mina"), ("family", PROOF), at(NOW_S))
        .unwrap();
    assert!(old.verify(&newer, at(NOW_S)).is_err());
}
