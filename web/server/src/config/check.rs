//! From what was typed to what is meant: ranges, addresses, origins, pairs.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use commerce_store::{StoreConfig, limits as store};

use super::{
    AccountsConfig, Config, ConfigError, HttpConfig, LogConfig, MailConfig, MediaConfig, ice,
    payment,
    raw::{RawAccounts, RawConfig, RawDatabase, RawHttp, RawLog, RawMedia},
    webhooks,
};

/// Most shards that the media plane takes.
const SHARDS_MAX: usize = media_shard::MAX_SHARDS;
/// Shortest secret that signs tokens, characters.
const SECRET_CHARS_MIN: usize = 32;

pub(super) type Checked<T> = Result<T, ConfigError>;

pub(super) fn wrong<T>(key: &'static str, reason: impl Into<String>) -> Checked<T> {
    Err(ConfigError::Value {
        key,
        reason: reason.into(),
    })
}

pub(super) fn check(raw: RawConfig) -> Checked<Config> {
    if raw.data_dir.as_os_str().is_empty() {
        return wrong("data_dir", "must name a folder");
    }
    if !(1..=900).contains(&raw.shop.hold_seconds) {
        return wrong("shop.hold_seconds", "must be 1 to 900");
    }
    if !(0..=10_000).contains(&raw.shop.commission_bps) {
        return wrong("shop.commission_bps", "must be 0 to 10000");
    }
    let amounts = &raw.shop.refund_second_person;
    if amounts
        .iter()
        .any(|(code, amount)| code.len() != 3 || *amount < 1)
    {
        let reason = "must be amounts of 1 and more by currency, as in { KRW = 1000000 }";
        return wrong("shop.refund_second_person", reason);
    }
    Ok(Config {
        http: http(raw.http, raw.shop.payment == "portone_v2")?,
        media: media(raw.media)?,
        accounts: accounts(raw.accounts)?,
        mail: MailConfig {
            // Read by the accounts, whose mistakes name the key too.
            smtp_url: Some(raw.mail.smtp_url).filter(|url| !url.is_empty()),
            from: raw.mail.from,
        },
        log: log(raw.log)?,
        database: database(raw.database, &raw.data_dir)?,
        hold_seconds: raw.shop.hold_seconds,
        commission_bps: raw.shop.commission_bps,
        refund_second_person: raw.shop.refund_second_person,
        payment: payment::check(&raw.shop.payment, raw.portone)?,
        webhooks: webhooks::check(raw.webhooks)?,
        data_dir: raw.data_dir,
    })
}

/// No reason repeats the address: it may hold a password.
fn database(raw: RawDatabase, data_dir: &Path) -> Checked<StoreConfig> {
    let schemes = ["sqlite://", "mariadb://", "mysql://"];
    let url = match raw.url.as_str() {
        "" => format!("sqlite://{}", data_dir.join("souk.db").display()),
        url if schemes.iter().any(|scheme| url.starts_with(scheme)) => url.to_owned(),
        _ => {
            let reason = "must start with `sqlite://` or `mariadb://`";
            return wrong("database.url", reason);
        }
    };
    let connections = [
        ("database.readers", raw.readers, store::READERS_MAX),
        ("database.writers", raw.writers, store::WRITERS_MAX),
    ];
    for (key, count, most) in connections {
        if !(1..=most).contains(&count) {
            return wrong(key, format!("must be 1 to {most}"));
        }
    }
    let shortest = store::BUSY_TIMEOUT_MIN.as_millis() as u64;
    if !(shortest..=60_000).contains(&raw.busy_timeout_ms) {
        let reason = format!("must be {shortest} to 60000");
        return wrong("database.busy_timeout_ms", reason);
    }
    let waits = [
        ("database.connect_wait_ms", raw.connect_wait_ms),
        ("database.answer_wait_ms", raw.answer_wait_ms),
    ];
    let (least, most) = (store::WAITS_MS.start(), store::WAITS_MS.end());
    for (key, wait) in waits {
        if !store::WAITS_MS.contains(&wait) {
            return wrong(key, format!("must be {least} to {most}"));
        }
    }
    let config = StoreConfig {
        url,
        readers: raw.readers,
        writers: raw.writers,
        busy_timeout_ms: raw.busy_timeout_ms,
        connect_wait_ms: raw.connect_wait_ms,
        answer_wait_ms: raw.answer_wait_ms,
        ..StoreConfig::default()
    };
    match config.check() {
        Ok(()) => Ok(config),
        Err(error) => wrong("database.url", error.to_string()),
    }
}

