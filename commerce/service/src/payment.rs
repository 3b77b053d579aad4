//! Paying: the provider's window, the confirm gate, and the view of a payment.
//!
//! The order exists before the buyer is sent to pay. Nothing is charged unless the hold is in
//! state `committing`, which no clock ends; the outcome is what the provider reports when it is
//! asked, whoever asks first: the buyer's return, a webhook or the sweeper.

use commerce_core::{PaymentState, Refusal};
use serde::Serialize;
use signaling_wire::{Money, OrderId, PaymentId, UserId, frame::shop};

use crate::{
    Commerce, PaymentKind, ServiceError, db, db::payment::Gate, limits, provider::ConfirmOutcome,
    settle, validation::Validation,
};

/// A payment as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PaymentView {
    /// The id that the provider knows.
    pub id: PaymentId,
    /// What it pays for.
    pub order_id: OrderId,
    /// `sandbox` or `portone_v2`.
    pub provider: String,
    /// Where it stands: `created`, `ready`, `confirming`, `unknown`, `failed`, `paid`, ….
    pub state: String,
    /// What is to be paid.
    pub amount: Money,
    /// Tries so far.
    pub attempts: u32,
    /// When it was paid, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_ms: Option<u64>,
}

impl Commerce {
    /// A payment of one's own order.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for a payment of somebody else.
    pub async fn payment(&self, buyer: UserId, id: PaymentId) -> Result<PaymentView, ServiceError> {
        let found = db::payment::view(self.store().reader(), buyer, id).await?;
        found.ok_or(ServiceError::NotFound("payment"))
    }

    /// Plays the provider's window: the buyer approves, or does not. Returns the token that
    /// `confirm` takes. Only with the sandbox.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] with another provider, a hold that is over, or a provider that
    /// does not answer.
    pub async fn sandbox_authorize(
        &self,
        buyer: UserId,
        id: PaymentId,
        approve: bool,
    ) -> Result<String, ServiceError> {
        if self.config().payment.kind != PaymentKind::Sandbox {
            return Err(ServiceError::NotFound("sandbox"));
        }
        let payment = self.payment(buyer, id).await?;
        if payment.state == PaymentState::Expired.name() {
            return Err(Refusal::ReservationExpired.into());
        }
        if payment.state == PaymentState::Created.name() {
            self.provider()
                .register(id, payment.amount)
                .await
                .map_err(ServiceError::Provider)?;
            let now = self.now_us();
            self.store()
                .write(move |conn| Box::pin(db::payment::registered(conn, id, now)))
                .await?;
        }
        self.provider().authorize(id, approve).await
    }

    /// Charges: opens the gate, asks the provider, settles. Repeating it after success returns
    /// the order. When the provider's answer is lost, the order comes back with its payment
    /// `pending`, and the outcome follows by itself.
    ///
    /// # Errors
    /// The hold is over, the provider said no ([`Refusal::Declined`]), or the same payment is
    /// being confirmed.
    pub async fn confirm(
        &self,
        buyer: UserId,
        id: PaymentId,
        payment_token: &str,
    ) -> Result<shop::Order, ServiceError> {
        let mut validation = Validation::default();
        let bounded = (1..=limits::PAYMENT_TOKEN_CHARS_MAX).contains(&payment_token.len());
        validation.check(bounded, "/payment_token", "range", "is missing or too long");
        validation.done()?;
        let payment = self.payment(buyer, id).await?;
        let now = self.now_us();
        // Should everything below be lost, the reconciler takes over by then.
        let check_at = now + i64::try_from(self.config().payment.give_up_ms).unwrap_or(0) * 1000;
        let gate = self
            .store()
            .transact(move |conn| Box::pin(db::payment::open_gate(conn, id, check_at, now)))
            .await?;
        let attempt = match gate {
            Gate::Open { attempt } => attempt,
            Gate::Paid => return self.order(buyer, payment.order_id).await,
            Gate::Expired { sale } => {
                self.expire_due(sale).await?;
                return Err(Refusal::ReservationExpired.into());
            }
            Gate::Unknown => {
                self.settle(id).await?;
                return self.order(buyer, payment.order_id).await;
            }
        };
        self.wake_courier();
        // From here on the outcome must be seen to, even if the caller goes away.
        let (commerce, token) = (self.clone(), payment_token.to_owned());
        let charging =
            self.spawn(async move { commerce.charge(id, payment.amount, attempt, token).await });
        let outcome = charging.await.map_err(|_| ServiceError::Stopping)?;
        outcome?;
        self.order(buyer, payment.order_id).await
    }

    /// The part after the gate: asks the provider to charge and acts on the answer.
    async fn charge(
        &self,
        id: PaymentId,
        amount: Money,
        attempt: i64,
        token: String,
    ) -> Result<(), ServiceError> {
        let outcome = self.provider().confirm(id, amount, attempt, &token).await;
        match outcome {
            ConfirmOutcome::Done => {
                if let Err(error) = self.settle(id).await {
                    // Charged, but not verified: the reconciler asks again.
                    tracing::warn!(payment = %id, %error, "charged, not settled yet");
                    self.note_unknown(id, "charged, not verified").await?;
                }
                Ok(())
            }
            ConfirmOutcome::Declined { reason } => {
                self.note_declined(id, &reason).await?;
                Err(Refusal::Declined { reason }.into())
            }
            ConfirmOutcome::Unknown { detail } => {
                tracing::warn!(payment = %id, detail, "the provider's answer is lost");
                self.note_unknown(id, &detail).await
            }
        }
    }

    async fn note_unknown(&self, id: PaymentId, detail: &str) -> Result<(), ServiceError> {
        let (now, detail) = (self.now_us(), detail.to_owned());
        self.store()
            .transact(move |conn| {
                Box::pin(async move { settle::no_answer(conn, id, &detail, now).await })
            })
            .await
    }
}
