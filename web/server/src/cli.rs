//! What may be typed after `souk`. Flags are the last word over the environment and the file.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand};
use figment::value::Value;

use crate::config::Flags;

/// Live shopping in one binary.
#[derive(Debug, Parser)]
#[command(name = "souk", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the server.
    Serve(Common),
    /// Runs the server with a seeded shop, demo accounts and a looping broadcast.
    Demo(Demo),
    /// Makes an account that may do everything; reads its password from standard input.
    CreateAdmin(CreateAdmin),
    /// Removes the second factor of an account whose owner lost it; all its sessions end.
    ResetSecondFactor(ResetSecondFactor),
    /// Reads the configuration, checks every value and says what is wrong.
    CheckConfig(Common),
    /// Brings the database to this version's tables.
    Migrate(Common),
}

/// Flags that every verb takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Common {
    /// TOML file with the configuration.
    #[arg(long, env = "SOUK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port of the HTTP edge (key http.bind).
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) http: Option<SocketAddr>,
    /// UDP port of the first media shard; shard i uses the i-th after it (key media.udp_port).
    #[arg(long, value_name = "PORT")]
    pub(crate) media_udp_port: Option<u16>,
    /// Address that viewers and publishers send media to; repeatable (key media.addresses).
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) media_address: Vec<IpAddr>,
    /// Folder of the embedded database and generated secrets (key data_dir).
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Flags of `demo`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Seeds the shop, but publishes nothing.
    #[arg(long)]
    pub(crate) no_broadcast: bool,
    /// Writes addresses and accounts to this file, as JSON, once everything runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// Flags of `create-admin`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateAdmin {
    #[command(flatten)]
    pub(crate) common: Common,
    /// E-mail address to sign in with.
    #[arg(long)]
    pub(crate) email: String,
}

/// Flags of `reset-second-factor`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ResetSecondFactor {
    #[command(flatten)]
    pub(crate) common: Common,
    /// E-mail address of the account.
    #[arg(long)]
    pub(crate) email: String,
}

impl Common {
    /// The flags as pairs of a configuration key and a value.
    pub(crate) fn flags(&self) -> Flags {
        let mut flags = Flags::new();
        if let Some(http) = self.http {
            flags.push(("http.bind", Value::from(http.to_string())));
        }
        if let Some(port) = self.media_udp_port {
            flags.push(("media.udp_port", Value::from(port)));
        }
        if !self.media_address.is_empty() {
            let addresses: Vec<String> = self.media_address.iter().map(IpAddr::to_string).collect();
            flags.push(("media.addresses", Value::from(addresses)));
        }
        if let Some(dir) = &self.data_dir {
            flags.push(("data_dir", Value::from(dir.to_string_lossy().into_owned())));
        }
        flags
    }
}
