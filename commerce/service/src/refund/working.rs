//! Asking the provider for refunds that were decided, one after the other for each payment.

use commerce_core::{
    order::{self, OrderEvent},
    payment::{self, Charge, PaymentEvent},
    refund::{Next, RefundEvent, RefundState, next},
};
use commerce_store::sql::Conn;
use signaling_wire::{RefundId, frame::shop::OrderStatus};

use crate::{
    Commerce, ServiceError, db,
    db::{
        order::SYSTEM,
        payment::Head,
        refund::Open,
        sales_day::Sold,
        settlement::{self, Reversal},
    },
    limits,
    provider::{Cancel, Outcome},
};

impl Commerce {
    /// Works on refunds that are due; called by the sweeper.
    pub(crate) async fn work_off_refunds(&self) -> Result<(), ServiceError> {
        for id in db::refund::due(self.store().reader(), self.now_us()).await? {
            if let Err(error) = self.work_on_refund(id).await {
                tracing::warn!(refund = %id, %error, "a refund could not be made yet");
            }
        }
        Ok(())
    }

    async fn work_on_refund(&self, id: RefundId) -> Result<(), ServiceError> {
        let pool = self.store().reader();
        let Some(open) = db::refund::find(pool, id).await? else {
            return Ok(());
        };
        let head = db::payment::head(pool, open.payment).await?;
        let head = head.ok_or(ServiceError::NotFound("payment"))?;
        let charge = match self.look(&head).await {
            Ok(charge) => charge,
            Err(detail) => return self.later(&open, &detail).await,
        };
        match Self::judge(&head, &open, &charge) {
            Next::Done => self.made(&open).await,
            Next::Ask { cancellable } => self.ask(&open, &head, cancellable).await,
            Next::Odd => {
                metrics::counter!("souk_payment_integrity_failures_total").increment(1);
                tracing::error!(payment = %open.payment, refund = %id,
                    "the provider gave back what nobody here asked for");
                self.later(&open, "the provider's balance is another one")
                    .await
            }
        }
    }

    fn judge(head: &Head, open: &Open, charge: &Charge) -> Next {
        let charged = charge
            .total
            .map_or(head.amount.amount, |total| total.amount);
        next(charged, head.returned, open.amount, charge.cancelled)
    }

    async fn look(&self, head: &Head) -> Result<Charge, String> {
        let report = self.provider().lookup(head.payment).await?;
        let charge = report.charge().cloned();
        charge.ok_or_else(|| "the provider knows no charge".to_owned())
    }

    async fn ask(&self, open: &Open, head: &Head, cancellable: i64) -> Result<(), ServiceError> {
        let at = self.recheck(open.attempts);
        if !self.step(open, RefundEvent::Submit, Some(at), "").await? {
            return Ok(());
        }
        let submitted = Open {
            state: RefundState::Submitting,
            attempts: open.attempts + 1,
            ..open.clone()
        };
        let cancel = Cancel {
            payment: open.payment,
            key: open.id.to_string(),
            amount: Some(open.amount),
            tax_free: open.tax_free,
            cancellable,
            reason: open.reason.clone(),
        };
        let outcome = self.provider().cancel(cancel).await;
        // Whatever it said, what it did is what counts.
        let charge = match self.look(head).await {
            Ok(charge) => charge,
            Err(detail) => return self.later(&submitted, &detail).await,
        };
        match (Self::judge(head, open, &charge), outcome) {
            (Next::Done, _) => self.made(&submitted).await,
            (_, Outcome::Declined { reason }) if !reason.contains("CONSISTENCY") => {
                self.refused(&submitted, &reason).await
            }
            (_, Outcome::Declined { reason: detail } | Outcome::Unknown { detail }) => {
                self.later(&submitted, &detail).await
            }
            (_, Outcome::Done) => {
                self.later(&submitted, "asked for, not given back yet")
                    .await
            }
        }
    }

    fn recheck(&self, attempts: i64) -> i64 {
        let index = usize::try_from(attempts)
            .unwrap_or(0)
            .min(limits::RECHECK_SECONDS.len() - 1);
        self.now_us() + limits::RECHECK_SECONDS[index] * 1_000_000
    }

