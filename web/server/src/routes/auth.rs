//! `/api/auth`: registration, sign-in, the refresh cookie.
//!
//! The access token travels in the body and lives in the page's memory; the refresh token is an
//! HttpOnly cookie that only `/api/auth` ever sees, and using it asks for our own origin.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use commerce_service::Membership;
use serde::{Deserialize, Serialize};
use signaling_wire::{Code, Problem, UserId};
use utoipa::ToSchema;
use utoipa_axum::routes;
use web_accounts::{Client, Credentials, NewAccount, Profile, Role, Signed};

use super::table::Table;
use crate::{
    cookies::Cookie,
    error::{Answer, Refusal},
    extract::{Fields, Program},
    limits, security,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(register))
        .on(routes!(login))
        .on(routes!(refresh))
        .on(routes!(logout))
}

/// E-mail and password, and a code for accounts with a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    email: String,
    password: String,
    /// Six digits of the authenticator, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

/// An account as its owner sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: UserId,
    email: String,
    email_verified: bool,
    display_name: String,
    locale: String,
    role: Role,
    memberships: Vec<Membership>,
}

/// What a sign-in gives, beside the cookies.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    user: Me,
}

/// Makes an account and signs in; the refresh token comes as a cookie.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    request_body = NewAccount,
    responses(
        (status = 201, description = "Made.", body = SignedIn),
        (status = 409, description = "email_taken"),
    ),
)]
pub(crate) async fn register(
    State(app): State<App>,
    Program(client): Program,
    Fields(new): Fields<NewAccount>,
) -> Answer<Response> {
    limit(&app, &client)?;
    let signed = app
        .accounts
        .register(new, client)
        .await
        .map_err(Problem::from)?;
    signed_in(&app, StatusCode::CREATED, signed).await
}

/// Signs in; the refresh token comes as a cookie. An account with a second factor is asked for a code
/// once the password was right: the same request with `code` signs in.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    request_body = Login,
    responses(
        (status = 200, description = "Done.", body = SignedIn),
        (status = 401, description = "invalid_credentials second_factor_required wrong_code"),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn login(
    State(app): State<App>,
    Program(client): Program,
    Fields(login): Fields<Login>,
) -> Answer<Response> {
    limit(&app, &client)?;
    let credentials = Credentials {
        password: &login.password,
        code: login.code.as_deref(),
    };
    let signed = app.accounts.login(&login.email, credentials, client).await;
    signed_in(&app, StatusCode::OK, signed.map_err(Problem::from)?).await
}

/// A new access token for the cookie, which is replaced.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    security(("session" = [])),
    responses(
        (status = 200, description = "Done.", body = SignedIn),
        (status = 401, description = "invalid_token unauthenticated"),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn refresh(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    security::same_origin(&app.http, &headers)?;
    let Some(token) = Cookie::Refresh.read(&app.http, &headers) else {
        return Err(Refusal::new(Code::Unauthenticated, "no session"));
    };
    match app.accounts.refresh(&token).await {
        Ok(signed) => signed_in(&app, StatusCode::OK, signed).await,
        Err(error) => {
            let problem = Problem::from(error);
            let refusal = Refusal::from(problem.clone());
            // A session that has ended is forgotten; one that could not be read may still hold.
            Err(if problem.status == 401 {
                refusal.header(header::SET_COOKIE, cleared(&app)?)
            } else {
                refusal
            })
        }
    }
}

/// Ends the session of the cookie.
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn logout(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    security::same_origin(&app.http, &headers)?;
    if let Some(token) = Cookie::Refresh.read(&app.http, &headers) {
        app.accounts.logout(&token).await.map_err(Problem::from)?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cleared(&app)?)],
    )
        .into_response())
}

/// An account with its memberships.
pub(super) async fn me(app: &App, profile: Profile) -> Answer<Me> {
    let memberships = app
        .commerce
        .memberships(profile.id)
        .await
        .map_err(Problem::from)?;
    Ok(Me {
        id: profile.id,
        email: profile.email,
        email_verified: profile.email_verified,
        display_name: profile.display_name,
        locale: profile.locale,
        role: profile.role,
        memberships,
    })
}

/// The answer to a sign-in: tokens, cookies and who it was.
pub(super) async fn signed_in(app: &App, status: StatusCode, signed: Signed) -> Answer<Response> {
    let (refresh, seconds) = (signed.refresh_token.expose(), signed.refresh_expires_s);
    let cookie = Cookie::Refresh.set(&app.http, refresh, seconds.into())?;
    let device = match signed.device_token.as_str() {
        "" => None,
        token => Some(Cookie::Device.set(&app.http, token, limits::DEVICE_COOKIE_SECONDS)?),
    };
    let body = SignedIn {
        access_token: signed.access_token,
        token_type: "Bearer",
        expires_in: signed.expires_in,
        user: me(app, signed.user).await?,
    };
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let headers = [(header::SET_COOKIE, cookie), no_store];
    let mut response = (status, headers, Json(body)).into_response();
    if let Some(device) = device {
        response.headers_mut().append(header::SET_COOKIE, device);
    }
    Ok(response)
}

/// The rate of an address at everything that costs a slow hash.
pub(super) fn limit(app: &App, client: &Client) -> Answer<()> {
    match client.address {
        Some(address) => app.rates.login.check(address),
        None => Ok(()),
    }
}

/// The header that forgets the refresh token.
pub(super) fn cleared(app: &App) -> Answer<HeaderValue> {
    Cookie::Refresh.set(&app.http, "", 0)
}
