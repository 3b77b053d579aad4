//! Our two cookies, both for `/api/auth` alone and out of reach of scripts: the refresh token, and
//! the proof that this browser has signed in before.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::{
    config::HttpConfig,
    error::{Answer, Refusal},
};

/// A cookie, by what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cookie {
    /// The refresh token.
    Refresh,
    /// The device token.
    Device,
    /// The token of a guest's cart.
    Cart,
}

impl Cookie {
    /// Browsers take the prefixed names from secure origins only.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Refresh, true) => "__Secure-souk_refresh",
            (Self::Refresh, false) => "souk_refresh",
            (Self::Device, true) => "__Secure-souk_device",
            (Self::Device, false) => "souk_device",
            (Self::Cart, true) => "__Host-souk_cart",
            (Self::Cart, false) => "souk_cart",
        }
    }

    /// Where a browser sends it, and from which pages.
    const fn scope(self) -> &'static str {
        match self {
            Self::Refresh | Self::Device => "Path=/api/auth; SameSite=Strict",
            Self::Cart => "Path=/; SameSite=Lax",
        }
    }

    /// The header that sets it for some seconds; 0 forgets it.
    pub(crate) fn set(self, http: &HttpConfig, value: &str, seconds: u64) -> Answer<HeaderValue> {
        let name = self.name(http.is_secure());
        let secure = if http.is_secure() { "; Secure" } else { "" };
        let scope = self.scope();
        let text = format!("{name}={value}; {scope}; Max-Age={seconds}; HttpOnly{secure}");
        let cookie = HeaderValue::from_str(&text);
        let mut cookie = cookie.map_err(|error| Refusal::internal(&error))?;
        cookie.set_sensitive(true);
        Ok(cookie)
    }

    /// What a request brings of it.
    pub(crate) fn read(self, http: &HttpConfig, headers: &HeaderMap) -> Option<String> {
        let name = self.name(http.is_secure());
        let lines = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok());
        lines
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }
}
