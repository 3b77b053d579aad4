//! The wall clock, as one value that tests can replace.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells microseconds since 1970.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// The machine's clock; one before 1970 reads as 1970, at which every token has expired or is
    /// not yet valid.
    pub(crate) fn system() -> Self {
        Self(Arc::new(|| {
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
        }))
    }

    #[cfg(test)]
    pub(crate) fn from_fn(now_us: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_us))
    }

    pub(crate) fn now(&self) -> Now {
        Now { us: (self.0)() }
    }
}

/// An instant; taken once per operation, so that the operation agrees with itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Now {
    us: u64,
}

impl Now {
    pub(crate) const fn s(self) -> u64 {
        self.us / 1_000_000
    }

    pub(crate) const fn ms(self) -> u64 {
        self.us / 1_000
    }

    /// As the database keeps it.
    pub(crate) const fn db(self) -> i64 {
        self.us.cast_signed()
    }
}
