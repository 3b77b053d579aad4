//! Large refunds: two people must want them.
//!
//! The first one's request is noted and nothing else. When somebody else who may handle the order
//! agrees, it is decided as the order stands then, for the amount that was asked for or not at all.

use commerce_core::Refusal;
use commerce_store::{audit, sql::Conn};
use serde::Serialize;
use serde_json::json;
use signaling_wire::{Money, OrderId, PaymentId, RefundId, UserId};

use super::{LineUnits, NewRefund, Plan, RefundView, record};
use crate::{
    Actor, Commerce, Page, ServiceError,
    admin::{entry, for_administrators},
    db::{order::Standing, refund, refund::Promise, refund_approval as rows},
    page,
    sequencer::Changed,
};

/// What came of asking for a refund.
#[derive(Debug)]
pub enum Refunded {
    /// It is decided.
    Done(RefundView),
    /// It is large: somebody else must agree.
    Asked(RefundApproval),
}

/// A large refund, for which somebody asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RefundApproval {
    /// Its id, and that of the refund once it is approved.
    pub id: RefundId,
    /// The payment that it goes back on.
    pub payment_id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// `waiting`, `approved`, `refused` or `withdrawn`.
    pub state: String,
    /// All of it.
    pub amount: Money,
    /// Units by line; all that are left if empty.
    pub lines: Vec<LineUnits>,
    /// Whether what sending cost goes back too.
    pub shipping: bool,
    /// Whether the units go back into stock.
    pub restock: bool,
    /// For people.
    pub reason: String,
    /// Who asked.
    pub asked_by: UserId,
    /// When, milliseconds since 1970.
    pub asked_ms: u64,
    /// Who agreed or did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<UserId>,
    /// When, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_ms: Option<u64>,
}

impl Commerce {
    /// What came of a request, by the id that it got.
    pub(super) async fn refunded(
        &self,
        actor: Actor,
        order: OrderId,
        id: RefundId,
    ) -> Result<Refunded, ServiceError> {
        let refunds = self.refunds(actor, order).await?;
        if let Some(found) = refunds.into_iter().find(|refund| refund.id == id) {
            return Ok(Refunded::Done(found));
        }
        let found = rows::find(self.store().reader(), id).await?;
        let found = found.ok_or(ServiceError::NotFound("refund"))?;
        Ok(Refunded::Asked(found))
    }

    /// The large refunds that were asked for, for an order. For those who may handle it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Forbidden`].
    pub async fn refund_approvals(
        &self,
        actor: Actor,
        order: OrderId,
    ) -> Result<Vec<RefundApproval>, ServiceError> {
        self.authorize_order(actor, order).await?;
        Ok(rows::of_order(self.store().reader(), order).await?)
    }

    /// All that wait, the oldest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn waiting_refunds(
        &self,
        actor: Actor,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<RefundApproval>, ServiceError> {
        for_administrators(actor)?;
        let (after, limit) = (page::after::<RefundId>(cursor)?, page::clamp(limit));
        let waiting = rows::waiting(self.store().reader(), after, limit + 1).await?;
        Ok(Page::cut(waiting, limit, |row| row.id.to_string()))
    }

    /// Agrees to a large refund, which is decided by that.
    ///
    /// # Errors
    /// [`ServiceError::SecondPerson`] for who asked, [`ServiceError::Conflict`] once it is decided
    /// or would come to another amount now, and as [`Commerce::refund`].
    pub async fn approve_refund(
        &self,
        actor: Actor,
        id: RefundId,
    ) -> Result<RefundView, ServiceError> {
        let found = self.authorize_deciding(actor, id).await?;
        if found.asked_by == actor.user {
            return Err(ServiceError::SecondPerson);
        }
        let (order, now) = (found.order_id, self.now_us());
        let changed = self.store().transact(move |conn| {
            Box::pin(async move { approve(conn, id, actor.user, now).await })
        });
        let changed = changed.await?;
        self.after_step(changed).await;
        match self.refunded(actor, order, id).await? {
            Refunded::Done(refund) => Ok(refund),
            Refunded::Asked(_) => Err(ServiceError::NotFound("refund")),
        }
    }

    /// Does not agree to a large refund; who asked takes it back by this.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] once it is decided, and as [`Commerce::refund_approvals`].
    pub async fn refuse_refund(
        &self,
        actor: Actor,
        id: RefundId,
    ) -> Result<RefundApproval, ServiceError> {
        let own = self.authorize_deciding(actor, id).await?.asked_by == actor.user;
        let now = self.now_us();
        let write = self.store().transact(move |conn| {
            Box::pin(async move {
                let (state, by, action) = match own {
                    true => ("withdrawn", None, "refund.withdrawn"),
                    false => ("refused", Some(actor.user), "refund.refused"),
                };
                if !rows::decide(conn, (id, state), by, now).await? {
                    return Err(DECIDED);
                }
                let entry = entry(actor, action, id, json!({}));
                Ok(audit::record(conn, &entry, now).await?)
            })
        });
        write.await?;
        let found = rows::find(self.store().reader(), id).await?;
        found.ok_or(ServiceError::NotFound("refund"))
    }

    /// A request, if the caller may handle its order.
    async fn authorize_deciding(
        &self,
        actor: Actor,
        id: RefundId,
    ) -> Result<RefundApproval, ServiceError> {
        let found = rows::find(self.store().reader(), id).await?;
        let found = found.ok_or(ServiceError::NotFound("refund"))?;
        let allowed = self.authorize_order(actor, found.order_id).await;
        allowed.map_err(|error| match error {
            ServiceError::NotFound(_) => ServiceError::NotFound("refund"),
            other => other,
        })?;
        Ok(found)
    }
}

const DECIDED: ServiceError = ServiceError::Conflict("it has been decided");

/// Notes a request that waits for somebody else.
pub(super) async fn ask(
    conn: &mut Conn,
    order: &Standing,
    new: &NewRefund,
    promise: &Promise,
    now: i64,
) -> Result<(), ServiceError> {
    if !refund::has_room(conn, order.payment, promise.amount()).await? {
        let left = order.total - order.returned;
        return Err(Refusal::RefundTooHigh { left }.into());
    }
    rows::insert(conn, (order.payment, new), promise, now).await?;
    let entry = audit::Entry {
        actor: promise.actor.clone(),
        action: "refund.asked",
        object: promise.id.to_string(),
        detail: json!({
            "order": order.id, "payment": order.payment,
            "amount": promise.amount(), "currency": order.currency.code(),
        }),
    };
    Ok(audit::record(conn, &entry, now).await?)
}

async fn approve(
    conn: &mut Conn,
    id: RefundId,
    by: UserId,
    now: i64,
) -> Result<Option<Changed>, ServiceError> {
    let waiting = rows::lock(conn, id).await?.ok_or(DECIDED)?;
    let mut plan = Plan::draw(conn, waiting.payment, &waiting.new).await?;
    if plan.amount() != waiting.amount {
        return Err(ServiceError::Conflict(
            "what would go back has changed: refuse it and ask again",
        ));
    }
    let promise = plan.promise(id, (waiting.asked_by, &waiting.key), &waiting.new);
    let changed = plan.carry_out(conn, &promise, &waiting.new, now).await?;
    if !rows::decide(conn, (id, "approved"), Some(by), now).await? {
        return Err(DECIDED);
    }
    record(conn, (&plan.order, Some(by)), &promise, now).await?;
    Ok(changed)
}
