//! A play of requests, as a table of text: who sends what, and what comes back.
//!
//! A row is `what | who | METHOD path | headers | body | answer`; `-` is nothing. The answer is a
//! status, the `code` of a refusal, and then in any order:
//!
//! - `/pointer=value`: what the body says there; `*` is anything but null;
//! - `NAME=/pointer`, `NAME=@header`, `NAME=#place`: `$NAME` stands from then on for that part of
//!   the body, for that header, or for the word behind the first `#` after a place in the text.
//!
//! `any` in place of a status takes all, in a row that is sent many times. `until` before the status asks again until all of it holds. `20x` before what a row is sends it
//! so many times. Among the headers, `key` is an `Idempotency-Key` of the row's own. A body without
//! a content type is JSON. `@register who email` and `@anonymous who` bring somebody new.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use super::book::Book;
use crate::{api::Api, souk::Ready, viewer::PATIENCE};

/// Who can send, and what stands for what.
pub(super) struct Stage {
    ready: Ready,
    callers: BTreeMap<String, Api>,
    names: BTreeMap<String, String>,
    rows_sent: usize,
    /// Whether the row is one of those that are sent many times.
    many: bool,
    /// What was not as the play says.
    pub(super) wrong: Vec<String>,
}

/// What came back.
pub(super) struct Came {
    pub(super) status: u16,
    headers: HeaderMap,
    text: String,
    body: Value,
}

impl Came {
    pub(super) fn code(&self) -> Option<&str> {
        self.body["code"].as_str().filter(|_| self.status >= 400)
    }

    /// As a row puts it.
    fn said(&self) -> String {
        match self.code() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    fn part(&self, place: &str) -> Option<String> {
        let (kind, rest) = place.split_at(1);
        match kind {
            "/" => match self.body.pointer(place)? {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            },
            "@" => Some(self.headers.get(rest)?.to_str().ok()?.to_owned()),
            _ => {
                let from = &self.text[self.text.find(rest)?..];
                let word = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
                let behind = from.split_once('#')?.1.chars();
                Some(behind.take_while(|letter| word(*letter)).collect())
            }
        }
    }
}

impl Stage {
    pub(super) fn new(ready: &Ready) -> Self {
        Self {
            ready: ready.clone(),
            callers: BTreeMap::new(),
            names: BTreeMap::new(),
            rows_sent: 0,
            many: false,
            wrong: Vec::new(),
        }
    }

    pub(super) fn caller(&mut self, who: &str, api: Api) {
        self.callers.insert(who.to_owned(), api);
    }

    pub(super) fn name(&mut self, name: &str, value: impl Into<String>) {
        self.names.insert(name.to_owned(), value.into());
    }

    /// Plays it from the first row to the last, and notes every answer.
    pub(super) async fn play(&mut self, title: &str, rows: &str, book: &mut Book) {
        for row in rows.lines().map(str::trim) {
            if row.is_empty() || row.starts_with('#') {
                continue;
            }
            if let Some(said) = row.strip_prefix('@') {
                self.enter(said).await;
                continue;
            }
            let fields: Vec<&str> = row.split('|').map(str::trim).collect();
            let [what, ..] = fields[..] else {
                panic!("{title}: not a row: {row}");
            };
            let times = what.split_once("x ").and_then(|(n, _)| n.parse().ok());
            self.many = times.is_some();
            for _ in 0..times.unwrap_or(1) {
                if let Err(error) = self.row(&fields, book).await {
                    let row = fields[..3.min(fields.len())].join(" | ");
                    self.wrong.push(format!("{title}: {row}: {error}"));
                }
            }
        }
    }

    async fn enter(&mut self, said: &str) {
        let words: Vec<&str> = said.split_whitespace().collect();
        let api = match words[..] {
            ["register", _, email] => Api::registered(&self.ready, email).await,
            ["anonymous", _] => Api::anonymous(&self.ready),
            _ => panic!("not a direction: {said}"),
        };
        self.caller(words[1], api);
    }

    async fn row(&mut self, fields: &[&str], book: &mut Book) -> Result<(), String> {
        let [_, who, request, headers, body, answer] = fields[..] else {
            return Err("not a row".to_owned());
        };
        let (patient, answer) = match answer.strip_prefix("until ") {
            Some(rest) => (true, rest),
            None => (false, answer),
        };
        self.rows_sent += 1;
        let begun = Instant::now();
        loop {
            let came = self.send(who, request, headers, body, book).await?;
            let held = self.compare(&came, answer);
            if held.is_ok() || !patient || begun.elapsed() > PATIENCE {
                return held;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends a row's request and notes its answer.
    pub(super) async fn send(
        &self,
        who: &str,
        request: &str,
        headers: &str,
        body: &str,
        book: &mut Book,
    ) -> Result<Came, String> {
        let api = self.callers.get(who).ok_or("nobody is called so")?;
        let (method, path) = request.split_once(' ').ok_or("no request")?;
        let (path, own_key) = (self.fill(path.trim())?, format!("row-{}", self.rows_sent));
        let sending = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = api.request(sending, &path);
        let typed = headers.contains("content-type") || headers.contains("no-type");
        for header in headers.split("; ").map(str::trim) {
            match header.split_once(':') {
                Some((name, value)) => {
                    request = request.header(name.trim(), self.fill(value.trim())?);
                }
                None if header == "key" => request = request.header("idempotency-key", &own_key),
                None => {}
            }
        }
        if body != "-" {
            if !typed {
                request = request.header("content-type", "application/json");
            }
            request = request.body(self.fill(body)?);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let kind = headers.get("content-type");
        let endless = kind.is_some_and(|kind| kind == "text/event-stream");
        let text = match endless {
            true => String::new(),
            false => response.text().await.map_err(|error| error.to_string())?,
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let came = Came {
            status,
            headers,
            text,
            body,
        };
        book.note(method, &path, status, came.code());
        Ok(came)
    }

    fn compare(&mut self, came: &Came, answer: &str) -> Result<(), String> {
        let (said, parts): (Vec<&str>, Vec<&str>) = answer
            .split_whitespace()
            .partition(|word| !word.contains('='));
        if said == ["any"] && !self.many {
            let came = came.said();
            return Err(format!("any is for rows that are sent many times: {came}"));
        }
        if said != ["any"] && came.said() != said.join(" ") {
            return Err(format!(
                "{}, not {}: {}",
                came.said(),
                said.join(" "),
                came.text
            ));
        }
        for part in parts {
            let (left, right) = part.split_once('=').unwrap_or_default();
            if left.starts_with('/') {
                let (found, wanted) = (came.part(left), self.fill(right)?);
                let fits = match wanted.as_str() {
                    "*" => found.is_some(),
                    wanted => found.as_deref() == Some(wanted),
                };
                if !fits {
                    return Err(format!("{part}: {}", came.text));
                }
            } else {
                let found = came.part(right);
                let found = found.ok_or_else(|| format!("{part}: {}", came.text))?;
                self.name(left, found);
            }
        }
        Ok(())
    }

    /// A number that no row before had.
    pub(super) fn serial(&mut self) -> usize {
        self.rows_sent += 1;
        self.rows_sent
    }

    /// The text with every `$NAME` filled in; values may hold names themselves.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let Some((before, rest)) = text.split_once('$') else {
            return Ok(text.to_owned());
        };
        let capital = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
        let end = rest.find(|letter| !capital(letter) && letter != '_');
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let value = self.names.get(name).ok_or(format!("${name} is nothing"))?;
        Ok(format!("{before}{}{}", self.fill(value)?, self.fill(rest)?))
    }
}
