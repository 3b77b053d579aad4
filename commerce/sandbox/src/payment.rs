//! One payment and its steps: registered, tried in the window, charged or declined, cancelled.
//!
//! Pure: times, randomness and faults are arguments. Several tries, one success. Amounts are minor
//! units.

mod view;
mod view_v1;

use serde::Serialize;
use time::OffsetDateTime;

pub(crate) use self::view::timestamp;
use crate::{error::Refusal, limits};

/// Where a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    /// Registered, or in the window.
    Ready,
    /// Charged.
    Paid,
    /// The last try was declined; another may follow.
    Failed,
    /// Some of it was given back.
    PartialCancelled,
    /// All of it was given back.
    Cancelled,
}

/// What a shop is told by webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Ready,
    Paid,
    Failed,
    /// With the cancellation's id.
    PartialCancelled(String),
    /// With the cancellation's id.
    Cancelled(String),
}

#[derive(Debug, Clone)]
struct Attempt {
    transaction: String,
    /// Taken by the confirmation that uses it.
    token: Option<String>,
    approve: bool,
}

#[derive(Debug, Clone)]
struct Charge {
    total: i64,
    at: OffsetDateTime,
}

#[derive(Debug, Clone)]
struct Cancellation {
    id: String,
    total: i64,
    reason: String,
    at: OffsetDateTime,
}

/// What a shop asks to be confirmed; what it leaves out is not compared.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) total: Option<i64>,
    pub(crate) currency: Option<String>,
    pub(crate) transaction: Option<String>,
    pub(crate) is_test: Option<bool>,
}

/// What a shop asks to be given back.
#[derive(Debug)]
pub(crate) struct CancelOrder {
    pub(crate) amount: Option<i64>,
    pub(crate) current_cancellable: Option<i64>,
    pub(crate) reason: String,
}

/// A payment.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    id: String,
    status: Status,
    total: i64,
    tax_free: i64,
    currency: String,
    requested_at: OffsetDateTime,
    changed_at: OffsetDateTime,
    attempt: Option<Attempt>,
    charge: Option<Charge>,
    cancellations: Vec<Cancellation>,
}

/// Currencies come as `KRW` or, from the browser, as `CURRENCY_KRW`.
pub(crate) fn currency(text: &str) -> Result<String, Refusal> {
    let code = text.strip_prefix("CURRENCY_").unwrap_or(text);
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(code.to_owned())
    } else {
        Err(Refusal::invalid_request("currency is not an ISO 4217 code"))
    }
}

fn amounts_ok(total: i64, tax_free: i64) -> Result<(), Refusal> {
    if total > 0 && (0..=total).contains(&tax_free) {
        Ok(())
    } else {
        Err(Refusal::invalid_request(
            "totalAmount must be positive and cover taxFreeAmount",
        ))
    }
}

impl Payment {
    /// A payment of which only the id and the amount are known.
    pub(crate) fn register(
        id: &str,
        (total, tax_free, currency): (i64, i64, String),
        now: OffsetDateTime,
    ) -> Result<Self, Refusal> {
        amounts_ok(total, tax_free)?;
        Ok(Self {
            id: id.to_owned(),
            status: Status::Ready,
            total,
            tax_free,
            currency,
            requested_at: now,
            changed_at: now,
            attempt: None,
            charge: None,
            cancellations: Vec::new(),
        })
    }

    /// Fixes the amount anew; a token given for another amount is worthless from then on.
    pub(crate) fn register_again(
        &mut self,
        (total, tax_free, currency): (i64, i64, String),
    ) -> Result<(), Refusal> {
        self.unpaid()?;
        amounts_ok(total, tax_free)?;
        if (self.total, &self.currency) != (total, &currency) {
            self.attempt = None;
        }
        (self.total, self.tax_free, self.currency) = (total, tax_free, currency);
        Ok(())
    }

    /// The buyer goes through the window. Whether the card company will approve is decided here and
    /// comes out at the confirmation.
    pub(crate) fn authorize(
        &mut self,
        approve: bool,
        random: (u128, u128),
        now: OffsetDateTime,
    ) -> Result<(String, Event), Refusal> {
        self.unpaid()?;
        let token = format!("pt_{:032x}", random.0);
        let transaction = format!("tx_{:032x}", random.1);
        self.attempt = Some(Attempt {
            transaction,
            token: Some(token.clone()),
            approve,
        });
        (self.status, self.changed_at) = (Status::Ready, now);
        Ok((token, Event::Ready))
    }

