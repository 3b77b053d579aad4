//! Settling: what the provider reports becomes what the order says. Idempotent, whoever asks.
//!
//! The provider is asked outside of any transaction; then one transaction looks at the payment
//! again and takes the steps that its tables allow. A report that changes nothing is no error.

use commerce_core::{
    PaymentState, ReservationState,
    order::OrderEvent,
    payment::{self, Needed, PaymentEvent, Report},
    reservation::{self, ReservationEvent},
};
use commerce_store::sql::Conn;
use signaling_wire::{PaymentId, frame::shop::OrderStatus};

use crate::{
    Commerce, PaymentKind, ServiceError, courier,
    db::{
        self,
        ledger::{Book, Cause},
        payment::Case,
    },
    limits,
    sequencer::Changed,
};

impl Commerce {
    /// Asks the provider about a payment and brings the order in line with the answer.
    ///
    /// # Errors
    /// An unknown payment, or a provider that does not answer; the sweeper asks again.
    pub async fn settle(&self, id: PaymentId) -> Result<(), ServiceError> {
        let case = db::payment::case(self.store().reader(), id).await?;
        let case = case.ok_or(ServiceError::NotFound("payment"))?;
        if matches!(case.state, PaymentState::Paid | PaymentState::Cancelled) {
            return Ok(());
        }
        if matches!(
            case.state,
            PaymentState::IntegrityFailure | PaymentState::CancelPending
        ) {
            return self.return_money(&case).await;
        }
        let report = match self.provider().lookup(id).await {
            Ok(report) => report,
            Err(error) => {
                self.ask_again(&case).await?;
                return Err(ServiceError::Provider(error));
            }
        };
        match payment::judge(&report, &self.needed(&case)) {
            Some(
                event @ (PaymentEvent::Paid | PaymentEvent::Mismatch | PaymentEvent::Returned),
            ) => {
                self.apply(id, event).await?;
                let after = db::payment::case(self.store().reader(), id).await?;
                match after {
                    Some(after)
                        if matches!(
                            after.state,
                            PaymentState::IntegrityFailure | PaymentState::CancelPending
                        ) =>
                    {
                        self.return_money(&after).await
                    }
                    _ => Ok(()),
                }
            }
            Some(_) => {
                let reason = match report {
                    Report::Failed { reason } => reason,
                    _ => String::new(),
                };
                self.note_declined(id, &reason).await
            }
            None => self.still_open(&case).await,
        }
    }

    fn needed(&self, case: &Case) -> Needed {
        let payment = &self.config().payment;
        Needed {
            total: case.amount,
            store_id: payment.store_id.clone(),
            live: payment.kind == PaymentKind::PortoneV2,
        }
    }

    /// Nothing was charged so far. After long enough, nothing will be.
    async fn still_open(&self, case: &Case) -> Result<(), ServiceError> {
        if !matches!(case.state, PaymentState::Confirming | PaymentState::Unknown) {
            return Ok(());
        }
        let patience = self.config().payment.give_up_ms.saturating_mul(1000);
        let since = self.now_us() - case.confirming_at.unwrap_or(0);
        if u64::try_from(since).is_ok_and(|since| since > patience) {
            return self
                .note_declined(case.payment, "the provider made no charge")
                .await;
        }
        self.ask_again(case).await
    }

    async fn ask_again(&self, case: &Case) -> Result<(), ServiceError> {
        let index = usize::try_from(case.checks)
            .unwrap_or(0)
            .min(limits::RECHECK_SECONDS.len() - 1);
        let at = self.now_us() + limits::RECHECK_SECONDS[index] * 1_000_000;
        let id = case.payment;
        self.store()
            .write(move |conn| Box::pin(db::payment::ask_again(conn, id, at)))
            .await?;
        Ok(())
    }

