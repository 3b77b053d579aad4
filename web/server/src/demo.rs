//! `souk demo`: the server with a seeded shop, demo accounts and a loop on air.
//!
//! Without `--data-dir` everything lives in a temporary folder that goes when the demo ends; a kept
//! folder is seeded once and found again. The loop speaks WHIP like any publisher and yields to
//! one. Nothing here is reachable from `souk serve`.

mod broadcast;
mod clip;
mod people;
mod publisher;
mod ready;
mod seed;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use commerce_store::sql::Dialect;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, Server},
    cli,
    config::{Config, RawAccounts, RawConfig},
    signals, telemetry,
};
use broadcast::Loop;
use clip::Clip;
use publisher::Target;
use ready::Ready;

/// Time until the loop must be on air.
const ON_AIR_TIME_MAX: Duration = Duration::from_secs(60);

/// What the demo does otherwise than a server.
fn defaults(folder: &Path) -> RawConfig {
    RawConfig {
        data_dir: folder.join("data"),
        // Whoever tries it has its password alone.
        accounts: RawAccounts {
            admin_second_factor: false,
            ..RawAccounts::default()
        },
        ..RawConfig::default()
    }
}

/// Runs the demo until it is asked to stop.
pub(crate) async fn run(flags: cli::Demo) -> anyhow::Result<()> {
    let temporary = tempfile::Builder::new().prefix("souk-demo-").tempdir()?;
    let defaults = defaults(temporary.path());
    let common = &flags.common;
    let config = Config::load_over(defaults, common.config.as_deref(), common.flags())?;
    telemetry::init(&config.log);
    ensure!(
        config.http.tls.is_none() || flags.no_broadcast,
        "http.tls_certificate: the demo's loop publishes by plain HTTP; add --no-broadcast"
    );
    ensure!(
        config.database.dialect() == Dialect::Sqlite
            || !config.data_dir.starts_with(temporary.path()),
        "database.url: what a demo makes stays in MariaDB; name the folder that keeps its keys and its password with --data-dir"
    );
    if let Some(file) = &flags.ready_file {
        // One of an earlier run would tell a reader addresses that are gone.
        let _ = std::fs::remove_file(file);
    }
    let clip = Arc::new(Clip::embedded()?);
    let server = Server::start(&config).await?;
    if let Some(mailbox) = server.app().accounts.mailbox() {
        // Set once, before anybody knows the address.
        let _ = server.app().mailbox.set(mailbox);
    }
    let stop = CancellationToken::new();
    let show = seed::show(server.app(), &config.data_dir)
        .await
        .context("seeding the shop")?;
    let owner = show.people.iter().find(|person| person.role == "seller");
    let owner = owner.context("no seller in the cast")?.user;
    let on_air = (!flags.no_broadcast).then(|| {
        let target = Target {
            http: app::local(server.http()),
            media: app::local_ip(config.media.bind),
        };
        let what = Loop {
            stream: show.stream,
            user: owner,
            target,
            clip,
        };
        tokio::spawn(broadcast::run(server.app().clone(), what, stop.clone()))
    });
    if on_air.is_some() {
        wait_until_live(&server, &show).await?;
    }
    let ready = Ready::new(&config, server.http(), &show);
    ready.print();
    if let Some(file) = &flags.ready_file {
        ready
            .write(file)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    signals::asked_to_stop().await?;
    stop.cancel();
    if let Some(task) = on_air {
        let _ = timeout(Duration::from_secs(2), task).await;
    }
    server.drain().await;
    // Explicit, because this is the promise: a demo leaves nothing behind.
    temporary
        .close()
        .context("cannot remove the temporary folder")
}

async fn wait_until_live(server: &Server, show: &seed::Show) -> anyhow::Result<()> {
    let hub = &server.app().hub;
    let live = async {
        while !hub
            .presence(show.stream)
            .is_some_and(|presence| presence.live)
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(ON_AIR_TIME_MAX, live)
        .await
        .context("the loop did not come on air")
}
