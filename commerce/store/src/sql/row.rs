//! One row of an answer, whichever database gave it.

use sqlx::{
    Decode, MySql, Row as _, Sqlite, TypeInfo as _, ValueRef as _,
    mysql::{MySqlRow, MySqlValueRef},
    sqlite::{SqliteRow, SqliteValueRef},
};

use crate::StoreError;

/// A row.
pub struct Row(pub(super) Kind);

pub(super) enum Kind {
    Sqlite(SqliteRow),
    MariaDb(MySqlRow),
}

impl Row {
    /// The column of that name.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it is NULL or of another type; no such column.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, StoreError> {
        let value = match &self.0 {
            Kind::Sqlite(row) => raw_sqlite(row.try_get_raw(column)?),
            Kind::MariaDb(row) => raw_mariadb(row.try_get_raw(column)?),
        };
        T::read(value).map_err(|why| StoreError::Invalid(format!("column {column}: {why}")))
    }

    /// The column at that place, from 0.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn at<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        let value = match &self.0 {
            Kind::Sqlite(row) => raw_sqlite(row.try_get_raw(index)?),
            Kind::MariaDb(row) => raw_mariadb(row.try_get_raw(index)?),
        };
        T::read(value).map_err(|why| StoreError::Invalid(format!("column {index}: {why}")))
    }
}

/// A value as it stands in a row.
pub struct Raw<'r>(RawKind<'r>);

enum RawKind<'r> {
    Null,
    Sqlite(SqliteValueRef<'r>),
    MariaDb(MySqlValueRef<'r>),
}

fn raw_sqlite(value: SqliteValueRef<'_>) -> Raw<'_> {
    match value.is_null() {
        true => Raw(RawKind::Null),
        false => Raw(RawKind::Sqlite(value)),
    }
}

fn raw_mariadb(value: MySqlValueRef<'_>) -> Raw<'_> {
    match value.is_null() {
        true => Raw(RawKind::Null),
        false => Raw(RawKind::MariaDb(value)),
    }
}

/// What [`Row::get`] can give: whole numbers, texts, bytes, flags, reals and options of them.
pub trait Column: Sized {
    /// Reads a value, or says why it cannot.
    fn read(raw: Raw<'_>) -> Result<Self, Box<dyn std::error::Error + Send + Sync>>;
}

type Reading<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

impl<T: Column> Column for Option<T> {
    fn read(raw: Raw<'_>) -> Reading<Self> {
        match raw.0 {
            RawKind::Null => Ok(None),
            _ => T::read(raw).map(Some),
        }
    }
}

fn plain<'r, T: Decode<'r, Sqlite> + Decode<'r, MySql>>(raw: Raw<'r>) -> Reading<T> {
    match raw.0 {
        RawKind::Null => Err("is NULL".into()),
        RawKind::Sqlite(value) => <T as Decode<'r, Sqlite>>::decode(value),
        RawKind::MariaDb(value) => <T as Decode<'r, MySql>>::decode(value),
    }
}

impl Column for i64 {
    fn read(raw: Raw<'_>) -> Reading<Self> {
        match raw.0 {
            // MariaDB's SUM of whole numbers is a decimal, which travels as text.
            RawKind::MariaDb(value) if value.type_info().name() == "DECIMAL" => {
                Ok(<&str as Decode<'_, MySql>>::decode(value)?.parse()?)
            }
            _ => plain(raw),
        }
    }
}

macro_rules! narrowed {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn read(raw: Raw<'_>) -> Reading<Self> {
                Ok(<$kind>::try_from(i64::read(raw)?)?)
            }
        }
    )*};
}
narrowed!(i32, u16, u32, u64);

impl Column for bool {
    fn read(raw: Raw<'_>) -> Reading<Self> {
        Ok(i64::read(raw)? != 0)
    }
}

impl Column for f64 {
    fn read(raw: Raw<'_>) -> Reading<Self> {
        match raw.0 {
            RawKind::MariaDb(value) if value.type_info().name() == "DECIMAL" => {
                Ok(<&str as Decode<'_, MySql>>::decode(value)?.parse()?)
            }
            _ => plain(raw),
        }
    }
}

impl Column for String {
    fn read(raw: Raw<'_>) -> Reading<Self> {
        plain(raw)
    }
}

impl Column for Vec<u8> {
    fn read(raw: Raw<'_>) -> Reading<Self> {
        plain(raw)
    }
}
