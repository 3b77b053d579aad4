//! Where the parcels of an order go.

use axum::{Json, extract::State};
use serde::Deserialize;
use signaling_wire::{AddressId, OrderId, PostalAddress, Problem};
use utoipa::ToSchema;

use crate::{
    error::Answer,
    extract::{Fields, Id, User},
    state::App,
};

/// An address that the caller keeps, or another one.
#[derive(Deserialize, ToSchema)]
#[schema(as = ShipTo)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ShipTo {
    AddressId(AddressId),
    Address(Box<PostalAddress>),
}

/// Where the parcels of an order go: for its buyer, and for those who handle the seller's orders.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/ship-to",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PostalAddress),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn ship_to(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PostalAddress>> {
    let found = app.commerce.ship_to(user.actor(), id).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// Says where the parcels of an order's whole checkout go, until a seller of it begins to pack.
#[utoipa::path(
    put,
    path = "/api/orders/{id}/ship-to",
    security(("user" = [])),
    request_body = ShipTo,
    responses(
        (status = 200, description = "Done.", body = PostalAddress),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn set_ship_to(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
    Fields(wanted): Fields<ShipTo>,
) -> Answer<Json<PostalAddress>> {
    let buyer = user.0.user;
    let address = match wanted {
        ShipTo::Address(address) => *address,
        ShipTo::AddressId(kept) => {
            let kept = app.accounts.address(buyer, kept).await;
            kept.map_err(Problem::from)?.address
        }
    };
    let kept = app.commerce.set_ship_to(buyer, id, address).await;
    Ok(Json(kept.map_err(Problem::from)?))
}
