//! The JSON form of a run.

use std::{collections::BTreeMap, time::Duration};

use serde::{Serialize, Serializer};

use super::{Plan, journal::Journal, lives::Lives, onlooker::Log, shopper::Errand};
use crate::report::Percentiles;

/// What the server's process has and used.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Footprint {
    /// Resident memory.
    pub rss_kb: u64,
    /// Processor time of this life.
    pub cpu_us: u64,
    /// Open files and sockets.
    pub files: usize,
}

/// The server's process before, in and after the load; `null` for one that was not started here.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Resources {
    /// When the shop was seeded.
    pub before: Option<Footprint>,
    /// At the end of the load.
    pub peak: Option<Footprint>,
    /// After the rest.
    pub after: Option<Footprint>,
    /// Length of the rest: until the files of the load were closed, or no longer waited for.
    #[serde(rename = "rested_s", serialize_with = "seconds")]
    pub rested: Duration,
}

fn seconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64())
}

/// What `rush` saw.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Connections that bought.
    pub buyers: usize,
    /// Length of the load without the time that the server was down.
    pub seconds: f64,
    /// Orders that were acknowledged.
    pub orders: usize,
    /// As many a second.
    pub orders_per_s: f64,
    /// From a request to its acknowledgement.
    pub ack_ms: Percentiles,
    /// Refusals by code.
    pub refusals: BTreeMap<String, u64>,
    /// Acknowledgements of an order whose first answer was lost.
    pub replayed: usize,
    /// Answered purchases that were asked again under their key.
    pub repeats: u64,
    /// Requests that got no answer.
    pub cut_off: u64,
    /// Payments that were confirmed.
    pub paid: usize,
    /// Orders that were called off, paid or not.
    pub called_off: usize,
    /// Facts of committed orders that were not told yet when the server died at a crash point.
    pub untold_at_crash: Option<u64>,
    /// What shoppers beside the sale saw; `null` without any.
    pub shoppers: Option<Errand>,
    /// Chat messages that onlookers heard, and levels of stock that they saw.
    pub onlookers: (usize, usize),
    /// Times that the server was killed or ended at a crash point, and started again.
    pub kills: usize,
    /// From each of these starts to the first answer, milliseconds.
    pub ready_ms: Vec<u64>,
    /// Share of one core that the server used; `null` when it was killed or is not ours.
    pub server_cores: Option<f64>,
    /// The server's process.
    pub resources: Resources,
    /// The rules; `null` for a server whose database is not ours to read.
    pub oracle: Option<Rules>,
    /// What broke a rule.
    pub findings: Vec<String>,
}

/// The rules by their ids, and whether each held.
pub type Rules = BTreeMap<&'static str, bool>;

impl Report {
    pub(super) fn of(
        plan: &Plan,
        (journal, log): (&Journal, &Log),
        seconds: f64,
        lives: Lives,
        resources: Resources,
    ) -> Self {
        let orders = journal.orders();
        let used = match (resources.before, resources.peak) {
            (Some(before), Some(peak)) if lives.ready_ms.is_empty() => {
                Some((peak.cpu_us - before.cpu_us) as f64 / 1e6 / seconds)
            }
            _ => None,
        };
        Self {
            buyers: plan.buyers,
            seconds,
            orders,
            orders_per_s: orders as f64 / seconds,
            ack_ms: journal.times().percentiles(),
            refusals: journal.refusals(),
            replayed: journal.read(|all| all.iter().filter(|one| one.replayed).count()),
            repeats: journal.repeats(),
            cut_off: journal.cut_offs(),
            paid: journal.payments().len(),
            called_off: journal.called_off().len(),
            untold_at_crash: lives.untold_at_crash,
            shoppers: None,
            onlookers: (log.heard(), log.levels().len()),
            kills: lives.ready_ms.len(),
            ready_ms: lives.ready_ms,
            server_cores: used,
            resources,
            oracle: None,
            findings: Vec::new(),
        }
    }

    /// Whether this rule was broken.
    pub fn broke(&self, rule: &str) -> bool {
        let held = self.oracle.as_ref().and_then(|rules| rules.get(rule));
        held == Some(&false)
    }

    /// Whether a rule was broken.
    pub fn is_broken(&self) -> bool {
        let rules = self.oracle.iter().flat_map(BTreeMap::values);
        rules.into_iter().any(|held| !held)
    }
}
