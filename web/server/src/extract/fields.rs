//! JSON bodies, queries and ids of paths, with refusals that name the field.

use std::str::FromStr;

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::request::Parts,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_path_to_error::{Segment, Track};
use signaling_wire::{Code, Problem};

use super::body::{has_type, raw_body};
use crate::{
    error::{Answer, Refusal},
    limits,
    state::App,
};

/// A JSON body. Its type refuses unknown fields.
#[derive(Debug)]
pub(crate) struct Fields<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Fields<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &App) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        if !has_type(&parts.headers, "application/json") {
            return Err(Refusal::new(
                Code::UnsupportedMediaType,
                "send application/json",
            ));
        }
        let bytes = raw_body(&parts.headers, body, limits::JSON_BODY_BYTES_MAX).await?;
        parse(&bytes)
            .map(Self)
            .map_err(|problem| Refusal::from(*problem))
    }
}

/// Bytes to a value, or a problem with JSON pointers to what is wrong.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Box<Problem>> {
    // Whether it is JSON comes before what it says; this pass neither recurses nor keeps anything.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(bytes) {
        return Err(Box::new(Problem::new(Code::InvalidJson, error.to_string())));
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        // Without this, a list would be taken for the fields in their order.
        let problem = Problem::new(Code::ValidationError, "");
        return Err(Box::new(problem.with_field(
            "",
            "type",
            "must be an object",
        )));
    }
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let error = match T::deserialize(tracked) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let message = error.to_string();
    if error.classify() != Category::Data || message.starts_with("duplicate field") {
        return Err(Box::new(Problem::new(Code::InvalidJson, message)));
    }
    let mut pointer = String::new();
    for segment in track.path().iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => push_token(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let named = message.split('`').nth(1).unwrap_or_default();
    let code = if message.starts_with("unknown field") {
        push_name(&mut pointer, named);
        "unknown"
    } else if message.starts_with("missing field") {
        push_name(&mut pointer, named);
        "required"
    } else if message.starts_with("invalid type") {
        "type"
    } else if message.starts_with("unknown variant") {
        "enum"
    } else {
        "format"
    };
    // The position in the body says nothing to a person.
    let detail = message.split(" at line ").next().unwrap_or_default();
    let problem = Problem::new(Code::ValidationError, "").with_field(&pointer, code, detail);
    Err(Box::new(problem))
}

/// The path may or may not end with the field that the message names.
fn push_name(pointer: &mut String, name: &str) {
    let mut token = String::new();
    push_token(&mut token, name);
    if !pointer.ends_with(&token) {
        pointer.push_str(&token);
    }
}

/// Appends a reference token, escaped as RFC 6901 asks.
fn push_token(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

/// Query parameters; unknown ones are refused by the type.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Answer<Self> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(query) => Ok(Self(query.0)),
            Err(error) => Err(Refusal::new(Code::ValidationError, error.body_text())),
        }
    }
}

/// The ids in a path. A text that is no id names nothing, hence 404.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<App> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, app).await else {
            return Err(Refusal::not_found());
        };
        text.parse().map(Self).map_err(|_| Refusal::not_found())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[allow(dead_code)]
        quantity: u32,
        #[allow(dead_code)]
        lines: Vec<Line>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[allow(dead_code)]
        price: u32,
    }

    #[test]
    fn data_errors_point_at_the_field() {
        let table = [
            (r#"{"quantity":-1,"lines":[]}"#, "/quantity", "format"),
            (r#"{"quantity":1.5,"lines":[]}"#, "/quantity", "type"),
            (r#"{"quantity":"1","lines":[]}"#, "/quantity", "type"),
            (
                r#"{"quantity":9223372036854775808,"lines":[]}"#,
                "/quantity",
                "format",
            ),
            ("[1,[]]", "", "type"),
            ("null", "", "type"),
            (r#"{"quantity":1}"#, "/lines", "required"),
            (r#"{"quantity":1,"lines":[],"a/b":1}"#, "/a~1b", "unknown"),
            (
                r#"{"quantity":1,"lines":[{"price":1},{"prize":2}]}"#,
                "/lines/1/prize",
                "unknown",
            ),
        ];
        for (text, pointer, code) in table {
            let problem = parse::<Order>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code, Code::ValidationError, "{text}");
            assert_eq!(problem.errors[0].pointer, pointer, "{text}");
            assert_eq!(problem.errors[0].code, code, "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_said_to_be_so() {
        let deep = "[".repeat(10_000);
        let table: [&[u8]; 7] = [
            b"",
            b"{",
            b"\xef\xbb\xbf{}",
            b"{\"quantity\":1,\"quantity\":1,\"lines\":[]}",
            br#"{"quantity":1,"lines":[]} x"#,
            b"\xff\xfe{\0}\0",
            deep.as_bytes(),
        ];
        for bytes in table {
            let problem = parse::<Order>(bytes).unwrap_err();
            let shown = &bytes[..bytes.len().min(40)];
            assert_eq!(problem.code, Code::InvalidJson, "{shown:?}");
        }
    }
}
