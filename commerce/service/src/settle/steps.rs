//! The steps of settling, each in one transaction that has locked the stock, the holds, the orders
//! and the payment, in this order.

use commerce_core::{
    ReservationState,
    order::OrderEvent,
    payment::{self, PaymentEvent},
    reservation::{self, ReservationEvent},
};
use commerce_store::sql::Conn;
use signaling_wire::{PaymentId, SaleId, frame::shop::OrderStatus};

use crate::{
    ServiceError, db,
    db::{
        goods::Goods,
        metric,
        order::SYSTEM,
        payment::{self as table, Case},
        settlement,
    },
    limits,
    sequencer::Changed,
};

/// What an event came to.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// It had an effect.
    pub(crate) took_place: bool,
    pub(crate) changed: Option<Changed>,
}

/// Takes the steps of an event.
pub(crate) async fn apply(
    conn: &mut Conn,
    id: PaymentId,
    event: PaymentEvent,
    rate_bps: i64,
    now: i64,
) -> Result<Done, ServiceError> {
    let sale = table::sale(&mut *conn, id).await?;
    let mut goods = Goods::open(conn, sale).await?;
    let case = table::lock(conn, id).await?;
    if payment::step(case.state, event).is_err() {
        return Ok(Done::default());
    }
    match event {
        PaymentEvent::Paid => paid(conn, &mut goods, &case, rate_bps, now).await?,
        PaymentEvent::Mismatch | PaymentEvent::Returned => {
            let to = payment::step(case.state, event)?;
            let again = (event == PaymentEvent::Mismatch).then_some(now);
            table::set_state(conn, &case, to, again, now).await?;
            if event == PaymentEvent::Returned {
                table::note_all(conn, &case, "refunded", "", now).await?;
            }
            call_off(conn, &mut goods, &case, now).await?;
            table::end_attempt(conn, &case, "unknown", "not as the order needs it", now).await?;
            table::tell(conn, &case, "order.payment", now).await?;
        }
        _ => return Ok(Done::default()),
    }
    Ok(Done {
        took_place: true,
        changed: goods.close(conn, now).await?,
    })
}

async fn paid(
    conn: &mut Conn,
    goods: &mut Goods,
    case: &Case,
    rate_bps: i64,
    now: i64,
) -> Result<(), ServiceError> {
    let steps = match (case.status(), case.hold()) {
        (OrderStatus::PendingPayment, hold) if hold.holds() => {
            goods.commit(conn, case, now).await?;
            Some((OrderEvent::Paid, ReservationEvent::Paid))
        }
        (OrderStatus::Expired, ReservationState::Expired)
            if goods.retake(conn, case, now).await? =>
        {
            Some((OrderEvent::LatePaid, ReservationEvent::Retake))
        }
        _ => None,
    };
    let Some((order_event, hold_event)) = steps else {
        // Paid, but the stock is gone or the order was called off: the money goes back.
        let to = payment::step(case.state, PaymentEvent::TakeBack)?;
        table::set_state(conn, case, to, Some(now), now).await?;
        table::note_all(conn, case, "paid_too_late", "", now).await?;
        table::tell(conn, case, "order.payment", now).await?;
        return Ok(());
    };
    let hold = reservation::step(case.hold(), hold_event)?;
    table::set_holds(conn, case, hold, now).await?;
    let to = payment::step(case.state, PaymentEvent::Paid)?;
    table::set_state(conn, case, to, None, now).await?;
    table::end_attempt(conn, case, "paid", "", now).await?;
    table::set_orders(conn, case, order_event, ("order.paid", SYSTEM, ""), now).await?;
    settlement::freeze(conn, case, rate_bps, now).await?;
    metric::sold(conn, case).await?;
    Ok(())
}

