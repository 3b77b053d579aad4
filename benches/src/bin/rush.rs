//! `rush`: a flash sale against a real server, over HTTP, with `kill -9` if asked; then the oracle.
//!
//! `cargo build --release -p web-server -p benches` and `rush --souk target/release/souk --data-dir
//! DIR --buyers 128 --seconds 10 --json`. Ends with 1 when a rule was broken, with 2 when the run
//! itself failed.
#![forbid(unsafe_code)]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use benches::rush::{self, Plan, Server, report::Report, souk::Setup};
use clap::Parser;
use commerce_store::testing;

/// Tries to find what a control does wrong.
const ATTEMPTS: u64 = 5;

/// Buyers, kills and the oracle.
#[derive(Parser, Debug)]
#[command(version, args_override_self = true)]
struct Args {
    /// The `souk` binary to start.
    #[arg(long, required_unless_present = "url")]
    souk: Option<PathBuf>,
    /// Its data folder.
    #[arg(long, required_unless_present = "url")]
    data_dir: Option<PathBuf>,
    /// A MariaDB database in place of the file in the data folder.
    #[arg(long, requires = "souk")]
    database: Option<String>,
    /// A MariaDB server of the run's own, which ends with it; needs the package `mariadb-server`.
    #[arg(long, requires = "souk", conflicts_with_all = ["database", "power_loss"])]
    mariadb: bool,
    /// A server that runs, instead; the rules that need its database are not asked.
    #[arg(long, conflicts_with = "souk", requires = "seller")]
    url: Option<String>,
    /// E-mail and password of a seller there, with a colon between them.
    #[arg(long)]
    seller: Option<String>,
    /// Connections that buy at once.
    #[arg(long, default_value_t = 128)]
    buyers: usize,
    /// Most purchases a second, of all of them together; 0 for as many as are answered.
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// Accounts that they buy for, at most 20; each may have 99 units of each product.
    #[arg(long, default_value_t = 4)]
    accounts: usize,
    /// Least length of the load, seconds.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Least number of orders; the load ends before only when the accounts may buy no more.
    #[arg(long, default_value_t = 0)]
    orders: usize,
    /// Times that the server is killed and started again, at random moments of the load.
    #[arg(long, default_value_t = 0)]
    kill: usize,
    /// Shortest life between two kills, milliseconds.
    #[arg(long, default_value_t = 50)]
    life_min_ms: u64,
    /// Longest.
    #[arg(long, default_value_t = 800)]
    life_max_ms: u64,
    /// Products in the sale, at most 100.
    #[arg(long, default_value_t = 100)]
    items: usize,
    /// Units of each.
    #[arg(long, default_value_t = 1_000_000)]
    units: u32,
    /// One of so many orders is paid for; 0 for none.
    #[arg(long, default_value_t = 0)]
    pay_every: u64,
    /// Requests a second beside the sale: every second one lists products, the others fill carts.
    #[arg(long, default_value_t = 0.0)]
    shoppers: f64,
    /// Purchases go by data channel, beside the demo's broadcast, and not by HTTP.
    #[arg(long)]
    lanes: bool,
    /// Rest after the load, before open files and memory are looked at again, seconds.
    #[arg(long, default_value_t = 2.0)]
    rest: f64,
    /// Each kill loses what was written, but not synced.
    #[arg(long, requires = "souk")]
    power_loss: bool,
    /// What a server that was built with `negative-controls` does wrong, or where it ends by itself.
    #[arg(long, requires = "souk")]
    fault: Option<String>,
    /// Rules that must be found broken, as in `I1,I4`, for controls: the run then ends with 0 if they
    /// are. What depends on the moment of a kill is tried again with another seed, a few times.
    #[arg(long, value_delimiter = ',')]
    expect_broken: Vec<String>,
    /// Of the random moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn plan(self) -> Result<Plan> {
        let server = match (self.souk, self.data_dir, self.url) {
            (Some(binary), Some(data_dir), None) => Server::Own(Setup {
                binary,
                data_dir,
                database: self.database,
                fault: self.fault,
                power_loss: self.power_loss,
                broadcast: self.lanes,
            }),
            (None, _, Some(url)) => {
                let seller = self.seller.as_deref().and_then(|text| text.split_once(':'));
                let (email, password) = seller.context("--seller EMAIL:PASSWORD")?;
                Server::Running {
                    url,
                    seller: (email.to_owned(), password.to_owned()),
                }
            }
            _ => bail!("--souk and --data-dir, or --url"),
        };
        Ok(Plan {
            server,
            buyers: self.buyers.max(1),
            rate: self.rate.clamp(0.0, 1e6),
            accounts: self.accounts,
            time: Duration::from_secs_f64(self.seconds),
            orders: self.orders,
            kills: self.kill,
            kill_after_ms: (self.life_min_ms, self.life_max_ms.max(self.life_min_ms)),
            items: self.items.clamp(1, 100),
            units: self.units,
            pay_every: self.pay_every,
            shoppers: self.shoppers.clamp(0.0, 10_000.0),
            lanes: self.lanes,
            rest: Duration::from_secs_f64(self.rest),
            seed: self.seed,
        })
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr)] // what it is for
fn main() -> ExitCode {
    let args = Args::parse();
    let (json, mariadb) = (args.json, args.mariadb);
    let expected = args.expect_broken.clone();
    let outcome = args.plan().and_then(|plan| {
        let attempts = if expected.is_empty() { 1 } else { ATTEMPTS };
        for attempt in 0..attempts {
            let report = run(again(&plan, attempt), mariadb)?;
            let text = match json {
                true => serde_json::to_string(&report),
                false => serde_json::to_string_pretty(&report),
            };
            println!("{}", text.unwrap_or_default());
            let right = match expected.is_empty() {
                true => !report.is_broken(),
                false => expected.iter().all(|rule| report.broke(rule)),
            };
            if right {
                return Ok(true);
            }
        }
        Ok(false)
    });
    match outcome {
        Ok(right) => ExitCode::from(u8::from(!right)),
        Err(error) => {
            eprintln!("rush: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The plan of a further attempt: other moments, a fresh folder.
fn again(plan: &Plan, attempt: u64) -> Plan {
    let mut plan = plan.clone();
    plan.seed += attempt;
    if let Server::Own(setup) = &mut plan.server
        && attempt > 0
    {
        setup.data_dir = setup.data_dir.join(format!("attempt-{attempt}"));
    }
    plan
}

fn run(mut plan: Plan, mariadb: bool) -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let _database = match &mut plan.server {
            Server::Own(setup) if mariadb => {
                let server = testing::Server::start().await;
                let database = testing::Database::on(&server).await;
                setup.database = Some(database.config().url.clone());
                Some((server, database))
            }
            _ => None,
        };
        rush::run(&plan).await
    })
}
