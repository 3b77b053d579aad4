//! What the document promises of every operation, what came back, and what is shown elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What any operation may answer, without saying so.
const ANYWHERE: [&str; 5] = [
    "405 method_not_allowed",
    "429 rate_limited",
    "500 internal",
    "503 busy",
    "503 unavailable",
];

struct Operation {
    method: String,
    path: String,
    promised: BTreeSet<String>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// How many words of the path are its own, if it is one of this operation.
    fn fits(&self, method: &str, path: &str) -> Option<usize> {
        let path = path.split('?').next().unwrap_or_default();
        let (words, places): (Vec<&str>, Vec<&str>) =
            (path.split('/').collect(), self.path.split('/').collect());
        let fits = |(word, place): (&&str, &&str)| word == place || place.starts_with('{');
        let all = words.len() == places.len() && words.iter().zip(&places).all(fits);
        let own = words
            .iter()
            .zip(&places)
            .filter(|(word, place)| word == place);
        (all && self.method == method).then(|| own.count())
    }
}

/// The promises of a document, and what became of them.
pub(super) struct Book {
    operations: Vec<Operation>,
    seen: BTreeMap<String, BTreeSet<String>>,
}

impl Book {
    pub(super) fn new(document: &Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                let promised = responses.iter().flat_map(|(status, response)| {
                    let codes = response["$ref"]
                        .as_str()
                        .and_then(|at| at.rsplit('/').next());
                    match codes {
                        Some(codes) => codes.split('.').map(|c| format!("{status} {c}")).collect(),
                        None if status == "default" => Vec::new(),
                        None => vec![status.clone()],
                    }
                });
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    promised: promised.collect(),
                });
            }
        }
        let seen = BTreeMap::new();
        Self { operations, seen }
    }

    /// Notes an answer; what is no operation of the document is no answer.
    pub(super) fn note(&mut self, method: &str, path: &str, status: u16, code: Option<&str>) {
        let fitting = self.operations.iter().filter_map(|operation| {
            let own = operation.fits(method, path)?;
            Some((own, operation.name()))
        });
        let Some((_, name)) = fitting.max() else {
            return;
        };
        let said = match code {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        };
        if !ANYWHERE.contains(&said.as_str()) {
            self.seen.entry(name).or_default().insert(said);
        }
    }

    /// What was promised and not seen, seen and not promised, or excused without need.
    ///
    /// An excuse is a row `METHOD path | status code, … | where it is shown, or why it cannot be`;
    /// `*` stands for every operation.
    pub(super) fn differences(&self, excuses: &str) -> Vec<String> {
        let rows = excuses.lines().map(str::trim);
        let rows = rows.filter(|row| !row.is_empty() && !row.starts_with('#'));
        let mut excused = BTreeMap::new();
        for row in rows {
            let fields: Vec<&str> = row.split('|').map(str::trim).collect();
            let [operation, answers, why] = fields[..] else {
                panic!("not an excuse: {row}");
            };
            assert!(!why.is_empty(), "{row}: why?");
            for answer in answers.split(", ") {
                excused.insert((operation.to_owned(), answer.to_owned()), false);
            }
        }
        let mut wrong = Vec::new();
        for operation in &self.operations {
            let name = operation.name();
            let seen = self.seen.get(&name).cloned().unwrap_or_default();
            for answer in operation.promised.difference(&seen) {
                let excuse = excused.get_mut(&(name.clone(), answer.clone()));
                match excuse {
                    Some(used) => *used = true,
                    None => wrong.push(format!("promised, never seen: {name}: {answer}")),
                }
            }
            for answer in seen.difference(&operation.promised) {
                wrong.push(format!("not documented: {name}: {answer}"));
            }
        }
        let idle = excused.into_iter().filter(|(_, used)| !used);
        wrong.extend(idle.map(|((name, answer), _)| format!("idle excuse: {name}: {answer}")));
        wrong
    }
}

#[test]
fn a_promise_that_nobody_saw_and_an_answer_that_nobody_promised_are_noticed() {
    let at = |codes: &str| serde_json::json!({ "$ref": format!("#/components/responses/{codes}") });
    let document = serde_json::json!({ "paths": {
        "/things/{id}": { "get": { "responses": {
            "200": {}, "404": at("not_found"), "409": at("conflict.out_of_stock"), "default": {},
        } } },
        "/things/best": { "get": { "responses": { "200": {} } } },
    } });
    let mut book = Book::new(&document);
    book.note("GET", "/things/7?full=1", 200, None);
    book.note("GET", "/things/7", 409, Some("conflict"));
    book.note("GET", "/things/7", 503, Some("busy"));
    book.note("GET", "/things/best", 200, None);
    book.note("GET", "/elsewhere", 404, Some("not_found"));
    let elsewhere = "GET /things/{id} | 404 not_found | things.rs\n";
    assert_eq!(
        book.differences(elsewhere),
        ["promised, never seen: GET /things/{id}: 409 out_of_stock"]
    );
    book.note("GET", "/things/7", 409, Some("out_of_stock"));
    assert!(book.differences(elsewhere).is_empty());
    book.note("GET", "/things/7", 404, Some("not_found"));
    book.note("GET", "/things/best", 410, Some("token_spent"));
    assert_eq!(
        book.differences(elsewhere),
        [
            "not documented: GET /things/best: 410 token_spent",
            "idle excuse: GET /things/{id}: 404 not_found",
        ]
    );
}
