//! Steps that people ask for: calling off, taking on, confirming.

use commerce_core::{
    PaymentState,
    order::{self, OrderEvent, Party},
};
use commerce_store::sql::Conn;
use signaling_wire::{
    ClaimId, OrderId, RefundId,
    frame::shop::{Order, OrderStatus},
};

use crate::{
    Actor, Claim, Commerce, NewShipment, ServiceError, db,
    db::{
        goods::{self, Goods},
        order::Standing,
        refund::Promise,
    },
    limits,
    mint::mint,
    refund,
    sequencer::Changed,
    settle,
    validation::Validation,
};

/// What calling off came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// The order is called off; money that came goes back.
    Done(Box<Order>),
    /// The seller has begun to pack it and must agree.
    Asked(Claim),
}

/// A status that somebody wants an order to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The wanted status.
    pub status: OrderStatus,
    /// Why, for people.
    pub reason: String,
    /// The parcel, when the order is to be on its way.
    pub shipment: Option<NewShipment>,
}

impl Commerce {
    /// Calls an order off: at once while nobody has begun to pack it, by asking the seller after.
    /// An unpaid checkout is called off as a whole, because one payment funds all its orders.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign order, the step does not exist, or a payment is
    /// being confirmed.
    pub async fn cancel_order(
        &self,
        actor: Actor,
        id: OrderId,
        reason: &str,
    ) -> Result<Cancelled, ServiceError> {
        check_reason(reason)?;
        let party = self.party(actor, id).await?;
        let pending = self.order_for(actor, id).await?;
        if party == Party::Buyer
            && matches!(
                pending.status,
                OrderStatus::Preparing | OrderStatus::PartiallyShipped
            )
        {
            let asked = self.ask_to_cancel(actor, id, reason).await?;
            return Ok(Cancelled::Asked(asked));
        }
        let (now, reason) = (self.now_us(), reason.to_owned());
        let by = actor.user.to_string();
        let changed = self
            .store()
            .transact(move |conn| {
                Box::pin(async move { cancel(conn, id, party, (&by, &reason), now).await })
            })
            .await?;
        self.after_step(changed).await;
        Ok(Cancelled::Done(Box::new(self.order_for(actor, id).await?)))
    }

    /// The seller takes an order on.
    ///
    /// # Errors
    /// As [`Commerce::cancel_order`].
    pub async fn accept_order(&self, actor: Actor, id: OrderId) -> Result<Order, ServiceError> {
        self.authorize_order(actor, id).await?;
        self.step_order(actor, id, Party::Seller, OrderEvent::Accepted)
            .await
    }

    /// The buyer has what was bought; the seller is owed the money from then on.
    ///
    /// # Errors
    /// As [`Commerce::cancel_order`]; claims that are open.
    pub async fn confirm_purchase(&self, actor: Actor, id: OrderId) -> Result<Order, ServiceError> {
        self.order(actor.user, id).await?;
        self.step_order(actor, id, Party::Buyer, OrderEvent::Confirmed)
            .await
    }

    /// Brings an order to a status, if the caller may and the step exists.
    ///
    /// # Errors
    /// As [`Commerce::cancel_order`]; the refusal names what can be reached.
    pub async fn change_order(
        &self,
        actor: Actor,
        id: OrderId,
        change: StatusChange,
    ) -> Result<Order, ServiceError> {
        let party = self.party(actor, id).await?;
        match (change.status, change.shipment) {
            (OrderStatus::Cancelled, _) => {
                match self.cancel_order(actor, id, &change.reason).await? {
                    Cancelled::Done(order) => Ok(*order),
                    Cancelled::Asked(_) => self.order_for(actor, id).await,
                }
            }
            (OrderStatus::Shipped | OrderStatus::PartiallyShipped, Some(shipment)) => {
                self.ship(actor, id, shipment).await?;
                self.order_for(actor, id).await
            }
            (OrderStatus::Shipped | OrderStatus::PartiallyShipped, None) => {
                let mut validation = Validation::default();
                validation.check(false, "/shipment", "required", "is missing");
                validation.done()?;
                self.order_for(actor, id).await
            }
            (OrderStatus::Preparing, _) => {
                self.step_order(actor, id, party, OrderEvent::Accepted)
                    .await
            }
            (OrderStatus::Completed, _) => {
                self.step_order(actor, id, party, OrderEvent::Confirmed)
                    .await
            }
            (OrderStatus::Delivered, _) => self.deliver_all(actor, id, party).await,
            // Payments and clocks decide about the others.
            (wanted, _) => {
                let order = self.order_for(actor, id).await?;
                Err(refused(party, order.status, order::name(wanted)))
            }
        }
    }

