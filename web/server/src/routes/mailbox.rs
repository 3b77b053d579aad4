//! `/demo/mailbox`: the letters that a demo writes, since it has no mail server. It is there in
//! `souk demo` alone; everywhere else the path names nothing.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::{
    error::{Answer, Refusal},
    state::App,
};

/// The route, which is no part of the API.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/demo/mailbox", get(show))
}

async fn show(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    let Some(mailbox) = app.mailbox.get() else {
        return Err(Refusal::not_found());
    };
    let letters = mailbox.letters();
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        let data = letters.iter().map(|letter| {
            json!({
                "to": letter.to, "subject": letter.subject, "body": letter.body,
                "at_ms": letter.at_ms,
            })
        });
        let data: Vec<_> = data.collect();
        return Ok(([no_store], axum::Json(json!({ "data": data }))).into_response());
    }
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mailbox</title>\
         <h1>Mailbox · 메일함</h1>",
    );
    for letter in letters {
        let (to, subject) = (escaped(&letter.to), escaped(&letter.subject));
        let body = escaped(&letter.body);
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<article><h2>{subject}</h2><p>{to}</p><pre>{body}</pre></article>"
        );
    }
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(([no_store, (header::CONTENT_TYPE, html)], page).into_response())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
