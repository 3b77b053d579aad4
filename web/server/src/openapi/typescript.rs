//! The document as TypeScript: one type for each schema, and one entry for each operation with its
//! path, query, body and answer. The front end's `api/http.ts` takes calls by these entries.

use serde_json::Value;

const HEAD: &str = "// @generated from the handlers of web/server, with its openapi.json. Not edited by hand:\n\
    // SOUK_UPDATE_API=1 cargo test -p web-server openapi\n\n";

/// The whole file.
pub(super) fn render(document: &Value) -> String {
    let mut file = String::from(HEAD);
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        file.push_str(&format!("export type {name} = {}\n", shape(schema)));
    }
    file.push_str("\nexport interface Operations {\n");
    let paths = document["paths"].as_object();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let method = method.to_uppercase();
            file.push_str(&format!("  '{method} {path}': {}\n", entry(operation)));
        }
    }
    file.push_str("}\n");
    file
}

/// `{ path, query, body, answer }`; what an operation does not take is `undefined`.
fn entry(operation: &Value) -> String {
    let parameters = |place: &str| {
        let all = operation["parameters"].as_array().into_iter().flatten();
        let fields: Vec<String> = all
            .filter(|parameter| parameter["in"] == place)
            .map(|parameter| {
                let required = parameter["required"] == true;
                let name = parameter["name"].as_str().unwrap_or_default();
                field(name, &parameter["schema"], required)
            })
            .collect();
        match fields.is_empty() {
            true => "undefined".to_owned(),
            false => format!("{{ {} }}", fields.join("; ")),
        }
    };
    let answers = operation["responses"].as_object().into_iter().flatten();
    let good = answers.filter(|(status, _)| status.starts_with('2'));
    let mut answers: Vec<String> = good.map(|(_, answer)| content(answer, "null")).collect();
    answers.dedup();
    format!(
        "{{ path: {}; query: {}; body: {}; answer: {} }}",
        parameters("path"),
        parameters("query"),
        content(&operation["requestBody"], "undefined"),
        answers.join(" | ")
    )
}

fn content(message: &Value, none: &str) -> String {
    match message["content"]
        .as_object()
        .and_then(|content| content.iter().next())
    {
        Some((kind, content)) if kind == "application/json" => shape(&content["schema"]),
        Some(_) => "string".to_owned(),
        None => none.to_owned(),
    }
}

fn field(name: &str, schema: &Value, required: bool) -> String {
    let plain = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let name = if plain {
        name.to_owned()
    } else {
        format!("'{name}'")
    };
    let mark = if required { "" } else { "?" };
    format!("{name}{mark}: {}", shape(schema))
}

fn shape(schema: &Value) -> String {
    if let Some(path) = schema["$ref"].as_str() {
        return path.rsplit('/').next().unwrap_or_default().to_owned();
    }
    for (key, between) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = schema[key].as_array() {
            let parts: Vec<String> = parts.iter().map(shape).collect();
            return format!("({})", parts.join(between));
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.to_string().replace('"', "'"))
            .collect();
        return words.join(" | ");
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| of_type(kind, schema)).collect();
            format!("({})", kinds.join(" | "))
        }
        kind => of_type(kind, schema),
    }
}

fn of_type(kind: &Value, schema: &Value) -> String {
    match kind.as_str() {
        Some("string") => "string".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "boolean".to_owned(),
        Some("null") => "null".to_owned(),
        Some("array") => format!("Array<{}>", shape(&schema["items"])),
        Some("object") => object(schema),
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else {
        let values = match &schema["additionalProperties"] {
            values @ Value::Object(_) => shape(values),
            _ => "unknown".to_owned(),
        };
        return format!("Record<string, {values}>");
    };
    let required = |name: &str| {
        let names = schema["required"].as_array();
        names.is_some_and(|names| names.iter().any(|known| known == name))
    };
    let fields = properties
        .iter()
        .map(|(name, schema)| field(name, schema, required(name)));
    let fields: Vec<String> = fields.collect();
    format!("{{ {} }}", fields.join("; "))
}
