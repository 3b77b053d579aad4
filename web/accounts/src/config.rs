//! What the accounts are told at start: plain data with defaults that hold in production.
//!
//! Secrets are redacted in `Debug`. [`AccountsConfig::check`] names the key of a mistake.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{limits, role::Role, secret::SigningSecret, token::Claims};

/// Settings of the accounts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountsConfig {
    /// Signs access tokens (HS256), at least 32 bytes of text. Without it a secret is generated
    /// once and kept in `secret_file`.
    pub jwt_secret: Option<SigningSecret>,
    /// The secret before the last rotation: its tokens are still accepted until they expire.
    pub previous_jwt_secret: Option<SigningSecret>,
    /// Where a generated secret is kept, readable by its owner alone.
    pub secret_file: PathBuf,
    /// Wraps the keys of personal data, at least 32 bytes of text. Without it a key is generated
    /// once and kept in `personal_key_file`.
    pub personal_key: Option<SigningSecret>,
    /// The one before the last rotation: what it wrapped can still be read.
    pub previous_personal_key: Option<SigningSecret>,
    /// Where a generated key is kept, readable by its owner alone.
    pub personal_key_file: PathBuf,
    /// Which wording of terms and privacy notice people agree to when they register.
    pub terms: String,
    /// How mails are sent.
    pub mail: MailConfig,
    /// Life of an access token, seconds (60 ..= 3600).
    pub access_ttl_s: u32,
    /// Life of a session from its sign-in, however often it is refreshed, seconds.
    pub refresh_ttl_s: u32,
    /// `iss` of the access tokens.
    pub issuer: String,
    /// `aud` of the access tokens.
    pub audience: String,
    /// Whether an administrator's rights need a second factor.
    pub admin_second_factor: bool,
    /// How long after proving who they are an administrator may change things, seconds (60 ..=
    /// 86400).
    pub fresh_login_s: u32,
    /// How many tries there are.
    pub throttle: ThrottleConfig,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            jwt_secret: None,
            previous_jwt_secret: None,
            secret_file: PathBuf::from("data/jwt.secret"),
            personal_key: None,
            previous_personal_key: None,
            personal_key_file: PathBuf::from("data/personal.key"),
            terms: "1".to_owned(),
            mail: MailConfig::default(),
            access_ttl_s: 600,
            refresh_ttl_s: 30 * 24 * 3600,
            issuer: "souk".to_owned(),
            audience: "souk-api".to_owned(),
            admin_second_factor: true,
            fresh_login_s: 900,
            throttle: ThrottleConfig::default(),
        }
    }
}

impl AccountsConfig {
    /// Refuses values that would be unsafe or useless; the text names the key.
    pub fn check(&self) -> Result<(), String> {
        if !(60..=3600).contains(&self.access_ttl_s) {
            return Err("access_ttl_s must be 60 to 3600".to_owned());
        }
        if self.refresh_ttl_s < self.access_ttl_s || self.refresh_ttl_s > 400 * 24 * 3600 {
            return Err("refresh_ttl_s must be between access_ttl_s and 400 days".to_owned());
        }
        if !(60..=86_400).contains(&self.fresh_login_s) {
            return Err("fresh_login_s must be 60 to 86400".to_owned());
        }
        if self.issuer.is_empty() || self.audience.is_empty() {
            return Err("issuer and audience must not be empty".to_owned());
        }
        let secrets = [
            ("jwt_secret", &self.jwt_secret),
            ("previous_jwt_secret", &self.previous_jwt_secret),
            ("personal_key", &self.personal_key),
            ("previous_personal_key", &self.previous_personal_key),
        ];
        for (key, secret) in secrets {
            if secret.as_ref().is_some_and(|secret| !secret.is_strong()) {
                let least = limits::SIGNING_SECRET_BYTES_MIN;
                return Err(format!(
                    "{key} must be at least {least} bytes, and not one byte repeated"
                ));
            }
        }
        self.throttle.check()
    }

    /// Takes the rights of an administrator who did not show a second factor, if one is asked of
    /// them.
    pub(crate) fn temper(&self, claims: &mut Claims) {
        let operates = claims.role == Role::Admin;
        if self.admin_second_factor && operates && !claims.two_factors {
            claims.role = Role::User;
            claims.second_factor_missing = true;
        }
    }
}

/// How mails are sent.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// `smtps://USER:PASSWORD@HOST` or `smtp://HOST?tls=required`; `None`: mails are kept in memory
    /// and reach nobody.
    pub smtp_url: Option<String>,
    /// Whom mails are from, as in `Souk <no-reply@shop.example>`.
    pub from: String,
    /// What stands before the paths of links, without a trailing slash.
    pub link_base: String,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            smtp_url: None,
            from: "Souk <no-reply@souk.example>".to_owned(),
            link_base: "http://127.0.0.1:8080".to_owned(),
        }
    }
}

impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailConfig")
            .field("from", &self.from)
            .field("link_base", &self.link_base)
            .finish_non_exhaustive()
    }
}

/// A bucket of tries: `burst` at once, then one more every `refill_s` seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Tries at once.
    pub burst: u32,
    /// Seconds after which a spent try comes back.
    pub refill_s: u32,
}

/// The throttles. None counts by account alone before the password
/// was right, so that nobody can lock another one out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottleConfig {
    /// Wrong passwords for one account from one address.
    pub login_per_account: Allowance,
    /// Wrong passwords from one address, over all accounts.
    pub login_per_address: Allowance,
    /// Registrations from one address.
    pub register_per_address: Allowance,
    /// Links that are mailed to one person.
    pub links_per_person: Allowance,
    /// Wrong codes of a second factor for one account, whose password was right.
    pub codes_per_account: Allowance,
}

impl Default for ThrottleConfig {
    fn default() -> Self {
        let allow = |burst, refill_s| Allowance { burst, refill_s };
        Self {
            login_per_account: allow(5, 60),
            login_per_address: allow(50, 10),
            register_per_address: allow(60, 10),
            links_per_person: allow(3, 300),
            codes_per_account: allow(5, 300),
        }
    }
}

impl ThrottleConfig {
    fn check(&self) -> Result<(), String> {
        let all = [
            ("login_per_account", self.login_per_account),
            ("login_per_address", self.login_per_address),
            ("register_per_address", self.register_per_address),
            ("links_per_person", self.links_per_person),
            ("codes_per_account", self.codes_per_account),
        ];
        for (key, allowance) in all {
            if allowance.burst == 0 || allowance.refill_s == 0 {
                return Err(format!(
                    "throttle.{key}: burst and refill_s must be at least 1"
                ));
            }
        }
        Ok(())
    }
}
