//! How the catalog's modules speak to the database: portable statements, and rows by name.

use commerce_store::StoreError;
use commerce_store::sql::Column;
pub(crate) use commerce_store::sql::{Conn, On, Reader, Row, either, query};

/// A column's value.
pub(crate) fn get<T: Column>(row: &Row, column: &str) -> Result<T, StoreError> {
    row.get(column)
}
