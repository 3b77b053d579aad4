//! How the provider misbehaves when it is asked to.
//!
//! Plain data, also the body of `POST /sandbox/faults` (camelCase as the rest of the API; fields
//! that are left out are at their harmless default, so `{}` heals everything).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Faults {
    /// Every answer of the API comes this late, milliseconds.
    pub delay_ms: u64,
    /// What happens to confirmations.
    pub confirm: ConfirmFault,
    /// How many confirmations it happens to; `null` for all of them.
    pub confirm_times: Option<u32>,
    /// How long a timed-out request hangs before it is answered 504, milliseconds.
    pub hang_ms: u64,
    /// The next so many look-ups are answered 503.
    pub lookup_unavailable_times: u32,
    /// Charges are off by so many minor units.
    pub charge_skew: i64,
    /// Webhooks are never sent.
    pub webhook_lost: bool,
    /// Every webhook is sent so many times more, with the same id.
    pub webhook_duplicates: u32,
    /// Webhooks leave so late, milliseconds.
    pub webhook_delay_ms: u64,
    /// Webhooks leave with a signature that does not fit.
    pub webhook_forged: bool,
    /// Webhooks leave signed as if so many seconds ago.
    pub webhook_stale_s: u32,
    /// So many webhooks are kept back and leave together, the last one first.
    pub webhook_reorder: u32,
    /// What happens to cancellations.
    pub cancel: CancelFault,
    /// How many cancellations it happens to; `null` for all of them.
    pub cancel_times: Option<u32>,
    /// The next so many tokens of the older API are refused as expired.
    pub tokens_expired_times: u32,
}

/// What happens to a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelFault {
    /// Nothing.
    #[default]
    None,
    /// The card company will not give it back: 502 `PG_PROVIDER`.
    Decline,
    /// Given back, but the answer never comes.
    TimeoutAfterCancel,
    /// Not given back: 502 without a body that means anything.
    BadGateway,
}

/// What happens to a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmFault {
    /// Nothing.
    #[default]
    None,
    /// The card company declines: 502 `PG_PROVIDER`, and the payment is FAILED.
    Decline,
    /// Charged, but the answer never comes.
    TimeoutAfterCharge,
    /// Not charged, and no answer comes.
    TimeoutBeforeCharge,
    /// Not charged: 502 without a body that means anything.
    BadGateway,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            delay_ms: 0,
            confirm: ConfirmFault::None,
            confirm_times: None,
            hang_ms: 65_000,
            lookup_unavailable_times: 0,
            charge_skew: 0,
            webhook_lost: false,
            webhook_duplicates: 0,
            webhook_delay_ms: 0,
            webhook_forged: false,
            webhook_stale_s: 0,
            webhook_reorder: 0,
            cancel: CancelFault::None,
            cancel_times: None,
            tokens_expired_times: 0,
        }
    }
}

impl Faults {
    /// Brings every value within the limits.
    #[must_use]
    pub(crate) fn bounded(mut self) -> Self {
        let most_ms = u64::try_from(limits::FAULT_DELAY_MAX.as_millis()).unwrap_or(u64::MAX);
        for delay in [
            &mut self.delay_ms,
            &mut self.hang_ms,
            &mut self.webhook_delay_ms,
        ] {
            *delay = (*delay).min(most_ms);
        }
        self.webhook_duplicates = self.webhook_duplicates.min(limits::WEBHOOK_COPIES_MAX);
        self.webhook_reorder = self.webhook_reorder.min(limits::WEBHOOK_COPIES_MAX);
        self
    }

    /// What happens to this confirmation; counts it.
    pub(crate) fn next_confirm(&mut self) -> ConfirmFault {
        match &mut self.confirm_times {
            None => self.confirm,
            Some(0) => ConfirmFault::None,
            Some(left) => {
                *left -= 1;
                self.confirm
            }
        }
    }

    /// What happens to this cancellation; counts it.
    pub(crate) fn next_cancel(&mut self) -> CancelFault {
        match &mut self.cancel_times {
            None => self.cancel,
            Some(0) => CancelFault::None,
            Some(left) => {
                *left -= 1;
                self.cancel
            }
        }
    }

    /// Whether this token is refused as expired; counts it.
    pub(crate) fn next_token_expires(&mut self) -> bool {
        let expires = self.tokens_expired_times > 0;
        self.tokens_expired_times = self.tokens_expired_times.saturating_sub(1);
        expires
    }

    /// Whether this look-up fails; counts it.
    pub(crate) fn next_lookup_fails(&mut self) -> bool {
        let fails = self.lookup_unavailable_times > 0;
        self.lookup_unavailable_times = self.lookup_unavailable_times.saturating_sub(1);
        fails
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    pub(crate) fn hang(&self) -> Duration {
        Duration::from_millis(self.hang_ms)
    }
}
