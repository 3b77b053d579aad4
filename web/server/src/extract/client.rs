//! The program at the other end: its address, its name, and whether it signed in here before.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use web_accounts::Client;

use super::ClientAddress;
use crate::{cookies::Cookie, state::App};

/// What the accounts want to know of who signs in.
#[derive(Debug, Clone)]
pub(crate) struct Program(pub(crate) Client);

impl FromRequestParts<App> for Program {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT);
        Ok(Self(Client {
            address: Some(address),
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            device: Cookie::Device.read(&app.http, &parts.headers),
        }))
    }
}
