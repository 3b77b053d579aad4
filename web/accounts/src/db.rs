//! What the accounts ask of the database: people, their sessions and second factors,
//! addresses, links, mails, stream keys.
//!
//! Functions over what commerce-store hands out; the statements run on SQLite and on MariaDB.
//! Times are microseconds since 1970.

pub(crate) mod addresses;
pub(crate) mod consents;
pub(crate) mod mails;
pub(crate) mod one_time;
pub(crate) mod second_factors;
pub(crate) mod sessions;
pub(crate) mod stream_keys;
pub(crate) mod users;
pub(crate) mod withdrawal;
