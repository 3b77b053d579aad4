//! What follows from an operation's form, asked of every operation: without a token and with a
//! wrong one, without the headers that it needs, with a body that is none, with ids that name
//! nothing, and by those who may not.

use serde_json::Value;

use super::book::Book;
use crate::matrix::{Fixture, Row, is_of, rows};

/// Larger than any JSON body.
const LARGE: usize = 70_000;

struct Asking<'a> {
    shop: &'a Fixture,
    book: &'a mut Book,
    wrong: Vec<String>,
}

/// Asks all of it; returns what was answered otherwise.
pub(super) async fn ask(shop: &Fixture, document: &Value, book: &mut Book) -> Vec<String> {
    let rows = rows();
    let mut asking = Asking {
        shop,
        book,
        wrong: Vec::new(),
    };
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let found = rows
                .iter()
                .find(|row| row.method == method && is_of(&row.path, path));
            // The matrix notices one that is missing.
            if let Some(row) = found {
                asking.all_of(row, operation).await;
            }
        }
    }
    asking.wrong
}

impl Asking<'_> {
    async fn all_of(&mut self, row: &Row, operation: &Value) {
        let path = self.shop.fill(&row.path);
        let body = self.shop.fill(&row.body);
        let good = Sent {
            who: 7,
            path: &path,
            body: &body,
            kind: "application/json",
            key: Some("forms"),
            version: Some("\"1\""),
            token: None,
        };
        if operation["security"][0].get("user").is_some() {
            let nobody = Sent { who: 0, ..good };
            self.expect(row, nobody, "401 unauthenticated").await;
            let token = Some("Bearer garbage");
            self.expect(row, Sent { token, ..nobody }, "401 invalid_token")
                .await;
        }
        if row.path.contains('$') && row.path.starts_with("/api/") {
            let words = row.path.split('/');
            let words = words.map(|word| {
                if word.starts_with('$') {
                    "nonsense"
                } else {
                    word
                }
            });
            let path = words.collect::<Vec<_>>().join("/");
            let nowhere = Sent {
                path: &path,
                ..good
            };
            self.expect(row, nowhere, "404 not_found").await;
        }
        self.headers_of(row, operation, good).await;
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.get("$ref").is_some() && row.path.starts_with("/api/") {
            self.bodies_of(row, good).await;
        }
        for (who, letter) in row.rights.chars().enumerate() {
            if letter == 'x' {
                self.expect(row, Sent { who, ..good }, "403 forbidden")
                    .await;
            }
        }
    }

    async fn headers_of(&mut self, row: &Row, operation: &Value, good: Sent<'_>) {
        let parameters = operation["parameters"].as_array();
        let parameters: Vec<&Value> = parameters.into_iter().flatten().collect();
        let has = |name: &str| parameters.iter().any(|known| known["name"] == name);
        if has("Idempotency-Key") {
            let none = Sent { key: None, ..good };
            self.expect(row, none, "400 idempotency_key_missing").await;
            let odd = Sent {
                key: Some("a b"),
                ..good
            };
            self.expect(row, odd, "400 bad_request").await;
        }
        if has("If-Match") {
            let none = Sent {
                version: None,
                ..good
            };
            self.expect(row, none, "428 precondition_required").await;
            let odd = Sent {
                version: Some("none"),
                ..good
            };
            self.expect(row, odd, "412 precondition_failed").await;
        }
        if parameters.iter().any(|known| known["in"] == "query") {
            let path = format!("{}?nonsense=1", good.path);
            let odd = Sent {
                path: &path,
                ..good
            };
            self.expect(row, odd, "422 validation_error").await;
        }
    }

    async fn bodies_of(&mut self, row: &Row, good: Sent<'_>) {
        let large = format!("{{\"x\":\"{}\"}}", "a".repeat(LARGE));
        for (body, expected) in [
            ("{", "400 invalid_json"),
            (large.as_str(), "413 payload_too_large"),
            ("{\"nonsense\":1}", "422 validation_error"),
        ] {
            self.expect(row, Sent { body, ..good }, expected).await;
        }
        let text = Sent {
            kind: "text/plain",
            ..good
        };
        self.expect(row, text, "415 unsupported_media_type").await;
    }

    async fn expect(&mut self, row: &Row, sent: Sent<'_>, expected: &str) {
        let method = reqwest::Method::from_bytes(row.method.as_bytes()).unwrap();
        let mut request = self.shop.callers[sent.who].request(method, sent.path);
        for (name, value) in [
            ("idempotency-key", sent.key),
            ("if-match", sent.version),
            ("authorization", sent.token),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        if sent.body != "-" {
            let body = sent.body.to_owned();
            request = request.header("content-type", sent.kind).body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let problem: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let code = problem["code"].as_str();
        self.book.note(&row.method, sent.path, status, code);
        let said = format!("{status} {}", code.unwrap_or_default());
        if said != expected {
            let (method, path) = (&row.method, sent.path);
            self.wrong
                .push(format!("{method} {path}: {said}, not {expected}: {text}"));
        }
    }
}

/// A request, in which one thing is to be wrong.
#[derive(Clone, Copy)]
struct Sent<'a> {
    /// A place among the callers.
    who: usize,
    path: &'a str,
    body: &'a str,
    kind: &'a str,
    key: Option<&'a str>,
    version: Option<&'a str>,
    token: Option<&'a str>,
}
