//! What a sandbox is told at start. Secrets are redacted in `Debug`.

use std::{fmt, net::SocketAddr, time::Duration};

use crate::Faults;

/// Settings of a sandbox.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where to listen; a loopback address, port 0 picks one.
    pub bind: SocketAddr,
    /// What callers show as `Authorization: PortOne <secret>`.
    pub api_secret: String,
    /// The one shop that this provider knows.
    pub store_id: String,
    /// Where events go; can be set later with [`crate::Sandbox::set_webhook`].
    pub webhook: Option<WebhookTarget>,
    /// Who is asked before a charge that the shop does not confirm by itself; can be set later with
    /// [`crate::Sandbox::set_confirm_url`].
    pub confirm_url: Option<String>,
    /// Unit of the resend schedule (a minute at the real provider).
    pub webhook_retry_unit: Duration,
    /// How it misbehaves from the start.
    pub faults: Faults,
}

impl SandboxConfig {
    /// On a free port of 127.0.0.1, without webhooks and faults.
    pub fn new(api_secret: impl Into<String>, store_id: impl Into<String>) -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_secret: api_secret.into(),
            store_id: store_id.into(),
            webhook: None,
            confirm_url: None,
            webhook_retry_unit: Duration::from_secs(1),
            faults: Faults::default(),
        }
    }
}

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxConfig")
            .field("bind", &self.bind)
            .field("store_id", &self.store_id)
            .field("webhook", &self.webhook)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

/// Where events go.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookTarget {
    /// Absolute URL of the receiver.
    pub url: String,
    /// `whsec_` and base64, or base64 alone (Standard Webhooks 1.0.0). Events of the older API are
    /// never signed, with or without one.
    pub secret: String,
}

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
