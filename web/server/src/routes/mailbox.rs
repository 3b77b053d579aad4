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
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Mailbox</title>\
         <link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><h1>Mailbox · 메일함</h1>",
    );
    if letters.is_empty() {
        page.push_str("<p>No letters yet. · 아직 메일이 없습니다.</p>");
    }
    for letter in letters {
        let (to, subject) = (escaped(&letter.to), escaped(&letter.subject));
        let body: String = letter.body.split("\n\n").map(paragraph).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<article><h2>{subject}</h2><p>{to}</p>{body}</article>"
        );
    }
    page.push_str("</body></html>");
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(([no_store, (header::CONTENT_TYPE, html)], page).into_response())
}

/// A paragraph of a letter; one that is an address is a link, as mail programs show it.
fn paragraph(text: &str) -> String {
    let shown = escaped(text);
    let is_link = text.starts_with("http://") || text.starts_with("https://");
    match is_link && !text.contains(char::is_whitespace) {
        true => format!("<p><a href=\"{shown}\">{shown}</a></p>"),
        false => format!("<p>{shown}</p>"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
