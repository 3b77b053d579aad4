//! `/api/auth/second-factor` and `/api/auth/proof`: one-time codes, and proving once more who one is.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use signaling_wire::Problem;
use utoipa::ToSchema;
use utoipa_axum::routes;
use web_accounts::{Access, Credentials, NewSecondFactor, SecondFactor};

use super::{auth::limit, table::Table};
use crate::{
    error::Answer,
    extract::{Fields, Program, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(show, begin, remove))
        .on(routes!(confirm))
        .on(routes!(prove))
}

/// Whether the caller's account has a second factor.
#[utoipa::path(
    get,
    path = "/api/auth/second-factor",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = SecondFactor)),
)]
pub(crate) async fn show(State(app): State<App>, User(claims): User) -> Answer<Json<SecondFactor>> {
    let found = app.accounts.second_factor(claims.user).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// The password, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Password {
    password: String,
}

/// Makes a generator of codes; its secret is shown this once. It counts from its confirmation on, and
/// a second call replaces one that was not confirmed.
#[utoipa::path(
    post,
    path = "/api/auth/second-factor",
    security(("user" = [])),
    request_body = Password,
    responses(
        (status = 201, description = "Made.", body = NewSecondFactor),
        (status = 401, description = "invalid_credentials"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn begin(
    State(app): State<App>,
    Program(client): Program,
    User(claims): User,
    Fields(typed): Fields<Password>,
) -> Answer<Response> {
    limit(&app, &client)?;
    let made = app
        .accounts
        .begin_second_factor(claims.user, &typed.password, client)
        .await
        .map_err(Problem::from)?;
    Ok((StatusCode::CREATED, no_store(), Json(made)).into_response())
}

/// A code of the generator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactorCode {
    code: String,
}

/// What confirming gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfirmedSecondFactor {
    /// Each signs in once in the place of a code. Shown this once.
    recovery_codes: Vec<String>,
    #[serde(flatten)]
    access: Access,
}

/// Lets the generator count, by a first code of it. Every other session of the account ends.
#[utoipa::path(
    post,
    path = "/api/auth/second-factor/confirm",
    security(("user" = [])),
    request_body = SecondFactorCode,
    responses(
        (status = 200, description = "Done.", body = ConfirmedSecondFactor),
        (status = 401, description = "wrong_code"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    User(claims): User,
    Fields(typed): Fields<SecondFactorCode>,
) -> Answer<Response> {
    let confirmed = app.accounts.confirm_second_factor(&claims, &typed.code);
    let (recovery_codes, access) = confirmed.await.map_err(Problem::from)?;
    let confirmed = ConfirmedSecondFactor {
        recovery_codes,
        access,
    };
    Ok((no_store(), Json(confirmed)).into_response())
}

/// The password, and a code if the account has a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProofOfIdentity {
    password: String,
    /// Six digits of the authenticator, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

impl ProofOfIdentity {
    fn credentials(&self) -> Credentials<'_> {
        Credentials {
            password: &self.password,
            code: self.code.as_deref(),
        }
    }
}

/// Removes the second factor. Every other session of the account ends.
#[utoipa::path(
    delete,
    path = "/api/auth/second-factor",
    security(("user" = [])),
    request_body = ProofOfIdentity,
    responses(
        (status = 204, description = "Done."),
        (status = 401, description = "invalid_credentials second_factor_required wrong_code"),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    Program(client): Program,
    User(claims): User,
    Fields(typed): Fields<ProofOfIdentity>,
) -> Answer<StatusCode> {
    limit(&app, &client)?;
    let removed = app
        .accounts
        .remove_second_factor(&claims, typed.credentials(), client);
    removed.await.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Proves once more who has the session, as `fresh_login_required` asks for: the answer's token says
/// when.
#[utoipa::path(
    post,
    path = "/api/auth/proof",
    security(("user" = [])),
    request_body = ProofOfIdentity,
    responses(
        (status = 200, description = "Done.", body = Access),
        (status = 401, description = "invalid_credentials second_factor_required wrong_code"),
    ),
)]
pub(crate) async fn prove(
    State(app): State<App>,
    Program(client): Program,
    User(claims): User,
    Fields(typed): Fields<ProofOfIdentity>,
) -> Answer<Response> {
    limit(&app, &client)?;
    let proved = app.accounts.prove(&claims, typed.credentials(), client);
    let access = proved.await.map_err(Problem::from)?;
    Ok((no_store(), Json(access)).into_response())
}

const fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}
