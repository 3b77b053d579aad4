//! One batch of a sale in one transaction.
//!
//! Read: the sale's ledger, its holds that are over, what the keys stand for, what the buyers
//! have. Decide, in arrival order. Write: one statement per table, or in a storm the reservations and
//! all that the orders' rows will say.

use std::collections::{BTreeSet, HashMap};

use commerce_core::{Refusal, order, totals};
use commerce_store::{StoreError, clock, sql::Conn};
use signaling_wire::{
    OrderGroupId, OrderId, OrderLineId, PaymentId, ReservationId, SaleId, UserId,
    frame::shop::{
        FulfillmentStatus, Localized, Order, OrderLine, OrderPayment, OrderStatus, PaymentStatus,
    },
};

use super::{Changed, Purchase, Verdict};
use crate::{
    Placed, ServiceError,
    db::{
        self, hold,
        ledger::{Book, Cause, Head, Name},
        placement::{self, Known, Placement, Placements, backlog},
    },
    mint::mint,
};

/// What a batch did; its answers are in the order of the purchases.
pub(crate) struct Done {
    pub(crate) answers: Vec<Verdict>,
    pub(crate) changed: Changed,
    /// The place in the line of orders that are yet to be written.
    pub(crate) kept: Option<i64>,
    /// Whether there is news for the courier.
    pub(crate) news: bool,
}

/// On whose behalf a batch is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) sale: SaleId,
    /// Without one the sale is not owned: allowed for giving holds back only.
    pub(crate) epoch: Option<i64>,
    /// Whether the orders' rows may be written later.
    pub(crate) storm: bool,
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
    /// The order of an earlier request.
    Replay(OrderId),
    /// The placement with this index, of this batch; the flag says that it was placed by an
    /// earlier request of the same batch.
    Placed(usize, bool),
}

/// Runs a batch.
pub(crate) async fn run(
    conn: &mut Conn,
    owner: Owner,
    purchases: &[Purchase],
    provider: &'static str,
    now: i64,
) -> Result<Done, Failure> {
    let sale = owner.sale;
    let turned = db::sale::keep_time(conn, sale, now).await?;
    let mut book = Book::open(conn, sale).await?;
    if owner.epoch.is_some_and(|epoch| epoch != book.head.epoch) {
        return Err(Failure::Fenced);
    }
    backlog::write_due(conn, sale, now).await?;
    let due = hold::due(conn, sale, now).await?;
    let facts = Facts::read(conn, &mut book, &due, purchases, now).await?;
    hold::expire(conn, &mut book, &due, now).await?;
    let mut placements = Vec::new();
    let decisions = decide(&mut book, &facts, purchases, &mut placements)?;
    placement::note_keys(conn, &placements, now).await?;
    let kept = match Placements::of(&book, &placements, provider, now)? {
        Some(orders) if owner.storm => Some(backlog::keep(conn, &orders).await?),
        Some(orders) => orders.write(conn).await.map(|()| None)?,
        None => None,
    };
    let head = book.head;
    let closed = head.state == signaling_wire::frame::shop::SaleState::Closed;
    let mut levels = book.close(conn, now).await?;
    if turned.is_some() {
        crate::sale::tell(conn, sale, now).await?;
    }
    if closed && (turned.is_some() || !due.is_empty()) {
        levels.extend(db::stock::return_unsold(conn, sale, now).await?);
    }
    let replayed = replayed(conn, sale, &decisions).await?;
    let others = turned.is_some() || !due.is_empty() || !replayed.is_empty();
    let answers = decisions
        .into_iter()
        .map(|decision| match decision {
            Decision::Refused(refusal) => Ok(Err(refusal)),
            Decision::Replay(id) => match replayed.get(&id) {
                Some(order) => Ok(Ok(Placed {
                    order: order.clone(),
                    replayed: true,
                })),
                None => Err(StoreError::invalid("a key without its order")),
            },
            Decision::Placed(index, replayed) => {
                let order = seen(&placements[index], &head, sale, provider, now);
                Ok(Ok(Placed { order, replayed }))
            }
        })
        .collect::<Result<_, _>>()?;
    Ok(Done {
        answers,
        changed: Changed {
            stream: head.stream,
            levels,
        },
        news: kept.is_none() || others,
        kept,
    })
}

