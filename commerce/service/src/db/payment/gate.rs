//! The confirm gate: nothing is charged unless the holds are `committing`, which no clock ends.

use commerce_core::{
    PaymentState, Refusal, ReservationState,
    payment::{self, PaymentEvent},
    reservation::{self, ReservationEvent},
};
use commerce_store::sql::{self, Conn};
use signaling_wire::{Money, PaymentId};

use super::{
    case::lock,
    step::{note_all, set_holds, set_state},
};
use crate::{ServiceError, limits};

/// What the gate says to a payment that is to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The holds are secured: charge, as this attempt.
    Open { attempt: i64 },
    /// It is paid already.
    Paid,
    /// An earlier attempt's outcome is not known.
    Unknown,
    /// The time of the holds is over, though nobody has ended them yet.
    Expired,
}

/// Opens the gate if it can be opened. `asked` is the amount that somebody else means to charge,
/// when it is they who ask.
pub(crate) async fn open_gate(
    conn: &mut Conn,
    id: PaymentId,
    asked: Option<i64>,
    check_at: i64,
    now: i64,
) -> Result<Gate, ServiceError> {
    let case = lock(conn, id).await?;
    match case.state {
        PaymentState::Paid | PaymentState::PartiallyCancelled => return Ok(Gate::Paid),
        PaymentState::Unknown => return Ok(Gate::Unknown),
        PaymentState::Confirming => return Err(ServiceError::InFlight),
        PaymentState::Expired => return Err(Refusal::ReservationExpired.into()),
        _ => {}
    }
    if asked.is_some_and(|amount| amount != case.amount.amount) {
        let needed: Money = case.amount;
        return Err(Refusal::CartChanged { current: needed }.into());
    }
    let state = payment::step(case.state, PaymentEvent::Confirm)?;
    if case.hold() == ReservationState::Held && case.expires_at() <= now {
        return Ok(Gate::Expired);
    }
    let hold = reservation::step(case.hold(), ReservationEvent::Commit)?;
    if case.attempts >= limits::PAYMENT_ATTEMPTS_MAX {
        return Err(ServiceError::Conflict("Too many tries to pay this order."));
    }
    let attempt = case.attempts + 1;
    set_holds(conn, &case, hold, now).await?;
    sql::query("UPDATE payment SET attempts = ?, confirming_at = ?, checks = 0 WHERE id = ?")
        .bind(attempt)
        .bind(now)
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    set_state(conn, &case, state, Some(check_at), now).await?;
    sql::query(
        "INSERT INTO payment_attempt (payment_id, no, state, created_at, updated_at)
         VALUES (?, ?, 'sent', ?, ?)",
    )
    .bind(id.to_string())
    .bind(attempt)
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    note_all(conn, &case, "paying", "", now).await?;
    Ok(Gate::Open { attempt })
}
