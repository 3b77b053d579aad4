//! Paying: the provider's window, the confirm gate, and the view of a payment.
//!
//! The order exists before the buyer is sent to pay. Nothing is charged unless the holds are in
//! state `committing`, which no clock ends; the outcome is what the provider reports when it is
//! asked, whoever asks first: the buyer's return, a webhook or the sweeper.

use commerce_core::{PaymentState, Refusal, payment::PaymentEvent};
use serde::Serialize;
use signaling_wire::{Money, OrderGroupId, OrderId, PaymentId, UserId, frame::shop};

use crate::{
    Commerce, PayMethod, PaymentKind, ServiceError, db,
    db::{
        key::Key,
        payment::{Gate, Head},
    },
    limits,
    provider::{Due, Outcome},
    validation::Validation,
};

/// A payment as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PaymentView {
    /// The id that the provider knows.
    pub id: PaymentId,
    /// The checkout that it pays for.
    pub group_id: OrderGroupId,
    /// The first order of the checkout.
    pub order_id: OrderId,
    /// `sandbox`, `portone_v2` or `portone_v1`.
    pub provider: String,
    /// Where it stands: `created`, `ready`, `confirming`, `unknown`, `failed`, `paid`, ….
    pub state: String,
    /// What is to be paid.
    pub amount: Money,
    /// What went back.
    pub refunded: Money,
    /// Tries so far.
    pub attempts: u32,
    /// When it was paid, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_ms: Option<u64>,
    /// The card company's receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
}

/// What the buyer's page hands to the provider's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Prepared {
    /// The payment.
    #[serde(flatten)]
    pub payment: PaymentView,
    /// Our store there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
    /// The channel to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_key: Option<String>,
    /// What the window opens with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_method: Option<PayMethod>,
}

impl Commerce {
    /// A payment of one's own checkout.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for a payment of somebody else.
    pub async fn payment(&self, buyer: UserId, id: PaymentId) -> Result<PaymentView, ServiceError> {
        self.caught_up().await?;
        let found = db::payment::view(self.store().reader(), buyer, id).await?;
        found.ok_or(ServiceError::NotFound("payment"))
    }

    /// Fixes the amount of a checkout at the provider, before the buyer's window opens. Repeating
    /// it is harmless; a key stands for one checkout all the same.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], a key of another request, a hold that is over, or a provider that
    /// does not answer.
    pub async fn prepare(
        &self,
        buyer: UserId,
        group: OrderGroupId,
        key: String,
    ) -> Result<Prepared, ServiceError> {
        let _in_hand = self.take_key(buyer, &key)?;
        self.caught_up().await?;
        let found = db::payment::of_group(self.store().reader(), buyer, group).await?;
        let id = found.ok_or(ServiceError::NotFound("checkout"))?;
        let (key, now) = (
            Key::new(buyer, key, &format!("prepare {group}")),
            self.now_us(),
        );
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    if db::key::known(conn, &key).await?.is_none() {
                        db::key::keep(conn, &key, &id.to_string(), now).await?;
                    }
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        self.register(id).await?;
        let config = &self.config().payment;
        Ok(Prepared {
            payment: self.payment(buyer, id).await?,
            store_id: config.store_id.clone(),
            channel_key: config.channel_key.clone(),
            pay_method: config.pay_method,
        })
    }

    async fn register(&self, id: PaymentId) -> Result<Head, ServiceError> {
        let head = db::payment::head(self.store().reader(), id).await?;
        let head = head.ok_or(ServiceError::NotFound("payment"))?;
        match head.state {
            PaymentState::Expired => Err(Refusal::ReservationExpired.into()),
            PaymentState::Created => {
                self.provider()
                    .register(id, due(&head))
                    .await
                    .map_err(ServiceError::Provider)?;
                let now = self.now_us();
                self.store()
                    .write(move |conn| Box::pin(db::payment::registered(conn, id, now)))
                    .await?;
                Ok(head)
            }
            _ => Ok(head),
        }
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
        self.payment(buyer, id).await?;
        self.register(id).await?;
        self.provider().authorize(id, approve).await
    }

