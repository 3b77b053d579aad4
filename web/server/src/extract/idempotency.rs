//! `Idempotency-Key`: 1 to 255 printable ASCII characters, bare or quoted.
//!
//! The header is a quoted string by its specification (draft-ietf-httpapi-idempotency-key-header);
//! most clients send it bare, and both spellings of one key are the same key.

use axum::{extract::FromRequestParts, http::request::Parts};
use signaling_wire::{Code, limits::IDEMPOTENCY_KEY_CHARS_MAX};

use crate::{
    error::{Answer, Refusal},
    state::App,
};

/// The key of a request that must happen once.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey(pub(crate) String);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Answer<Self> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else {
            return Err(Refusal::new(
                Code::IdempotencyKeyMissing,
                "send an Idempotency-Key header",
            ));
        };
        let bad = || {
            let detail = "Idempotency-Key must be 1 to 255 printable ASCII characters, sent once";
            Refusal::new(Code::BadRequest, detail)
        };
        if values.next().is_some() {
            return Err(bad());
        }
        let text = value.to_str().map_err(|_| bad())?;
        unquote(text).map(Self).ok_or_else(bad)
    }
}

fn unquote(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => text,
    };
    let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&bare.len());
    let plain = bare
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    (fits && plain).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_are_one_key() {
        let long = "k".repeat(255);
        let too_long = "k".repeat(256);
        let table: [(&str, Option<&str>); 8] = [
            ("abc", Some("abc")),
            ("\"abc\"", Some("abc")),
            (&long, Some(&long)),
            (&too_long, None),
            ("", None),
            ("\"\"", None),
            ("\"abc", None),
            ("a b", None),
        ];
        for (text, expected) in table {
            assert_eq!(unquote(text).as_deref(), expected, "{text}");
        }
    }
}
