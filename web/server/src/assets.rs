//! The front end, embedded: files by path, and `index.html` for the pages that the app routes.
//!
//! Files below `assets/` carry a hash in their name and are cached for ever; everything else is
//! revalidated by its ETag.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};
use signaling_wire::Code;

use crate::error::Refusal;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/app"]
struct App;

/// Answers everything that no route took.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if is_api(path) {
        return Refusal::not_found().into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Refusal::new(Code::MethodNotAllowed, "")
            .header(header::ALLOW, HeaderValue::from_static("GET, HEAD"))
            .into_response();
    }
    if let Some(file) = App::get(path) {
        return answer(path, file, &headers);
    }
    // A path with an extension is a file that is not there; others are pages of the app.
    let last = path.rsplit('/').next().unwrap_or_default();
    match App::get("index.html") {
        Some(index) if !last.contains('.') => answer("index.html", index, &headers),
        _ => Refusal::not_found().into_response(),
    }
}

/// Paths that programs call: there a missing thing is a problem, not a page.
fn is_api(path: &str) -> bool {
    ["api", "whip", "whep", "actuator"].iter().any(|area| {
        path == *area
            || path
                .strip_prefix(area)
                .is_some_and(|rest| rest.starts_with('/'))
    })
}

fn answer(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let etag = format!("\"{tag}\"");
    let cache = if path.starts_with("assets/") {
        HeaderValue::from_static("public, max-age=31536000, immutable")
    } else {
        HeaderValue::from_static("no-cache")
    };
    let known = request
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.contains(&etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data.into_owned()).into_response();
        let mime = match file.metadata.mimetype() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other.to_owned(),
        };
        if let Ok(mime) = HeaderValue::from_str(&mime) {
            response.headers_mut().insert(header::CONTENT_TYPE, mime);
        }
        response
    };
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}
