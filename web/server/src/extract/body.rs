//! Bodies: one content type, not compressed, within a size and a time.

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, header},
};
use futures_util::StreamExt;
use signaling_wire::{Code, Problem};

use crate::{
    error::{Answer, Refusal},
    limits,
};

/// Whether the content type is `wanted`, parameters aside.
pub(crate) fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

/// Reads a body of at most `limit` bytes; more is refused without reading the rest.
pub(crate) async fn raw_body(headers: &HeaderMap, body: Body, limit: usize) -> Answer<Bytes> {
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        let detail = "compressed bodies are not accepted";
        return Err(Refusal::new(Code::UnsupportedMediaType, detail));
    }
    let too_large = || {
        let problem = Problem::new(Code::PayloadTooLarge, format!("at most {limit} bytes"));
        // The rest of the body is not read, so the connection cannot be used again.
        Refusal::from(problem).header(header::CONNECTION, "close".parse().expect("plain ASCII"))
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let read = async {
        let mut collected = Vec::new();
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Refusal::new(Code::BadRequest, "the body broke off"))?;
            if collected.len() + chunk.len() > limit {
                return Err(too_large());
            }
            collected.extend_from_slice(&chunk);
        }
        Ok(Bytes::from(collected))
    };
    match tokio::time::timeout(limits::BODY_TIME_MAX, read).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::new(Code::BadRequest, "the body took too long")
            .header(header::CONNECTION, "close".parse().expect("plain ASCII"))),
    }
}
