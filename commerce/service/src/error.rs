//! Why a call of the shop is not answered with what it asked for.

use commerce_core::Refusal;
use commerce_store::StoreError;
use signaling_wire::{Code, Problem, problem::FieldError};

/// A refusal or failure, by who can do something about it.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No such thing, or none that the caller may see.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The caller may not.
    #[error("not allowed")]
    Forbidden,
    /// Somebody else must agree: nobody agrees with themselves.
    #[error("another person must agree")]
    SecondPerson,
    /// Fields are out of range.
    #[error("validation failed")]
    Validation(Vec<FieldError>),
    /// The thing exists already or has changed.
    #[error("{0}")]
    Conflict(&'static str),
    /// The thing is in another version than the caller saw.
    #[error("it has changed meanwhile")]
    Outdated,
    /// The show is over.
    #[error("the stream has ended")]
    StreamEnded,
    /// The same payment is being confirmed.
    #[error("the payment is being confirmed")]
    InFlight,
    /// A queue is full; nothing was done.
    #[error("busy")]
    Busy,
    /// The server is stopping; what became of the command is known after its restart.
    #[error("stopping")]
    Stopping,
    /// The provider does not answer as it should; nothing was charged by this call.
    #[error("payment provider: {0}")]
    Provider(String),
    /// The webhook is not the provider's.
    #[error("webhook refused: {0}")]
    Webhook(String),
    /// The configuration cannot be used.
    #[error("commerce configuration: {0}")]
    Config(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(refusal) => Self::from(&refusal),
            ServiceError::NotFound(what) => Self::new(Code::NotFound, format!("No such {what}.")),
            ServiceError::Forbidden => Self::new(Code::Forbidden, ""),
            ServiceError::SecondPerson => Self::new(
                Code::SecondPersonRequired,
                "Somebody else who may give money back must agree.",
            ),
            ServiceError::Validation(errors) => {
                let mut problem = Self::new(Code::ValidationError, "");
                problem.errors = errors;
                problem
            }
            ServiceError::Conflict(why) => Self::new(Code::Conflict, why),
            ServiceError::Outdated => Self::new(
                Code::PreconditionFailed,
                "It has changed meanwhile; look again.",
            ),
            ServiceError::StreamEnded => Self::new(Code::StreamEnded, ""),
            ServiceError::InFlight => {
                Self::new(Code::IdempotencyInFlight, "The payment is being confirmed.")
                    .retry_after(1)
            }
            ServiceError::Busy => {
                Self::new(Code::Busy, "Many are buying; try again with the same key.")
                    .retry_after(1)
            }
            ServiceError::Stopping => {
                Self::new(Code::Unavailable, "Try again with the same key.").retry_after(2)
            }
            ServiceError::Provider(_) => Self::new(
                Code::PaymentProviderUnavailable,
                "The payment provider does not answer; try again.",
            )
            .retry_after(5),
            ServiceError::Webhook(why) => Self::new(Code::Unauthenticated, why),
            ServiceError::Config(_) => Self::new(Code::Internal, ""),
            ServiceError::Store(error) => error.into(),
        }
    }
}

impl ServiceError {
    /// A foreign key refused: what was referred to does not exist.
    pub(crate) fn or_missing(self, what: &'static str) -> Self {
        match self {
            Self::Store(error) if error.is_foreign_key_violation() => Self::NotFound(what),
            other => other,
        }
    }

    /// A unique key refused: it exists already.
    pub(crate) fn or_taken(self, why: &'static str) -> Self {
        match self {
            Self::Store(error) if error.is_unique_violation() => Self::Conflict(why),
            other => other,
        }
    }

    /// What the caller may not see is not there.
    pub(crate) fn hidden(self, what: &'static str) -> Self {
        match self {
            Self::Forbidden => Self::NotFound(what),
            other => other,
        }
    }
}
