//! The configuration as checked: read once at start, plain data afterwards.
//!
//! Sources, each over the one before: defaults, a TOML file, the environment
//! (`SOUK_MEDIA__UDP_PORT`), flags. Every value is checked here and nowhere else; a mistake names
//! its key. No other module reads the environment.

mod check;
mod ice;
mod payment;
mod raw;
#[cfg(test)]
mod tests;
mod webhooks;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use commerce_service::{PaymentConfig, WebhookConfig};
use commerce_store::StoreConfig;
use figment::{
    Figment,
    error::{Actual, Kind},
    providers::{Env, Format, Serialized, Toml},
};

pub(crate) use raw::{IceServer, RawAccounts, RawConfig};

/// Environment variables that start with the prefix but are not keys.
const NOT_KEYS: [&str; 1] = ["config"];

/// Sections with secrets.
const SECRETIVE: [&str; 4] = ["accounts", "database", "mail", "media"];

/// Everything that the composition root needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where the embedded database and generated secrets live.
    pub(crate) data_dir: PathBuf,
    /// HTTP edge.
    pub(crate) http: HttpConfig,
    /// Media plane.
    pub(crate) media: MediaConfig,
    /// Database.
    pub(crate) database: StoreConfig,
    /// Accounts and tokens.
    pub(crate) accounts: AccountsConfig,
    /// Mails to people.
    pub(crate) mail: MailConfig,
    /// Seconds for which an order is held, where the sale does not say.
    pub(crate) hold_seconds: u32,
    /// The marketplace's part of a sale, hundredths of a percent.
    pub(crate) commission_bps: i64,
    /// From what amount on two people must want a refund, by currency, in its minor units.
    pub(crate) refund_second_person: BTreeMap<String, i64>,
    /// Who takes real payments; `None`: the embedded sandbox.
    pub(crate) payment: Option<PaymentConfig>,
    /// What events are sent to.
    pub(crate) webhooks: WebhookConfig,
    /// Log.
    pub(crate) log: LogConfig,
}

/// HTTP edge.
#[derive(Debug, Clone)]
pub(crate) struct HttpConfig {
    /// Address and port to listen on.
    pub(crate) bind: SocketAddr,
    /// The origin that people use, without a trailing slash.
    pub(crate) public_url: Option<String>,
    /// Other origins whose pages may call the API.
    pub(crate) allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Addresses besides loopback that may read `/metrics`.
    pub(crate) metrics_allow: Vec<IpAddr>,
    /// Connections open at once.
    pub(crate) max_connections: usize,
    /// Certificate chain and key files, if the edge speaks TLS itself.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Whether pages open the window of PortOne, which comes from there.
    pub(crate) portone_window: bool,
}

impl HttpConfig {
    /// Whether people reach the edge by TLS, here or at a proxy.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
            || self
                .public_url
                .as_deref()
                .is_some_and(|url| url.starts_with("https://"))
    }
}

/// Media plane.
#[derive(Debug, Clone)]
pub(crate) struct MediaConfig {
    /// Address that the media ports listen on.
    pub(crate) bind: IpAddr,
    /// UDP port of the first shard; 0 takes free ones.
    pub(crate) udp_port: u16,
    /// Port of the ICE-TCP listener, if there is to be one.
    pub(crate) tcp_port: Option<u16>,
    /// Threads, 1 and up.
    pub(crate) shards: usize,
    /// Addresses that candidates name.
    pub(crate) addresses: Vec<IpAddr>,
    /// Most viewers over all streams.
    pub(crate) max_viewers: usize,
    /// STUN and TURN servers that clients are told of.
    pub(crate) ice_servers: Vec<IceServer>,
}

/// Accounts and tokens.
#[derive(Clone)]
pub(crate) struct AccountsConfig {
    /// Signs access tokens; `None`: made once and kept.
    pub(crate) jwt_secret: Option<String>,
    /// Wraps the keys of personal data; `None`: made once and kept.
    pub(crate) personal_key: Option<String>,
    /// The one before the last rotation.
    pub(crate) previous_personal_key: Option<String>,
    /// Life of an access token.
    pub(crate) access_ttl: Duration,
    /// Life of a sign-in.
    pub(crate) refresh_ttl: Duration,
    /// Whether an administrator's rights need a second factor.
    pub(crate) admin_second_factor: bool,
    /// How long after proving who they are an administrator may change things.
    pub(crate) fresh_login: Duration,
}

impl std::fmt::Debug for AccountsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountsConfig").finish_non_exhaustive()
    }
}

/// Mails to people.
#[derive(Clone)]
pub(crate) struct MailConfig {
    /// The mail server, with its password.
    pub(crate) smtp_url: Option<String>,
    /// Whom mails are from.
    pub(crate) from: String,
}

impl std::fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailConfig")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Log.
#[derive(Debug, Clone)]
pub(crate) struct LogConfig {
    /// One JSON object per line instead of text.
    pub(crate) json: bool,
    /// Filter directives.
    pub(crate) filter: String,
}

/// A mistake in the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file that was named is not there.
    #[error("config file {0} does not exist")]
    NoFile(PathBuf),
    /// A source cannot be read, holds an unknown key or a value of the wrong type.
    #[error("{0}")]
    Source(Box<figment::Error>),
    /// A value is out of range.
    #[error("{key}: {reason}")]
    Value {
        /// The key, as in `media.udp_port`.
        key: &'static str,
        /// What is wrong and what is wanted.
        reason: String,
    },
}

/// Flags, as pairs of a key and a value.
pub(crate) type Flags = Vec<(&'static str, figment::value::Value)>;

impl Config {
    /// Reads all sources and checks every value.
    ///
    /// # Errors
    /// [`ConfigError`] names the key and, where it is known, the source.
    pub(crate) fn load(file: Option<&Path>, flags: Flags) -> Result<Self, ConfigError> {
        Self::load_over(RawConfig::default(), file, flags)
    }

    /// As [`Config::load`], over other defaults.
    pub(crate) fn load_over(
        defaults: RawConfig,
        file: Option<&Path>,
        flags: Flags,
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(defaults));
        if let Some(path) = file {
            if !path.is_file() {
                return Err(ConfigError::NoFile(path.to_owned()));
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        figment = figment.merge(Env::prefixed("SOUK_").ignore(&NOT_KEYS).split("__"));
        for (key, value) in flags {
            figment = figment.merge(Serialized::default(key, value));
        }
        let raw: RawConfig = figment
            .extract()
            .map_err(|error| ConfigError::Source(Box::new(discreet(error))))?;
        check::check(raw)
    }
}

/// The error of a value of the wrong type, without the value where that may be a password.
fn discreet(mut error: figment::Error) -> figment::Error {
    let section = error.path.first().map(String::as_str);
    if section.is_some_and(|section| SECRETIVE.contains(&section)) {
        error.kind = match error.kind {
            Kind::InvalidType(_, wanted) => Kind::InvalidType(hidden(), wanted),
            Kind::InvalidValue(_, wanted) => Kind::InvalidValue(hidden(), wanted),
            other => other,
        };
    }
    error
}

fn hidden() -> Actual {
    Actual::Other("something else".to_owned())
}
