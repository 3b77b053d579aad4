//! The verbs other than `demo`.

use std::io::BufRead;

use anyhow::{Context, bail};
use commerce_store::Store;
use web_accounts::Accounts;

use crate::{
    app::{self, Server},
    cli::{Common, CreateAdmin, ResetSecondFactor},
    config::Config,
    signals, telemetry,
};

/// Runs the server until it is asked to stop.
pub(crate) async fn serve(common: Common) -> anyhow::Result<()> {
    let config = Config::load(common.config.as_deref(), common.flags())?;
    telemetry::init(&config.log);
    let server = Server::start(&config).await?;
    tracing::info!(http = %server.http(), "souk serves");
    signals::asked_to_stop().await?;
    server.drain().await;
    Ok(())
}

/// Says whether the configuration can be used.
#[allow(clippy::print_stdout)] // the answer that was asked for
pub(crate) fn check_config(common: &Common) -> anyhow::Result<()> {
    let config = Config::load(common.config.as_deref(), common.flags())?;
    println!("the configuration is good");
    println!("  http      {}", config.http.bind);
    println!(
        "  media     {} port {} x {}",
        config.media.bind, config.media.udp_port, config.media.shards
    );
    if let Some(port) = config.media.tcp_port {
        println!("  media     {} TCP port {port}", config.media.bind);
    }
    println!("  database  {}", config.database.shown());
    Ok(())
}

/// Opening the database migrates it.
pub(crate) async fn migrate(common: Common) -> anyhow::Result<()> {
    let config = Config::load(common.config.as_deref(), common.flags())?;
    telemetry::init(&config.log);
    open(&config).await?.close().await;
    tracing::info!(
        database = config.database.shown(),
        "the tables are up to date"
    );
    Ok(())
}

/// Makes an account with the role `admin`.
pub(crate) async fn create_admin(admin: CreateAdmin) -> anyhow::Result<()> {
    let config = Config::load(admin.common.config.as_deref(), admin.common.flags())?;
    telemetry::init(&config.log);
    let mut password = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut password)
        .context("cannot read the password")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!(
            "write the password to standard input, as in `souk create-admin --email me@shop.example < password.txt`"
        );
    }
    let store = open(&config).await?;
    let accounts = Accounts::new(app::accounts(&config), store.clone()).await?;
    let made = accounts.create_admin(&admin.email, password).await;
    drop(accounts);
    store.close().await;
    tracing::info!(user = %made?, "admin created");
    if config.accounts.admin_second_factor {
        tracing::info!("its rights need a second factor: POST /api/auth/second-factor");
    }
    Ok(())
}

/// For who lost generator and recovery codes; whoever can run this could read the database, too.
pub(crate) async fn reset_second_factor(whose: ResetSecondFactor) -> anyhow::Result<()> {
    let config = Config::load(whose.common.config.as_deref(), whose.common.flags())?;
    telemetry::init(&config.log);
    let store = open(&config).await?;
    let accounts = Accounts::new(app::accounts(&config), store.clone()).await?;
    let removed = accounts.reset_second_factor(&whose.email).await;
    drop(accounts);
    store.close().await;
    tracing::info!(user = %removed?, "second factor removed");
    Ok(())
}

async fn open(config: &Config) -> anyhow::Result<Store> {
    app::prepare(config)?;
    Store::open(&config.database).await.context("database")
}
