//! Statements that travel with the next one.
//!
//! SQLite runs on a thread of its own. A statement handed over to it by itself costs its sender two
//! changes of thread, which on a busy machine take longer than most statements. Those whose outcome
//! nobody looks at are gathered here and handed over in front of the next one, in their order; the
//! first that fails is what that one answers, and nothing behind it is run.

use super::{Value, text::Sql};
use crate::limits;

/// What begins a transaction that writes.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Statements that wait for the next one, with their values.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    sql: String,
    values: Vec<Value>,
    count: usize,
}

impl Ahead {
    /// Adds a statement.
    pub(super) fn push(&mut self, sql: &str, values: Vec<Value>) {
        self.sql.push_str(sql);
        self.sql.push_str(";\n");
        self.values.extend(values);
        self.count += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= limits::STATEMENTS_AHEAD_MAX
    }

    /// Forgets what waits; whether that was all of the transaction, its beginning included.
    pub(super) fn forget(&mut self) -> bool {
        std::mem::take(self).sql.starts_with(BEGIN)
    }

    /// A statement with all that waits in front of it: placeholders are counted on from statement
    /// to statement.
    pub(super) fn join(&mut self, sql: Sql, values: Vec<Value>) -> (Sql, Vec<Value>) {
        if self.count == 0 {
            return (sql, values);
        }
        let Self {
            sql: mut joined,
            values: mut all,
            ..
        } = std::mem::take(self);
        joined.push_str(&sql);
        all.extend(values);
        (joined.into(), all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_keep_their_order_and_their_values() {
        let mut ahead = Ahead::default();
        ahead.push(BEGIN, Vec::new());
        ahead.push("INSERT INTO a VALUES (?, ?)", vec![1.into(), 2.into()]);
        let (sql, values) = ahead.join("SELECT ?".into(), vec![3.into()]);
        assert_eq!(
            sql,
            "BEGIN IMMEDIATE;\nINSERT INTO a VALUES (?, ?);\nSELECT ?"
        );
        assert_eq!(values, [1.into(), 2.into(), 3.into()]);
        let (sql, values) = ahead.join("SELECT ?".into(), vec![4.into()]);
        assert_eq!((&*sql, values), ("SELECT ?", vec![4.into()]));
        ahead.push("INSERT INTO a VALUES (?, ?)", vec![1.into(), 2.into()]);
        assert!(!ahead.forget());
        ahead.push(BEGIN, Vec::new());
        assert!(ahead.forget());
        assert_eq!(ahead.join("SELECT 1".into(), Vec::new()).0, "SELECT 1");
    }
}
