//! Rules about orders and what was told of them: I2, I3, I7 and I8.

use std::collections::{BTreeMap, HashMap, HashSet};

use commerce_store::sql::Dialect;

use super::{
    super::{journal::Acknowledged, onlooker::Visit},
    Court, Witness,
    tables::{Message, Movement, Tables},
};

/// I2: every acknowledged order is there, its buyer's, in that or a later state; so is what was
/// called off.
pub(super) fn lost(
    court: &mut Court,
    tables: &Tables,
    witness: &Witness<'_>,
    told: &[Acknowledged],
) {
    let faults = told.iter().filter_map(|ack| {
        let buyer = &witness.shop.accounts[ack.account].user;
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
    let faults: Vec<String> = faults
        .chain(witness.journal.called_off().into_iter().filter_map(|id| {
            let status = tables.orders.get(&id).map(|order| order.status.as_str());
            (status != Some("cancelled")).then(|| format!("{id} was called off, is {status:?}"))
        }))
        .collect();
    court.judge("I2", faults);
}

/// I3: one key, one order; a repeat gets the same.
pub(super) fn doubled(
    court: &mut Court,
    tables: &Tables,
    witness: &Witness<'_>,
    told: &[Acknowledged],
) {
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
        let key = (
            witness.shop.accounts[ack.account].user.clone(),
            ack.key.clone(),
        );
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

/// I7: each order was told, nothing was told of an order that is not there, nothing waits.
pub(super) fn untold(court: &mut Court, tables: &Tables) {
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

/// I8: the stored sequence has no holes, each buyer's answers rise with it, and the room's chat was
/// heard as it is stored. A server of many writers hands numbers out in blocks; there only repeats
/// are wrong.
pub(super) fn disordered(
    court: &mut Court,
    tables: &Tables,
    witness: &Witness<'_>,
    told: &[Acknowledged],
    dialect: Dialect,
) {
    let mut faults = Vec::new();
    let step = |pair: &[Movement]| match dialect {
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
    witness
        .log
        .read(|visits| misheard(&mut faults, &tables.messages, visits));
    court.judge("I8", faults);
}

/// What was heard is stored, a key is said once, and without a declared hole all was heard that was
/// stored meanwhile.
fn misheard(faults: &mut Vec<String>, stored: &[Message], visits: &[Visit]) {
    let mut keys: HashMap<(&str, &str), &str> = HashMap::new();
    let mut by_id: HashMap<&str, &Message> = HashMap::new();
    for message in stored {
        by_id.insert(&message.id, message);
        if let Some(other) = keys.insert((&message.user, &message.key), &message.id) {
            faults.push(format!("{} and {other} have one key", message.id));
        }
    }
    for visit in visits {
        faults.extend(visit.faults.iter().cloned());
        for heard in &visit.heard {
            match by_id.get(heard.id.as_str()) {
                Some(there) if there.user == heard.user && there.key == heard.key => {}
                other => faults.push(format!("{heard:?} was heard, stored is {other:?}")),
            }
        }
        let Some(last) = visit.heard.last().filter(|_| visit.holes == 0) else {
            continue;
        };
        let meanwhile = stored
            .iter()
            .filter(|message| message.id > visit.since && message.id <= last.id)
            .count();
        if meanwhile != visit.heard.len() {
            let heard = visit.heard.len();
            faults.push(format!(
                "{heard} messages were heard of {meanwhile}, and no hole was declared"
            ));
        }
    }
}
