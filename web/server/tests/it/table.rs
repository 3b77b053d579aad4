//! Refusals as a table of text: who sends what, and with which status and code it comes back.
//!
//! A row is `what | who | METHOD path | name: value; … | body | status code`; `-` is nothing, and
//! `$NAME` stands for a value of the test, filled in in the order of the names. A body without a content type of its own is JSON.

use reqwest::{Method, Response};

use crate::api::{Api, refusal};

/// What a table's rows may name.
#[derive(Default)]
pub(crate) struct Table {
    callers: Vec<(&'static str, Api)>,
    names: Vec<(&'static str, String)>,
}

impl Table {
    /// Somebody who sends requests.
    pub(crate) fn caller(mut self, who: &'static str, api: &Api) -> Self {
        self.callers.push((who, api.clone()));
        self
    }

    /// A value to be named by `$NAME`.
    pub(crate) fn name(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.names.push((name, value.into()));
        self
    }

    /// Everything of another table, after what is here.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.callers.extend(other.callers);
        self.names.extend(other.names);
        self
    }

    /// Sends every row and looks at what comes back.
    pub(crate) async fn assert_refused(&self, rows: &str) {
        let rows = rows.lines().map(str::trim).filter(|row| !row.is_empty());
        for row in rows {
            let fields: Vec<&str> = row.split('|').map(str::trim).collect();
            let [what, who, request, headers, body, expected] = fields[..] else {
                panic!("not a row: {row}");
            };
            let (status, said) = refusal(self.send(who, request, headers, body).await).await;
            assert_eq!(format!("{} {said}", status.as_u16()), expected, "{what}");
        }
    }

    async fn send(&self, who: &str, request: &str, headers: &str, body: &str) -> Response {
        let caller = self.callers.iter().find(|(name, _)| *name == who);
        let (_, api) = caller.unwrap_or_else(|| panic!("nobody is called {who}"));
        let (method, path) = request.split_once(' ').unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = api.request(method, &self.fill(path));
        let typed = headers.contains("content-type") || headers.contains("no-type");
        for header in headers.split("; ").filter(|header| header.contains(':')) {
            let (name, value) = header.split_once(':').unwrap();
            request = request.header(name.trim(), self.fill(value.trim()));
        }
        if body != "-" {
            if !typed {
                request = request.header("content-type", "application/json");
            }
            request = request.body(self.fill(body));
        }
        request.send().await.unwrap()
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(&format!("${name}"), value);
        }
        filled
    }
}
