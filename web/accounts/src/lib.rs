//! Who people are: registration, sign-in, second factors, access tokens, sessions, profiles,
//! addresses, mails, stream keys, publish tickets.
//!
//! [`Accounts`] is the one handle; cheap to clone. An access token lives for minutes and is checked
//! without the database; a refresh token is opaque, good for one use, and its session ends when it
//! comes a second time. What a user may do for a seller is membership, which commerce-service owns.
//! Secrets are hashed in the database and redacted in `Debug`.
#![forbid(unsafe_code)]

mod accounts;
mod clock;
pub mod config;
mod db;
mod email;
mod error;
pub mod limits;
mod mail;
mod name;
mod password;
mod role;
mod second_factor;
mod secret;
mod session;
mod throttle;
mod token;

pub use accounts::{
    Access, Account, Accounts, Address, AddressChange, Client, Credentials, Export, NewAccount,
    NewAddress, NewSecondFactor, OpenSession, Person, PersonStatus, Profile, ProfileChange,
    PublishTicket, Revoked, SecondFactor, Signed,
};
pub use config::{AccountsConfig, Allowance, MailConfig, ThrottleConfig};
pub use error::AccountError;
pub use mail::{Letter, Mailbox};
pub use role::Role;
pub use secret::{OneTimeToken, RefreshToken, SigningSecret, StreamKey};
pub use token::Claims;
