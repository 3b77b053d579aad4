//! Checks of the books against each other, a few rows at a time; table `books_check`.

use std::collections::HashMap;

use commerce_store::{
    StoreError, clock,
    sql::{self, Conn, Reader, Row},
};

use crate::{BookCheck, limits};

/// Something that must hold of every row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Check {
    StockBounds,
    StockHolds,
    StockLedger,
    Payments,
    Refunds,
}

impl Check {
    pub(crate) const ALL: [Self; 5] = [
        Self::StockBounds,
        Self::StockHolds,
        Self::StockLedger,
        Self::Payments,
        Self::Refunds,
    ];

    /// The stored name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::StockBounds => "stock_bounds",
            Self::StockHolds => "stock_holds",
            Self::StockLedger => "stock_ledger",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
        }
    }

    const fn claim(self) -> &'static str {
        match self {
            Self::StockBounds => "Nothing is oversold: held and sold units fit what is there.",
            Self::StockHolds => "Every held unit is held for an order, and for one only.",
            Self::StockLedger => "The ledger replays to exactly the stock.",
            Self::Payments => {
                "A payment is of its orders' amount, and orders that are under way are paid."
            }
            Self::Refunds => "What went back is the sum of the refunds and no more than was paid.",
        }
    }

    /// Rows after a key, at most so many, each with whether the claim holds of it.
    const fn sql(self) -> &'static str {
        match self {
            Self::StockBounds => {
                "SELECT l.id AS k, CASE WHEN l.held >= 0 AND l.committed >= 0
                        AND l.held + l.committed <= l.on_hand THEN 1 ELSE 0 END AS fine
                 FROM stock_level l WHERE l.id > ? ORDER BY l.id LIMIT ?"
            }
            Self::StockHolds => {
                "SELECT l.id AS k, CASE WHEN l.held = (SELECT COALESCE(SUM(r.qty), 0)
                        FROM reservation r WHERE r.stock_level_id = l.id
                          AND r.state IN ('held', 'committing'))
                        OR EXISTS (SELECT 1 FROM order_backlog b
                                   WHERE b.sale_id = l.sale_id AND b.stuck = 0)
                        THEN 1 ELSE 0 END AS fine
                 FROM stock_level l WHERE l.id > ? ORDER BY l.id LIMIT ?"
            }
            Self::StockLedger => {
                "SELECT l.id AS k, l.on_hand, l.held, l.committed, l.ledger_seq
                 FROM stock_level l WHERE l.id > ? ORDER BY l.id LIMIT ?"
            }
            Self::Payments => {
                "SELECT p.id AS k, CASE WHEN p.amount = g.total AND p.currency = g.currency
                        AND g.total = (SELECT SUM(o.total) FROM orders o WHERE o.group_id = g.id)
                        AND (p.state IN ('paid', 'partially_cancelled', 'cancelled') OR NOT EXISTS
                             (SELECT 1 FROM orders o WHERE o.group_id = g.id AND o.status
                              NOT IN ('pending_payment', 'expired', 'cancelled')))
                        THEN 1 ELSE 0 END AS fine
                 FROM payment p JOIN order_group g ON g.id = p.group_id
                 WHERE p.id > ? ORDER BY p.id LIMIT ?"
            }
            Self::Refunds => {
                "SELECT p.id AS k, CASE WHEN p.returned <= p.promised AND p.promised <= p.amount
                        AND p.promised = (SELECT COALESCE(SUM(r.amount), 0) FROM refund r
                                          WHERE r.payment_id = p.id AND r.state <> 'failed')
                        AND p.returned = (SELECT COALESCE(SUM(r.amount), 0) FROM refund r
                                          WHERE r.payment_id = p.id AND r.state = 'succeeded')
                        THEN 1 ELSE 0 END AS fine
                 FROM payment p WHERE p.id > ? ORDER BY p.id LIMIT ?"
            }
        }
    }

    /// Whether its rows have numbers and not texts as keys.
    const fn numbered(self) -> bool {
        matches!(
            self,
            Self::StockBounds | Self::StockHolds | Self::StockLedger
        )
    }
}

/// A level whose ledger is being replayed.
#[derive(Debug, Clone)]
struct Replay {
    level: i64,
    /// The sums that it must come to: there, held, sold.
    wanted: [i64; 3],
    /// Its last movement.
    until: i64,
    /// The last one that was added.
    seq: i64,
    sums: [i64; 3],
}

/// A pass of a check over everything.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    check: Check,
    number: i64,
    text: String,
    open: Vec<Replay>,
    checked: i64,
    violations: i64,
    samples: Vec<String>,
}

impl Walk {
    pub(crate) const fn new(check: Check) -> Self {
        Self {
            check,
            number: 0,
            text: String::new(),
            open: Vec::new(),
            checked: 0,
            violations: 0,
            samples: Vec::new(),
        }
    }

    pub(crate) const fn violations(&self) -> i64 {
        self.violations
    }

    pub(crate) fn samples(&self) -> &[String] {
        &self.samples
    }