/// Ends orders whose money cannot stay, if they have not ended by themselves.
async fn call_off(
    conn: &mut Conn,
    goods: &mut Goods,
    case: &Case,
    now: i64,
) -> Result<(), ServiceError> {
    if case.status() != OrderStatus::PendingPayment {
        return Ok(());
    }
    let told = ("order.cancelled", SYSTEM, "payment");
    table::set_orders(conn, case, OrderEvent::Cancelled, told, now).await?;
    let_go(conn, goods, case, ReservationEvent::Release, "payment", now).await
}

/// Gives the holds of a checkout back, and the coupon that it used.
async fn let_go(
    conn: &mut Conn,
    goods: &mut Goods,
    case: &Case,
    event: ReservationEvent,
    reason: &str,
    now: i64,
) -> Result<(), ServiceError> {
    if case.hold().holds() {
        let to = reservation::step(case.hold(), event)?;
        table::set_holds(conn, case, to, now).await?;
        goods.release(conn, case, reason, now).await?;
    }
    db::coupon::give_back(conn, &case.group.to_string(), now).await?;
    Ok(())
}

/// Notes a no. `true` if the time of the holds was over meanwhile.
pub(super) async fn declined(
    conn: &mut Conn,
    id: PaymentId,
    reason: &str,
    now: i64,
) -> Result<bool, ServiceError> {
    let case = table::lock(conn, id).await?;
    let Ok(to) = payment::step(case.state, PaymentEvent::Declined) else {
        return Ok(false);
    };
    table::set_state(conn, &case, to, None, now).await?;
    table::end_attempt(conn, &case, "declined", reason, now).await?;
    let hold = reservation::step(case.hold(), ReservationEvent::Declined)?;
    table::set_holds(conn, &case, hold, now).await?;
    table::note_all(conn, &case, "payment_declined", reason, now).await?;
    table::tell(conn, &case, "order.payment", now).await?;
    Ok(case.expires_at() <= now)
}

/// Notes that the provider's answer is lost.
pub(super) async fn no_answer(
    conn: &mut Conn,
    id: PaymentId,
    detail: &str,
    now: i64,
) -> Result<(), ServiceError> {
    let case = table::lock(conn, id).await?;
    let Ok(to) = payment::step(case.state, PaymentEvent::NoAnswer) else {
        return Ok(());
    };
    let soon = now + limits::RECHECK_SECONDS[0] * 1_000_000;
    table::set_state(conn, &case, to, Some(soon), now).await?;
    table::end_attempt(conn, &case, "unknown", detail, now).await?;
    table::tell(conn, &case, "order.payment", now).await?;
    Ok(())
}

/// Ends a checkout that was not paid in time, if its units lie on shelves; else returns the sale
/// whose sequencer does it.
pub(crate) async fn expire(
    conn: &mut Conn,
    id: PaymentId,
    now: i64,
) -> Result<Option<SaleId>, ServiceError> {
    let case = table::lock(conn, id).await?;
    let over = case.hold() == ReservationState::Held && case.expires_at() <= now;
    if !over || case.sale().is_some() {
        return Ok(case.sale().filter(|_| over));
    }
    void(
        conn,
        &mut Goods::Shelf,
        &case,
        (OrderEvent::Expired, SYSTEM, ""),
        now,
    )
    .await?;
    Ok(None)
}

/// Calls off a checkout that nobody paid: its orders, its holds, its payment.
pub(crate) async fn void(
    conn: &mut Conn,
    goods: &mut Goods,
    case: &Case,
    (event, actor, reason): (OrderEvent, &str, &str),
    now: i64,
) -> Result<(), ServiceError> {
    let to = payment::step(case.state, PaymentEvent::Expire)?;
    table::set_state(conn, case, to, None, now).await?;
    let (topic, hold) = match event {
        OrderEvent::Expired => ("order.expired", ReservationEvent::Expire),
        _ => ("order.cancelled", ReservationEvent::Release),
    };
    table::set_orders(conn, case, event, (topic, actor, reason), now).await?;
    let why = match event {
        OrderEvent::Expired => "expired",
        _ => "cancelled",
    };
    let_go(conn, goods, case, hold, why, now).await
}