    /// Charges: opens the gate, asks the provider, settles. Repeating it after success returns
    /// the order. Without a token the buyer is back from a channel that charges by itself, and the
    /// provider is asked what it did. When the provider's answer is lost, the order comes back with
    /// its payment `pending`, and the outcome follows by itself.
    ///
    /// # Errors
    /// The hold is over, the provider said no ([`Refusal::Declined`]), or the same payment is
    /// being confirmed.
    pub async fn confirm(
        &self,
        buyer: UserId,
        id: PaymentId,
        payment_token: Option<&str>,
    ) -> Result<shop::Order, ServiceError> {
        let payment = self.payment(buyer, id).await?;
        let Some(token) = payment_token else {
            self.settle(id).await?;
            return self.order(buyer, payment.order_id).await;
        };
        let mut validation = Validation::default();
        let bounded = (1..=limits::PAYMENT_TOKEN_CHARS_MAX).contains(&token.len());
        validation.check(bounded, "/payment_token", "range", "is missing or too long");
        validation.done()?;
        match self.open_gate(id, None).await? {
            Gate::Open { attempt } => {
                // From here on the outcome must be seen to, even if the caller goes away.
                let (commerce, token) = (self.clone(), token.to_owned());
                let charging = self.spawn(async move { commerce.charge(id, attempt, token).await });
                charging.await.map_err(|_| ServiceError::Stopping)??;
            }
            Gate::Paid => {}
            Gate::Unknown => self.settle(id).await?,
            Gate::Expired => {
                self.expire(id).await?;
                return Err(Refusal::ReservationExpired.into());
            }
        }
        self.order(buyer, payment.order_id).await
    }

    async fn open_gate(&self, id: PaymentId, asked: Option<i64>) -> Result<Gate, ServiceError> {
        let now = self.now_us();
        // Should everything below be lost, the reconciler takes over by then.
        let check_at = now + i64::try_from(self.config().payment.give_up_ms).unwrap_or(0) * 1000;
        let gate = self
            .store()
            .transact(move |conn| Box::pin(db::payment::open_gate(conn, id, asked, check_at, now)))
            .await?;
        self.wake_courier();
        Ok(gate)
    }

    /// The provider asks whether it may charge: yes only with holds that are secured from then on.
    ///
    /// # Errors
    /// Why not.
    pub async fn allow_charge(&self, id: PaymentId, amount: i64) -> Result<(), ServiceError> {
        match self.open_gate(id, Some(amount)).await? {
            Gate::Open { .. } => Ok(()),
            Gate::Paid => Err(Refusal::InvalidTransition {
                from: PaymentState::Paid.name(),
                event: format!("{:?}", PaymentEvent::Confirm).to_lowercase(),
                allowed: Vec::new(),
            }
            .into()),
            Gate::Unknown => Err(ServiceError::InFlight),
            Gate::Expired => {
                self.expire(id).await?;
                Err(Refusal::ReservationExpired.into())
            }
        }
    }

    /// The part after the gate: asks the provider to charge and acts on the answer.
    async fn charge(&self, id: PaymentId, attempt: i64, token: String) -> Result<(), ServiceError> {
        let head = db::payment::head(self.store().reader(), id).await?;
        let head = head.ok_or(ServiceError::NotFound("payment"))?;
        let outcome = self
            .provider()
            .confirm(id, due(&head), attempt, &token)
            .await;
        match outcome {
            Outcome::Done => {
                if let Err(error) = self.settle(id).await {
                    // Charged, but not verified: the reconciler asks again.
                    tracing::warn!(payment = %id, %error, "charged, not settled yet");
                    self.note_unknown(id, "charged, not verified").await?;
                }
                Ok(())
            }
            Outcome::Declined { reason } => {
                self.note_declined(id, &reason).await?;
                Err(Refusal::Declined { reason }.into())
            }
            Outcome::Unknown { detail } => {
                tracing::warn!(payment = %id, detail, "the provider's answer is lost");
                self.note_unknown(id, &detail).await
            }
        }
    }
}

/// What is to be paid.
const fn due(head: &Head) -> Due {
    Due {
        total: head.amount,
        tax_free: head.tax_free,
    }
}