    /// Looks at the next rows; `false` when there are no more.
    pub(crate) async fn step(&mut self, pool: &Reader) -> Result<bool, StoreError> {
        if let Some(replay) = self.open.pop() {
            return self.replay(pool, replay).await.map(|()| true);
        }
        let query = sql::query(self.check.sql());
        let query = match self.check.numbered() {
            true => query.bind(self.number),
            false => query.bind(&self.text),
        };
        let rows = query.bind(limits::BOOKS_STEP).fetch_all(pool).await?;
        for row in &rows {
            let name = match self.check.numbered() {
                true => {
                    self.number = row.get("k")?;
                    self.number.to_string()
                }
                false => {
                    self.text = row.get("k")?;
                    self.text.clone()
                }
            };
            if self.check == Check::StockLedger {
                self.open.push(replay_of(row)?);
            } else {
                self.note(name, row.get::<i64>("fine")? == 1);
            }
        }
        Ok(!rows.is_empty())
    }

    /// Adds the next movements of a level. They do not change any more, and those up to the one
    /// that the level names have all been committed.
    async fn replay(&mut self, pool: &Reader, mut replay: Replay) -> Result<(), StoreError> {
        let row = sql::query(
            "SELECT COUNT(*) AS many, COALESCE(MAX(m.seq), 0) AS last,
                    CAST(COALESCE(SUM(m.d_on_hand), 0) AS SIGNED) AS on_hand,
                    CAST(COALESCE(SUM(m.d_held), 0) AS SIGNED) AS held,
                    CAST(COALESCE(SUM(m.d_committed), 0) AS SIGNED) AS committed
             FROM (SELECT seq, d_on_hand, d_held, d_committed FROM stock_movement
                   WHERE stock_level_id = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?) m",
        )
        .bind(replay.level)
        .bind(replay.seq)
        .bind(replay.until)
        .bind(limits::BOOKS_STEP * 5)
        .fetch_one(pool)
        .await?;
        for (sum, column) in replay.sums.iter_mut().zip(["on_hand", "held", "committed"]) {
            *sum += row.get::<i64>(column)?;
        }
        let many: i64 = row.get("many")?;
        if many > 0 {
            replay.seq = row.get("last")?;
        }
        if many > 0 && replay.seq < replay.until {
            self.open.push(replay);
        } else {
            let fine = replay.sums == replay.wanted && replay.seq == replay.until;
            self.note(replay.level.to_string(), fine);
        }
        Ok(())
    }

    fn note(&mut self, name: String, fine: bool) {
        self.checked += 1;
        if !fine {
            self.violations += 1;
            if self.samples.len() < limits::BOOKS_SAMPLES_MAX {
                self.samples.push(name);
            }
        }
    }
}

fn replay_of(row: &Row) -> Result<Replay, StoreError> {
    Ok(Replay {
        level: row.get("k")?,
        wanted: [row.get("on_hand")?, row.get("held")?, row.get("committed")?],
        until: row.get("ledger_seq")?,
        seq: 0,
        sums: [0; 3],
    })
}

/// Keeps what a pass found.
pub(crate) async fn keep(
    conn: &mut Conn,
    walk: &Walk,
    (started, finished): (i64, i64),
) -> Result<(), StoreError> {
    let samples = serde_json::to_string(&walk.samples).map_err(StoreError::invalid)?;
    sql::either(
        "INSERT INTO books_check (name, checked, violations, samples, started_at, finished_at)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET checked = excluded.checked,
             violations = excluded.violations, samples = excluded.samples,
             started_at = excluded.started_at, finished_at = excluded.finished_at",
        "INSERT INTO books_check (name, checked, violations, samples, started_at, finished_at)
         VALUES (?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE checked = VALUES(checked), violations = VALUES(violations),
             samples = VALUES(samples), started_at = VALUES(started_at),
             finished_at = VALUES(finished_at)",
    )
    .bind(walk.check.name())
    .bind(walk.checked)
    .bind(walk.violations)
    .bind(samples)
    .bind(started)
    .bind(finished)
    .execute(conn)
    .await?;
    Ok(())
}

/// What the last pass of every check found.
pub(crate) async fn found(pool: &Reader) -> Result<Vec<BookCheck>, StoreError> {
    let rows = sql::query(
        "SELECT name, checked, violations, samples, started_at, finished_at FROM books_check",
    )
    .fetch_all(pool)
    .await?;
    let mut kept = HashMap::new();
    for row in &rows {
        kept.insert(row.get::<String>("name")?, row);
    }
    let found = |check: Check| {
        let mut found = BookCheck {
            name: check.name().to_owned(),
            claim: check.claim().to_owned(),
            checked: 0,
            violations: 0,
            samples: Vec::new(),
            started_ms: None,
            finished_ms: None,
        };
        if let Some(row) = kept.get(check.name()) {
            let samples: String = row.get("samples")?;
            found.checked = super::seq(row, "checked")?;
            found.violations = super::seq(row, "violations")?;
            found.samples = serde_json::from_str(&samples).map_err(StoreError::invalid)?;
            found.started_ms = Some(clock::us_to_ms(row.get("started_at")?));
            found.finished_ms = Some(clock::us_to_ms(row.get("finished_at")?));
        }
        Ok(found)
    };
    Check::ALL.into_iter().map(found).collect()
}
