//! Money that goes back for lines of an order.
//!
//! A refund is decided in one transaction that sets its amount aside, and made by asking the
//! provider afterwards. Whether it was made is found out by looking at what the provider gave back
//! so far, so a lost answer never gives money back twice.

mod approval;
mod working;

pub use approval::{RefundApproval, Refunded};

use std::collections::BTreeMap;

use commerce_core::{Refusal, totals};
use commerce_store::{StoreError, audit, sql::Conn};
use serde::{Deserialize, Serialize};
use signaling_wire::{
    ClaimId, Money, OrderId, OrderLineId, PaymentId, RefundId, UserId, frame::shop::OrderStatus,
};

use crate::{
    Actor, Commerce, ServiceError, db,
    db::{
        goods::{self, Goods},
        key::{self, Key},
        order::Standing,
        refund::Promise,
    },
    mint::mint,
    sequencer::Changed,
};

/// Units of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineUnits {
    /// Which line.
    pub line_id: OrderLineId,
    /// How many, 1 and up.
    pub quantity: u32,
}

/// What goes back for a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RefundLine {
    /// Which line.
    pub line_id: OrderLineId,
    /// Units.
    pub quantity: u32,
    /// Money.
    pub amount: Money,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RefundView {
    /// Its id.
    pub id: RefundId,
    /// The payment that it goes back on.
    pub payment_id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// The claim that it ends, if it ends one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_id: Option<ClaimId>,
    /// `requested`, `submitting`, `succeeded` or `failed`.
    pub state: String,
    /// All of it.
    pub amount: Money,
    /// The part for sending.
    pub shipping: Money,
    /// For people.
    pub reason: String,
    /// By line.
    pub lines: Vec<RefundLine>,
    /// When it was decided, milliseconds since 1970.
    pub at_ms: u64,
}

/// A refund that a seller decides on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewRefund {
    /// The order.
    pub order_id: OrderId,
    /// Units by line; all that are left if empty.
    pub lines: Vec<LineUnits>,
    /// Whether what sending cost goes back too.
    pub shipping: bool,
    /// Whether the units go back into stock.
    pub restock: bool,
    /// For people.
    pub reason: String,
}

impl Commerce {
    /// Decides on a refund; answers when it is durable, the provider is asked afterwards. One that is
    /// large is noted, and decided when somebody else agrees. The same key gets the same refund.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign payment, [`ServiceError::Forbidden`], more units or
    /// money than are left, or the key came with another request.
    pub async fn refund(
        &self,
        actor: Actor,
        payment: PaymentId,
        new: NewRefund,
        idempotency_key: String,
    ) -> Result<Refunded, ServiceError> {
        crate::order::check_reason(&new.reason)?;
        self.authorize_order(actor, new.order_id)
            .await
            .map_err(|error| match error {
                ServiceError::NotFound(_) => ServiceError::NotFound("payment"),
                other => other,
            })?;
        let request = serde_json::json!({ "refund": payment, "body": new });
        let key = Key::new(actor.user, idempotency_key, &request.to_string());
        let _in_hand = self.take_key(actor.user, &key.key)?;
        let (order, now) = (new.order_id, self.now_us());
        let large = self.config().refund_second_person.clone();
        let deciding = |new: NewRefund, key: Key| {
            let large = large.clone();
            self.store().transact(move |conn| {
                Box::pin(async move { decide(conn, payment, &new, (&key, &large), now).await })
            })
        };
        let (id, changed) = match deciding(new.clone(), key.clone()).await {
            Err(ServiceError::Store(error)) if error.is_unique_violation() => {
                deciding(new, key).await?
            }
            other => other?,
        };
        self.after_step(changed).await;
        self.refunded(actor, order, id).await
    }

    /// The refunds of an order.
    ///
    /// # Errors
    /// As [`Commerce::order_for`].
    pub async fn refunds(
        &self,
        actor: Actor,
        order: OrderId,
    ) -> Result<Vec<RefundView>, ServiceError> {
        self.authorize_reading(actor, order).await?;
        Ok(db::refund::of_order(self.store().reader(), order).await?)
    }
}

async fn decide(
    conn: &mut Conn,
    payment: PaymentId,
    new: &NewRefund,
    (key, large): (&Key, &BTreeMap<String, i64>),
    now: i64,
) -> Result<(RefundId, Option<Changed>), ServiceError> {
    if let Some(effect) = key::known(conn, key).await? {
        return Ok((effect.parse().map_err(StoreError::invalid)?, None));
    }
    let mut plan = Plan::draw(conn, payment, new).await?;
    let promise = plan.promise(mint!(RefundId, now), (key.scope, &key.key), new);
    let before = db::refund::by_word(conn, new.order_id).await?;
    let most = large.get(plan.order.currency.code());
    if most.is_some_and(|most| before + promise.amount() >= *most) {
        approval::ask(conn, &plan.order, new, &promise, now).await?;
        key::keep(conn, key, &promise.id.to_string(), now).await?;
        return Ok((promise.id, None));
    }
    let (id, changed) = (promise.id, plan.carry_out(conn, &promise, new, now).await?);
    key::keep(conn, key, &id.to_string(), now).await?;
    record(conn, (&plan.order, None), &promise, now).await?;
    Ok((id, changed))
}

/// What a refund comes to, as the order stands.
struct Plan {
    order: Standing,
    /// Whether the units had left the seller; they come back then, else they are called off.
    sent: bool,
    units: Vec<(usize, u32)>,
    lines: Vec<(usize, u32, i64)>,
    shipping: i64,
}

