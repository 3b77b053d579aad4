//! The oracle: reads the books and the buyers' journal after a run, and says which rules held.
//!
//! Each rule compares tables that are written by different statements, or a table with what a
//! buyer was told; sums are made here, not by the database. All reading is in `tables`.

mod tables;

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Result;
use commerce_store::{Store, sql::Dialect};

use self::tables::Tables;
use super::{
    journal::{Acknowledged, Journal},
    report::{Resources, Rules},
    seed::Account,
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
    /// The sale that they bought in.
    pub sale: &'a str,
    /// Who they were.
    pub accounts: &'a [Account],
    /// Lines of the server's log that tell of a panic.
    pub panics: usize,
    /// The server's process.
    pub resources: Resources,
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
        let tables = Tables::read(store.reader(), witness.sale).await?;
        let mut court = Court::default();
        witness.journal.read(|told| {
            oversold(&mut court, &tables);
            lost(&mut court, &tables, witness, told);
            doubled(&mut court, &tables, witness, told);
            unbalanced(&mut court, &tables);
            mispriced(&mut court, &tables);
            miscaptured(&mut court, &tables, witness.journal);
            untold(&mut court, &tables);
            disordered(&mut court, &tables, told, store.dialect());
            untidy(&mut court, witness);
        });
        Ok(Self {
            rules: court.rules,
            findings: court.findings,
        })
    }
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

/// I1: never more held and sold than there is, at every prefix of the ledger.
fn oversold(court: &mut Court, tables: &Tables) {
    let mut levels: HashMap<i64, [i64; 3]> = HashMap::new();
    let faults = tables.movements.iter().filter_map(|movement| {
        let level = levels.entry(movement.level).or_default();
        for (sum, change) in level.iter_mut().zip(movement.change) {
            *sum += change;
        }
        let [on_hand, held, committed] = *level;
        let sound = level.iter().all(|n| *n >= 0) && held + committed <= on_hand;
        (!sound).then(|| format!("row {} at seq {}: {level:?}", movement.level, movement.seq))
    });
    court.judge("I1", faults);
}

/// I2: every acknowledged order is there, its buyer's, in that or a later state.
fn lost(court: &mut Court, tables: &Tables, witness: &Witness<'_>, told: &[Acknowledged]) {
    let faults = told.iter().filter_map(|ack| {
        let buyer = &witness.accounts[ack.account].user;
        match tables.orders.get(&ack.order) {
            None => Some(format!("{} was acknowledged and is not there", ack.order)),
            Some(order) if order.buyer != *buyer => Some(format!("{} is another's", ack.order)),
            Some(order) if order.seq != ack.seq => Some(format!(
                "{} is at {}, told {}",
                ack.order, order.seq, ack.seq
            )),
            Some(_) => None,
        }
    });
    court.judge("I2", faults);
}

/// I3: one key, one order; a repeat gets the same.
fn doubled(court: &mut Court, tables: &Tables, witness: &Witness<'_>, told: &[Acknowledged]) {
    let mut faults = Vec::new();
    let mut keyed = HashSet::new();
    for order in tables.keys.values() {
        if !keyed.insert(order) {
            faults.push(format!("{order} has two keys"));
        }
    }
    let bare = tables.orders.keys().filter(|id| !keyed.contains(id));
    faults.extend(bare.map(|id| format!("{id} has no key")));
    for ack in told {
        let key = (witness.accounts[ack.account].user.clone(), ack.key.clone());
        match tables.keys.get(&key) {
            Some(order) if *order == ack.order => {}
            other => faults.push(format!("{key:?} is {other:?}, told {}", ack.order)),
        }
    }
    let others = witness.journal.other_answers();
    if others > 0 {
        faults.push(format!("{others} repeats got another answer"));
    }
    court.judge("I3", faults);
}

/// I4: the ledger replays to the levels, the levels are the holds, a buyer's count is theirs, and
/// what a product has over all rows is what ever came in.
fn unbalanced(court: &mut Court, tables: &Tables) {
    let mut faults = Vec::new();
    let mut replayed: HashMap<i64, [i64; 3]> = HashMap::new();
    for movement in &tables.movements {
        let level = replayed.entry(movement.level).or_default();
        for (sum, change) in level.iter_mut().zip(movement.change) {
            *sum += change;
        }
    }
    let mut held: HashMap<i64, [i64; 2]> = HashMap::new();
    let mut by_buyer: HashMap<(&str, &str), i64> = HashMap::new();
    for hold in &tables.holds {
        let at = match hold.state.as_str() {
            "held" | "committing" => 0,
            "committed" => 1,
            _ => continue,
        };
        held.entry(hold.level).or_default()[at] += hold.quantity;
        *by_buyer.entry((&hold.product, &hold.buyer)).or_default() += hold.quantity;
    }
    for level in &tables.levels {
        let ledger = replayed.remove(&level.id).unwrap_or_default();
        if ledger != level.units {
            faults.push(format!(
                "row {}: {:?}, the ledger says {ledger:?}",
                level.id, level.units
            ));
        }
        let holds = held.get(&level.id).copied().unwrap_or_default();
        if level.of_sale && level.units[1..] != holds {
            faults.push(format!(
                "row {}: {:?}, its holds are {holds:?}",
                level.id, level.units
            ));
        }
    }
    faults.extend(
        replayed
            .into_keys()
            .map(|row| format!("the ledger has row {row}, none is there")),
    );
    for count in &tables.counts {
        let theirs = by_buyer.remove(&(count.product.as_str(), count.buyer.as_str()));
        let theirs = theirs.unwrap_or_default();
        if theirs != count.quantity || theirs > count.most {
            faults.push(format!("{count:?}, the holds are {theirs}"));
        }
    }
    faults.extend(
        by_buyer
            .into_keys()
            .map(|who| format!("{who:?} is not counted")),
    );
    if tables.integrity != "ok" {
        faults.push(format!("the file is damaged: {}", tables.integrity));
    }
    court.judge("I4", faults);
}

