//! Access tokens: JWT of type `at+jwt` (RFC 9068), HS256 and nothing else. Publish tickets, in
//! [`ticket`], and device tokens, in [`device`], are of other types and audiences, made with the
//! same keys.
//!
//! Keys come from the configuration alone; a token can only name one of them by `kid`, and one that
//! brings or points to a key is refused (RFC 8725). Times are checked here and not by the library,
//! which takes floats for times; `now` is an argument.

mod device;
mod ticket;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use signaling_wire::{UserId, limits::ACCESS_TOKEN_BYTES_MAX};

use crate::{
    clock::Now, config::AccountsConfig, error::AccountError, limits, role::Role,
    secret::SigningSecret, session::Proof,
};

/// The `typ` that tells an access token from every other JWT.
const TYPE: &str = "at+jwt";
/// A one-time code, among the methods by which somebody signed in (RFC 8176 2).
const SECOND: &str = "otp";

/// What an access token says, once it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is.
    pub user: UserId,
    /// The platform role when it was issued.
    pub role: Role,
    /// Display name when it was issued.
    pub name: String,
    /// Milliseconds since 1970 at which it stops to count, without leeway.
    pub expires_ms: u64,
    /// The session that it belongs to; all tokens that descend from one sign-in share it.
    pub family: String,
    /// Milliseconds since 1970 at which its owner last proved who they are.
    pub proved_ms: u64,
    /// Whether they showed a second factor, too.
    pub two_factors: bool,
    /// Whether the role is less than the account's, because administrators show a second factor.
    pub second_factor_missing: bool,
}

#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    sub: UserId,
    exp: u64,
    nbf: u64,
    iat: u64,
    fam: String,
    role: Role,
    name: String,
    /// OpenID Connect Core 2: seconds since 1970 of the proof.
    #[serde(default)]
    auth_time: u64,
    /// RFC 8176: `pwd`, and `otp` with a second factor.
    #[serde(default)]
    amr: Vec<String>,
}

struct Key {
    kid: String,
    decoding: DecodingKey,
}

/// Signs and verifies access tokens and publish tickets.
pub(crate) struct Tokens {
    signing: EncodingKey,
    /// The current key first, then the one before the last rotation.
    keys: Vec<Key>,
    validation: Validation,
    ticket_validation: Validation,
    device_validation: Validation,
    issuer: String,
    audience: String,
    ticket_audience: String,
    ttl_s: u64,
}

impl Tokens {
    pub(crate) fn new(config: &AccountsConfig, secret: &SigningSecret) -> Self {
        let ticket_audience = ticket::audience(&config.audience);
        let keys = [Some(secret), config.previous_jwt_secret.as_ref()];
        Self {
            signing: EncodingKey::from_secret(secret.bytes()),
            keys: keys.into_iter().flatten().map(key).collect(),
            validation: validation(&config.issuer, &config.audience),
            ticket_validation: validation(&config.issuer, &ticket_audience),
            device_validation: validation(&config.issuer, &device::audience(&config.audience)),
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            ticket_audience,
            ttl_s: u64::from(config.access_ttl_s),
        }
    }

    /// Life of what [`Self::sign`] makes, seconds.
    pub(crate) const fn ttl_s(&self) -> u64 {
        self.ttl_s
    }

    pub(crate) fn sign(
        &self,
        (user, role, name): (UserId, Role, &str),
        (family, proof): (&str, Proof),
        now: Now,
    ) -> Result<String, AccountError> {
        let methods = [("pwd", true), (SECOND, proof.two_factors)];
        let methods = methods.into_iter().filter(|(_, shown)| *shown);
        let body = Body {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user,
            exp: now.s() + self.ttl_s,
            nbf: now.s(),
            iat: now.s(),
            fam: family.to_owned(),
            role,
            name: name.to_owned(),
            auth_time: proof.at.unsigned_abs() / 1_000_000,
            amr: methods.map(|(name, _)| name.to_owned()).collect(),
        };
        self.seal(TYPE, &body)
    }

    /// Signature, algorithm, type, key, issuer, audience and times. Not: whether the session has
    /// been revoked.
    pub(crate) fn verify(&self, token: &str, now: Now) -> Result<Claims, AccountError> {
        self.claims(token, now).ok_or(AccountError::InvalidToken)
    }

    fn claims(&self, token: &str, now: Now) -> Option<Claims> {
        let body: Body = self.open(TYPE, &self.validation, token)?;
        is_alive(body.nbf, body.exp, now).then(|| Claims {
            user: body.sub,
            role: body.role,
            name: body.name,
            expires_ms: body.exp.saturating_mul(1000),
            family: body.fam,
            proved_ms: body.auth_time.saturating_mul(1000),
            two_factors: body.amr.iter().any(|method| method == SECOND),
            second_factor_missing: false,
        })
    }

    /// Signs a body as a token of a type, with the current key.
    fn seal(&self, typ: &str, body: &impl Serialize) -> Result<String, AccountError> {
        let header = Header {
            typ: Some(typ.to_owned()),
            kid: self.keys.first().map(|key| key.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, body, &self.signing)
            .map_err(|error| AccountError::Internal(format!("sign a token: {error}")))
    }

    /// The body of a token of this type and audience, signed by one of our keys; its times are
    /// still to be looked at.
    fn open<B: DeserializeOwned>(
        &self,
        typ: &str,
        validation: &Validation,
        token: &str,
    ) -> Option<B> {
        if token.len() > ACCESS_TOKEN_BYTES_MAX {
            return None;
        }
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(typ) || brings_a_key(&header) {
            return None;
        }
        let kid = header.kid.as_deref()?;
        let key = self.keys.iter().find(|key| key.kid == kid)?;
        let token = decode::<B>(token, &key.decoding, validation).ok()?;
        Some(token.claims)
    }
}

fn validation(issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // Both are checked by `is_alive`, on typed claims and with the caller's clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

/// Whether now is between the two, give or take what clocks may differ by.
fn is_alive(not_before_s: u64, expires_s: u64, now: Now) -> bool {
    let now_s = now.s();
    not_before_s <= now_s.saturating_add(limits::LEEWAY_S)
        && now_s < expires_s.saturating_add(limits::LEEWAY_S)
}

fn key(secret: &SigningSecret) -> Key {
    Key {
        kid: secret.kid(),
        decoding: DecodingKey::from_secret(secret.bytes()),
    }
}

/// Whether the header carries or points to a key, or asks for extensions that we do not know.
fn brings_a_key(header: &Header) -> bool {
    header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
        || header.x5t.is_some()
        || header.x5t_s256.is_some()
        || header.crit.is_some()
        || header.enc.is_some()
        || header.zip.is_some()
}

#[cfg(test)]
mod tests;
