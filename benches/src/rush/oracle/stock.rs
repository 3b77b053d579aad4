//! Rules about units: I1, I4, C7, C8 and C10.

use std::collections::{BTreeMap, HashMap};

use super::{Court, Witness, tables::Tables};

/// `on_hand`, `held` and `committed` of each row, by the ledger alone.
type Levels = HashMap<i64, [i64; 3]>;

fn add(levels: &mut Levels, row: i64, change: [i64; 3]) -> [i64; 3] {
    let level = levels.entry(row).or_default();
    for (sum, change) in level.iter_mut().zip(change) {
        *sum += change;
    }
    *level
}

/// I1: never more held and sold than there is, at every prefix of the ledger.
pub(super) fn oversold(court: &mut Court, tables: &Tables) {
    let mut levels = Levels::new();
    let faults = tables.movements.iter().filter_map(|movement| {
        let level = add(&mut levels, movement.level, movement.change);
        let [on_hand, held, committed] = level;
        let sound = level.iter().all(|n| *n >= 0) && held + committed <= on_hand;
        (!sound).then(|| format!("row {} at seq {}: {level:?}", movement.level, movement.seq))
    });
    court.judge("I1", faults);
}

/// I4: the ledger replays to the levels, the levels are the holds, and the database's own file is
/// whole.
pub(super) fn unbalanced(court: &mut Court, tables: &Tables) {
    let mut faults = Vec::new();
    let mut replayed = Levels::new();
    for movement in &tables.movements {
        add(&mut replayed, movement.level, movement.change);
    }
    let mut held: HashMap<i64, [i64; 2]> = HashMap::new();
    for hold in &tables.holds {
        let (at, units) = match hold.state.as_str() {
            "held" | "committing" => (0, hold.quantity),
            "committed" => (1, hold.quantity - hold.cancelled - hold.shipped),
            _ => continue,
        };
        held.entry(hold.level).or_default()[at] += units;
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
    if tables.integrity != "ok" {
        faults.push(format!("the file is damaged: {}", tables.integrity));
    }
    court.judge("I4", faults);
}

/// C7: a buyer has no more than the limit, by the holds and by the sale's own count.
pub(super) fn over_the_limit(court: &mut Court, tables: &Tables) {
    let mut by_buyer: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for hold in &tables.holds {
        if matches!(hold.state.as_str(), "held" | "committing" | "committed") {
            *by_buyer.entry((&hold.variant, &hold.buyer)).or_default() +=
                hold.quantity - hold.cancelled;
        }
    }
    let mut faults = Vec::new();
    for count in &tables.counts {
        let theirs = by_buyer.remove(&(count.variant.as_str(), count.buyer.as_str()));
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
    court.judge("C7", faults);
}

/// C8: what the room showed as available was there, at a sequence that exists.
pub(super) fn shown_too_much(court: &mut Court, tables: &Tables, witness: &Witness<'_>) {
    let rows: HashMap<&str, i64> = tables
        .levels
        .iter()
        .filter(|level| level.of_sale)
        .map(|level| (level.variant.as_str(), level.id))
        .collect();
    let mut levels = Levels::new();
    let mut available: HashMap<(i64, u64), i64> = HashMap::new();
    for movement in &tables.movements {
        let [on_hand, held, committed] = add(&mut levels, movement.level, movement.change);
        let seq = movement.seq.unsigned_abs();
        available.insert((movement.level, seq), on_hand - held - committed);
    }
    let faults = witness.log.levels().into_iter().filter_map(|shown| {
        let row = rows.get(shown.variant.as_str()).copied().unwrap_or(-1);
        let there = available.get(&(row, shown.seq)).copied();
        let right = there.is_some_and(|there| i64::from(shown.available) <= there);
        (!right).then(|| format!("{shown:?}, there were {there:?}"))
    });
    court.judge("C8", faults);
}

/// C10: each life of the server took the sale over, so that what an older one began is refused.
pub(super) fn not_taken_over(court: &mut Court, tables: &Tables, witness: &Witness<'_>) {
    let lives = i64::try_from(witness.lives).unwrap_or(i64::MAX);
    let fault = (tables.epoch < lives).then(|| format!("{lives} lives, epoch {}", tables.epoch));
    court.judge("C10", fault);
}
