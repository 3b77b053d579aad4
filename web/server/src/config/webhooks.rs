//! `[webhooks]`: what events may be sent to.

use std::fs;

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
    /// PEM file of certificates that are trusted besides the usual ones; empty: none.
    pub(crate) ca: String,
    /// Units of a variant on the shelves at or below which `stock.low` is told.
    pub(crate) stock_low: u32,
}

impl Default for RawWebhooks {
    fn default() -> Self {
        let usual = WebhookConfig::default();
        Self {
            allow: Vec::new(),
            ports: usual.ports,
            plain_http: usual.plain_http,
            timeout_ms: usual.timeout_ms,
            ca: String::new(),
            stock_low: usual.stock_low,
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
    if raw.stock_low > limits::STOCK_LOW_MAX {
        return wrong(
            "webhooks.stock_low",
            format!("must be 0 to {}", limits::STOCK_LOW_MAX),
        );
    }
    let roots = match raw.ca.as_str() {
        "" => String::new(),
        path => match fs::read_to_string(path) {
            Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => text,
            Ok(_) => return wrong("webhooks.ca", format!("{path} holds no certificate")),
            Err(error) => return wrong("webhooks.ca", format!("{path}: {error}")),
        },
    };
    Ok(WebhookConfig {
        allow,
        ports: raw.ports,
        plain_http: raw.plain_http,
        timeout_ms: raw.timeout_ms,
        roots,
        stock_low: raw.stock_low,
        ..WebhookConfig::default()
    })
}