    pub(crate) async fn step_order(
        &self,
        actor: Actor,
        id: OrderId,
        party: Party,
        event: OrderEvent,
    ) -> Result<Order, ServiceError> {
        let (now, by) = (self.now_us(), actor.user.to_string());
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    let mut order = db::order::lock(conn, id).await?;
                    order::step_by(party, order.status, event)?;
                    let open = order.lines.iter().any(|line| line.claimed > 0);
                    if event == OrderEvent::Confirmed && open {
                        return Err(ServiceError::Conflict("A claim about it is open."));
                    }
                    order.step(conn, event, (&by, ""), now).await
                })
            })
            .await?;
        self.after_step(None).await;
        self.order_for(actor, id).await
    }

    /// After a commit: facts are told, levels are shown, refunds are worked on.
    pub(crate) async fn after_step(&self, changed: Option<Changed>) {
        self.wake_courier();
        self.wake_sweeper();
        self.show(changed).await;
    }

    /// Purchases that nobody objected to count as confirmed.
    pub(crate) async fn sweep_deliveries(&self) -> Result<(), ServiceError> {
        let now = self.now_us();
        let before = now - limits::CONFIRM_AFTER_DAYS * 86_400_000_000;
        let pool = self.store().reader();
        for id in db::order::to_complete(pool, before, limits::SWEEP_MAX).await? {
            self.store()
                .transact(move |conn| {
                    Box::pin(async move {
                        let mut order = db::order::lock(conn, id).await?;
                        if order.status != OrderStatus::Delivered {
                            return Ok(());
                        }
                        let by = (db::order::SYSTEM, "nobody objected");
                        order.step(conn, OrderEvent::Confirmed, by, now).await
                    })
                })
                .await?;
            self.wake_courier();
        }
        Ok(())
    }
}

pub(crate) fn check_reason(reason: &str) -> Result<(), ServiceError> {
    let mut validation = Validation::default();
    let bounded = reason.chars().count() <= limits::REASON_CHARS_MAX;
    validation.check(bounded, "/reason", "max", "is too long");
    let one_line = !reason.chars().any(char::is_control);
    validation.check(one_line, "/reason", "format", "must be one line");
    validation.done()
}

/// A step that does not exist for a party.
fn refused(party: Party, from: OrderStatus, wanted: &str) -> ServiceError {
    let allowed = order::STEPS
        .iter()
        .filter(|(state, event, _)| *state == from && order::may(party, from, *event))
        .map(|(_, _, to)| order::name(*to))
        .collect();
    commerce_core::Refusal::InvalidTransition {
        from: order::name(from),
        event: wanted.to_owned(),
        allowed,
    }
    .into()
}

async fn cancel(
    conn: &mut Conn,
    id: OrderId,
    party: Party,
    (by, reason): (&str, &str),
    now: i64,
) -> Result<Option<Changed>, ServiceError> {
    let sale = db::order::sale_of(conn, id).await?;
    let mut goods = Goods::open(conn, sale).await?;
    let mut order = db::order::lock(conn, id).await?;
    order::step_by(party, order.status, OrderEvent::Cancelled)?;
    if order.status == OrderStatus::PendingPayment {
        let case = db::payment::lock(conn, order.payment).await?;
        if matches!(case.state, PaymentState::Confirming | PaymentState::Unknown) {
            return Err(ServiceError::InFlight);
        }
        let why = (OrderEvent::Cancelled, by, reason);
        settle::void(conn, &mut goods, &case, why, now).await?;
        return goods.close(conn, now).await;
    }
    call_back(conn, &mut order, (by, reason), now).await
}

/// Calls off an order that is paid: its money goes back, its units go back.
async fn call_back(
    conn: &mut Conn,
    order: &mut Standing,
    (by, reason): (&str, &str),
    now: i64,
) -> Result<Option<Changed>, ServiceError> {
    let units = refund::all_left(order);
    let lines = refund::priced(order, &units);
    let promise = Promise {
        id: mint!(RefundId, now),
        claim: None::<ClaimId>,
        key: format!("cancel-{}", order.id),
        shipping: order.shipping,
        lines,
        reason: reason.to_owned(),
        actor: by.to_owned(),
    };
    if promise.amount() > 0 {
        db::refund::promise(conn, order, &promise, now).await?;
    }
    refund::take_units(conn, order, &units, false, now).await?;
    let changed = goods::restock(conn, order, &units, false, now).await?;
    order
        .step(conn, OrderEvent::Cancelled, (by, reason), now)
        .await?;
    if promise.amount() > 0 {
        refund::record(conn, (order, None), &promise, now).await?;
    }
    Ok(changed)
}
