//! How webhooks are sent. Plain data; names can be looked up by a test.

use std::{fmt, io, net::IpAddr, sync::Arc};

use commerce_core::hook::Allowances;

use crate::{ServiceError, limits};

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// What they may reach besides the public internet.
    pub allow: Allowances,
    /// Ports that they may go to; empty: any.
    pub ports: Vec<u16>,
    /// Whether `http://` is taken as well: to try things out.
    pub plain_http: bool,
    /// Longest wait for an answer, milliseconds.
    pub timeout_ms: u64,
    /// Certificates that are trusted besides the usual ones, as PEM; empty: none.
    pub roots: String,
    /// Units of a variant on the shelves at or below which its seller is told.
    pub stock_low: u32,
    /// Most deliveries that may wait for one webhook.
    pub waiting_max: u64,
    /// Who looks names up; the system unless a test says otherwise.
    pub names: Names,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            allow: Allowances::default(),
            ports: vec![443, 8443],
            plain_http: false,
            timeout_ms: limits::HOOK_TIMEOUT.as_millis() as u64,
            roots: String::new(),
            stock_low: limits::STOCK_LOW_DEFAULT,
            waiting_max: limits::HOOK_WAITING_MAX,
            names: Names::default(),
        }
    }
}

impl WebhookConfig {
    /// Checks every value.
    pub(crate) fn check(&self) -> Result<(), ServiceError> {
        let most = limits::HOOK_TIMEOUT_MAX.as_millis() as u64;
        if !(1..=most).contains(&self.timeout_ms) {
            let text = format!("`webhooks.timeout_ms` must be 1 to {most}");
            return Err(ServiceError::Config(text));
        }
        match self.stock_low <= limits::STOCK_LOW_MAX {
            true => Ok(()),
            false => Err(ServiceError::Config(format!(
                "`webhooks.stock_low` must be at most {}",
                limits::STOCK_LOW_MAX
            ))),
        }
    }
}

type Fixed = Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

/// Looks names up.
#[derive(Clone, Default)]
pub struct Names(Option<Fixed>);

impl Names {
    /// A lookup of one's own, as tests need it.
    pub fn new(lookup: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }

    /// The addresses of a name, at most [`limits::HOOK_ADDRESSES_MAX`].
    pub(super) async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut found: Vec<IpAddr> = match &self.0 {
            Some(lookup) => lookup(host),
            None => {
                let found = tokio::net::lookup_host((host, 0)).await?;
                found.map(|address| address.ip()).collect()
            }
        };
        found.truncate(limits::HOOK_ADDRESSES_MAX);
        Ok(found)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}
