//! The course of a delivery and the health of an endpoint.
//!
//! A delivery is tried ten times in about three days, each wait longer than the one before and
//! stretched by chance, so that what failed together does not come back together. An endpoint that
//! takes nothing for days is turned off; its owner turns it on again.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// Seconds between a failed try and the next, by number of the try.
pub const WAITS_S: [u32; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Tries of one delivery, before somebody asks for more.
pub const TRIES_MAX: u32 = WAITS_S.len() as u32 + 1;
/// How much chance adds to a wait at most: one part in so many.
pub const JITTER: u64 = 5;
/// Longest wait that a receiver may ask for between two tries, seconds.
pub const RETRY_AFTER_MAX_S: u32 = 86_400;
/// Longest rest that a receiver may ask for as a whole, seconds.
pub const REST_MAX_S: u32 = 3_600;
/// Days of nothing but failures after which an endpoint is turned off.
pub const FAILING_DAYS_MAX: i64 = 5;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookDeliveryState))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent.
    Pending,
    /// Answered with 2xx.
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// Where an endpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookStatus))]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// Gets what it asked for.
    Active,
    /// Turned off by its owner.
    Paused,
    /// Turned off by the shop; `disabled_reason` says why.
    Disabled,
}

/// What happens to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointEvent {
    /// Its owner turns it off.
    Pause,
    /// Its owner turns it on.
    Resume,
    /// The shop turns it off.
    Disable,
}

/// The steps of an endpoint.
pub const ENDPOINT: &[Step<EndpointState, EndpointEvent>] = &[
    (
        EndpointState::Active,
        EndpointEvent::Pause,
        EndpointState::Paused,
    ),
    (
        EndpointState::Active,
        EndpointEvent::Resume,
        EndpointState::Active,
    ),
    (
        EndpointState::Active,
        EndpointEvent::Disable,
        EndpointState::Disabled,
    ),
    (
        EndpointState::Paused,
        EndpointEvent::Pause,
        EndpointState::Paused,
    ),
    (
        EndpointState::Paused,
        EndpointEvent::Resume,
        EndpointState::Active,
    ),
    // The answer to what was under way when it was paused.
    (
        EndpointState::Paused,
        EndpointEvent::Disable,
        EndpointState::Disabled,
    ),
    // The reason stays to be read.
    (
        EndpointState::Disabled,
        EndpointEvent::Pause,
        EndpointState::Disabled,
    ),
    (
        EndpointState::Disabled,
        EndpointEvent::Resume,
        EndpointState::Active,
    ),
    (
        EndpointState::Disabled,
        EndpointEvent::Disable,
        EndpointState::Disabled,
    ),
];

impl EndpointState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Disabled];

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// The state of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`Refusal::InvalidTransition`] for a step that is not in the table.
    pub fn on(self, event: EndpointEvent) -> Result<Self, Refusal> {
        transition::take(ENDPOINT, self, &event, Self::name)
    }
}

/// Why the shop turned an endpoint off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookDisabledReason))]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// It answered 410.
    Gone,
    /// It took nothing for days.
    Failing,
    /// More waited for it than is kept.
    Backlog,
}

impl DisabledReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Gone, Self::Failing, Self::Backlog];

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Backlog => "backlog",
        }
    }

    /// The reason of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text)
    }
}

/// What came of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Taken,
    /// 410: the receiver wants no more, ever.
    Gone,
    /// Anything else: another status, a redirect too, or no answer at all.
    Failed {
        /// Seconds that the receiver asked to wait.
        retry_after_s: Option<u32>,
        /// Whether it asked for less of everything, as by 429 or 503.
        overloaded: bool,
    },
}

impl Outcome {
    /// No answer.
    pub const NONE: Self = Self::Failed {
        retry_after_s: None,
        overloaded: false,
    };

    /// What a status says, with the seconds of its `Retry-After`.
    pub const fn of(status: u16, retry_after_s: Option<u32>) -> Self {
        match status {
            200..=299 => Self::Taken,
            410 => Self::Gone,
            _ => Self::Failed {
                retry_after_s,
                overloaded: matches!(status, 429 | 502..=504),
            },
        }
    }
}

/// What is to be done with a delivery after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is delivered.
    Done,
    /// Try again after so many microseconds.
    Again {
        /// How long after the try.
        wait_us: i64,
    },
    /// Nothing: it is given up.
    GiveUp,
}

/// What is to be done after the `tries`-th try (1 and up). `random` is chance, all of its bits.
pub fn next(outcome: Outcome, tries: u32, random: u32) -> Next {
    let retry_after_s = match outcome {
        Outcome::Taken => return Next::Done,
        Outcome::Gone => return Next::GiveUp,
        Outcome::Failed { retry_after_s, .. } => retry_after_s,
    };
    let place = tries.saturating_sub(1) as usize;
    let Some(wait_s) = WAITS_S.get(place) else {
        return Next::GiveUp;
    };
    let asked = retry_after_s.unwrap_or(0).min(RETRY_AFTER_MAX_S);
    let wait_us = u64::from(asked.max(*wait_s)) * SECOND_US as u64;
    // The product has more than 64 bits; what is left of it is less than a fifth of a day.
    let more = (u128::from(wait_us / JITTER) * u128::from(random)) >> 32;
    Next::Again {
        wait_us: wait_us as i64 + more as i64,
    }
}

/// How an endpoint has fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Since when nothing but failures, microseconds since 1970.
    pub failing_since: Option<i64>,
    /// Not to be sent anything before, microseconds since 1970.
    pub not_before: i64,
}

impl Health {
    /// How it fares after one more try at `now`, and whether it is to be turned off.
    pub fn after(self, outcome: Outcome, now: i64) -> (Self, Option<DisabledReason>) {
        let Outcome::Failed {
            retry_after_s,
            overloaded,
        } = outcome
        else {
            let gone = (outcome == Outcome::Gone).then_some(DisabledReason::Gone);
            let failing_since = gone.and(self.failing_since.or(Some(now)));
            return (
                Self {
                    failing_since,
                    not_before: self.not_before,
                },
                gone,
            );
        };
        let since = self.failing_since.unwrap_or(now);
        let rest = match overloaded {
            true => i64::from(retry_after_s.unwrap_or(0).min(REST_MAX_S)) * SECOND_US,
            false => 0,
        };
        let after = Self {
            failing_since: Some(since),
            not_before: self.not_before.max(now.saturating_add(rest)),
        };
        let long = now.saturating_sub(since) >= FAILING_DAYS_MAX * DAY_US;
        (after, long.then_some(DisabledReason::Failing))
    }
}