    async fn step(
        &self,
        open: &Open,
        event: RefundEvent,
        next_check_at: Option<i64>,
        detail: &str,
    ) -> Result<bool, ServiceError> {
        let (open, now, detail) = (open.clone(), self.now_us(), detail.to_owned());
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::refund::step(conn, &open, event, (next_check_at, &detail), now).await
                })
            })
            .await
    }

    /// Nothing was learnt: once more, later.
    async fn later(&self, open: &Open, detail: &str) -> Result<(), ServiceError> {
        if open.attempts >= limits::REFUND_ATTEMPTS_MAX {
            tracing::error!(refund = %open.id, detail, "a refund does not succeed: look at it");
        }
        let at = self.recheck(open.attempts);
        self.step(open, RefundEvent::Submit, Some(at), detail)
            .await?;
        Ok(())
    }

    async fn refused(&self, open: &Open, reason: &str) -> Result<(), ServiceError> {
        tracing::error!(refund = %open.id, reason, "the provider will not give money back");
        metrics::counter!("souk_refunds_total", "result" => "failed").increment(1);
        let (open, now, reason) = (open.clone(), self.now_us(), reason.to_owned());
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    let order = db::order::lock(conn, open.order).await?;
                    let step = (None, reason.as_str());
                    if db::refund::step(conn, &open, RefundEvent::Refuse, step, now).await? {
                        db::refund::free(conn, &open, now).await?;
                        order
                            .note(conn, "refund_failed", (SYSTEM, &reason), now)
                            .await?;
                    }
                    Ok::<_, ServiceError>(())
                })
            })
            .await
    }

    async fn made(&self, open: &Open) -> Result<(), ServiceError> {
        let (open, now) = (open.clone(), self.now_us());
        self.store()
            .transact(move |conn| Box::pin(async move { made(conn, &open, now).await }))
            .await?;
        metrics::counter!("souk_refunds_total", "result" => "succeeded").increment(1);
        self.wake_courier();
        Ok(())
    }
}

/// The money is back: the books say so.
async fn made(conn: &mut Conn, open: &Open, now: i64) -> Result<(), ServiceError> {
    let mut order = db::order::lock(conn, open.order).await?;
    if !db::refund::step(conn, open, RefundEvent::Done, (None, ""), now).await? {
        return Ok(());
    }
    let case = db::payment::lock(conn, open.payment).await?;
    let whole = case.returned + open.amount >= case.amount.amount;
    let event = match whole {
        true => PaymentEvent::RefundedAll,
        false => PaymentEvent::RefundedPart,
    };
    let to = payment::step(case.state, event)?;
    db::refund::count_returned(conn, open, to, now).await?;
    let returned = order.returned + open.amount;
    let status = order::payment_name(order::money_status(order.total, returned));
    db::refund::set_returned(conn, order.id, returned, status, now).await?;
    let reversal = Reversal {
        seller: order.seller,
        order: order.id,
        refund: open.id,
        currency: order.currency.code(),
        shipping: open.shipping,
        lines: db::refund::amounts(conn, open.id).await?,
    };
    settlement::reverse(conn, &reversal, now).await?;
    order
        .note(conn, "refunded", (SYSTEM, &open.reason), now)
        .await?;
    let empty = order.lines.iter().all(|line| line.units.kept() == 0);
    if empty && order.status != OrderStatus::Cancelled && order.status != OrderStatus::Refunded {
        order
            .step(
                conn,
                OrderEvent::Refunded,
                (SYSTEM, "all of it went back"),
                now,
            )
            .await?;
    }
    order.tell(conn, "order.payment", now).await?;
    let place = (order.seller, order.stream, order.currency.code());
    let back = Sold {
        refunded_orders: i64::from(order.returned == 0),
        refunded: open.amount - open.shipping,
        ..Sold::default()
    };
    Ok(db::sales_day::add(conn, [(place, back)], now).await?)
}
