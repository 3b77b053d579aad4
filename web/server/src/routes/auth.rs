//! `/api/auth/*` and `/api/users/profile`: registration, sign-in, the refresh cookie.
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
use web_accounts::{NewAccount, Profile, Role, Signed};

use super::table::Table;
use crate::{
    error::{Answer, Refusal},
    extract::{ClientAddress, Fields, User},
    security,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(register))
        .on(routes!(login))
        .on(routes!(refresh))
        .on(routes!(logout))
        .on(routes!(profile))
}

/// E-mail and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    email: String,
    password: String,
}

/// An account as its owner sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: UserId,
    email: String,
    display_name: String,
    role: Role,
    memberships: Vec<Membership>,
}

#[derive(Serialize, ToSchema)]
struct SignedIn {
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
    responses((status = 201, description = "Made.", body = SignedIn)),
)]
pub(crate) async fn register(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Fields(new): Fields<NewAccount>,
) -> Answer<Response> {
    app.rates.login.check(address)?;
    let signed = app
        .accounts
        .register(new, Some(address))
        .await
        .map_err(Problem::from)?;
    signed_in(&app, StatusCode::CREATED, signed).await
}

/// Signs in; the refresh token comes as a cookie.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    request_body = Login,
    responses((status = 200, description = "Done.", body = SignedIn)),
)]
pub(crate) async fn login(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Fields(login): Fields<Login>,
) -> Answer<Response> {
    app.rates.login.check(address)?;
    let signed = app
        .accounts
        .login(&login.email, &login.password, address)
        .await;
    signed_in(&app, StatusCode::OK, signed.map_err(Problem::from)?).await
}

/// A new access token for the cookie, which is replaced.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    security(("session" = [])),
    responses((status = 200, description = "Done.", body = SignedIn)),
)]
pub(crate) async fn refresh(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    security::same_origin(&app.http, &headers)?;
    let Some(token) = cookie(&headers, cookie_name(&app)) else {
        return Err(Refusal::new(Code::Unauthenticated, "no session"));
    };
    match app.accounts.refresh(token).await {
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
    if let Some(token) = cookie(&headers, cookie_name(&app)) {
        app.accounts.logout(token).await.map_err(Problem::from)?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cleared(&app)?)],
    )
        .into_response())
}

/// Who the caller is, and for whom they act.
#[utoipa::path(
    get,
    path = "/api/users/profile",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = Me)),
)]
pub(crate) async fn profile(State(app): State<App>, user: User) -> Answer<Json<Me>> {
    let profile = app
        .accounts
        .profile(user.0.user)
        .await
        .map_err(Problem::from)?;
    Ok(Json(me(&app, profile).await?))
}

async fn me(app: &App, profile: Profile) -> Answer<Me> {
    let memberships = app
        .commerce
        .memberships(profile.id)
        .await
        .map_err(Problem::from)?;
    Ok(Me {
        id: profile.id,
        email: profile.email,
        display_name: profile.display_name,
        role: profile.role,
        memberships,
    })
}

async fn signed_in(app: &App, status: StatusCode, signed: Signed) -> Answer<Response> {
    let token = signed.refresh_token.expose();
    let cookie = set_cookie(app, token, signed.refresh_expires_s)?;
    let body = SignedIn {
        access_token: signed.access_token,
        token_type: "Bearer",
        expires_in: signed.expires_in,
        user: me(app, signed.user).await?,
    };
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok((status, [(header::SET_COOKIE, cookie), no_store], Json(body)).into_response())
}

fn cookie_name(app: &App) -> &'static str {
    if app.http.is_secure() {
        "__Secure-souk_refresh"
    } else {
        "souk_refresh"
    }
}

fn set_cookie(app: &App, value: &str, seconds: u32) -> Answer<HeaderValue> {
    let name = cookie_name(app);
    let secure = if app.http.is_secure() { "; Secure" } else { "" };
    let text = format!(
        "{name}={value}; Path=/api/auth; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut cookie = HeaderValue::from_str(&text).map_err(|error| Refusal::internal(&error))?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

fn cleared(app: &App) -> Answer<HeaderValue> {
    set_cookie(app, "", 0)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
