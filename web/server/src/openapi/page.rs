//! The document as one HTML page: no script, nothing from elsewhere, so it passes our own policy.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;

/// The page.
pub(super) fn render(document: &Value) -> String {
    let mut by_noun: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for row in rows(document) {
        let noun = row.operation["tags"][0].as_str().unwrap_or_default();
        by_noun.entry(noun).or_default().push(row);
    }
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Souk API</title>\
         <link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body>",
    );
    let info = &document["info"];
    let about = escape(info["description"].as_str().unwrap_or_default());
    let version = escape(info["version"].as_str().unwrap_or_default());
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<h1>Souk API {version}</h1><p>{about}</p><p><a href=\"/api/openapi.json\">openapi.json</a></p>"
    );
    for (noun, rows) in by_noun {
        let _ = write!(page, "<h2>{}</h2>", escape(noun));
        for row in rows {
            row.write(&mut page);
        }
    }
    page.push_str("<h2>Types</h2>");
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        let (name, text) = (escape(name), escape(&text));
        let _ = write!(
            page,
            "<details id=\"{name}\"><summary><code>{name}</code></summary><pre>{text}</pre></details>"
        );
    }
    page.push_str("</body></html>");
    page
}

struct Row<'a> {
    method: &'a str,
    path: &'a str,
    operation: &'a Value,
}

fn rows(document: &Value) -> impl Iterator<Item = Row<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| Row {
            method,
            path,
            operation,
        })
    })
}

impl Row<'_> {
    fn write(&self, page: &mut String) {
        let lock = match self.operation["security"].is_array() {
            true => " class=\"locked\"",
            false => "",
        };
        let summary = self.operation["summary"].as_str().unwrap_or_default();
        let (method, path, summary) = (escape(self.method), escape(self.path), escape(summary));
        let _ = write!(
            page,
            "<details><summary{lock}><span class=\"method\">{method}</span> \
             <code>{path}</code> {summary}</summary>"
        );
        if let Some(more) = self.operation["description"].as_str() {
            let _ = write!(page, "<p>{}</p>", escape(more));
        }
        for parameter in self.operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = |key: &str| escape(parameter[key].as_str().unwrap_or_default());
            let (name, place, about) = (text("name"), text("in"), text("description"));
            let _ = write!(page, "<p><code>{name}</code> ({place}) {about}</p>");
        }
        content(page, "Body", &self.operation["requestBody"]);
        for (status, answer) in self.operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
        {
            // A reference to a refusal is named after its codes.
            let codes = answer["$ref"].as_str().and_then(|at| at.rsplit('/').next());
            let about = match codes {
                Some(codes) => codes.replace('.', ", "),
                None => answer["description"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            };
            let _ = write!(page, "<p><b>{}</b> {}</p>", escape(status), escape(&about));
            content(page, "Answer", answer);
        }
        page.push_str("</details>");
    }
}

/// The types of a body or an answer, those with a name as links.
fn content(page: &mut String, title: &str, message: &Value) {
    for (kind, content) in message["content"].as_object().into_iter().flatten() {
        let schema = &content["schema"];
        let name = schema["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        let shown = match name {
            Some(name) => {
                let name = escape(name);
                format!("<a href=\"#{name}\"><code>{name}</code></a>")
            }
            None => format!("<code>{}</code>", escape(&schema.to_string())),
        };
        let _ = write!(
            page,
            "<p>{title}: {shown} <code>{}</code></p>",
            escape(kind)
        );
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
