//! The composition root: builds leaf to root, drains root to leaf.
//!
//! database → media threads → hub → accounts → sandbox provider → shop → chat → edge. Nothing here
//! has rules; it hands each part the parts below it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use chat::{Chat, ChatConfig};
use commerce_sandbox::{Sandbox, SandboxConfig, WebhookTarget};
use commerce_service::{CommerceConfig, PaymentConfig, Secret};
use commerce_store::Store;
use media_shard::Threads;
use signaling_hub::{Hub, HubConfig};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use web_accounts::{Accounts, AccountsConfig, MailConfig, SigningSecret};

use crate::{
    config::Config,
    identify, links,
    listener::Listener,
    measure,
    player_events::LayersSeen,
    revoke,
    router::router,
    state::{App, Parts, Rates},
};

/// The shop's name at the sandbox provider.
const SANDBOX_STORE: &str = "store-souk-sandbox";
/// Time for the shop to flush what it has begun.
const SHOP_DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// Time for the rooms to tell everyone to come back.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(3);

/// A running server.
pub(crate) struct Server {
    app: App,
    http: SocketAddr,
    edge: JoinHandle<()>,
    /// The embedded provider, unless another one takes the money.
    sandbox: Option<Sandbox>,
    chat: Chat,
    threads: Threads,
}

/// Makes the folders that the configuration names.
pub(crate) fn prepare(config: &Config) -> anyhow::Result<()> {
    fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("data_dir: cannot make {}", config.data_dir.display()))
}

/// The accounts' part of the configuration.
pub(crate) fn accounts(config: &Config) -> AccountsConfig {
    let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    AccountsConfig {
        jwt_secret: config.accounts.jwt_secret.clone().map(SigningSecret::new),
        secret_file: config.data_dir.join("jwt.secret"),
        personal_key: config.accounts.personal_key.clone().map(SigningSecret::new),
        previous_personal_key: config
            .accounts
            .previous_personal_key
            .clone()
            .map(SigningSecret::new),
        personal_key_file: config.data_dir.join("personal.key"),
        mail: MailConfig {
            smtp_url: config.mail.smtp_url.clone(),
            from: config.mail.from.clone(),
            link_base: match &config.http.public_url {
                Some(url) => url.clone(),
                None => format!("http://{}", local(config.http.bind)),
            },
        },
        access_ttl_s: seconds(config.accounts.access_ttl),
        refresh_ttl_s: seconds(config.accounts.refresh_ttl),
        admin_second_factor: config.accounts.admin_second_factor,
        fresh_login_s: seconds(config.accounts.fresh_login),
        ..AccountsConfig::default()
    }
}

fn media(config: &Config) -> media_shard::Config {
    media_shard::Config {
        bind: config.media.bind,
        udp_port: config.media.udp_port,
        tcp_port: config.media.tcp_port,
        shards: config.media.shards,
        advertise: config.media.addresses.clone(),
    }
}

fn hub(config: &Config) -> HubConfig {
    HubConfig {
        viewers_max: config.media.max_viewers,
        ..HubConfig::default()
    }
}

impl Server {
    /// Builds everything and starts to answer.
    pub(crate) async fn start(config: &Config) -> anyhow::Result<Self> {
        prepare(config)?;
        let metrics = measure::install()?;
        // Bound first, so that a taken port is said before anything else is touched.
        let listener = Listener::bind(&config.http).await?;
        let http = listener.address()?;
        let store = Store::open(&config.database).await.context("database")?;
        let (media, events, threads) = media_shard::start(media(config)).context("media")?;
        let (hub, inbounds) = Hub::start(hub(config), media.clone(), events);
        let accounts = Accounts::new(accounts(config), store.clone())
            .await
            .context("accounts")?;
        let (sandbox, payment) = match config.payment.clone() {
            Some(payment) => (None, payment),
            None => {
                let (sandbox, payment) = sandbox(config, http).await?;
                (Some(sandbox), payment)
            }
        };
        let shop = CommerceConfig {
            hold_seconds: config.hold_seconds,
            commission_bps: config.commission_bps,
            refund_second_person: config.refund_second_person.clone(),
            personal: Some(accounts.personal_data()),
            webhooks: config.webhooks.clone(),
            ..CommerceConfig::new(payment)
        };
        let commerce = commerce_service::start(shop, store.clone(), hub.clone(), inbounds.shop)
            .await
            .context("shop")?;
        commerce.follow_attendance(inbounds.attendance);
        let chat = Chat::start(
            ChatConfig::default(),
            hub.clone(),
            store.clone(),
            inbounds.chat,
        );
        tokio::spawn(identify::run(
            hub.clone(),
            accounts.clone(),
            commerce.clone(),
            inbounds.control,
        ));
        let app = App::new(Parts {
            http: config.http.clone(),
            ice_links: links::ice(&config.media.ice_servers)?,
            hub,
            media,
            store,
            accounts,
            commerce,
            metrics,
            rates: Rates::new(),
            layers: LayersSeen::default(),
            mailbox: OnceLock::new(),
            sockets: App::socket_places(),
            stop: CancellationToken::new(),
            ready: AtomicBool::new(true),
        });
        tend(&app);
        let edge = tokio::spawn(listener.serve(router(app.clone()), app.stop.clone()));
        Ok(Self {
            app,
            http,
            edge,
            sandbox,
            chat,
            threads,
        })
    }

