//! Why an account operation was refused, and how a client is told.
//!
//! Nothing in the answers tells whether an e-mail is registered, except registration itself.

use commerce_store::StoreError;
use signaling_wire::{Code, Problem, problem::FieldError};

use crate::limits;

/// A refusal.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Fields are missing or out of range.
    #[error("validation failed")]
    Invalid(Vec<FieldError>),
    /// The e-mail has an account already.
    #[error("e-mail is registered already")]
    EmailTaken,
    /// E-mail and password do not match an account.
    #[error("wrong e-mail or password")]
    InvalidCredentials,
    /// The password was right; the account asks for a code of its second factor.
    #[error("a second factor is asked for")]
    SecondFactorRequired,
    /// The code is not one of now, was taken before, or is no recovery code that is left.
    #[error("wrong code")]
    WrongCode,
    /// The token is malformed, forged, expired, of another kind, or its session has ended.
    #[error("invalid or expired token")]
    InvalidToken,
    /// The account is suspended; said only to those who know its password.
    #[error("the account is suspended")]
    Suspended,
    /// Too many tries; seconds until the next one counts.
    #[error("too many tries, again in {retry_after_s} s")]
    Throttled {
        /// Seconds until the next try.
        retry_after_s: u32,
    },
    /// Every place for hashing passwords, and for waiting, is taken.
    #[error("too many sign-ins at once")]
    Busy,
    /// The link in a mail is unknown, used or too old.
    #[error("the one-time token does not hold")]
    TokenSpent,
    /// The caller does not operate the platform, or no more.
    #[error("not allowed")]
    NotAllowed,
    /// No such user, session or address of theirs.
    #[error("no such user, session or address")]
    NotFound,
    /// It has changed since the version that the caller names.
    #[error("changed meanwhile")]
    Changed,
    /// The person keeps as many addresses as they may.
    #[error("too many addresses")]
    TooMany,
    /// Something must be settled before a withdrawal; the text says what.
    #[error("unsettled: {0}")]
    Unsettled(&'static str),
    /// The configuration or the secret file cannot be used; only at start.
    #[error("accounts: {0}")]
    Config(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that should not happen; the text is for the log alone.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(fields) => {
                let mut problem = Self::new(Code::ValidationError, "Check the marked fields.");
                problem.errors = fields;
                problem
            }
            AccountError::EmailTaken => Self::new(
                Code::EmailTaken,
                "An account with this e-mail exists; sign in instead.",
            ),
            AccountError::InvalidCredentials => Self::new(
                Code::InvalidCredentials,
                "The e-mail or the password is not right.",
            ),
            AccountError::SecondFactorRequired => Self::new(
                Code::SecondFactorRequired,
                "Send the code of your authenticator app, or a recovery code, too.",
            ),
            AccountError::WrongCode => Self::new(
                Code::WrongCode,
                "The code is not right, or was used before; each is good for one use.",
            ),
            AccountError::InvalidToken => {
                Self::new(Code::InvalidToken, "The session has ended; sign in again.")
            }
            AccountError::Suspended => Self::new(Code::Forbidden, "This account is suspended."),
            AccountError::Throttled { retry_after_s } => {
                let detail = format!("Too many tries. Try again in {retry_after_s} seconds.");
                Self::new(Code::RateLimited, detail).retry_after(retry_after_s)
            }
            AccountError::Busy | AccountError::Store(StoreError::Busy) => {
                Self::new(Code::Busy, "Many people are signing in; try again.").retry_after(1)
            }
            AccountError::TokenSpent => Self::new(Code::TokenSpent, "Ask for a new link."),
            AccountError::NotAllowed => Self::new(Code::Forbidden, "for administrators"),
            AccountError::NotFound => Self::new(Code::NotFound, ""),
            AccountError::Changed => Self::new(
                Code::PreconditionFailed,
                "It has changed meanwhile; read it again.",
            ),
            AccountError::TooMany => {
                let most = limits::ADDRESSES_PER_USER_MAX;
                Self::new(Code::LimitReached, format!("At most {most} addresses."))
            }
            AccountError::Unsettled(why) => Self::new(Code::Conflict, why),
            AccountError::Store(error) => error.into(),
            AccountError::Config(text) | AccountError::Internal(text) => {
                tracing::error!(error = %text, "accounts");
                Self::new(Code::Internal, "")
            }
        }
    }
}
