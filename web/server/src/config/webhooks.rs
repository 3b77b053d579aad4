//! `[webhooks]`: what events may be sent to.

use commerce_service::{Allowances, WebhookConfig, limits};
use serde::{Deserialize, Serialize};

use super::check::{Checked, wrong};

/// `[webhooks]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawWebhooks {
    /// Hosts, addresses and blocks of them that webhooks may reach besides the public internet.
    pub(crate) allow: Vec<String>,
    /// Ports that they may go to; empty: any.
    pub(crate) ports: Vec<u16>,
    /// Whether `http://` is taken as well: to try things out.
    pub(crate) plain_http: bool,
    /// Longest wait for an answer, milliseconds.
    pub(crate) timeout_ms: u64,
}

impl Default for RawWebhooks {
    fn default() -> Self {
        let usual = WebhookConfig::default();
        Self {
            allow: Vec::new(),
            ports: usual.ports,
            plain_http: usual.plain_http,
            timeout_ms: usual.timeout_ms,
        }
    }
}

pub(super) fn check(raw: RawWebhooks) -> Checked<WebhookConfig> {
    let most = limits::HOOK_TIMEOUT_MAX.as_millis() as u64;
    if !(100..=most).contains(&raw.timeout_ms) {
        return wrong("webhooks.timeout_ms", format!("must be 100 to {most}"));
    }
    let allow = match Allowances::parse(raw.allow.iter().map(String::as_str)) {
        Ok(allow) => allow,
        Err(error) => return wrong("webhooks.allow", error.to_string()),
    };
    Ok(WebhookConfig {
        allow,
        ports: raw.ports,
        plain_http: raw.plain_http,
        timeout_ms: raw.timeout_ms,
        ..WebhookConfig::default()
    })
}
