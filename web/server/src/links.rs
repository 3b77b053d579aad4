//! `Link` headers of WHIP and WHEP answers (RFC 8288): which ICE servers there are, and where a
//! player finds the extensions of its session.
//!
//! One header line per link, and nothing percent-encoded: encoders take them apart by simple means.

use anyhow::Context;
use axum::http::HeaderValue;

use crate::config::IceServer;

/// The links of RFC 9725 section 4.6.
pub(crate) fn ice(servers: &[IceServer]) -> anyhow::Result<Vec<HeaderValue>> {
    let links = servers.iter().map(|server| {
        let IceServer {
            url,
            username,
            credential,
        } = server;
        let mut link = format!("<{url}>; rel=\"ice-server\"");
        if !username.is_empty() {
            link += &format!(
                "; username=\"{username}\"; credential=\"{credential}\"; credential-type=\"password\""
            );
        }
        let mut value = HeaderValue::from_str(&link).context("media.ice_servers")?;
        value.set_sensitive(!username.is_empty());
        Ok(value)
    });
    links.collect()
}
