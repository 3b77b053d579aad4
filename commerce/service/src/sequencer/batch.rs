//! One batch of a sale in one transaction.
//!
//! Read: the sale's ledger, its holds that are over, what the keys stand for, what the buyers
//! have. Decide, in arrival order. Write: one statement per table, or in a storm the reservations and
//! all that the orders' rows will say.

use std::collections::{BTreeSet, HashMap};

use commerce_core::{Refusal, order, totals};
use commerce_store::{StoreError, sql::Conn};
use signaling_wire::{
    OrderGroupId, OrderId, OrderLineId, PaymentId, ReservationId, SaleId, UserId,
    frame::shop::Order,
};

use super::{Changed, Purchase, Verdict};
use crate::{
    Placed, ServiceError,
    db::{
        self, hold,
        ledger::{Book, Cause, Name},
        placement::{self, Kept, Keys, Placement, Placements, backlog},
    },
    mint::mint,
};

/// What a batch did; its answers are in the order of the purchases.
pub(crate) struct Done {
    pub(crate) answers: Vec<Verdict>,
    pub(crate) changed: Changed,
    /// The orders that are yet to be written.
    pub(crate) kept: Option<Kept>,
    /// Whether there is news for the courier.
    pub(crate) news: bool,
    /// Whether somebody was refused units that a hold may have.
    pub(crate) starved: bool,
}

/// What a batch is to do.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) purchases: Vec<Purchase>,
    /// What came of those of their keys whose orders are yet to be written.
    pub(crate) promised: Keys,
    /// Whether one of the orders that are yet to be written may be no longer waited for.
    pub(crate) overdue: bool,
}

/// On whose behalf a batch is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) sale: SaleId,
    /// Without one the sale is not owned: allowed for giving holds back only.
    pub(crate) epoch: Option<i64>,
    /// Whether the orders' rows may be written later.
    pub(crate) storm: bool,
    /// Whether to look for holds that are over even if nobody is refused for them.
    pub(crate) look: bool,
    /// Whether earlier promises may have been made that this process does not know of.
    pub(crate) doubt: bool,
}