    /// Whether a confirmation would be taken to the card company.
    pub(crate) fn check_confirm(&self, token: &str, expected: &Expected) -> Result<(), Refusal> {
        self.unpaid()?;
        let attempt = self
            .attempt
            .as_ref()
            .ok_or_else(Refusal::invalid_payment_token)?;
        if attempt.token.as_deref() != Some(token) {
            return Err(Refusal::invalid_payment_token());
        }
        let transaction = expected.transaction.as_ref();
        let differs = expected.total.is_some_and(|total| total != self.total)
            || expected
                .currency
                .as_ref()
                .is_some_and(|currency| *currency != self.currency)
            || transaction.is_some_and(|transaction| *transaction != attempt.transaction)
            || expected.is_test == Some(false);
        if differs {
            Err(Refusal::information_mismatch())
        } else {
            Ok(())
        }
    }

    /// Takes a checked confirmation to the card company. `skew` is what the charge is off by.
    pub(crate) fn charge(&mut self, decline: bool, skew: i64, now: OffsetDateTime) -> Event {
        let approved = self.attempt.as_mut().is_some_and(|attempt| {
            attempt.token = None;
            attempt.approve && !decline
        });
        self.changed_at = now;
        if approved {
            self.status = Status::Paid;
            self.charge = Some(Charge {
                total: self.total.saturating_add(skew),
                at: now,
            });
            Event::Paid
        } else {
            self.status = Status::Failed;
            Event::Failed
        }
    }

    /// Gives money back; without an amount, all that is left.
    pub(crate) fn cancel(
        &mut self,
        order: CancelOrder,
        random: u128,
        now: OffsetDateTime,
    ) -> Result<Event, Refusal> {
        match self.status {
            Status::Ready | Status::Failed => return Err(Refusal::payment_not_paid()),
            Status::Cancelled => return Err(Refusal::already_cancelled()),
            Status::Paid | Status::PartialCancelled => {}
        }
        let left = self.balance();
        if order
            .current_cancellable
            .is_some_and(|balance| balance != left)
        {
            return Err(Refusal::cancellable_amount_broken());
        }
        let total = order.amount.unwrap_or(left);
        if total > left {
            return Err(Refusal::cancel_exceeds());
        }
        if total <= 0 || self.cancellations.len() >= limits::CANCELLATIONS_MAX {
            return Err(Refusal::invalid_request(
                "amount must be positive; at most 100 cancellations",
            ));
        }
        let id = format!("cancel_{random:032x}");
        let reason = order.reason;
        self.cancellations.push(Cancellation {
            id: id.clone(),
            total,
            reason,
            at: now,
        });
        self.changed_at = now;
        if total == left {
            self.status = Status::Cancelled;
            Ok(Event::Cancelled(id))
        } else {
            self.status = Status::PartialCancelled;
            Ok(Event::PartialCancelled(id))
        }
    }

    /// What is to be paid.
    pub(crate) const fn total(&self) -> i64 {
        self.total
    }

    /// When it was asked for.
    pub(crate) const fn requested_at(&self) -> OffsetDateTime {
        self.requested_at
    }

    pub(crate) fn transaction(&self) -> &str {
        self.attempt
            .as_ref()
            .map_or("", |attempt| attempt.transaction.as_str())
    }

    /// What can still be given back.
    fn balance(&self) -> i64 {
        let charged = self.charge.as_ref().map_or(0, |charge| charge.total);
        charged - self.cancelled()
    }

    fn cancelled(&self) -> i64 {
        self.cancellations
            .iter()
            .map(|cancellation| cancellation.total)
            .sum()
    }

    fn unpaid(&self) -> Result<(), Refusal> {
        match self.status {
            Status::Ready | Status::Failed => Ok(()),
            Status::Paid | Status::PartialCancelled => Err(Refusal::already_paid()),
            Status::Cancelled => Err(Refusal::already_cancelled()),
        }
    }
}
