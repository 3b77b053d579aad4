//! A flash sale under load and under `kill -9`: buyers, the server's lives, and the oracle.
//!
//! One thread drives all buyers, so that the load leaves the cores to the server that it measures.
//! A buyer asks again under the same key until it is answered, across every restart. When the
//! server has gone for good, the oracle reads the database, the buyers' journal and what onlookers
//! saw, and says of each rule whether it held.

pub mod buyer;
pub mod journal;
mod lane;
mod lives;
pub mod onlooker;
pub mod oracle;
pub mod pace;
pub mod power;
pub mod report;
pub mod seed;
pub mod shopper;
pub mod souk;

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tokio::{
    sync::watch,
    task::{JoinHandle, LocalSet},
};

use self::{
    buyer::{Buyer, Place},
    journal::Journal,
    lives::Lives,
    onlooker::{Log, Onlooker},
    oracle::{Oracle, Witness},
    pace::Pace,
    report::{Footprint, Report, Resources},
    seed::Shop,
    shopper::{Errands, Shoppers},
    souk::{Setup, Souk},
};

/// Rounds of waiting until the outbox is empty.
const FLUSH_ROUNDS_MAX: usize = 40;
/// People who watch the room and talk in it.
const ONLOOKERS: usize = 2;

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server: started by the run, or running.
    pub server: Server,
    /// Connections that buy at once.
    pub buyers: usize,
    /// Most purchases a second, of all of them together; 0 for as many as are answered.
    pub rate: f64,
    /// Accounts that they buy for; each may have 99 units of each product.
    pub accounts: usize,
    /// Least length of the load, without the time that the server is down.
    pub time: Duration,
    /// Least number of orders, unless the buyers may have no more.
    pub orders: usize,
    /// Kills at random moments.
    pub kills: usize,
    /// Between two kills, milliseconds from being ready.
    pub kill_after_ms: (u64, u64),
    /// Products in the sale.
    pub items: usize,
    /// Units of each.
    pub units: u32,
    /// One of so many orders is paid for; 0 for none.
    pub pay_every: u64,
    /// Requests a second for the catalog and for carts, beside the sale; 0 for none.
    pub shoppers: f64,
    /// Whether purchases go by data channel, and not by HTTP.
    pub lanes: bool,
    /// Rest after the load, before memory and files are looked at again.
    pub rest: Duration,
    /// Of the moments.
    pub seed: u64,
}

/// Whom the buyers talk to.
#[derive(Debug, Clone)]
pub enum Server {
    /// A process of our own.
    Own(Setup),
    /// A demo that runs, and its seller's account; its database is not read.
    Running {
        /// `http://ADDRESS:PORT`.
        url: String,
        /// E-mail and password of a seller with a show.
        seller: (String, String),
    },
}

/// How long a server may take to close what nobody uses any more: payments that were under way are
/// asked for until they are settled.
const TIDY_MAX: Duration = Duration::from_secs(60);
/// What the shop keeps open to the provider, which lives in the same process: both ends of sixteen
/// connections are its own.
const PROVIDER_FILES: usize = 32;

/// Runs it.
///
/// # Errors
/// When the server cannot be started, seeded or read; a broken rule is no error but in the report.
pub async fn run(plan: &Plan) -> Result<Report> {
    LocalSet::new().run_until(load_and_judge(plan)).await
}

async fn load_and_judge(plan: &Plan) -> Result<Report> {
    let (mut own, url, seller) = match &plan.server {
        Server::Own(setup) => {
            let souk = Souk::start(setup, true).await?;
            let (url, seller) = (souk.ready.http.clone(), souk.ready.seller()?);
            (Some(souk), url, seller)
        }
        Server::Running { url, seller } => (None, url.clone(), seller.clone()),
    };
    ensure!(
        own.is_some() || plan.kills == 0,
        "only an own server is killed"
    );
    let shop = Rc::new(Shop::seed(&url, &seller, plan).await?);
    let (place, places) = watch::channel(Place::Open(url.clone()));
    let journal = Rc::new(Journal::new(shop.accounts.len()));
    let before = own.as_ref().map(Souk::resources).transpose()?;
    let log = Rc::new(Log::default());
    let errands = Rc::new(Errands::default());
    let mut crew = crew(plan, &shop, &journal, &log, &places);
    if plan.shoppers > 0.0 {
        let shoppers = Shoppers::new(plan.shoppers, shop.clone(), errands.clone(), places.clone());
        crew.push(tokio::task::spawn_local(shoppers?.run()));
    }
    let begun = Instant::now();
    let mut lives = Lives::default();
    if let (Server::Own(setup), Some(souk)) = (&plan.server, own.take()) {
        own = Some(lives.kill(plan, setup, souk, &place, &journal).await?);
    }
    let up = || begun.elapsed().saturating_sub(lives.down);
    let left = plan.time.saturating_sub(up());
    wait_out(left, plan.orders, own.as_mut(), &journal).await?;
    let seconds = up().as_secs_f64();
    let peak = own.as_ref().map(Souk::resources).transpose()?;
    let url = own.as_ref().map_or(url, |souk| souk.ready.http.clone());
    let _ = place.send(Place::Closed(url));
    for buyer in crew {
        buyer.await.context("a buyer panicked")?;
    }
    let kept = if plan.pay_every > 0 {
        PROVIDER_FILES
    } else {
        0
    };
    let (after, rested) = rest(plan.rest, own.as_ref(), before, kept).await?;
    let resources = Resources {
        before,
        peak,
        after,
        rested,
    };
    let mut report = Report::of(plan, (&journal, &log), seconds, lives, resources);
    report.shoppers = (plan.shoppers > 0.0).then(|| errands.report());
    if let (Server::Own(setup), Some(souk)) = (&plan.server, own) {
        let witness = Witness {
            journal: &journal,
            log: &log,
            shop: &shop,
            lives: report.kills + 1,
            panics: 0,
            resources,
            kept,
        };
        let Oracle { rules, findings } = judge(setup, souk, witness).await?;
        (report.oracle, report.findings) = (Some(rules), findings);
        happened(setup, &report)?;
    }
    Ok(report)
}

