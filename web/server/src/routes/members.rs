//! `/api/sellers/{id}/members`: who acts for a seller, and as what.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use commerce_service::MemberRole;
use serde::Deserialize;
use signaling_wire::{Problem, SellerId, UserId};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::{Answer, Refusal},
    extract::{Fields, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new().on(routes!(set))
}

/// What a user is to be for a seller.
#[derive(Deserialize, ToSchema)]
#[schema(as = MemberChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Set {
    role: MemberRole,
}

/// Makes a user a member of a seller, or changes the role; for the owner.
#[utoipa::path(
    put,
    path = "/api/sellers/{id}/members/{user}",
    security(("user" = [])),
    request_body = Set,
    responses(
        (status = 204, description = "Done."),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn set(
    State(app): State<App>,
    caller: User,
    Path((seller, user)): Path<(String, String)>,
    Fields(set): Fields<Set>,
) -> Answer<StatusCode> {
    let (Ok(seller), Ok(user)) = (seller.parse::<SellerId>(), user.parse::<UserId>()) else {
        return Err(Refusal::not_found());
    };
    app.commerce
        .set_member(caller.actor(), seller, user, set.role)
        .await
        .map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
