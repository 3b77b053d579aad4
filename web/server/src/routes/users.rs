//! `/api/users`: the caller's profile, addresses, export and withdrawal.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use signaling_wire::{AddressId, Code, Problem};
use utoipa::ToSchema;
use utoipa_axum::routes;
use web_accounts::{Account, Address, AddressChange, NewAddress, ProfileChange};

use super::{
    auth::{Me, cleared, me},
    page::PageView,
    table::Table,
};
use crate::{
    error::{Answer, Refusal},
    extract::{Fields, Id, Program, User},
    limits,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(profile, change_profile))
        .on(routes!(withdraw))
        .on(routes!(export))
        .on(routes!(addresses, add_address))
        .on(routes!(address, change_address, remove_address))
}

/// An account with what is personal in it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileView {
    #[serde(flatten)]
    me: Me,
    /// Telephone number, if the person gave one.
    phone: Option<String>,
    /// Whether the shop may write about offers.
    marketing: bool,
    /// Milliseconds since 1970 of the registration.
    created_ms: u64,
}

/// Who the caller is, and for whom they act.
#[utoipa::path(
    get,
    path = "/api/users/profile",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = ProfileView)),
)]
pub(crate) async fn profile(State(app): State<App>, user: User) -> Answer<Response> {
    let account = app.accounts.account(user.0.user).await;
    shown(&app, account.map_err(Problem::from)?).await
}

/// Replaces the profile; with `If-Match`, only the version that it names.
#[utoipa::path(
    put,
    path = "/api/users/profile",
    security(("user" = [])),
    request_body = ProfileChange,
    responses((status = 200, description = "Done.", body = ProfileView)),
)]
pub(crate) async fn change_profile(
    State(app): State<App>,
    user: User,
    headers: HeaderMap,
    Fields(change): Fields<ProfileChange>,
) -> Answer<Response> {
    let expected = expected(&headers)?;
    let changed = app.accounts.change_profile(user.0.user, change, expected);
    shown(&app, changed.await.map_err(Problem::from)?).await
}

/// The version that the caller has seen.
fn expected(headers: &HeaderMap) -> Answer<Option<i64>> {
    let Some(tag) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Ok(None);
    }
    let version = tag
        .strip_prefix("\"v")
        .and_then(|tag| tag.strip_suffix('"'));
    match version.and_then(|version| version.parse().ok()) {
        Some(version) => Ok(Some(version)),
        // Not one of our tags, so it matches nothing.
        None => Err(Refusal::new(Code::PreconditionFailed, "")),
    }
}

async fn shown(app: &App, account: Account) -> Answer<Response> {
    let tag = HeaderValue::from_str(&format!("\"v{}\"", account.version));
    let tag = tag.map_err(|error| Refusal::internal(&error))?;
    let view = ProfileView {
        me: me(app, account.profile).await?,
        phone: account.phone,
        marketing: account.marketing,
        created_ms: account.created_ms,
    };
    Ok(([(header::ETAG, tag), no_store()], Json(view)).into_response())
}

const fn no_store() -> (header::HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// The password, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdraw {
    password: String,
}

/// Withdraws for good: the account is made anonymous and what is personal unreadable. Orders stay
/// for the legal term.
#[utoipa::path(
    delete,
    path = "/api/users/withdraw",
    security(("user" = [])),
    request_body = Withdraw,
    responses(
        (status = 204, description = "Done."),
        (status = 401, description = "invalid_credentials"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    Program(client): Program,
    user: User,
    Fields(withdraw): Fields<Withdraw>,
) -> Answer<Response> {
    super::auth::limit(&app, &client)?;
    // An order that was promised keeps its buyer from withdrawing as one that is written does.
    app.commerce.caught_up().await.map_err(Problem::from)?;
    let done = app
        .accounts
        .withdraw(user.0.user, &withdraw.password, client);
    done.await.map_err(Problem::from)?;
    let cookie = (header::SET_COOKIE, cleared(&app)?);
    Ok((StatusCode::NO_CONTENT, [cookie]).into_response())
}

/// Everything that is kept about the caller.
#[utoipa::path(
    get,
    path = "/api/users/me/export",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = Object)),
)]
pub(crate) async fn export(State(app): State<App>, user: User) -> Answer<Response> {
    app.rates.export.check(user.0.user)?;
    let known = app.accounts.export(user.0.user, &user.0.family).await;
    let known = serde_json::to_value(known.map_err(Problem::from)?);
    let known = known.map_err(|error| Refusal::internal(&error))?;
    let memberships = app.commerce.memberships(user.0.user).await;
    let mut orders: Vec<Value> = Vec::new();
    let mut cursor = None;
    for _ in 0..limits::EXPORT_PAGES_MAX {
        let page = app.commerce.orders(user.0.user, cursor.as_deref(), 100);
        let page = page.await.map_err(Problem::from)?;
        orders.extend(page.data.iter().map(|order| json!(order)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let all = json!({
        "account": known,
        "memberships": memberships.map_err(Problem::from)?,
        "orders": orders,
    });
    let attachment = HeaderValue::from_static("attachment; filename=\"souk-export.json\"");
    let headers = [(header::CONTENT_DISPOSITION, attachment), no_store()];
    Ok((headers, Json(all)).into_response())
}

/// The caller's addresses, the default first.
#[utoipa::path(
    get,
    path = "/api/users/addresses",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PageView<Address>)),
)]
pub(crate) async fn addresses(
    State(app): State<App>,
    user: User,
) -> Answer<Json<PageView<Address>>> {
    let kept = app.accounts.addresses(user.0.user).await;
    Ok(Json(PageView::whole(kept.map_err(Problem::from)?)))
}

/// Keeps an address.
#[utoipa::path(
    post,
    path = "/api/users/addresses",
    security(("user" = [])),
    request_body = NewAddress,
    responses(
        (status = 201, description = "Made.", body = Address),
        (status = 409, description = "limit_reached"),
    ),
)]
pub(crate) async fn add_address(
    State(app): State<App>,
    user: User,
    Fields(new): Fields<NewAddress>,
) -> Answer<(StatusCode, Json<Address>)> {
    let made = app.accounts.add_address(user.0.user, new).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// One address of the caller.
#[utoipa::path(
    get,
    path = "/api/users/addresses/{id}",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = Address)),
)]
pub(crate) async fn address(
    State(app): State<App>,
    user: User,
    Id(id): Id<AddressId>,
) -> Answer<Json<Address>> {
    let found = app.accounts.address(user.0.user, id).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// Changes an address; what is left out stays.
#[utoipa::path(
    patch,
    path = "/api/users/addresses/{id}",
    security(("user" = [])),
    request_body = AddressChange,
    responses((status = 200, description = "Done.", body = Address)),
)]
pub(crate) async fn change_address(
    State(app): State<App>,
    user: User,
    Id(id): Id<AddressId>,
    Fields(change): Fields<AddressChange>,
) -> Answer<Json<Address>> {
    let changed = app.accounts.change_address(user.0.user, id, change).await;
    Ok(Json(changed.map_err(Problem::from)?))
}

/// Forgets an address.
#[utoipa::path(
    delete,
    path = "/api/users/addresses/{id}",
    security(("user" = [])),
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn remove_address(
    State(app): State<App>,
    user: User,
    Id(id): Id<AddressId>,
) -> Answer<StatusCode> {
    let removed = app.accounts.remove_address(user.0.user, id).await;
    removed.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
