//! `ETag` and `If-Match`: the version of a thing as a strong tag, `"3"`.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, header, request::Parts},
};
use signaling_wire::Code;

use crate::{
    error::{Answer, Refusal},
    state::App,
};

/// The version that the caller saw. Required: what is replaced blindly is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IfMatch(pub(crate) u32);

/// The header that names a version.
pub(crate) fn etag(version: u32) -> [(HeaderName, HeaderValue); 1] {
    let value = HeaderValue::try_from(format!("\"{version}\""));
    [(
        header::ETAG,
        value.unwrap_or(HeaderValue::from_static("\"0\"")),
    )]
}

impl FromRequestParts<App> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Answer<Self> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            let detail = "send If-Match with the ETag that you saw";
            return Err(Refusal::new(Code::PreconditionRequired, detail));
        };
        let tag = value.to_str().ok().map(str::trim);
        let version = tag
            .and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'))
            .and_then(|digits| digits.parse().ok());
        version
            .map(Self)
            .ok_or_else(|| Refusal::new(Code::PreconditionFailed, "this is no version of it"))
    }
}
