//! Settling: what the provider reports becomes what the order says. Idempotent, whoever asks: the
//! buyer's return, a webhook, the sweeper.
//!
//! The provider is asked outside of any transaction; then one transaction looks at the payment
//! again and takes the steps that its tables allow. A report that changes nothing is no error.

mod steps;

use commerce_core::{
    PaymentState,
    payment::{self, Needed, PaymentEvent, Report},
};
use signaling_wire::PaymentId;

use self::steps::expire;
pub(crate) use self::steps::{apply, void};
use crate::{
    Commerce, PaymentKind, ServiceError, db,
    db::payment::Head,
    limits,
    provider::{Cancel, Outcome},
};

impl Commerce {
    /// Asks the provider about a payment and brings its orders in line with the answer.
    ///
    /// # Errors
    /// An unknown payment, or a provider that does not answer; the sweeper asks again.
    pub async fn settle(&self, id: PaymentId) -> Result<(), ServiceError> {
        let head = self.payment_head(id).await?;
        match head.state {
            PaymentState::Paid | PaymentState::PartiallyCancelled | PaymentState::Cancelled => {
                let state = head.state;
                self.store()
                    .write(move |conn| Box::pin(db::payment::rest(conn, id, state)))
                    .await?;
                return Ok(());
            }
            PaymentState::IntegrityFailure | PaymentState::CancelPending => {
                return self.return_money(&head).await;
            }
            _ => {}
        }
        let report = match self.provider().lookup(id).await {
            Ok(report) => report,
            Err(error) => {
                self.ask_again(&head).await?;
                return Err(ServiceError::Provider(error));
            }
        };
        match payment::judge(&report, &self.needed(&head)) {
            Some(PaymentEvent::Declined) => {
                let reason = match report {
                    Report::Failed { reason } => reason,
                    _ => String::new(),
                };
                self.note_declined(id, &reason).await
            }
            Some(event) => {
                self.apply(id, event, &report).await?;
                let after = self.payment_head(id).await?;
                match after.state {
                    PaymentState::IntegrityFailure | PaymentState::CancelPending => {
                        self.return_money(&after).await
                    }
                    _ => Ok(()),
                }
            }
            None => self.still_open(&head).await,
        }
    }

    async fn payment_head(&self, id: PaymentId) -> Result<Head, ServiceError> {
        let head = db::payment::head(self.store().reader(), id).await?;
        head.ok_or(ServiceError::NotFound("payment"))
    }

    /// What a charge must be like to fund a payment's orders.
    pub(crate) fn needed(&self, head: &Head) -> Needed {
        let payment = &self.config().payment;
        Needed {
            total: head.amount,
            // The older API answers about one shop only, the one that its key belongs to.
            store_id: match payment.kind {
                PaymentKind::PortoneV1 => None,
                PaymentKind::Sandbox | PaymentKind::PortoneV2 => payment.store_id.clone(),
            },
            live: payment.is_live(),
        }
    }

    /// Nothing was charged so far. After long enough, nothing will be.
    async fn still_open(&self, head: &Head) -> Result<(), ServiceError> {
        if !matches!(head.state, PaymentState::Confirming | PaymentState::Unknown) {
            let (id, state) = (head.payment, head.state);
            self.store()
                .write(move |conn| Box::pin(db::payment::rest(conn, id, state)))
                .await?;
            return Ok(());
        }
        let patience = self.config().payment.give_up_ms.saturating_mul(1000);
        let since = self.now_us() - head.confirming_at.unwrap_or(0);
        if u64::try_from(since).is_ok_and(|since| since > patience) {
            return self
                .note_declined(head.payment, "the provider made no charge")
                .await;
        }
        self.ask_again(head).await
    }

    async fn ask_again(&self, head: &Head) -> Result<(), ServiceError> {
        let id = head.payment;
        if matches!(
            head.state,
            PaymentState::Created
                | PaymentState::Ready
                | PaymentState::Failed
                | PaymentState::Expired
        ) {
            // Only a hint asked; without an answer the next one is a little later.
            let at = self.now_us() + limits::RECHECK_SECONDS[2] * 1_000_000;
            self.store()
                .write(move |conn| Box::pin(async move { db::payment::hint(conn, id, at).await }))
                .await?;
            return Ok(());
        }
        let index = usize::try_from(head.checks)
            .unwrap_or(0)
            .min(limits::RECHECK_SECONDS.len() - 1);
        let at = self.now_us() + limits::RECHECK_SECONDS[index] * 1_000_000;
        self.store()
            .write(move |conn| Box::pin(db::payment::ask_again(conn, id, at)))
            .await?;
        Ok(())
    }

