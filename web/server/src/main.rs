//! `souk`: a table of contents. Read the configuration once, build leaf to root, serve, drain root
//! to leaf; each verb is one call.
#![forbid(unsafe_code)]

mod app;
mod assets;
mod cli;
mod config;
mod cookies;
mod demo;
mod error;
mod extract;
mod http_date;
mod identify;
mod limits;
mod links;
mod listener;
mod measure;
mod openapi;
mod player_events;
mod rate;
mod report;
mod revoke;
mod router;
mod routes;
mod security;
mod signals;
mod state;
mod telemetry;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One provider for everything that speaks TLS or DTLS; a second call would only repeat it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve(common) => verbs::serve(common).await,
            Command::Demo(demo) => demo::run(demo).await,
            Command::CreateAdmin(admin) => verbs::create_admin(admin).await,
            Command::ResetSecondFactor(whose) => verbs::reset_second_factor(whose).await,
            Command::CheckConfig(common) => verbs::check_config(&common),
            Command::Migrate(common) => verbs::migrate(common).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

#[allow(clippy::print_stderr)] // the log may not run yet, and this is for the person at the keyboard
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("souk: {error:#}");
    ExitCode::FAILURE
}
