//! Who calls: the access token of the `Authorization` header, checked without the database.

use axum::{
    extract::{FromRequestParts, MatchedPath},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use signaling_wire::{Code, Problem};
use web_accounts::{Claims, Role};

use super::ClientAddress;
use crate::{
    error::{Answer, Refusal},
    state::{self, App},
};

/// The token's owner, or nobody. A token that does not hold is refused, never ignored.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Option<Claims>);

/// The token's owner; anonymous callers are asked to sign in.
#[derive(Debug, Clone)]
pub(crate) struct User(pub(crate) Claims);

impl User {
    /// On whose behalf the shop acts.
    pub(crate) fn actor(&self) -> commerce_service::Actor {
        state::actor(self.0.user, self.0.role == Role::Admin)
    }
}

impl Caller {
    /// As [`User::actor`], for callers that may be anonymous.
    pub(crate) fn actor(&self) -> Option<commerce_service::Actor> {
        self.0.clone().map(|claims| User(claims).actor())
    }
}

/// The bearer token of a request; `None` without the header. Other schemes are refused.
pub(crate) fn bearer(headers: &HeaderMap) -> Answer<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if !token.is_empty() => Ok(Some(token)),
        _ => Err(Refusal::new(
            Code::InvalidToken,
            "send `Authorization: Bearer <token>`",
        )),
    }
}

/// An administrator. Others are told to sign in, or that it is not theirs.
#[derive(Debug, Clone)]
pub(crate) struct Admin(pub(crate) Claims);

impl FromRequestParts<App> for Admin {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let User(claims) = User::from_request_parts(parts, app).await?;
        match claims.role {
            Role::Admin => Ok(Self(claims)),
            _ => Err(Refusal::new(Code::Forbidden, "for administrators")),
        }
    }
}

/// The token of a WHIP or WHEP request. Some clients leave out the scheme, so a value of one
/// word is the token itself.
pub(crate) fn media_token(headers: &HeaderMap) -> Answer<Option<&str>> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::trim);
    match value {
        Some(word) if !word.is_empty() && !word.contains(' ') => Ok(Some(word)),
        _ => bearer(headers),
    }
}

/// As [`Caller`], by [`media_token`].
#[derive(Debug, Clone)]
pub(crate) struct MediaCaller(pub(crate) Option<Claims>);

impl FromRequestParts<App> for MediaCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        verified(media_token(&parts.headers)?, app).map(Self)
    }
}

/// Whether those routes of a path that ask who calls are for administrators alone.
pub(crate) fn is_administration(path: &str) -> bool {
    path.starts_with("/api/admin/") || path.starts_with("/api/categories")
}

/// What only administrators reach asks more of them: a second factor where the shop wants one, and
/// to change anything a proof of who they are that is not long ago.
fn operates_safely(parts: &Parts, claims: &Claims, app: &App) -> Answer<()> {
    let path = parts.extensions.get::<MatchedPath>();
    if !path.is_none_or(|path| is_administration(path.as_str())) {
        return Ok(());
    }
    if claims.second_factor_missing {
        let how = "Set one up at /api/auth/second-factor, then sign in with it.";
        return Err(Refusal::new(Code::SecondFactorMissing, how));
    }
    match claims.role == Role::Admin && !parts.method.is_safe() {
        true => fresh(claims, app),
        false => Ok(()),
    }
}

/// Refuses an administrator who proved who they are too long ago.
pub(crate) fn fresh(claims: &Claims, app: &App) -> Answer<()> {
    if claims.role != Role::Admin || app.accounts.is_fresh(claims) {
        return Ok(());
    }
    let most_s = app.accounts.fresh_login_s();
    let how = "Prove who you are at /api/auth/proof, and use the token that it answers.";
    // RFC 9470 section 3.
    let challenge =
        format!("Bearer error=\"insufficient_user_authentication\", max_age=\"{most_s}\"");
    let challenge = HeaderValue::from_str(&challenge).map_err(|error| Refusal::internal(&error))?;
    let refusal = Refusal::new(Code::FreshLoginRequired, how);
    Err(refusal.header(header::WWW_AUTHENTICATE, challenge))
}

fn verified(token: Option<&str>, app: &App) -> Answer<Option<Claims>> {
    let claims = token.map(|token| app.accounts.verify(token)).transpose();
    Ok(claims.map_err(Problem::from)?)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        verified(bearer(&parts.headers)?, app).map(Self)
    }
}

impl FromRequestParts<App> for User {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        match Caller::from_request_parts(parts, app).await? {
            Caller(Some(claims)) => {
                operates_safely(parts, &claims, app)?;
                let Ok(ClientAddress(address)) =
                    ClientAddress::from_request_parts(parts, app).await;
                if !parts.method.is_safe() && !address.is_loopback() {
                    app.rates.account.check(claims.user)?;
                }
                Ok(Self(claims))
            }
            Caller(None) => Err(Refusal::new(Code::Unauthenticated, "")),
        }
    }
}