impl Plan {
    /// Locks the goods and the order, and looks.
    async fn draw(
        conn: &mut Conn,
        payment: PaymentId,
        new: &NewRefund,
    ) -> Result<Self, ServiceError> {
        let sale = db::order::sale_of(conn, new.order_id).await?;
        Goods::open(conn, sale).await?;
        let order = db::order::lock(conn, new.order_id).await?;
        if order.payment != payment {
            return Err(ServiceError::NotFound("payment"));
        }
        let units = match new.lines.is_empty() {
            true => all_left(&order),
            false => chosen(&order, &new.lines)?,
        };
        let plan = Self {
            sent: !matches!(order.status, OrderStatus::Paid | OrderStatus::Preparing),
            lines: priced(&order, &units),
            shipping: if new.shipping { order.shipping } else { 0 },
            units,
            order,
        };
        match plan.amount() {
            0 => Err(Refusal::RefundTooHigh { left: 0 }.into()),
            _ => Ok(plan),
        }
    }

    fn amount(&self) -> i64 {
        self.shipping + self.lines.iter().map(|(_, _, amount)| amount).sum::<i64>()
    }

    /// The refund as it will be written, by the word and under the key of who asked for it.
    fn promise(&self, id: RefundId, (asked_by, key): (UserId, &str), new: &NewRefund) -> Promise {
        Promise {
            id,
            claim: None,
            key: key.to_owned(),
            lines: self.lines.clone(),
            shipping: self.shipping,
            reason: new.reason.clone(),
            actor: asked_by.to_string(),
        }
    }

    /// Sets the money aside and counts the units.
    async fn carry_out(
        &mut self,
        conn: &mut Conn,
        promise: &Promise,
        new: &NewRefund,
        now: i64,
    ) -> Result<Option<Changed>, ServiceError> {
        let (order, units, sent) = (&mut self.order, &self.units, self.sent);
        db::refund::promise(conn, order, promise, now).await?;
        take_units(conn, order, units, sent, now).await?;
        match new.restock || !sent {
            true => Ok(goods::restock(conn, order, units, sent, now).await?),
            false => Ok(None),
        }
    }
}

/// Tells the audit log whose money goes back by whose word; the last step of a transaction, because
/// the log puts its writers in a line.
pub(crate) async fn record(
    conn: &mut Conn,
    (order, second): (&Standing, Option<UserId>),
    promise: &Promise,
    now: i64,
) -> Result<(), StoreError> {
    let entry = audit::Entry {
        actor: promise.actor.clone(),
        action: "refund.decided",
        object: promise.id.to_string(),
        detail: serde_json::json!({
            "order": order.id, "payment": order.payment, "claim": promise.claim,
            "amount": promise.amount(), "currency": order.currency.code(), "second": second,
        }),
    };
    audit::record(conn, &entry, now).await
}

/// All units that the buyer keeps and no claim speaks for, by the places of their lines.
pub(crate) fn all_left(order: &Standing) -> Vec<(usize, u32)> {
    let left = order
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| (index, line.units.kept().saturating_sub(line.claimed)));
    left.filter(|(_, units)| *units > 0).collect()
}

/// The units that were named, if they are there.
pub(crate) fn chosen(
    order: &Standing,
    wanted: &[LineUnits],
) -> Result<Vec<(usize, u32)>, ServiceError> {
    let mut units: Vec<(usize, u32)> = Vec::with_capacity(wanted.len());
    for (index, want) in wanted.iter().enumerate() {
        let place = order.place(want.line_id);
        let place = place.ok_or(ServiceError::NotFound("order line"))?;
        let line = &order.lines[place];
        let left = line.units.kept().saturating_sub(line.claimed);
        let twice = units.iter().any(|(known, _)| *known == place);
        if twice || want.quantity == 0 || want.quantity > left {
            let left = if twice { 0 } else { left };
            return Err(Refusal::LineExhausted { index, left }.into());
        }
        units.push((place, want.quantity));
    }
    Ok(units)
}

/// What units are worth: what was paid for them, to the last minor unit.
pub(crate) fn priced(order: &Standing, units: &[(usize, u32)]) -> Vec<(usize, u32, i64)> {
    units
        .iter()
        .map(|(index, quantity)| {
            let line = &order.lines[*index];
            let before = line.units.cancelled + line.units.returned;
            let worth = totals::share(line.total, line.units.quantity, before, *quantity);
            (*index, *quantity, worth.min(line.total - line.promised))
        })
        .collect()
}

/// Counts units as called off, or as returned if they had been sent.
pub(crate) async fn take_units(
    conn: &mut Conn,
    order: &mut Standing,
    units: &[(usize, u32)],
    sent: bool,
    now: i64,
) -> Result<(), ServiceError> {
    for (position, (index, quantity)) in units.iter().enumerate() {
        let mut own = order.lines[*index].units;
        let room = if sent {
            own.returned += quantity;
            own.returned <= own.shipped
        } else {
            own.cancelled += quantity;
            own.cancelled + own.shipped <= own.quantity
        };
        if !room {
            let left = if sent {
                own.shipped + quantity - own.returned
            } else {
                own.quantity + quantity - own.shipped - own.cancelled
            };
            return Err(Refusal::LineExhausted {
                index: position,
                left,
            }
            .into());
        }
        order.set_units(conn, *index, own, now).await?;
    }
    Ok(())
}