fn http(raw: RawHttp, portone_window: bool) -> Checked<HttpConfig> {
    let Ok(bind) = raw.bind.parse::<SocketAddr>() else {
        return wrong("http.bind", format!("`{}` is not ADDRESS:PORT", raw.bind));
    };
    let public_url = match raw.public_url.trim_end_matches('/') {
        "" => None,
        url => Some(origin("http.public_url", url)?),
    };
    let allowed_origins = raw
        .allowed_origins
        .iter()
        .map(|url| origin("http.allowed_origins", url))
        .collect::<Checked<Vec<_>>>()?;
    if !(16..=1_000_000).contains(&raw.max_connections) {
        return wrong("http.max_connections", "must be 16 to 1000000");
    }
    let tls = match (raw.tls_certificate.as_str(), raw.tls_key.as_str()) {
        ("", "") => None,
        ("", _) => return wrong("http.tls_certificate", "is missing beside http.tls_key"),
        (_, "") => return wrong("http.tls_key", "is missing beside http.tls_certificate"),
        (certificate, key) => Some((
            readable("http.tls_certificate", certificate)?,
            readable("http.tls_key", key)?,
        )),
    };
    Ok(HttpConfig {
        bind,
        public_url,
        allowed_origins,
        trusted_proxies: raw.trusted_proxies,
        metrics_allow: raw.metrics_allow,
        max_connections: raw.max_connections,
        tls,
        portone_window,
    })
}

fn readable(key: &'static str, path: &str) -> Checked<PathBuf> {
    let path = PathBuf::from(path);
    if !path.is_file() {
        return wrong(key, format!("{} is not a file", path.display()));
    }
    Ok(path)
}

/// An origin is a scheme and an authority, nothing after.
fn origin(key: &'static str, url: &str) -> Checked<String> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '*']) => {
            Ok(url.to_ascii_lowercase())
        }
        _ => wrong(
            key,
            format!("`{url}` is not an origin such as https://shop.example"),
        ),
    }
}

fn media(raw: RawMedia) -> Checked<MediaConfig> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let shards = if raw.shards == 0 {
        cores.min(SHARDS_MAX)
    } else {
        raw.shards
    };
    if shards > SHARDS_MAX {
        return wrong("media.shards", format!("must be 0 to {SHARDS_MAX}"));
    }
    if raw.udp_port != 0 && usize::from(raw.udp_port) + shards > usize::from(u16::MAX) {
        return wrong(
            "media.udp_port",
            format!("leaves no room for {shards} ports"),
        );
    }
    if raw
        .addresses
        .iter()
        .any(|address| address.is_unspecified() || address.is_multicast())
    {
        return wrong(
            "media.addresses",
            "must be addresses that a viewer can send to",
        );
    }
    let bind = match raw.bind.as_str() {
        "" if raw.addresses.iter().all(IpAddr::is_loopback) => Ipv4Addr::LOCALHOST.into(),
        // `::` takes IPv4 as well; a host without IPv6 has no such address to name.
        "" if raw.addresses.iter().any(IpAddr::is_ipv6) => Ipv6Addr::UNSPECIFIED.into(),
        "" => Ipv4Addr::UNSPECIFIED.into(),
        text => match text.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => return wrong("media.bind", format!("`{text}` is not an address")),
        },
    };
    Ok(MediaConfig {
        bind,
        udp_port: raw.udp_port,
        tcp_port: (raw.tcp_port != 0).then_some(raw.tcp_port),
        shards,
        addresses: raw.addresses,
        max_viewers: match raw.max_viewers {
            0 => shards * media_shard::MAX_PEERS_PER_SHARD,
            viewers => viewers,
        },
        ice_servers: ice::check(raw.ice_servers)?,
    })
}

fn accounts(raw: RawAccounts) -> Checked<AccountsConfig> {
    if !(60..=3_600).contains(&raw.access_ttl_seconds) {
        return wrong("accounts.access_ttl_seconds", "must be 60 to 3600");
    }
    if !(1..=365).contains(&raw.refresh_ttl_days) {
        return wrong("accounts.refresh_ttl_days", "must be 1 to 365");
    }
    if !(60..=86_400).contains(&raw.fresh_login_seconds) {
        return wrong("accounts.fresh_login_seconds", "must be 60 to 86400");
    }
    Ok(AccountsConfig {
        jwt_secret: secret("accounts.jwt_secret", raw.jwt_secret)?,
        personal_key: secret("accounts.personal_key", raw.personal_key)?,
        previous_personal_key: secret("accounts.previous_personal_key", raw.previous_personal_key)?,
        access_ttl: Duration::from_secs(raw.access_ttl_seconds),
        refresh_ttl: Duration::from_secs(raw.refresh_ttl_days * 86_400),
        admin_second_factor: raw.admin_second_factor,
        fresh_login: Duration::from_secs(raw.fresh_login_seconds),
    })
}

fn secret(key: &'static str, text: String) -> Checked<Option<String>> {
    match text.chars().count() {
        0 => Ok(None),
        SECRET_CHARS_MIN.. => Ok(Some(text)),
        _ => wrong(
            key,
            format!("must have {SECRET_CHARS_MIN} characters or more"),
        ),
    }
}

fn log(raw: RawLog) -> Checked<LogConfig> {
    let json = match raw.format.as_str() {
        "text" => false,
        "json" => true,
        _ => return wrong("log.format", "must be `text` or `json`"),
    };
    if let Err(error) = raw.filter.parse::<tracing_subscriber::filter::Targets>() {
        return wrong("log.filter", error.to_string());
    }
    Ok(LogConfig {
        json,
        filter: raw.filter,
    })
}
