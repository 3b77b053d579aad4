//! `/api/auth`, the rest: the sessions of an account, its password, and links in mails.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use signaling_wire::Problem;
use utoipa::ToSchema;
use utoipa_axum::routes;
use web_accounts::OpenSession;

use super::{
    auth::{SignedIn, limit, signed_in},
    page::PageView,
    table::Table,
};
use crate::{
    error::Answer,
    extract::{Fields, Program, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(sessions, end_others))
        .on(routes!(end_one))
        .on(routes!(change_password))
        .on(routes!(forgot))
        .on(routes!(reset))
        .on(routes!(verify))
        .on(routes!(resend))
}

/// Where the caller is signed in, the newest first.
#[utoipa::path(
    get,
    path = "/api/auth/sessions",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PageView<OpenSession>)),
)]
pub(crate) async fn sessions(
    State(app): State<App>,
    User(claims): User,
) -> Answer<Json<PageView<OpenSession>>> {
    let open = app.accounts.sessions(claims.user, &claims.family).await;
    Ok(Json(PageView::whole(open.map_err(Problem::from)?)))
}

/// Signs the caller out everywhere else.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions",
    security(("user" = [])),
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn end_others(State(app): State<App>, User(claims): User) -> Answer<StatusCode> {
    let ended = app
        .accounts
        .end_other_sessions(claims.user, &claims.family)
        .await;
    ended.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one session of the caller.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions/{family}",
    security(("user" = [])),
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn end_one(
    State(app): State<App>,
    User(claims): User,
    Path(family): Path<String>,
) -> Answer<StatusCode> {
    let ended = app.accounts.end_session(claims.user, &family).await;
    ended.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The password as it is and as it shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    current_password: String,
    new_password: String,
}

/// Changes the password. Every session ends; the answer opens a new one.
#[utoipa::path(
    post,
    path = "/api/auth/password",
    security(("user" = [])),
    request_body = PasswordChange,
    responses(
        (status = 200, description = "Done.", body = SignedIn),
        (status = 401, description = "invalid_credentials"),
    ),
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    Program(client): Program,
    User(claims): User,
    Fields(change): Fields<PasswordChange>,
) -> Answer<Response> {
    limit(&app, &client)?;
    let (current, new) = (&change.current_password, &change.new_password);
    let changed = app
        .accounts
        .change_password(claims.user, current, new, client);
    let signed = changed.await.map_err(Problem::from)?;
    signed_in(&app, StatusCode::OK, signed).await
}

/// An e-mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgot {
    email: String,
}

/// Mails a link that resets the password, if the address has an account. The answer is the same if
/// it has none.
#[utoipa::path(
    post,
    path = "/api/auth/password/forgot",
    request_body = Forgot,
    responses((status = 202, description = "Noted.")),
)]
pub(crate) async fn forgot(
    State(app): State<App>,
    Program(client): Program,
    Fields(forgot): Fields<Forgot>,
) -> Answer<StatusCode> {
    limit(&app, &client)?;
    let noted = app.accounts.forgot_password(&forgot.email, client);
    noted.map_err(Problem::from)?;
    Ok(StatusCode::ACCEPTED)
}

/// The token of a mail, and the password to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    token: String,
    new_password: String,
}

/// Chooses a new password by the token of a mail. Every session ends.
#[utoipa::path(
    post,
    path = "/api/auth/password/reset",
    request_body = Reset,
    responses((status = 204, description = "Done."), (status = 410, description = "token_spent")),
)]
pub(crate) async fn reset(
    State(app): State<App>,
    Program(client): Program,
    Fields(reset): Fields<Reset>,
) -> Answer<StatusCode> {
    limit(&app, &client)?;
    let done = app
        .accounts
        .reset_password(&reset.token, &reset.new_password, client)
        .await;
    done.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verify {
    token: String,
}

/// Takes the token of a verification mail.
#[utoipa::path(
    post,
    path = "/api/auth/email/verify",
    request_body = Verify,
    responses((status = 204, description = "Done."), (status = 410, description = "token_spent")),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    Program(client): Program,
    Fields(verify): Fields<Verify>,
) -> Answer<StatusCode> {
    limit(&app, &client)?;
    let done = app.accounts.verify_email(&verify.token).await;
    done.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mails the caller's verification link once more.
#[utoipa::path(
    post,
    path = "/api/auth/email/resend",
    security(("user" = [])),
    responses((status = 202, description = "Noted.")),
)]
pub(crate) async fn resend(State(app): State<App>, User(claims): User) -> Answer<StatusCode> {
    let noted = app.accounts.resend_verification(claims.user).await;
    noted.map_err(Problem::from)?;
    Ok(StatusCode::ACCEPTED)
}
