//! The address that a request came from: the peer's, or what a named proxy says.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

use crate::state::App;

/// Who is at the other end, for rate limits and access to `/metrics`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::from([0, 0, 0, 0]), |info| {
                info.0.ip().to_canonical()
            });
        Ok(Self(behind_proxies(
            peer,
            &parts.headers,
            &app.http.trusted_proxies,
        )))
    }
}

/// The last address in `X-Forwarded-For` that no trusted proxy wrote itself. The header of anybody
/// else is not looked at.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer;
    let forwarded = headers.get_all("x-forwarded-for");
    let texts: Vec<&str> = forwarded
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    for hop in texts.join(",").rsplit(',') {
        if !trusted.contains(&client) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_named_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let table = [
            ("192.0.2.9", "198.51.100.1", "192.0.2.9"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ];
        for (peer, header, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", header.parse().unwrap());
            let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
            assert_eq!(
                behind_proxies(ip(peer), &headers, &trusted),
                ip(expected),
                "{header}"
            );
        }
    }
}