    /// The money cannot stay: asks the provider to give it back, and believes only a lookup.
    async fn return_money(&self, case: &Case) -> Result<(), ServiceError> {
        let returned = match self.provider().lookup(case.payment).await {
            Ok(Report::Cancelled(_)) => Ok(true),
            Ok(Report::Paid(charge)) => {
                let amount = charge
                    .total
                    .map_or(case.amount.amount, |total| total.amount);
                match self.provider().cancel(case.payment, amount).await {
                    Ok(()) => self
                        .provider()
                        .lookup(case.payment)
                        .await
                        .map(|report| matches!(report, Report::Cancelled(_))),
                    Err(error) => Err(error),
                }
            }
            Ok(_) => Ok(false),
            Err(error) => Err(error),
        };
        match returned {
            Ok(true) => self.apply(case.payment, PaymentEvent::Returned).await,
            Ok(false) => self.ask_again(case).await,
            Err(error) => {
                tracing::warn!(payment = %case.payment, error, "money could not be given back yet");
                self.ask_again(case).await
            }
        }
    }

    /// The provider said no: another try is possible while the hold lasts.
    pub(crate) async fn note_declined(
        &self,
        id: PaymentId,
        reason: &str,
    ) -> Result<(), ServiceError> {
        let (now, reason) = (self.now_us(), reason.to_owned());
        let expired = self
            .store()
            .transact(move |conn| Box::pin(async move { declined(conn, id, &reason, now).await }))
            .await?;
        self.wake_courier();
        if let Some(sale) = expired {
            self.expire_due(sale).await?;
        }
        Ok(())
    }

    async fn apply(&self, id: PaymentId, event: PaymentEvent) -> Result<(), ServiceError> {
        let now = self.now_us();
        let changed = self
            .store()
            .transact(move |conn| Box::pin(async move { apply(conn, id, event, now).await }))
            .await?;
        if event == PaymentEvent::Mismatch && changed.is_some() {
            metrics::counter!("souk_payment_integrity_failures_total").increment(1);
            tracing::error!(payment = %id, "the provider reports another charge than the order's");
        }
        self.wake_courier();
        if let Some(changed) = changed {
            self.tick(changed.stream, &changed.levels).await;
        }
        Ok(())
    }
}

/// Takes the steps of an event, in one transaction. `None`: it had no effect any more.
async fn apply(
    conn: &mut Conn,
    id: PaymentId,
    event: PaymentEvent,
    now: i64,
) -> Result<Option<Changed>, ServiceError> {
    let case = db::payment::locked_case(conn, id)
        .await?
        .ok_or(ServiceError::NotFound("payment"))?;
    if payment::step(case.state, event).is_err() {
        return Ok(None);
    }
    let mut book = Book::open(conn, case.sale).await?;
    book.know(conn, &[case.buyer]).await?;
    match event {
        PaymentEvent::Paid => paid(conn, &mut book, &case, now).await?,
        PaymentEvent::Mismatch | PaymentEvent::Returned => {
            let to = payment::step(case.state, event)?;
            let again = (event == PaymentEvent::Mismatch).then_some(now);
            db::payment::set_state(conn, &case, to, again, now).await?;
            call_off(conn, &mut book, &case, now).await?;
            db::payment::end_attempt(conn, &case, "unknown", "not as the order needs it", now)
                .await?;
            if event == PaymentEvent::Returned {
                let status = final_status(&case);
                db::order::note(conn, case.order, "refunded", status, status, "", now).await?;
            }
        }
        _ => return Ok(None),
    }
    let stream = book.head.stream;
    let levels = book.close(conn, now).await?;
    let topic = if event == PaymentEvent::Paid {
        "order.paid"
    } else {
        "order.cancelled"
    };
    courier::tell_buyer(conn, topic, case.stream, case.buyer, case.order, now).await?;
    Ok(Some(Changed { stream, levels }))
}

const fn final_status(case: &Case) -> OrderStatus {
    match case.status {
        OrderStatus::PendingPayment => OrderStatus::Cancelled,
        status => status,
    }
}

