//! The configuration as typed: what a file, the environment and flags may say.
//!
//! Every key has a default here, so this file is also the list of keys. Unknown keys are refused,
//! because a misspelt limit that is silently ignored is worse than a server that does not start.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use commerce_store::StoreConfig;
use serde::{Deserialize, Serialize};

use super::{payment::RawPortone, webhooks::RawWebhooks};

/// The whole of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawConfig {
    /// Where the embedded database and generated secrets live.
    pub(crate) data_dir: PathBuf,
    /// HTTP edge.
    pub(crate) http: RawHttp,
    /// Media plane.
    pub(crate) media: RawMedia,
    /// Database.
    pub(crate) database: RawDatabase,
    /// Accounts and tokens.
    pub(crate) accounts: RawAccounts,
    /// Mails to people.
    pub(crate) mail: RawMail,
    /// Sales and payments.
    pub(crate) shop: RawShop,
    /// The provider of real payments.
    pub(crate) portone: RawPortone,
    /// What events are sent to.
    pub(crate) webhooks: RawWebhooks,
    /// Log.
    pub(crate) log: RawLog,
}

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("souk-data"),
            http: RawHttp::default(),
            media: RawMedia::default(),
            database: RawDatabase::default(),
            accounts: RawAccounts::default(),
            mail: RawMail::default(),
            shop: RawShop::default(),
            portone: RawPortone::default(),
            webhooks: RawWebhooks::default(),
            log: RawLog::default(),
        }
    }
}

/// `[http]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawHttp {
    /// Address and port to listen on.
    pub(crate) bind: String,
    /// The origin that people use, as in `https://shop.example`; empty: the request's own.
    pub(crate) public_url: String,
    /// Other origins whose pages may call the API.
    pub(crate) allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Addresses that may read `/metrics`; loopback always may.
    pub(crate) metrics_allow: Vec<IpAddr>,
    /// Connections open at once.
    pub(crate) max_connections: usize,
    /// PEM file of the certificate chain; with `tls_key`, the edge speaks TLS itself.
    pub(crate) tls_certificate: String,
    /// PEM file of the certificate's private key.
    pub(crate) tls_key: String,
}

impl Default for RawHttp {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            metrics_allow: Vec::new(),
            max_connections: 10_000,
            tls_certificate: String::new(),
            tls_key: String::new(),
        }
    }
}

/// `[media]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawMedia {
    /// Address that the media ports listen on; empty: loopback, or every address once `addresses`
    /// names some.
    pub(crate) bind: String,
    /// UDP port of the first shard; shard i uses the i-th port after it.
    pub(crate) udp_port: u16,
    /// TCP port for those whose network lets no UDP through; 0: none.
    pub(crate) tcp_port: u16,
    /// Shards, each a thread; 0: one per core.
    pub(crate) shards: usize,
    /// Addresses that candidates name; what viewers and publishers send to.
    pub(crate) addresses: Vec<IpAddr>,
    /// Most viewers over all streams; 0: as many as the shards hold.
    pub(crate) max_viewers: usize,
    /// STUN and TURN servers that clients are told of.
    pub(crate) ice_servers: Vec<IceServer>,
}

impl Default for RawMedia {
    fn default() -> Self {
        Self {
            bind: String::new(),
            udp_port: 8100,
            tcp_port: 0,
            shards: 0,
            addresses: Vec::new(),
            max_viewers: 0,
            ice_servers: Vec::new(),
        }
    }
}

/// One of `[[media.ice_servers]]`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IceServer {
    /// As in `turn:turn.example:3478?transport=udp`.
    pub(crate) url: String,
    /// User name at a TURN server.
    #[serde(default)]
    pub(crate) username: String,
    /// Password at a TURN server.
    #[serde(default)]
    pub(crate) credential: String,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("url", &self.url)
            .field("username", &self.username)
            .field("credential", &"…")
            .finish()
    }
}

/// `[database]`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawDatabase {
    /// `sqlite://PATH`, or `mariadb://USER:PASSWORD@HOST:PORT/DATABASE`; empty: `souk.db` in the
    /// data folder.
    pub(crate) url: String,
    /// Connections that read.
    pub(crate) readers: u32,
    /// Connections that write to MariaDB; SQLite has one writer.
    pub(crate) writers: u32,
    /// How long a statement on SQLite waits for a lock of another program, milliseconds.
    pub(crate) busy_timeout_ms: u64,
    /// How long anything waits for a connection to MariaDB, milliseconds.
    pub(crate) connect_wait_ms: u64,
    /// How long a request waits for an answer of MariaDB, milliseconds.
    pub(crate) answer_wait_ms: u64,
}