/// Why a batch did nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another sequencer owns the sale.
    Fenced,
    /// The database, or a sale that does not exist.
    Other(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// What became of a purchase before its order is written.
enum Decision {
    Refused(Refusal),
    /// The order of an earlier request, and its place in the line if it is not written yet.
    Replay(OrderId, Option<i64>),
    /// The placement with this index, of this batch; the flag says that it was placed by an
    /// earlier request of the same batch.
    Placed(usize, bool),
}

/// Runs a batch.
pub(crate) async fn run(
    conn: &mut Conn,
    owner: Owner,
    asked: &Asked,
    provider: &'static str,
    now: i64,
) -> Result<Done, Failure> {
    let sale = owner.sale;
    let mut book = Book::open(conn, sale).await?;
    let mut turned = None;
    if book.head.is_time(now) {
        turned = db::sale::keep_time(conn, sale, now).await?;
        book = Book::open(conn, sale).await?;
    }
    if owner.epoch.is_some_and(|epoch| epoch != book.head.epoch) {
        return Err(Failure::Fenced);
    }
    if owner.doubt {
        backlog::write_sale(conn, sale).await?;
    } else if owner.epoch.is_none() || asked.overdue {
        backlog::write_due(conn, sale, now).await?;
    }
    let mut decided = Decided::of(conn, &mut book, owner.look, asked, now).await?;
    let starved = decided.is_starved();
    if starved && !owner.look {
        // What somebody is refused may lie in a hold that is over. Nothing is written yet.
        book = Book::open(conn, sale).await?;
        decided = Decided::of(conn, &mut book, true, asked, now).await?;
    }
    let Decided {
        due,
        decisions,
        placements,
    } = decided;
    let orders = Placements::of(&book, &placements, provider, now)?;
    let kept = match &orders {
        Some(orders) if owner.storm => {
            let place = backlog::keep(conn, orders).await?;
            Some(orders.kept(place, &placements))
        }
        Some(orders) => orders.write(conn).await.map(|()| None)?,
        None => None,
    };
    let stream = book.head.stream;
    let closed = book.head.state == signaling_wire::frame::shop::SaleState::Closed;
    let mut levels = book.close(conn, now).await?;
    if turned.is_some() {
        crate::sale::tell(conn, sale, now).await?;
    }
    if closed && (turned.is_some() || !due.is_empty()) {
        levels.extend(db::stock::return_unsold(conn, sale, now).await?);
    }
    let replayed = replayed(conn, &decisions).await?;
    let others = turned.is_some() || !due.is_empty() || !replayed.is_empty();
    let answers = answers(decisions, &replayed, orders.as_ref(), &placements)?;
    Ok(Done {
        answers,
        changed: Changed { stream, levels },
        news: kept.is_none() || others,
        kept,
        starved,
    })
}

/// What a batch does, as far as the rules go.
struct Decided {
    due: Vec<hold::Due>,
    /// In the order of the purchases.
    decisions: Vec<Decision>,
    placements: Vec<Placement>,
}

impl Decided {
    async fn of(
        conn: &mut Conn,
        book: &mut Book,
        look: bool,
        asked: &Asked,
        now: i64,
    ) -> Result<Self, StoreError> {
        let due = match look {
            true => hold::due(conn, book.sale, now).await?,
            false => Vec::new(),
        };
        let facts = Facts::read(conn, book, &due, asked, now).await?;
        hold::expire(conn, book, &due, now).await?;
        let mut placements = Vec::new();
        let decisions = decide(book, &facts, &asked.purchases, &mut placements)?;
        Ok(Self {
            due,
            decisions,
            placements,
        })
    }

    /// Whether somebody was refused units.
    fn is_starved(&self) -> bool {
        let units = |refusal: &Refusal| {
            matches!(
                refusal,
                Refusal::OutOfStock { .. } | Refusal::PerBuyerLimit { .. }
            )
        };
        self.decisions
            .iter()
            .any(|decision| matches!(decision, Decision::Refused(refusal) if units(refusal)))
    }
}

/// What the buyers are told.
fn answers(
    decisions: Vec<Decision>,
    replayed: &HashMap<OrderId, Order>,
    orders: Option<&Placements>,
    placements: &[Placement],
) -> Result<Vec<Verdict>, StoreError> {
    let answer = |decision| {
        let (order, replayed) = match decision {
            Decision::Refused(refusal) => return Ok(Err(refusal)),
            Decision::Replay(id, _) => (replayed.get(&id).cloned(), true),
            Decision::Placed(index, again) => {
                (orders.map(|orders| orders.view(&placements[index])), again)
            }
        };
        let order = order.ok_or_else(|| StoreError::invalid("a key without its order"))?;
        Ok(Ok(Placed { order, replayed }))
    };
    decisions.into_iter().map(answer).collect()
}

/// What is known of the buyers of a batch.
struct Facts {
    keys: Keys,
    banned: BTreeSet<UserId>,
    now: i64,
}

impl Facts {
    /// Reads them, and into the book what the buyers have already.
    async fn read(
        conn: &mut Conn,
        book: &mut Book,
        due: &[hold::Due],
        Asked {
            purchases,
            promised,
            ..
        }: &Asked,
        now: i64,
    ) -> Result<Self, StoreError> {
        let buyers: BTreeSet<UserId> = due
            .iter()
            .map(hold::Due::buyer)
            .chain(purchases.iter().map(|purchase| purchase.demand.buyer))
            .collect();
        let buyers: Vec<UserId> = buyers.into_iter().collect();
        let asked: Vec<(UserId, &str)> = purchases
            .iter()
            .map(|purchase| (purchase.demand.buyer, purchase.key.as_str()))
            .collect();
        let mut keys = placement::known(conn, &asked).await?;
        keys.extend(promised.clone());
        let banned = book.know(conn, &buyers, now).await?;
        Ok(Self { keys, banned, now })
    }
}

fn decide(
    book: &mut Book,
    facts: &Facts,
    purchases: &[Purchase],
    placements: &mut Vec<Placement>,
) -> Result<Vec<Decision>, StoreError> {
    let mut fresh: HashMap<(UserId, &str), usize> = HashMap::new();
    let mut decisions = Vec::with_capacity(purchases.len());
    for purchase in purchases {
        let buyer = purchase.demand.buyer;
        let same = |fingerprint: &str| fingerprint == purchase.fingerprint;
        if let Some(known) = facts.keys.get(&(buyer, purchase.key.clone())) {
            decisions.push(match same(&known.fingerprint) {
                // The same request, so the same kind of effect.
                true => Decision::Replay(
                    known.effect.parse().map_err(StoreError::invalid)?,
                    known.place,
                ),
                false => Decision::Refused(Refusal::KeyReused),
            });
        } else if let Some(&index) = fresh.get(&(buyer, purchase.key.as_str())) {
            decisions.push(match same(&placements[index].fingerprint) {
                true => Decision::Placed(index, true),
                false => Decision::Refused(Refusal::KeyReused),
            });
        } else {
            decisions.push(match place(book, facts, purchase)? {
                Ok(placement) => {
                    fresh.insert((buyer, purchase.key.as_str()), placements.len());
                    placements.push(placement);
                    Decision::Placed(placements.len() - 1, false)
                }
                Err(refusal) => Decision::Refused(refusal),
            });
        }
    }
    Ok(decisions)
}

fn place(
    book: &mut Book,
    facts: &Facts,
    purchase: &Purchase,
) -> Result<Result<Placement, Refusal>, StoreError> {
    let now = facts.now;
    if facts.banned.contains(&purchase.demand.buyer) {
        return Ok(Err(Refusal::Banned));
    }
    let demand = match purchase.lease.applied(&purchase.demand, book.sale, now) {
        Ok(demand) => demand,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let hold = match book.place(&demand) {
        Ok(hold) => hold,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Name { title, label } = book.name(hold.variant)?;
    let (label_ko, label_en) = label.map(|label| (label.ko, label.en)).unzip();
    let placement = Placement {
        order: mint!(OrderId, now),
        group: mint!(OrderGroupId, now),
        number: order::number(now, hold.seq),
        line: mint!(OrderLineId, now),
        reservation: mint!(ReservationId, now),
        payment: mint!(PaymentId, now),
        buyer: demand.buyer,
        product: demand.product,
        variant: hold.variant,
        row: hold.row,
        title_ko: title.ko,
        title_en: title.en,
        label_ko,
        label_en,
        quantity: demand.quantity,
        unit_price: hold.unit_price.amount,
        total: hold.total.amount,
        tax: totals::vat(hold.total.amount),
        currency: hold.total.currency,
        seq: hold.seq,
        at: now,
        due: now + i64::from(book.head.hold_seconds) * 1_000_000,
        key: purchase.key.clone(),
        fingerprint: purchase.fingerprint.clone(),
    };
    let cause = Cause {
        reservation: Some(placement.reservation),
        order: Some(placement.order),
        actor: Some(demand.buyer),
        ..Cause::default()
    };
    book.explain(hold.seq, cause);
    Ok(Ok(placement))
}

async fn replayed(
    conn: &mut Conn,
    decisions: &[Decision],
) -> Result<HashMap<OrderId, Order>, StoreError> {
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for decision in decisions {
        if let Decision::Replay(id, place) = decision {
            ids.insert(*id);
            places.extend(*place);
        }
    }
    metrics::counter!("souk_idempotency_replays_total").increment(ids.len() as u64);
    let mut orders = backlog::find(conn, &places, &ids).await?;
    for order in &orders {
        ids.remove(&order.id);
    }
    let written: Vec<OrderId> = ids.into_iter().collect();
    orders.extend(db::order::by_ids(conn, &written).await?);
    Ok(orders.into_iter().map(|order| (order.id, order)).collect())
}
