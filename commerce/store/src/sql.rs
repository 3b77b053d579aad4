//! SQL that is written once and runs on SQLite and on MariaDB.
//!
//! [`query`] takes a text with `?` placeholders and a few words in braces that each database
//! spells its own way; values are bound in the order of their places:
//!
//! | in the text | meaning | bound by |
//! |---|---|---|
//! | `?` | one value | [`Query::bind`] |
//! | `{list}` | the inside of `IN (…)`, padded so that few texts exist | [`Query::bind_list`] |
//! | `{rows}` | a table `j` of JSON rows, with its columns and `j.n` counting them | [`Query::bind_rows`] |
//! | `{for update}` | locks the rows that were read | |
//! | `{skip locked}` | as before, without those that others locked | |
//! | `{cross join}` | a join whose left side is read first | |
//!
//! Where the two differ in more than that, [`either`] takes both texts. Rows are locked in the
//! order of their ids; a stock row is never read without a lock before it is updated. `UPDATE` and
//! `DELETE` name ids by `{list}`, never by a subquery over the table itself.
//!
//! What a job writes many times a second and nobody counts is sent ahead ([`Query::send`]).

mod ahead;
mod conn;
mod row;
mod rows;
mod text;
mod value;

pub use conn::{Conn, Dialect, Done, On, Reader};
pub(crate) use conn::{Kind, ReaderKind};
pub use row::{Column, Row};
pub use rows::{Field, Rows};
pub use value::Value;

use serde::Serialize;

use crate::{StoreError, limits};
use text::Text;

/// A statement to run; the same text on both databases.
pub fn query(sql: &'static str) -> Query {
    either(sql, sql)
}

/// A statement that the two databases spell differently; both take the same values.
pub fn either(sqlite: &'static str, mariadb: &'static str) -> Query {
    Query {
        text: Text::new(sqlite, mariadb),
        values: Vec::new(),
        failed: None,
    }
}

/// A statement with its values.
#[must_use = "a query does nothing until it is run"]
pub struct Query {
    text: Text,
    values: Vec<Value>,
    failed: Option<StoreError>,
}

impl Query {
    /// More text, for a filter that is there or not.
    pub fn and(mut self, sql: &'static str) -> Self {
        self.text.push(sql);
        self
    }

    /// Binds the next `?`.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the next `{list}`; an empty one matches nothing.
    pub fn bind_list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let before = self.values.len();
        self.values.extend(values.into_iter().map(Into::into));
        let count = self.values.len() - before;
        if count > limits::LIST_MAX {
            self.failed = Some(StoreError::Invalid(format!("a list of {count} values")));
            return self;
        }
        // A power of two, so that the database prepares ten texts and not a thousand.
        let padded = count.next_power_of_two();
        let last = self.values.last().filter(|_| count > 0).cloned();
        self.values
            .resize(before + padded, last.unwrap_or(Value::Null));
        self.text.lists.push(padded);
        self
    }

    /// Binds the next `{rows}`: a slice of what [`Rows`] describes.
    pub fn bind_rows(mut self, rows: &'static Rows, data: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_string(data) {
            Ok(json) => self.bind_json(rows, json),
            Err(error) => {
                self.failed = Some(StoreError::invalid(error));
                self
            }
        }
    }

    /// As [`Query::bind_rows`], when the JSON is there already.
    pub fn bind_json(mut self, rows: &'static Rows, json: impl Into<String>) -> Self {
        self.values.push(Value::Text(json.into()));
        self.text.sources.push(rows);
        self
    }

    /// Runs it for its effect.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute<'e>(self, on: impl Into<On<'e>>) -> Result<Done, StoreError> {
        let (on, sql, values) = self.ready(on.into())?;
        conn::execute(on, sql, values).await
    }

    /// Runs it for an effect that nobody counts: on SQLite together with the transaction's next
    /// statement or its commit, which then fails in its place. Not for a statement whose refusal
    /// means something.
    ///
    /// # Errors
    /// What the database says of it, or of those that were sent before it.
    pub async fn send(self, conn: &mut Conn) -> Result<(), StoreError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let sql = self.text.render(conn.dialect())?;
        conn::send(conn, sql, self.values).await
    }

    /// Every row.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_all<'e>(self, on: impl Into<On<'e>>) -> Result<Vec<Row>, StoreError> {
        let (on, sql, values) = self.ready(on.into())?;
        conn::fetch_all(on, sql, values).await
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_optional<'e>(
        self,
        on: impl Into<On<'e>>,
    ) -> Result<Option<Row>, StoreError> {
        let (on, sql, values) = self.ready(on.into())?;
        conn::fetch_optional(on, sql, values).await
    }

    /// The first row.
    ///
    /// # Errors
    /// What the database says; also when there is none.
    pub async fn fetch_one<'e>(self, on: impl Into<On<'e>>) -> Result<Row, StoreError> {
        let row = self.fetch_optional(on).await?;
        row.ok_or(StoreError::Sql(sqlx::Error::RowNotFound))
    }

    /// The first column of the first row.
    ///
    /// # Errors
    /// What the database says; also when there is no row.
    pub async fn fetch_value<'e, T: Column>(self, on: impl Into<On<'e>>) -> Result<T, StoreError> {
        self.fetch_one(on).await?.at(0)
    }

    /// The first column of the first row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_value_optional<'e, T: Column>(
        self,
        on: impl Into<On<'e>>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.fetch_optional(on).await?;
        row.map(|row| row.at(0)).transpose()
    }

    /// The first column of every row.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_values<'e, T: Column>(
        self,
        on: impl Into<On<'e>>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.fetch_all(on).await?;
        rows.iter().map(|row| row.at(0)).collect()
    }

    /// Runs it to lock what it reads; where one writer is alone nothing need be locked.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock(self, conn: &mut Conn) -> Result<(), StoreError> {
        match conn.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::MariaDb => self.fetch_all(conn).await.map(drop),
        }
    }

    fn ready(self, on: On<'_>) -> Result<(On<'_>, text::Sql, Vec<Value>), StoreError> {
        match self.failed {
            Some(error) => Err(error),
            None => {
                let sql = self.text.render(on.dialect())?;
                Ok((on, sql, self.values))
            }
        }
    }
}