impl Default for RawDatabase {
    fn default() -> Self {
        let store = StoreConfig::default();
        Self {
            url: String::new(),
            readers: store.readers,
            writers: store.writers,
            busy_timeout_ms: store.busy_timeout_ms,
            connect_wait_ms: store.connect_wait_ms,
            answer_wait_ms: store.answer_wait_ms,
        }
    }
}

impl std::fmt::Debug for RawDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawDatabase")
            .field("url", &"…")
            .field("readers", &self.readers)
            .field("writers", &self.writers)
            .finish_non_exhaustive()
    }
}

/// `[accounts]`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawAccounts {
    /// Signs access tokens, 32 characters and more; empty: made once and kept in the data folder.
    pub(crate) jwt_secret: String,
    /// Wraps the keys of personal data, 32 characters and more; empty: made once and kept in the
    /// data folder.
    pub(crate) personal_key: String,
    /// The one before the last rotation: what it wrapped can still be read.
    pub(crate) previous_personal_key: String,
    /// Life of an access token, seconds.
    pub(crate) access_ttl_seconds: u64,
    /// Life of a sign-in, days.
    pub(crate) refresh_ttl_days: u64,
    /// Whether an administrator's rights need a second factor.
    pub(crate) admin_second_factor: bool,
    /// How long after proving who they are an administrator may change things, seconds.
    pub(crate) fresh_login_seconds: u64,
}

impl Default for RawAccounts {
    fn default() -> Self {
        Self {
            jwt_secret: String::new(),
            personal_key: String::new(),
            previous_personal_key: String::new(),
            access_ttl_seconds: 600,
            refresh_ttl_days: 30,
            admin_second_factor: true,
            fresh_login_seconds: 900,
        }
    }
}

impl std::fmt::Debug for RawAccounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawAccounts")
            .field("secrets", &"…")
            .field("access_ttl_seconds", &self.access_ttl_seconds)
            .field("refresh_ttl_days", &self.refresh_ttl_days)
            .field("admin_second_factor", &self.admin_second_factor)
            .field("fresh_login_seconds", &self.fresh_login_seconds)
            .finish()
    }
}

/// `[mail]`
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawMail {
    /// `smtps://USER:PASSWORD@HOST`, or `smtp://…?tls=required`; empty: mails reach nobody.
    pub(crate) smtp_url: String,
    /// Whom mails are from.
    pub(crate) from: String,
}

impl Default for RawMail {
    fn default() -> Self {
        Self {
            smtp_url: String::new(),
            from: "Souk <no-reply@souk.example>".to_owned(),
        }
    }
}

impl std::fmt::Debug for RawMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawMail")
            .field("smtp_url", &"…")
            .field("from", &self.from)
            .finish()
    }
}

/// `[shop]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawShop {
    /// Who takes payments: `sandbox`, `portone_v2` or `portone_v1`.
    pub(crate) payment: String,
    /// Seconds for which an order is held until paid, where the sale does not say.
    pub(crate) hold_seconds: u32,
    /// The marketplace's part of a sale, hundredths of a percent.
    pub(crate) commission_bps: i64,
    /// From what amount on two people must want a refund, by currency, in its minor units.
    pub(crate) refund_second_person: BTreeMap<String, i64>,
}

impl Default for RawShop {
    fn default() -> Self {
        Self {
            payment: "sandbox".to_owned(),
            hold_seconds: 300,
            commission_bps: 500,
            refund_second_person: commerce_service::refund_second_person(),
        }
    }
}

/// `[log]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawLog {
    /// `text` or `json`.
    pub(crate) format: String,
    /// What is logged, as in `info,signaling_hub=debug`. The protocol engines are silent by
    /// default: they write a line for every bad packet that a stranger sends.
    pub(crate) filter: String,
}

impl Default for RawLog {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            filter: "info,rtc=warn,rtc_ice=warn,rtc_dtls=off,rtc_sctp=off,sctp_proto=off"
                .to_owned(),
        }
    }
}
