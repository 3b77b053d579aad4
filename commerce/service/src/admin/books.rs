//! The books are checked all the time, in small steps beside everything else, and what the last
//! whole pass of each check found is kept: whoever looks at it reads a handful of rows.
//!
//! A check compares tables that are written apart from each other, each row in one statement, so
//! that it sees one state of the database whatever happens meanwhile.

use serde::Serialize;

use super::for_administrators;
use crate::{
    Actor, Commerce, ServiceError,
    db::books::{self, Check, Walk},
    limits,
};

/// What the last whole pass of a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BookCheck {
    /// `stock_bounds`, `stock_holds`, `stock_ledger`, `payments` or `refunds`.
    pub name: String,
    /// What must hold.
    pub claim: String,
    /// Rows that were looked at.
    pub checked: u64,
    /// Rows of which it does not hold.
    pub violations: u64,
    /// Ids of some of them.
    pub samples: Vec<String>,
    /// When the pass began, milliseconds since 1970; absent before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<u64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<u64>,
}

/// Whether the books are in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Books {
    /// Whether every check has passed over everything and found nothing.
    pub sound: bool,
    /// All violations together.
    pub violations: u64,
    /// By check.
    pub checks: Vec<BookCheck>,
}

impl Commerce {
    /// What the last checks of the books found. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or the database.
    pub async fn books(&self, actor: Actor) -> Result<Books, ServiceError> {
        for_administrators(actor)?;
        let checks = books::found(self.store().reader()).await?;
        Ok(Books {
            sound: checks
                .iter()
                .all(|check| check.violations == 0 && check.finished_ms.is_some()),
            violations: checks.iter().map(|check| check.violations).sum(),
            checks,
        })
    }

    /// Runs every check over everything once and keeps what it finds. The shop does so by itself;
    /// this is for who cannot wait.
    ///
    /// # Errors
    /// The database; what was checked before stays as it was.
    pub async fn check_books(&self) -> Result<(), ServiceError> {
        let mut violations = 0;
        for check in Check::ALL {
            let (started, mut walk) = (self.now_us(), Walk::new(check));
            while walk.step(self.store().reader()).await? {
                if self.is_stopping() {
                    return Ok(());
                }
                tokio::time::sleep(limits::BOOKS_PAUSE).await;
            }
            violations += walk.violations();
            if walk.violations() > 0 {
                tracing::error!(check = check.name(), samples = ?walk.samples(), "the books are wrong");
            }
            let finished = self.now_us();
            self.store()
                .write(move |conn| {
                    Box::pin(async move { books::keep(conn, &walk, (started, finished)).await })
                })
                .await?;
        }
        metrics::gauge!("souk_books_violations").set(violations as f64);
        Ok(())
    }

    /// Checks the books until the process stops.
    pub(crate) async fn run_books(self) {
        loop {
            tokio::select! {
                () = self.stopped() => return,
                () = tokio::time::sleep(limits::BOOKS_EVERY) => {}
            }
            if let Err(error) = self.check_books().await {
                tracing::warn!(%error, "the books could not be checked; it is tried again");
            }
        }
    }
}
