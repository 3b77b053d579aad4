//! The OpenAPI 3.1 document: put together from the handlers, served as JSON and as a page.
//!
//! A copy is committed (`web/server/openapi.json`), with the types of the front end's client
//! (`web/app/src/api/schema.ts`). A test fails while either differs from the handlers;
//! `SOUK_UPDATE_API=1 cargo test -p web-server openapi` writes both.

mod page;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod typescript;

use std::sync::LazyLock;

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use utoipa::openapi::{
    Components, OpenApi, RefOr,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::routes;

use signaling_wire::{Problem, problem::FieldError};

use crate::{
    router,
    routes::table::{Table, refusals},
};

/// What readers are told first.
const ABOUT: &str = "JSON in snake_case, times in milliseconds since 1970, money in minor units. \
    Refusals are `application/problem+json` with a stable `code`; each operation names its own. Lists are pages: pass \
    `next_cursor` back as `cursor`. Sign in at `/api/auth/login` and send the access token as \
    `Authorization: Bearer`.";

struct Served {
    json: String,
    page: String,
}

static SERVED: LazyLock<Served> = LazyLock::new(|| {
    let value = document();
    Served {
        json: value.to_string(),
        page: page::render(&value),
    }
});

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(as_json))
        .on(routes!(as_page))
        .on(routes!(style))
}

/// The whole document.
fn document() -> Value {
    let (mut document, _) = router::document();
    describe(&mut document);
    let mut value = serde_json::to_value(&document).unwrap_or(Value::Null);
    // Facts of a code stand beside the fixed fields, whatever they are called.
    value["components"]["schemas"]["Problem"]["additionalProperties"] = json!(true);
    value["components"]["responses"] = refusals::components(&value);
    value
}

fn describe(document: &mut OpenApi) {
    document.info.title = "Souk".to_owned();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(ABOUT.to_owned());
    let components = document.components.get_or_insert_with(Components::new);
    let mut add = |name: std::borrow::Cow<'static, str>, schema: RefOr<_>| {
        components.schemas.insert(name.into_owned(), schema);
    };
    add(Problem::name(), Problem::schema());
    add(FieldError::name(), FieldError::schema());
    add(signaling_wire::Code::name(), signaling_wire::Code::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("user", SecurityScheme::Http(bearer));
    let cookie = ApiKeyValue::new("__Secure-souk_refresh");
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = 200, body = Value)))]
async fn as_json() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, SERVED.json.as_str()).into_response()
}

/// This document, to be read.
#[utoipa::path(get, path = "/api/docs", responses((status = 200, body = String, content_type = "text/html")))]
async fn as_page() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, SERVED.page.as_str()).into_response()
}

/// How the page looks.
#[utoipa::path(get, path = "/api/docs.css", responses((status = 200, body = String, content_type = "text/css")))]
async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("openapi/page.css")).into_response()
}
