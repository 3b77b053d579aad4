//! WHIP and WHEP as their clients speak them: offer out, answer and session address back.

use anyhow::{Context, Result, bail};
use reqwest::{Client, StatusCode, Url, header};

/// What the server answered to an offer.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The SDP answer.
    pub answer: String,
    /// The session's address, for `DELETE`.
    pub session: Url,
}

/// Posts an offer.
///
/// # Errors
/// When the server does not answer 201 with a session and an answer.
pub async fn post_offer(
    http: &Client,
    url: &Url,
    token: Option<&str>,
    offer: String,
) -> Result<Accepted> {
    let mut request = http
        .post(url.clone())
        .header(header::CONTENT_TYPE, "application/sdp")
        .body(offer);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.context("the offer was not taken")?;
    let status = response.status();
    let location = response.headers().get(header::LOCATION).cloned();
    let body = response.text().await?;
    if status != StatusCode::CREATED {
        bail!("{url} answered {status}: {}", body.trim());
    }
    let location = location.context("201 without Location")?;
    let session = url.join(location.to_str()?)?;
    Ok(Accepted {
        answer: body,
        session,
    })
}

/// Ends a session; the server's own timeout does it otherwise.
pub async fn end(http: &Client, session: &Url, token: Option<&str>) {
    let mut request = http.delete(session.clone());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Err(error) = request.send().await {
        tracing::debug!(%error, "the session was not ended");
    }
}
