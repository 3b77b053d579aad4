//! The database: SQLite in a file or a MariaDB server, one schema, one outbox.
//!
//! [`Store::open`] refuses a database whose settings could lose an acknowledged order. Reads go
//! through [`Store::reader`]; every write is a job that [`Store::write`] or [`Store::transact`]
//! runs in a transaction of its own and answers after the commit is on the disk. SQLite has one
//! writer; MariaDB has several and may ask for a job to be run again, which is why a job is `Clone`
//! and does nothing but SQL.
//!
//! SQL is written with [`sql::query`], once for both databases. It lives in the `db` modules of the
//! areas; this crate knows only the tables that it serves itself (the outbox, the audit log). The schema is in
//! `migrations/{sqlite,mariadb}/`, the same file names and columns in both. Tests run on both by
//! `testing` (feature of that name).
#![forbid(unsafe_code)]

pub mod audit;
pub mod clock;
mod config;
mod error;
pub mod limits;
mod lock;
mod mariadb;
pub mod migrations;
pub mod outbox;
pub mod personal;
mod settings;
pub mod sql;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use config::StoreConfig;
pub use error::StoreError;
pub use personal::PersonalData;
pub use store::Store;
pub use writer::BoxFuture;