/// What is known of the buyers of a batch.
struct Facts {
    keys: HashMap<(UserId, String), Known>,
    banned: BTreeSet<UserId>,
    now: i64,
}

impl Facts {
    /// Reads them, and into the book what the buyers have already.
    async fn read(
        conn: &mut Conn,
        book: &mut Book,
        due: &[hold::Due],
        purchases: &[Purchase],
        now: i64,
    ) -> Result<Self, StoreError> {
        let buyers: BTreeSet<UserId> = due
            .iter()
            .map(hold::Due::buyer)
            .chain(purchases.iter().map(|purchase| purchase.demand.buyer))
            .collect();
        let buyers: Vec<UserId> = buyers.into_iter().collect();
        let keys: Vec<(UserId, &str)> = purchases
            .iter()
            .map(|purchase| (purchase.demand.buyer, purchase.key.as_str()))
            .collect();
        let keys = placement::known(conn, &keys).await?;
        book.know(conn, &buyers).await?;
        let banned = db::sanction::banned(conn, book.head.stream, &buyers, now).await?;
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
                true => Decision::Replay(known.effect.parse().map_err(StoreError::invalid)?),
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
        unit: hold.unit_price,
        unit_price: hold.unit_price.amount,
        total: hold.total.amount,
        tax: totals::vat(hold.total.amount),
        currency: hold.total.currency.code(),
        seq: hold.seq,
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
    sale: SaleId,
    decisions: &[Decision],
) -> Result<HashMap<OrderId, Order>, StoreError> {
    let ids: BTreeSet<OrderId> = decisions
        .iter()
        .filter_map(|decision| match decision {
            Decision::Replay(id) => Some(*id),
            _ => None,
        })
        .collect();
    metrics::counter!("souk_idempotency_replays_total").increment(ids.len() as u64);
    let ids: Vec<OrderId> = ids.into_iter().collect();
    let mut orders = db::order::by_ids(&mut *conn, &ids).await?;
    if orders.len() < ids.len() {
        backlog::write_sale(conn, sale).await?;
        orders = db::order::by_ids(conn, &ids).await?;
    }
    Ok(orders.into_iter().map(|order| (order.id, order)).collect())
}

/// A fresh order as its buyer sees it; what a read of it would give.
fn seen(placed: &Placement, head: &Head, sale: SaleId, provider: &'static str, now: i64) -> Order {
    let money = |amount| signaling_wire::Money {
        amount,
        currency: placed.unit.currency,
    };
    let title = Localized {
        ko: placed.title_ko.clone(),
        en: placed.title_en.clone(),
    };
    let label = match (&placed.label_ko, &placed.label_en) {
        (Some(ko), Some(en)) => Some(Localized {
            ko: ko.clone(),
            en: en.clone(),
        }),
        _ => None,
    };
    Order {
        id: placed.order,
        number: placed.number.clone(),
        group_id: placed.group,
        seller_id: head.seller,
        status: OrderStatus::PendingPayment,
        payment_status: PaymentStatus::None,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        stream_id: Some(head.stream),
        sale_id: Some(sale),
        lines: vec![OrderLine {
            id: placed.line,
            product_id: placed.product,
            variant_id: placed.variant,
            label,
            title,
            quantity: placed.quantity,
            unit_price: placed.unit,
            discount: money(0),
            total: money(placed.total),
            quantity_cancelled: 0,
            quantity_returned: 0,
        }],
        items_total: money(placed.total),
        discount: money(0),
        shipping: money(0),
        tax: money(placed.tax),
        total: money(placed.total),
        payment: OrderPayment {
            id: placed.payment,
            provider: provider.to_owned(),
            amount: money(placed.total),
        },
        ledger_seq: placed.seq,
        placed_ms: clock::us_to_ms(now),
        payment_due_ms: Some(clock::us_to_ms(placed.due)),
        paid_ms: None,
        delivered_ms: None,
        completed_ms: None,
    }
}