    /// The money cannot stay: asks the provider to give it back, and believes only a lookup.
    async fn return_money(&self, head: &Head) -> Result<(), ServiceError> {
        match self.money_is_back(head).await {
            Ok(Some(report)) => {
                self.apply(head.payment, PaymentEvent::Returned, &report)
                    .await
            }
            Ok(None) => self.ask_again(head).await,
            Err(error) => {
                tracing::warn!(payment = %head.payment, error, "money could not be given back yet");
                self.ask_again(head).await
            }
        }
    }

    /// The report that says so, if the money is back.
    async fn money_is_back(&self, head: &Head) -> Result<Option<Report>, String> {
        let id = head.payment;
        let charge = match self.provider().lookup(id).await? {
            report @ Report::Cancelled(_) => return Ok(Some(report)),
            Report::Paid(charge) => charge,
            _ => return Ok(None),
        };
        let total = charge
            .total
            .map_or(head.amount.amount, |total| total.amount);
        let cancel = Cancel {
            payment: id,
            key: format!("{id}-cancel-whole"),
            amount: None,
            tax_free: 0,
            cancellable: total - charge.cancelled,
            reason: "the order could not be honoured".to_owned(),
        };
        match self.provider().cancel(cancel).await {
            Outcome::Done => {}
            Outcome::Declined { reason: detail } | Outcome::Unknown { detail } => {
                return Err(detail);
            }
        }
        let report = self.provider().lookup(id).await?;
        Ok(matches!(report, Report::Cancelled(_)).then_some(report))
    }

    /// The provider said no: another try is possible while the hold lasts.
    pub(crate) async fn note_declined(
        &self,
        id: PaymentId,
        reason: &str,
    ) -> Result<(), ServiceError> {
        let (now, reason) = (self.now_us(), reason.to_owned());
        let over = self
            .store()
            .transact(move |conn| {
                Box::pin(async move { steps::declined(conn, id, &reason, now).await })
            })
            .await?;
        self.wake_courier();
        match over {
            true => self.expire(id).await,
            false => Ok(()),
        }
    }

    /// Notes that the provider's answer is lost; the reconciler asks soon.
    pub(crate) async fn note_unknown(
        &self,
        id: PaymentId,
        detail: &str,
    ) -> Result<(), ServiceError> {
        let (now, detail) = (self.now_us(), detail.to_owned());
        self.store()
            .transact(move |conn| {
                Box::pin(async move { steps::no_answer(conn, id, &detail, now).await })
            })
            .await
    }

    /// Gives back holds whose time is over: those of the payment's sale, or the payment's own.
    pub(crate) async fn expire(&self, id: PaymentId) -> Result<(), ServiceError> {
        let now = self.now_us();
        let sale = self
            .store()
            .transact(move |conn| Box::pin(async move { expire(conn, id, now).await }))
            .await?;
        self.wake_courier();
        match sale {
            Some(sale) => self.expire_due(sale).await,
            None => Ok(()),
        }
    }

    async fn apply(
        &self,
        id: PaymentId,
        event: PaymentEvent,
        report: &Report,
    ) -> Result<(), ServiceError> {
        let (now, rate) = (self.now_us(), self.config().commission_bps);
        let charge = report.charge().cloned();
        let done = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    let done = apply(conn, id, event, rate, now).await?;
                    if let Some(charge) = charge {
                        let receipt = charge.receipt_url.as_deref();
                        db::payment::charged(conn, id, &charge.transaction, receipt).await?;
                    }
                    Ok::<_, ServiceError>(done)
                })
            })
            .await?;
        if event == PaymentEvent::Mismatch && done.took_place {
            metrics::counter!("souk_payment_integrity_failures_total").increment(1);
            tracing::error!(payment = %id, "the provider reports another charge than the order's");
        }
        self.wake_courier();
        self.show(done.changed).await;
        Ok(())
    }

    /// Ticks levels that a commit changed, if there are any.
    pub(crate) async fn show(&self, changed: Option<crate::sequencer::Changed>) {
        if let Some(changed) = changed {
            self.tick(changed.stream, &changed.levels).await;
        }
    }
}
