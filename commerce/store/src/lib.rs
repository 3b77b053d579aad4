//! The database: one file, one writer, one migration history, one outbox.
//!
//! [`Store::open`] refuses a database whose settings could lose an acknowledged order. Reads go
//! through a read-only pool; every write is a job for the one writer task, which runs it in a
//! transaction of its own and answers after the commit is on the disk. SQL of an area lives in
//! that area's `db` module; this crate knows only the tables that it serves itself (the outbox).
#![forbid(unsafe_code)]

pub mod clock;
mod config;
mod error;
pub mod limits;
mod lock;
pub mod outbox;
pub mod personal;
mod settings;
mod store;
mod writer;

pub use config::StoreConfig;
pub use error::StoreError;
pub use personal::PersonalData;
pub use store::{MIGRATIONS, Store};
pub use writer::BoxFuture;

/// The connection that a write job is given.
pub use sqlx::SqliteConnection;
/// The pool that [`Store::reader`] hands out.
pub use sqlx::SqlitePool;
