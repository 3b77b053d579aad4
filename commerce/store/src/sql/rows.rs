//! Rows of a batch that travel as one JSON text, so that a table costs one statement.
//!
//! SQLite reads them with `jsonb_each`, which parses the text once and not once a column, MariaDB
//! with `JSON_TABLE`; both show a table `j` whose columns are named here once, and `j.n` that rises
//! with the place in the array.

use std::fmt::Write as _;

use super::Dialect;

/// The type of a column of [`Rows`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// An id, a word or a key: text of at most 191 characters.
    Id,
    /// Text of any length.
    Text,
    /// A whole number or a flag.
    Int,
}

/// The shape of the rows of a batch.
#[derive(Debug)]
pub struct Rows {
    shape: Shape,
    columns: &'static [(&'static str, Field)],
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Objects,
    Tuples,
}

impl Rows {
    /// JSON objects; a column is the field of that name. Quote a column that is a word of SQL.
    pub const fn objects(columns: &'static [(&'static str, Field)]) -> Self {
        Self {
            shape: Shape::Objects,
            columns,
        }
    }

    /// JSON arrays; the columns are their elements in order.
    pub const fn tuples(columns: &'static [(&'static str, Field)]) -> Self {
        Self {
            shape: Shape::Tuples,
            columns,
        }
    }

    /// Writes the table `j`, with one `?` for the JSON.
    pub(super) fn render(&self, dialect: Dialect, sql: &mut String) {
        match dialect {
            Dialect::Sqlite => sql.push_str("(SELECT key AS n"),
            Dialect::MariaDb => sql.push_str("JSON_TABLE(?, '$[*]' COLUMNS (n FOR ORDINALITY"),
        }
        for (index, (name, field)) in self.columns.iter().enumerate() {
            // Writing into a string does not fail.
            let _ = match (dialect, self.shape) {
                (Dialect::Sqlite, Shape::Objects) => {
                    write!(sql, ", value ->> '{name}' AS \"{name}\"")
                }
                (Dialect::Sqlite, Shape::Tuples) => {
                    write!(sql, ", value ->> {index} AS \"{name}\"")
                }
                (Dialect::MariaDb, Shape::Objects) => {
                    write!(sql, ", \"{name}\" {} PATH '$.{name}'", mariadb(*field))
                }
                (Dialect::MariaDb, Shape::Tuples) => {
                    write!(sql, ", \"{name}\" {} PATH '$[{index}]'", mariadb(*field))
                }
            };
            if dialect == Dialect::MariaDb {
                sql.push_str(" ERROR ON ERROR");
            }
        }
        sql.push_str(match dialect {
            Dialect::Sqlite => " FROM jsonb_each(?)) AS j",
            Dialect::MariaDb => ")) AS j",
        });
    }
}

/// Says once which columns a struct has in a statement: makes the [`Rows`] for it, and serialises it
/// as such a row.
#[macro_export]
macro_rules! rows_of {
    ($(#[$doc:meta])* $rows:ident: $name:ident { $($field:ident: $kind:ident),+ $(,)? }) => {
        $(#[$doc])*
        const $rows: $crate::sql::Rows = $crate::sql::Rows::tuples(&[
            $((stringify!($field), $crate::sql::Field::$kind)),+
        ]);

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeTuple as _;
                let mut row = to.serialize_tuple([$(stringify!($field)),+].len())?;
                $(row.serialize_element(&self.$field)?;)+
                row.end()
            }
        }
    };
}

const fn mariadb(field: Field) -> &'static str {
    match field {
        Field::Id => "VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        Field::Text => "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        Field::Int => "BIGINT",
    }
}