    /// Where the edge listens.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http
    }

    /// The handles of every part.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Stops root to leaf: the rooms tell everyone to come back, no new requests, open ones finish,
    /// the shop flushes, the media threads end, the database closes.
    pub(crate) async fn drain(self) {
        tracing::info!("draining");
        self.app.ready.store(false, Ordering::Release);
        let goodbye = self.app.hub.shutdown();
        if tokio::time::timeout(GOODBYE_TIME_MAX, goodbye)
            .await
            .is_err()
        {
            tracing::warn!("a room did not say goodbye in time");
        }
        self.app.stop.cancel();
        if self.edge.await.is_err() {
            tracing::error!("the edge ended by a panic");
        }
        let shop = self.app.commerce.stop();
        if tokio::time::timeout(SHOP_DRAIN_TIME_MAX, shop)
            .await
            .is_err()
        {
            tracing::warn!("the shop did not finish in time; its outbox goes on at the next start");
        }
        self.chat.stop().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        let threads = self.threads;
        if tokio::task::spawn_blocking(move || threads.stop())
            .await
            .is_err()
        {
            tracing::error!("a media thread ended by a panic");
        }
        self.app.store.clone().close().await;
        tracing::info!("drained");
    }
}

/// Starts what the accounts do by themselves, until the server drains: mails are sent,
/// revocations heard of and carried on.
fn tend(app: &App) {
    let (accounts, hub, stop) = (app.accounts.clone(), app.hub.clone(), app.stop.clone());
    let revoked = accounts.subscribe_revoked();
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = accounts.run_mailer() => {}
            () = accounts.follow_revocations() => {}
            () = revoke::run(hub, accounts.clone(), revoked) => {}
        }
    });
}

/// The embedded provider, and how the shop reaches it.
async fn sandbox(config: &Config, http: SocketAddr) -> anyhow::Result<(Sandbox, PaymentConfig)> {
    let (api, webhook) = (secret(), format!("whsec_{}", secret()));
    let mut settings = SandboxConfig::new(api.clone(), SANDBOX_STORE);
    // The provider cannot check a certificate for a loopback address, so behind our own TLS
    // payments settle by confirmation and sweeper alone.
    if config.http.tls.is_none() {
        let url = format!("http://{}/api/webhooks/portone/v2", local(http));
        settings.webhook = Some(WebhookTarget {
            url,
            secret: webhook.clone(),
        });
    }
    let sandbox = Sandbox::start(settings).await.context("sandbox provider")?;
    let base = sandbox.base_url.clone();
    let mut payment = PaymentConfig::sandbox(base, Secret::new(api), Some(Secret::new(webhook)));
    payment.store_id = Some(SANDBOX_STORE.to_owned());
    Ok((sandbox, payment))
}

/// 256 random bits; hexadecimal digits are base64 as well, which webhook secrets are.
fn secret() -> String {
    let random: [u8; 32] = rand::random();
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The address under which this machine reaches its own edge.
pub(crate) fn local(bound: SocketAddr) -> SocketAddr {
    SocketAddr::new(local_ip(bound.ip()), bound.port())
}

/// Loopback for an unspecified address, else the address itself.
pub(crate) fn local_ip(bound: IpAddr) -> IpAddr {
    match bound {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// Writes a file that its owner alone can read, in one step: a reader never sees half of it.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let fresh = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(())
}
