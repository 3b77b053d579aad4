//! The text of a statement, and how each database spells it.

use std::borrow::Cow;

use super::{Dialect, Rows};
use crate::StoreError;

/// What is sent.
pub(super) type Sql = Cow<'static, str>;

/// Words in braces, filled in when the database is known.
pub(super) struct Text {
    sqlite: &'static str,
    mariadb: &'static str,
    more: Vec<&'static str>,
    /// Lengths of the `{list}`s, in their order.
    pub(super) lists: Vec<usize>,
    /// Sources of the `{rows}`, in their order.
    pub(super) sources: Vec<&'static Rows>,
}

impl Text {
    pub(super) fn new(sqlite: &'static str, mariadb: &'static str) -> Self {
        Self {
            sqlite,
            mariadb,
            more: Vec::new(),
            lists: Vec::new(),
            sources: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, sql: &'static str) {
        self.more.push(sql);
    }

    /// The text for a database.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a word that is unknown or has nothing bound to it.
    pub(super) fn render(&self, dialect: Dialect) -> Result<Sql, StoreError> {
        let first = match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::MariaDb => self.mariadb,
        };
        if self.more.is_empty() && !first.contains('{') {
            return Ok(Cow::Borrowed(first));
        }
        let mut lists = self.lists.iter();
        let mut sources = self.sources.iter();
        let mut sql = String::with_capacity(first.len() + 256);
        for part in std::iter::once(&first).chain(&self.more) {
            let mut rest = *part;
            while let Some((before, after)) = rest.split_once('{') {
                let (word, after) = after
                    .split_once('}')
                    .ok_or_else(|| StoreError::invalid("an open brace in SQL"))?;
                sql.push_str(before);
                match (word, dialect) {
                    ("list", _) => list(&mut sql, *lists.next().ok_or_else(|| unbound(word))?),
                    ("rows", _) => {
                        let rows = sources.next().ok_or_else(|| unbound(word))?;
                        rows.render(dialect, &mut sql);
                    }
                    ("for update" | "skip locked", Dialect::Sqlite) => {}
                    ("for update", Dialect::MariaDb) => sql.push_str(" FOR UPDATE"),
                    ("skip locked", Dialect::MariaDb) => sql.push_str(" FOR UPDATE SKIP LOCKED"),
                    ("cross join", Dialect::Sqlite) => sql.push_str("CROSS JOIN"),
                    ("cross join", Dialect::MariaDb) => sql.push_str("STRAIGHT_JOIN"),
                    _ => return Err(unbound(word)),
                }
                rest = after;
            }
            sql.push_str(rest);
            sql.push(' ');
        }
        Ok(Cow::Owned(sql))
    }
}

fn unbound(word: &str) -> StoreError {
    StoreError::Invalid(format!("{{{word}}} in SQL"))
}

fn list(sql: &mut String, count: usize) {
    for index in 0..count {
        sql.push_str(if index == 0 { "?" } else { ", ?" });
    }
}
