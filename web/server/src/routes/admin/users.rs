//! `/api/admin/users`: accounts, their suspension and their role.

use axum::{Json, extract::State};
use commerce_service::Membership;
use serde::{Deserialize, Serialize};
use signaling_wire::{Problem, UserId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use web_accounts::{AccountError, Person, PersonStatus, Role};

use crate::{
    error::{Answer, Refusal},
    extract::{Admin, Fields, Id, Query},
    routes::{
        page::{PageView, checked},
        table::Table,
    },
    state::App,
};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new()
        .on(routes!(list))
        .on(routes!(show))
        .on(routes!(set_status))
        .on(routes!(set_role))
}

/// Which accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct People {
    #[serde(default)]
    #[param(inline)]
    status: Option<PersonStatus>,
    #[serde(default)]
    #[param(inline)]
    role: Option<Role>,
    /// The one with this address; nothing else is looked at then.
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Accounts, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/users",
    security(("user" = [])),
    params(People),
    responses(
        (status = 200, description = "Done.", body = PageView<Person>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<People>,
) -> Answer<Json<PageView<Person>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    if let Some(email) = query.email {
        let found = match app.accounts.find_by_email(&email).await {
            Ok(person) => vec![person],
            Err(AccountError::NotFound) => Vec::new(),
            Err(error) => return Err(Problem::from(error).into()),
        };
        return Ok(Json(PageView::whole(found)));
    }
    let before = cursor.map(|text| text.parse::<UserId>()).transpose();
    let before = before.map_err(|_| Refusal::no_cursor())?;
    let people = app
        .accounts
        .people(query.status, query.role, before, limit + 1)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::cut(people, limit, |person| {
        person.id.to_string()
    })))
}

/// An account and what it is for sellers.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonDetail {
    #[serde(flatten)]
    person: Person,
    /// What it is for which sellers.
    memberships: Vec<Membership>,
}

/// One account.
#[utoipa::path(
    get,
    path = "/api/admin/users/{id}",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PersonDetail),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    _: Admin,
    Id(id): Id<UserId>,
) -> Answer<Json<PersonDetail>> {
    detail(&app, id).await
}

/// Whether an account may sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusChange {
    /// It may not until it may again. Its sessions end at once.
    suspended: bool,
    /// Why, for the log.
    #[serde(default)]
    reason: String,
}

/// Suspends an account, or lets it sign in again. Nobody suspends themselves.
#[utoipa::path(
    put,
    path = "/api/admin/users/{id}/status",
    security(("user" = [])),
    request_body = StatusChange,
    responses(
        (status = 200, description = "Done.", body = PersonDetail),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn set_status(
    State(app): State<App>,
    Admin(claims): Admin,
    Id(id): Id<UserId>,
    Fields(change): Fields<StatusChange>,
) -> Answer<Json<PersonDetail>> {
    app.accounts
        .set_suspended(claims.user, id, change.suspended, &change.reason)
        .await
        .map_err(Problem::from)?;
    detail(&app, id).await
}

/// What an account may do on the platform.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleChange {
    role: Role,
    /// Why, for the log.
    #[serde(default)]
    reason: String,
}

/// Gives an account a role; its sessions end. Nobody changes their own.
#[utoipa::path(
    put,
    path = "/api/admin/users/{id}/role",
    security(("user" = [])),
    request_body = RoleChange,
    responses(
        (status = 200, description = "Done.", body = PersonDetail),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn set_role(
    State(app): State<App>,
    Admin(claims): Admin,
    Id(id): Id<UserId>,
    Fields(change): Fields<RoleChange>,
) -> Answer<Json<PersonDetail>> {
    app.accounts
        .set_role(claims.user, id, change.role, &change.reason)
        .await
        .map_err(Problem::from)?;
    detail(&app, id).await
}

async fn detail(app: &App, id: UserId) -> Answer<Json<PersonDetail>> {
    let person = app.accounts.find_person(id).await.map_err(Problem::from)?;
    let memberships = app.commerce.memberships(id).await.map_err(Problem::from)?;
    Ok(Json(PersonDetail {
        person,
        memberships,
    }))
}
