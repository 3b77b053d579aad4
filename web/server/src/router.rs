//! The table of routes. One line per path; rights are asked for by the extractors of the handlers.

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    assets,
    error::Refusal,
    routes::{
        admin, auth, cards, events, health, offer, orders, payments, products, sales, session,
        streams, whep, whep_extensions, whip,
    },
    security,
    state::App,
    telemetry,
};

/// All paths, with everything that stands around them.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(api().layer(middleware::from_fn_with_state(
            app.clone(),
            security::api_cors,
        )))
        .merge(media().layer(middleware::from_fn(security::media_cors)))
        .merge(health())
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

fn health() -> Router<App> {
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/actuator/health", get(health::actuator))
        .route("/metrics", get(health::metrics))
}

fn media() -> Router<App> {
    let whip = get(whip::probe).patch(whip::patch).delete(whip::stop);
    let whep = get(whep::probe).patch(whep::patch).delete(whep::stop);
    Router::new()
        .route(
            "/whip",
            get(offer::probe)
                .options(offer::options)
                .post(whip::publish),
        )
        .route("/whip/sessions/{id}", whip.options(session::options))
        .route(
            "/whep/{stream}",
            get(whep::discover)
                .options(offer::options)
                .post(whep::watch),
        )
        .route("/whep/sessions/{id}", whep.options(session::options))
        .route(
            "/whep/sessions/{id}/events",
            post(whep_extensions::subscribe).options(whep_extensions::options),
        )
        .route(
            "/whep/sessions/{id}/events/{wanted}",
            get(whep_extensions::events).options(whep_extensions::options),
        )
        .route(
            "/whep/sessions/{id}/layer",
            post(whep_extensions::select_layer)
                .delete(whep_extensions::unselect_layer)
                .options(whep_extensions::options),
        )
}

fn api() -> Router<App> {
    Router::new()
        .route("/api/auth/register", post(auth::register))
        .route("/api/auth/login", post(auth::login))
        .route("/api/auth/refresh", post(auth::refresh))
        .route("/api/auth/logout", post(auth::logout))
        .route("/api/users/profile", get(auth::profile))
        .route("/api/sellers", post(products::create_seller))
        .route("/api/streams", get(streams::list).post(streams::create))
        .route("/api/streams/{id}", get(streams::show).delete(streams::end))
        .route("/api/streams/{id}/key", post(streams::rotate_key))
        .route(
            "/api/streams/{id}/publish-tickets",
            post(streams::issue_ticket),
        )
        .route("/api/streams/{id}/ingest", get(streams::ingest))
        .route("/api/streams/{id}/room", get(streams::room))
        .route("/api/streams/{id}/events", get(events::open))
        .route("/api/streams/{id}/cards", get(cards::list).post(cards::add))
        .route("/api/streams/{id}/cards/{card}/pin", post(cards::pin))
        .route("/api/streams/{id}/cards/{card}/unpin", post(cards::unpin))
        .route("/api/products", get(products::list).post(products::create))
        .route("/api/products/{id}", get(products::show))
        .route(
            "/api/products/{id}/stock-adjustments",
            post(products::adjust),
        )
        .route("/api/sales", post(sales::create))
        .route("/api/sales/{id}", get(sales::show))
        .route("/api/sales/{id}/open", post(sales::open))
        .route("/api/sales/{id}/pause", post(sales::pause))
        .route("/api/sales/{id}/close", post(sales::close))
        .route(
            "/api/sales/{id}/items/{product}/allocations",
            post(sales::allocate),
        )
        .route("/api/orders", get(orders::list).post(orders::place))
        .route("/api/orders/{id}", get(orders::show))
        .route("/api/orders/{id}/events", get(orders::events))
        .route("/api/admin/broadcasts", get(admin::list))
        .route("/api/admin/broadcasts/{stream}", get(admin::show))
        .route("/api/payments/{id}", get(payments::show))
        .route("/api/payments/{id}/sandbox", post(payments::authorize))
        .route("/api/payments/{id}/confirm", post(payments::confirm))
        .route("/api/webhooks/portone/v2", post(payments::webhook))
}

async fn method_not_allowed() -> Refusal {
    Refusal::new(signaling_wire::Code::MethodNotAllowed, "")
}

/// A bug in a handler ends its request, not the server.
fn panicked(_: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    use axum::response::IntoResponse;
    Refusal::internal(&"a handler panicked").into_response()
}
