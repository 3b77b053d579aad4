//! What an operation may be refused with, in the document: an answer for each status, named after
//! its codes, as in `#/components/responses/out_of_stock.price_changed`.
//!
//! A handler names its own codes, in `responses((status = 409, description = "out_of_stock"))`.
//! What follows from the form of the operation is added here: a body can be malformed, a header can
//! be missing, a path can name nothing. `default` stands for what can happen anywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use signaling_wire::{Code, Problem};
use utoipa::{
    ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, path::Operation},
};

use crate::extract::is_administration;

/// Replaces the codes of an operation by references; returns those that are none.
pub(super) fn complete(operation: &mut Operation, method: &str, path: &str) -> Vec<String> {
    let mut named = BTreeSet::new();
    operation.responses.responses.retain(|status, response| {
        let refused = status.starts_with(['4', '5']);
        if let (true, RefOr::T(response)) = (refused, response) {
            named.extend(response.description.split_whitespace().map(str::to_owned));
        }
        !refused
    });
    let by_form =
        serde_json::to_value(&*operation).map_or(Vec::new(), |form| implied(&form, method, path));
    named.extend(by_form.into_iter().map(str::to_owned));
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    let mut unknown = Vec::new();
    for name in named {
        match Code::ALL.iter().find(|code| code.key() == name) {
            Some(code) => by_status.entry(code.status()).or_default().push(code.key()),
            None => unknown.push(name),
        }
    }
    let responses = &mut operation.responses.responses;
    for (status, codes) in by_status {
        let name = Ref::from_response_name(codes.join("."));
        responses.insert(status.to_string(), name.into());
    }
    responses.insert("default".to_owned(), anywhere().into());
    unknown
}

/// What follows from an operation's form.
fn implied(operation: &Value, method: &str, path: &str) -> Vec<&'static str> {
    let mut codes = Vec::new();
    if operation["security"][0].get("user").is_some() {
        codes.extend(["unauthenticated", "invalid_token"]);
    }
    if is_administration(path) && !codes.is_empty() {
        codes.push("second_factor_missing");
        if method != "get" {
            codes.push("fresh_login_required");
        }
    }
    let parameters = operation["parameters"].as_array();
    for parameter in parameters.into_iter().flatten() {
        match (parameter["in"].as_str(), parameter["name"].as_str()) {
            (Some("path"), _) => codes.push("not_found"),
            (Some("query"), _) => codes.push("validation_error"),
            (_, Some("If-Match")) => codes.extend(["precondition_required", "precondition_failed"]),
            (_, Some("Idempotency-Key")) => {
                codes.extend(["idempotency_key_missing", "bad_request"]);
            }
            _ => {}
        }
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if path.starts_with("/api/") && body.get("$ref").is_some() {
        codes.extend(["invalid_json", "validation_error"]);
        codes.extend(["payload_too_large", "unsupported_media_type"]);
    }
    codes
}

/// What any request may meet.
fn anywhere() -> Response {
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Problem::name())))
        .build();
    ResponseBuilder::new()
        .description(
            "Refused; `code` says why. Beside the codes of this operation: `rate_limited`, \
             `internal`, `busy`, `unavailable`.",
        )
        .content("application/problem+json", problem)
        .build()
}

/// The answers that the operations of a document refer to.
pub(crate) fn components(document: &Value) -> Value {
    let mut answers = serde_json::Map::new();
    let operations = document["paths"].as_object().into_iter().flatten();
    let operations = operations.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let responses =
        operations.flat_map(|(_, operation)| operation["responses"].as_object().into_iter());
    for response in responses.flat_map(|responses| responses.values()) {
        let place = response["$ref"].as_str().unwrap_or_default();
        let Some(name) = place.strip_prefix("#/components/responses/") else {
            continue;
        };
        let codes = Code::ALL.iter();
        let codes = codes.filter(|code| name.split('.').any(|key| key == code.key()));
        let about = codes.map(|code| format!("`{}`: {}.", code.key(), code.title()));
        let about: Vec<String> = about.collect();
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let answer = json!({
            "description": about.join(" "),
            "content": { "application/problem+json": { "schema": schema } },
        });
        answers.insert(name.to_owned(), answer);
    }
    Value::Object(answers)
}
