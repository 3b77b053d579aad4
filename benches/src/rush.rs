//! A flash sale under load and under `kill -9`: buyers, the server's lives, and the oracle.
//!
//! One thread drives all buyers, so that the load leaves the cores to the server that it measures.
//! A buyer asks again under the same key until it is answered, across every restart. When the
//! server has gone for good, the oracle reads the database and the buyers' journal and says of each
//! rule, I1 to I9, whether it held.

pub mod buyer;
pub mod journal;
pub mod oracle;
pub mod power;
pub mod report;
pub mod seed;
pub mod souk;

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{sync::watch, task::LocalSet};

use self::{
    buyer::{Buyer, Place},
    journal::Journal,
    oracle::{Oracle, Witness},
    report::{Report, Resources},
    seed::Shop,
    souk::{Setup, Souk},
};

/// Rounds of waiting until the outbox is empty.
const FLUSH_ROUNDS_MAX: usize = 40;
/// A run with kills ends when so long has passed without an acknowledgement.
const STALL_MAX: Duration = Duration::from_secs(60);

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server: started by the run, or running.
    pub server: Server,
    /// Connections that buy at once.
    pub buyers: usize,
    /// Accounts that they buy for; each may have 99 units of each product.
    pub accounts: usize,
    /// Length of the load, without the time that the server is down.
    pub time: Duration,
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
    let mut crew = Vec::with_capacity(plan.buyers);
    for n in 0..plan.buyers {
        let buyer = Buyer::new(
            n,
            shop.clone(),
            journal.clone(),
            places.clone(),
            plan.pay_every,
        );
        crew.push(tokio::task::spawn_local(buyer.run()));
    }
    let begun = Instant::now();
    let mut lives = Lives::default();
    if let (Server::Own(setup), Some(souk)) = (&plan.server, own.take()) {
        own = Some(lives.kill(plan, setup, souk, &place, &journal).await?);
    }
    let up = || begun.elapsed().saturating_sub(lives.down);
    let left = plan.time.saturating_sub(up());
    wait_out(left, own.as_mut(), &journal).await?;
    let seconds = up().as_secs_f64();
    let peak = own.as_ref().map(Souk::resources).transpose()?;
    let url = own.as_ref().map_or(url, |souk| souk.ready.http.clone());
    let _ = place.send(Place::Closed(url));
    for buyer in crew {
        buyer.await.context("a buyer panicked")?;
    }
    tokio::time::sleep(plan.rest).await;
    let after = own.as_ref().map(Souk::resources).transpose()?;
    let resources = Resources {
        before,
        peak,
        after,
        rested: plan.rest,
    };
    let mut report = Report::of(plan, &journal, seconds, lives.ready_ms, resources);
    if let (Server::Own(setup), Some(souk)) = (&plan.server, own) {
        let Oracle { rules, findings } = judge(setup, souk, &shop, &journal, &resources).await?;
        (report.oracle, report.findings) = (Some(rules), findings);
    }
    Ok(report)
}

/// Sleeps, unless the server ends by itself.
async fn wait_out(time: Duration, souk: Option<&mut Souk>, journal: &Journal) -> Result<()> {
    let until = Instant::now() + time;
    let mut souk = souk;
    while Instant::now() < until && !journal.exhausted() {
        if let Some(souk) = &mut souk {
            ensure!(
                !souk.has_ended()?,
                "the server ended by itself:\n{}",
                souk.log_tail()
            );
        }
        tokio::time::sleep(Duration::from_millis(50).min(until - Instant::now())).await;
    }
    Ok(())
}

/// The lives of the server.
#[derive(Debug, Default)]
struct Lives {
    ready_ms: Vec<u64>,
    down: Duration,
}

impl Lives {
    /// Kills and restarts as often as the plan says; with a crash point the server ends by itself
    /// first.
    async fn kill(
        &mut self,
        plan: &Plan,
        setup: &Setup,
        mut souk: Souk,
        place: &watch::Sender<Place>,
        journal: &Journal,
    ) -> Result<Souk> {
        let mut random = StdRng::seed_from_u64(plan.seed);
        if setup.ends_by_itself() {
            let since = Instant::now();
            while !souk.has_ended()? {
                ensure!(
                    since.elapsed() < STALL_MAX,
                    "the crash point was never reached"
                );
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            souk = self.again(setup, souk, place).await?;
        }
        for _ in 0..plan.kills {
            let before = journal.orders();
            let (least, most) = plan.kill_after_ms;
            tokio::time::sleep(Duration::from_millis(random.random_range(least..=most))).await;
            let since = Instant::now();
            // A life in which nobody bought would show nothing.
            while journal.orders() == before && !journal.exhausted() {
                ensure!(
                    since.elapsed() < STALL_MAX,
                    "nobody can buy:\n{}",
                    souk.log_tail()
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            souk = self.again(setup, souk, place).await?;
        }
        Ok(souk)
    }

    async fn again(
        &mut self,
        setup: &Setup,
        souk: Souk,
        place: &watch::Sender<Place>,
    ) -> Result<Souk> {
        let since = Instant::now();
        souk.kill()?;
        let _ = place.send(Place::Away);
        if setup.power_loss {
            power::lose(&setup.data_dir)?;
        }
        let souk = Souk::start(setup, false).await?;
        self.ready_ms.push(souk.took.as_millis() as u64);
        let _ = place.send(Place::Open(souk.ready.http.clone()));
        self.down += since.elapsed();
        Ok(souk)
    }
}

/// Waits until the outbox is told, ends the server, and asks the oracle.
async fn judge(
    setup: &Setup,
    souk: Souk,
    shop: &Shop,
    journal: &Journal,
    resources: &Resources,
) -> Result<Oracle> {
    let mut souk = souk;
    let mut rounds = 0;
    let store = loop {
        souk.kill()?;
        if setup.power_loss && rounds == 0 {
            power::lose(&setup.data_dir)?;
        }
        let store = setup.open_store().await?;
        let waiting = commerce_store::outbox::depth(store.reader()).await?;
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
        journal,
        sale: &shop.sale,
        accounts: &shop.accounts,
        panics: setup.panics()?,
        resources: *resources,
    };
    let oracle = Oracle::ask(&store, &witness).await;
    store.close().await;
    oracle
}