/// I5: the total is the server's price by the quantity.
fn mispriced(court: &mut Court, tables: &Tables) {
    let mut sums: HashMap<&str, i64> = HashMap::new();
    let mut faults = Vec::new();
    for line in &tables.lines {
        *sums.entry(&line.order).or_default() += line.total;
        let price = tables.prices.get(&line.product);
        if price != Some(&line.unit_price) || line.total != line.unit_price * line.quantity {
            faults.push(format!("{line:?}, the price is {price:?}"));
        }
    }
    for (id, order) in &tables.orders {
        let sum = sums.get(id.as_str()).copied();
        if sum != Some(order.total) {
            faults.push(format!("{id}: {} of {sum:?}", order.total));
        }
    }
    court.judge("I5", faults);
}

/// I6: at most one capture of an order, of its total; captured and paid agree, also with what
/// buyers were told.
fn miscaptured(court: &mut Court, tables: &Tables, journal: &Journal) {
    let mut faults = Vec::new();
    let mut captured: HashMap<&str, i64> = HashMap::new();
    let mut paid = HashSet::new();
    for payment in tables
        .payments
        .iter()
        .filter(|payment| payment.state == "paid")
    {
        paid.insert(payment.id.as_str());
        if captured.insert(&payment.order, payment.amount).is_some() {
            faults.push(format!("{} was captured twice", payment.order));
        }
    }
    for (id, order) in &tables.orders {
        let amount = captured.get(id.as_str()).copied();
        let right = match order.status.as_str() {
            "pending_payment" | "expired" | "cancelled" => amount.is_none(),
            _ => amount == Some(order.total),
        };
        if !right {
            faults.push(format!("{id} is {}, captured {amount:?}", order.status));
        }
    }
    let told = journal.payments().into_iter();
    let missing = told.filter(|id| !paid.contains(id.as_str()));
    faults.extend(missing.map(|id| format!("{id} was confirmed and is not paid")));
    court.judge("I6", faults);
}

/// I7: each order was told, nothing was told of an order that is not there, nothing waits.
fn untold(court: &mut Court, tables: &Tables) {
    let mut faults = Vec::new();
    let placed: HashSet<&str> = tables.placed.iter().map(|(id, _)| id.as_str()).collect();
    let silent = tables
        .orders
        .keys()
        .filter(|id| !placed.contains(id.as_str()));
    faults.extend(silent.map(|id| format!("{id} was never told")));
    let false_news = tables.placed.iter().filter(|(_, there)| !there);
    faults.extend(false_news.map(|(id, _)| format!("{id} was told and is not there")));
    if tables.waiting > 0 {
        faults.push(format!("{} facts wait", tables.waiting));
    }
    court.judge("I7", faults);
}

/// I8: the stored sequence has no holes, and each buyer's answers rise with it. A server of many
/// writers hands numbers out in blocks; there only repeats are wrong.
fn disordered(court: &mut Court, tables: &Tables, told: &[Acknowledged], dialect: Dialect) {
    let mut faults = Vec::new();
    let step = |pair: &[tables::Movement]| match dialect {
        Dialect::Sqlite => pair[1].seq == pair[0].seq + 1,
        Dialect::MariaDb => pair[1].seq > pair[0].seq,
    };
    let holes = tables.movements.windows(2).filter(|pair| !step(pair));
    faults.extend(holes.map(|pair| format!("a hole behind seq {}", pair[0].seq)));
    let mut last: BTreeMap<usize, u64> = BTreeMap::new();
    for ack in told {
        let before = last.insert(ack.buyer, ack.seq);
        if before.is_some_and(|before| before >= ack.seq) {
            faults.push(format!(
                "buyer {} saw {before:?}, then {}",
                ack.buyer, ack.seq
            ));
        }
    }
    court.judge("I8", faults);
}

/// I9: no panic, and the files and sockets of the load are closed after it.
fn untidy(court: &mut Court, witness: &Witness<'_>) {
    let mut faults = Vec::new();
    if witness.panics > 0 {
        faults.push(format!("{} panics in the log", witness.panics));
    }
    if let (Some(before), Some(after)) = (witness.resources.before, witness.resources.after)
        && after.files > before.files + before.files / 10 + FILES_SLACK
    {
        faults.push(format!(
            "{} open files, {} before",
            after.files, before.files
        ));
    }
    court.judge("I9", faults);
}