/// Sets everybody going: buyers and onlookers.
fn crew(
    plan: &Plan,
    shop: &Rc<Shop>,
    journal: &Rc<Journal>,
    log: &Rc<Log>,
    places: &watch::Receiver<Place>,
) -> Vec<JoinHandle<()>> {
    let onlookers = (0..ONLOOKERS.min(shop.accounts.len())).map(|n| {
        let onlooker = Onlooker::new(n, shop.clone(), log.clone(), places.clone());
        tokio::task::spawn_local(onlooker.run())
    });
    let pace = Rc::new(Pace::new(plan.rate));
    let client = || reqwest::Client::builder().no_proxy().build();
    let lanes = plan.lanes.then(|| client().unwrap_or_default());
    let buyers = (0..plan.buyers).map(|n| {
        let (shop, journal, pace) = (shop.clone(), journal.clone(), pace.clone());
        let how = (pace, lanes.clone());
        let buyer = Buyer::new(n, shop, journal, places.clone(), plan.pay_every, how);
        tokio::task::spawn_local(buyer.run())
    });
    onlookers.chain(buyers).collect()
}

/// Waits for the end of the load, unless the server ends by itself.
async fn wait_out(
    time: Duration,
    orders: usize,
    mut souk: Option<&mut Souk>,
    journal: &Journal,
) -> Result<()> {
    let end = Instant::now() + time;
    lives::until("the end of the load", journal, || {
        if let Some(souk) = &mut souk {
            ensure!(
                !souk.has_ended()?,
                "the server ended by itself:\n{}",
                souk.log_tail()
            );
        }
        Ok(journal.exhausted() || (Instant::now() >= end && journal.orders() >= orders))
    })
    .await
}

/// Lets the server rest until what the load opened is closed: what it has open then, and how long
/// that took.
async fn rest(
    least: Duration,
    souk: Option<&Souk>,
    before: Option<Footprint>,
    kept: usize,
) -> Result<(Option<Footprint>, Duration)> {
    let begun = Instant::now();
    tokio::time::sleep(least).await;
    loop {
        let after = souk.map(Souk::resources).transpose()?;
        let is_tidy = match (before, after) {
            (Some(before), Some(after)) => after.files <= oracle::most_files(before.files, kept),
            _ => true,
        };
        if is_tidy || begun.elapsed() > least + TIDY_MAX {
            return Ok((after, begun.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the outbox is told, ends the server, and asks the oracle.
async fn judge(setup: &Setup, souk: Souk, witness: Witness<'_>) -> Result<Oracle> {
    let mut souk = souk;
    let mut rounds = 0;
    let store = loop {
        souk.kill()?;
        if setup.power_loss && rounds == 0 {
            power::lose(&setup.data_dir)?;
        }
        let store = setup.open_store().await?;
        let waiting = lives::untold(&store).await?;
        rounds += 1;
        if waiting == 0 || rounds > FLUSH_ROUNDS_MAX {
            break store;
        }
        store.close().await;
        souk = Souk::start(setup, false).await?;
        let seconds = (waiting as f64 / 3_000.0).clamp(0.5, 20.0);
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    };
    let witness = Witness {
        panics: setup.panics()?,
        ..witness
    };
    let oracle = Oracle::ask(&store, &witness).await;
    store.close().await;
    oracle
}

/// A crash point shows something only if somebody was hit by it.
fn happened(setup: &Setup, report: &Report) -> Result<()> {
    let hit = match setup.fault.as_deref() {
        Some("crash-before-commit") => report.cut_off > 0,
        Some("crash-after-commit") => report.replayed > 0,
        Some("crash-after-ack") => report.untold_at_crash > Some(0),
        _ => true,
    };
    ensure!(hit, "nobody was hit by the crash: {report:?}");
    Ok(())
}
