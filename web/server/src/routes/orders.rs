//! `/api/orders`: buying, what was bought, and what is done about it. A purchase in a timed sale is
//! the twin of the `buy` frame, with the same key and the same result.

pub(crate) mod change;
pub(crate) mod claims;
pub(crate) mod ship_to;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use commerce_service::{Checkout, CheckoutItem, CheckoutSource, NewCheckout, OrderEvent};
use serde::{Deserialize, Serialize};
use signaling_wire::{
    Code, Money, OrderGroupId, OrderId, Problem, ProductId, SaleId, VariantId,
    frame::shop::{Buy, Order},
};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{
    page::{PageQuery, PageView},
    table::Table,
};
use crate::{
    error::Answer,
    extract::{Fields, Id, IdempotencyKey, Query, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, place))
        .on(routes!(show, change::change))
        .on(routes!(events))
        .on(routes!(change::cancel))
        .on(routes!(change::confirm_purchase))
        .on(routes!(claims::send_back))
        .on(routes!(claims::exchange))
        .on(routes!(claims::list))
        .on(routes!(claims::withdraw))
        .on(routes!(change::tracking))
        .on(routes!(change::refunds))
        .on(routes!(ship_to::ship_to, ship_to::set_ship_to))
        .on(routes!(checkout))
}

/// What is bought: a product of a timed sale, or a list of variants, or the cart.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewOrder)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The timed sale; with it `product_id` and `quantity`.
    #[serde(default)]
    sale_id: Option<SaleId>,
    #[serde(default)]
    product_id: Option<ProductId>,
    /// Which of the product's variants; may be left out where there is one.
    #[serde(default)]
    variant_id: Option<VariantId>,
    #[serde(default)]
    quantity: Option<u32>,
    /// The price per unit that the buyer saw.
    #[serde(default)]
    expected_unit_price: Option<Money>,
    /// The lease of the price, of `POST /api/sales/{id}/leases`.
    #[serde(default)]
    lease: Option<String>,
    /// Variants off the shelf.
    #[serde(default)]
    items: Option<Vec<CheckoutItem>>,
    /// `true` buys what lies in the cart.
    #[serde(default)]
    cart: bool,
    #[serde(default)]
    coupon: Option<String>,
    /// The total that the buyer saw.
    #[serde(default)]
    expected_total: Option<Money>,
}

/// A purchase in a timed sale makes an order, a checkout makes one order per seller.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Made {
    Order(Box<Order>),
    Checkout(Checkout),
}

enum Wanted {
    Sale(Buy),
    Shelf(NewCheckout),
}

impl Place {
    /// Exactly one kind of purchase, whole.
    fn wanted(self, key: String) -> Answer<Wanted> {
        let refuse = |pointer: &str, detail: &str| {
            let problem = Problem::new(Code::ValidationError, "");
            Err(problem.with_field(pointer, "required", detail).into())
        };
        let sale = self.sale_id.is_some();
        let kinds = [sale, self.items.is_some(), self.cart];
        if kinds.into_iter().filter(|kind| *kind).count() != 1 {
            return refuse("/", "one of sale_id, items and cart is needed");
        }
        if !sale {
            if self.lease.is_some() {
                return refuse("/sale_id", "a lease is of a price in a sale");
            }
            if self.product_id.is_some() || self.quantity.is_some() {
                return refuse("/sale_id", "product_id and quantity are those of a sale");
            }
            return Ok(Wanted::Shelf(NewCheckout {
                source: match self.items {
                    Some(items) => CheckoutSource::Items(items),
                    None => CheckoutSource::Cart,
                },
                coupon: self.coupon,
                expected_total: self.expected_total,
                key,
            }));
        }
        let (Some(sale_id), Some(product_id)) = (self.sale_id, self.product_id) else {
            return refuse("/product_id", "is missing");
        };
        let Some(quantity) = self.quantity else {
            return refuse("/quantity", "is missing");
        };
        if self.coupon.is_some() || self.expected_total.is_some() {
            return refuse("/items", "coupons and totals are those of a checkout");
        }
        Ok(Wanted::Sale(Buy {
            key,
            sale_id,
            product_id,
            variant_id: self.variant_id,
            quantity,
            expected_unit_price: self.expected_unit_price,
            lease: self.lease,
        }))
    }
}

/// Buys: in a timed sale (the twin of the `buy` frame), a list of variants, or the cart. Prices and
/// totals are the server's; those in the body are only compared.
#[utoipa::path(
    post,
    path = "/api/orders",
    security(("user" = [])),
    params(("Idempotency-Key" = String, Header, description = "Made by the caller; a repeat gets the first answer.")),
    request_body = Place,
    responses(
        (status = 201, description = "Made.", body = Made),
        (status = 403, description = "banned"),
        (status = 404, description = "not_found"),
        (status = 409, description = "cart_changed out_of_stock per_buyer_limit price_changed sale_not_open"),
        (status = 410, description = "offer_expired"),
        (status = 422, description = "coupon_refused idempotency_key_reused offer_invalid variant_required"),
    ),
)]
pub(crate) async fn place(
    State(app): State<App>,
    user: User,
    IdempotencyKey(key): IdempotencyKey,
    Fields(place): Fields<Place>,
) -> Answer<Response> {
    let (location, made, replayed) = match place.wanted(key)? {
        Wanted::Sale(buy) => {
            let placed = app.commerce.buy(user.0.user, buy).await;
            let placed = placed.map_err(Problem::from)?;
            let location = format!("/api/orders/{}", placed.order.id);
            (
                location,
                Made::Order(Box::new(placed.order)),
                placed.replayed,
            )
        }
        Wanted::Shelf(new) => {
            let placed = app.commerce.checkout(user.0.user, new).await;
            let placed = placed.map_err(Problem::from)?;
            let replayed = placed.replayed;
            let location = format!("/api/checkouts/{}", placed.id);
            (location, Made::Checkout(placed), replayed)
        }
    };
    let location = [(header::LOCATION, location)];
    let mut response = (StatusCode::CREATED, location, Json(made)).into_response();
    if replayed {
        let replayed = HeaderName::from_static("idempotent-replayed");
        response
            .headers_mut()
            .insert(replayed, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// One of the caller's checkouts: its orders and what is to be paid for them.
#[utoipa::path(
    get,
    path = "/api/checkouts/{id}",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = Checkout)),
)]
pub(crate) async fn checkout(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderGroupId>,
) -> Answer<Json<Checkout>> {
    let found = app.commerce.find_checkout(user.0.user, id).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// The caller's orders, the newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    params(PageQuery),
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PageView<Order>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<Order>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .orders(user.0.user, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |order| order)))
}

/// One of the caller's orders.
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Order),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<Order>> {
    Ok(Json(
        app.commerce
            .order_for(user.actor(), id)
            .await
            .map_err(Problem::from)?,
    ))
}

/// What happened to an order, in order.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/events",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<OrderEvent>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn events(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PageView<OrderEvent>>> {
    let events = app
        .commerce
        .order_events(user.actor(), id)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::whole(events)))
}
