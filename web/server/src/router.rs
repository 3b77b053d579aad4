//! The table of routes. One line per noun; rights are asked for by the extractors of the handlers.

use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

use crate::{
    assets,
    error::Refusal,
    openapi, rate,
    routes::{
        admin, auth, cards, cart, categories, coupons, credentials, events, health, inventory,
        mailbox, members, orders, payments, products, refund_approvals, reviews, sales,
        second_factor, selling, streams, table::Table, users, variants, webhooks, whep,
        whep_extensions, whip, wishlist,
    },
    security,
    state::App,
    telemetry,
};

/// All paths, with everything that stands around them.
pub(crate) fn router(app: App) -> Router {
    let (api, ..) = api().split();
    let (media, ..) = media().split();
    let (health, ..) = health::routes().split();
    Router::new()
        .merge(
            api.layer(middleware::from_fn_with_state(app.clone(), rate::admit))
                .layer(middleware::from_fn_with_state(
                    app.clone(),
                    security::api_cors,
                )),
        )
        .merge(media.layer(middleware::from_fn(security::media_cors)))
        .merge(health)
        .merge(mailbox::routes())
        .fallback(assets::serve)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            security::headers,
        ))
        .layer(middleware::from_fn(telemetry::request))
        .with_state(app)
}

/// What the document says of all paths, and the names that stand for two different types.
pub(crate) fn document() -> (OpenApi, Vec<String>) {
    let all = api().and(media()).and(health::routes());
    let (_, document, clashes) = all.split();
    (document, clashes)
}

/// The paths that answer pages of our own and of listed origins.
fn api() -> Table {
    Table::new()
        .and(openapi::routes())
        .and(auth::routes())
        .and(members::routes())
        .and(credentials::routes())
        .and(second_factor::routes())
        .and(users::routes())
        .and(categories::routes())
        .and(products::routes())
        .and(variants::routes())
        .and(inventory::routes())
        .and(reviews::routes())
        .and(wishlist::routes())
        .and(cart::routes())
        .and(coupons::routes())
        .and(webhooks::routes())
        .and(streams::routes())
        .and(cards::routes())
        .and(events::routes())
        .and(sales::routes())
        .and(orders::routes())
        .and(selling::routes())
        .and(payments::routes())
        .and(refund_approvals::routes())
        .and(admin::routes())
}

/// The paths that answer any page.
fn media() -> Table {
    Table::new()
        .and(whip::routes())
        .and(whep::routes())
        .and(whep_extensions::routes())
}

async fn method_not_allowed() -> Refusal {
    Refusal::new(signaling_wire::Code::MethodNotAllowed, "")
}

/// A bug in a handler ends its request, not the server.
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    use axum::response::IntoResponse;
    Refusal::internal(&"a handler panicked").into_response()
}
