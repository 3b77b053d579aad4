//! The oracle: reads the books and the buyers' journal after a run, and says which rules held.
//!
//! Each rule compares tables that are written by different statements, or a table with what a
//! buyer was told; sums are made here, not by the database. All reading is in `tables`.
//!
//! I1 to I9 are the shop's rules after a fault. Of the rules of commerce that are not among them,
//! C4 (refunds), C7 (limits), C8 (what is shown) and C10 (who owns a sale) are judged by their own
//! names; C1 is I1, C2 and C3 are I6, C5 is I3, C6 is I2, C9 is I4.

mod money;
mod orders;
mod stock;
mod tables;

use anyhow::Result;
use commerce_store::{Store, sql::Dialect};

use self::tables::Tables;
use super::{
    journal::Journal,
    onlooker::Log,
    report::{Resources, Rules},
    seed::Shop,
};

/// Findings that are told of one rule.
const FINDINGS_MAX: usize = 5;
/// Open files that come and go by themselves.
const FILES_SLACK: usize = 16;

/// What others saw.
#[derive(Debug)]
pub struct Witness<'a> {
    /// The buyers' logs.
    pub journal: &'a Journal,
    /// The onlookers'.
    pub log: &'a Log,
    /// The sale that they bought in.
    pub shop: &'a Shop,
    /// How often a server was started while the sale was open.
    pub lives: usize,
    /// Lines of the server's log that tell of a panic.
    pub panics: usize,
    /// The server's process.
    pub resources: Resources,
    /// Sockets that it may keep open for what comes next.
    pub kept: usize,
}

/// What it says.
#[derive(Debug)]
pub struct Oracle {
    /// Each rule, and whether it held.
    pub rules: Rules,
    /// What broke them.
    pub findings: Vec<String>,
}

impl Oracle {
    /// Reads everything and judges.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ask(store: &Store, witness: &Witness<'_>) -> Result<Self> {
        let Shop { sale, show, .. } = witness.shop;
        let tables = Tables::read(store.reader(), sale, show).await?;
        let court = judge(&tables, witness, store.dialect());
        Ok(Self {
            rules: court.rules,
            findings: court.findings,
        })
    }
}

fn judge(tables: &Tables, witness: &Witness<'_>, dialect: Dialect) -> Court {
    let mut court = Court::default();
    witness.journal.read(|told| {
        stock::oversold(&mut court, tables);
        orders::lost(&mut court, tables, witness, told);
        orders::doubled(&mut court, tables, witness, told);
        stock::unbalanced(&mut court, tables);
        money::mispriced(&mut court, tables);
        money::miscaptured(&mut court, tables, witness.journal);
        orders::untold(&mut court, tables);
        orders::disordered(&mut court, tables, witness, told, dialect);
        untidy(&mut court, witness);
        money::refunded_too_much(&mut court, tables);
        stock::over_the_limit(&mut court, tables);
        stock::shown_too_much(&mut court, tables, witness);
        stock::not_taken_over(&mut court, tables, witness);
    });
    court
}

#[derive(Debug, Default)]
struct Court {
    rules: Rules,
    findings: Vec<String>,
}

impl Court {
    fn judge(&mut self, rule: &'static str, faults: impl IntoIterator<Item = String>) {
        let mut count = 0;
        for fault in faults {
            if count < FINDINGS_MAX {
                self.findings.push(format!("{rule}: {fault}"));
            }
            count += 1;
        }
        if count > FINDINGS_MAX {
            self.findings.push(format!("{rule}: {count} in all"));
        }
        self.rules.insert(rule, count == 0);
    }
}

/// What a server may have open after a load before which it had so many files.
pub(super) const fn most_files(before: usize, kept: usize) -> usize {
    before + before / 10 + FILES_SLACK + kept
}

/// I9: no panic, and the files and sockets of the load are closed after it.
fn untidy(court: &mut Court, witness: &Witness<'_>) {
    let mut faults = Vec::new();
    if witness.panics > 0 {
        faults.push(format!("{} panics in the log", witness.panics));
    }
    if let (Some(before), Some(after)) = (witness.resources.before, witness.resources.after)
        && after.files > most_files(before.files, witness.kept)
    {
        faults.push(format!(
            "{} open files, {} before",
            after.files, before.files
        ));
    }
    court.judge("I9", faults);
}

#[cfg(test)]
mod tests;