async fn paid(conn: &mut Conn, book: &mut Book, case: &Case, now: i64) -> Result<(), ServiceError> {
    let cause = Cause {
        reservation: Some(case.reservation),
        order: Some(case.order),
        reason: "paid".to_owned(),
        ..Cause::default()
    };
    let event = match (case.status, case.hold) {
        (OrderStatus::PendingPayment, hold) if hold.holds() => {
            book.commit(case.variant, case.quantity, cause)?;
            Some((OrderEvent::Paid, ReservationEvent::Paid))
        }
        (OrderStatus::Expired, ReservationState::Expired)
            if book.retake(case.buyer, case.variant, case.quantity, cause) =>
        {
            Some((OrderEvent::LatePaid, ReservationEvent::Retake))
        }
        _ => None,
    };
    let Some((order_event, hold_event)) = event else {
        // Paid, but the stock is gone or the order was called off: the money goes back.
        let to = payment::step(case.state, PaymentEvent::TakeBack)?;
        db::payment::set_state(conn, case, to, Some(now), now).await?;
        let status = case.status;
        db::order::note(conn, case.order, "paid_too_late", status, status, "", now).await?;
        return Ok(());
    };
    let hold = reservation::step(case.hold, hold_event)?;
    db::payment::set_hold(conn, case, hold, case.expires_at, now).await?;
    let to = payment::step(case.state, PaymentEvent::Paid)?;
    db::payment::set_state(conn, case, to, None, now).await?;
    db::payment::end_attempt(conn, case, "paid", "", now).await?;
    db::payment::set_order(conn, case, order_event, "", now).await?;
    Ok(())
}

/// Ends an order whose money cannot stay, if it has not ended by itself.
async fn call_off(
    conn: &mut Conn,
    book: &mut Book,
    case: &Case,
    now: i64,
) -> Result<(), ServiceError> {
    if case.status != OrderStatus::PendingPayment {
        return Ok(());
    }
    db::payment::set_order(conn, case, OrderEvent::Cancelled, "payment", now).await?;
    if case.hold.holds() {
        let to = reservation::step(case.hold, ReservationEvent::Release)?;
        db::payment::set_hold(conn, case, to, case.expires_at, now).await?;
        let cause = Cause {
            reservation: Some(case.reservation),
            order: Some(case.order),
            reason: "payment".to_owned(),
            ..Cause::default()
        };
        book.release(case.buyer, case.variant, case.quantity, cause)?;
    }
    Ok(())
}

/// Notes a no. Returns the sale if the hold's time was over meanwhile.
async fn declined(
    conn: &mut Conn,
    id: PaymentId,
    reason: &str,
    now: i64,
) -> Result<Option<signaling_wire::SaleId>, ServiceError> {
    let case = db::payment::locked_case(conn, id)
        .await?
        .ok_or(ServiceError::NotFound("payment"))?;
    let Ok(to) = payment::step(case.state, PaymentEvent::Declined) else {
        return Ok(None);
    };
    db::payment::set_state(conn, &case, to, None, now).await?;
    db::payment::end_attempt(conn, &case, "declined", reason, now).await?;
    let hold = reservation::step(case.hold, ReservationEvent::Declined)?;
    db::payment::set_hold(conn, &case, hold, case.expires_at, now).await?;
    let status = case.status;
    db::order::note(
        conn,
        case.order,
        "payment_declined",
        status,
        status,
        reason,
        now,
    )
    .await?;
    courier::tell_buyer(
        conn,
        "order.payment",
        case.stream,
        case.buyer,
        case.order,
        now,
    )
    .await?;
    Ok((case.expires_at <= now).then_some(case.sale))
}

/// Notes that the provider's answer is lost; the reconciler asks soon.
pub(crate) async fn no_answer(
    conn: &mut Conn,
    id: PaymentId,
    detail: &str,
    now: i64,
) -> Result<(), ServiceError> {
    let case = db::payment::locked_case(conn, id)
        .await?
        .ok_or(ServiceError::NotFound("payment"))?;
    let Ok(to) = payment::step(case.state, PaymentEvent::NoAnswer) else {
        return Ok(());
    };
    let soon = now + limits::RECHECK_SECONDS[0] * 1_000_000;
    db::payment::set_state(conn, &case, to, Some(soon), now).await?;
    db::payment::end_attempt(conn, &case, "unknown", detail, now).await?;
    Ok(courier::tell_buyer(
        conn,
        "order.payment",
        case.stream,
        case.buyer,
        case.order,
        now,
    )
    .await?)
}
