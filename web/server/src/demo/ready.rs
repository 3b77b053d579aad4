//! What the demo says once everything runs: on standard output for people, in the ready file for
//! programs.

use std::{fmt::Write, net::SocketAddr, path::Path};

use serde::Serialize;
use signaling_wire::StreamId;

use super::{people::Person, seed::Show};
use crate::{app, config::Config};

/// The addresses and the accounts.
#[derive(Serialize)]
pub(super) struct Ready {
    http: String,
    whip: String,
    stream_id: StreamId,
    stream_key: String,
    watch_url: String,
    studio_url: String,
    accounts: Vec<Person>,
}

impl Ready {
    pub(super) fn new(config: &Config, bound: SocketAddr, show: &Show) -> Self {
        let scheme = if config.http.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let own = || format!("{scheme}://{}", app::local(bound));
        let http = config.http.public_url.clone().unwrap_or_else(own);
        Self {
            whip: format!("{http}/whip"),
            watch_url: format!("{http}/watch/{}", show.stream),
            studio_url: format!("{http}/studio/{}", show.stream),
            stream_id: show.stream,
            stream_key: show.stream_key.clone(),
            accounts: show.people.clone(),
            http,
        }
    }

    /// Written beside and moved into place, so that a reader never sees half of it.
    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        app::write_private(file, &serde_json::to_string_pretty(self)?)
    }

    #[allow(clippy::print_stdout)] // this is what the person at the keyboard waits for
    pub(super) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let mut text = format!(
            "\nSouk is live.\n\n  Home      {}\n  Watch     {}\n  Studio    {}\n\n  Publish   {}\n  \
             Key       {}\n\n  Accounts\n",
            self.http, self.watch_url, self.studio_url, self.whip, self.stream_key
        );
        for person in &self.accounts {
            let Person {
                email,
                password,
                role,
                ..
            } = person;
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    {role:<8} {email:<22} {password}");
        }
        text.push_str("\nCtrl-C ends it.\n");
        text
    }
}
