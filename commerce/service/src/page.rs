//! Lists in pages. A cursor is opaque to clients; it is the id of the last row that they have.

use serde::Serialize;

use crate::limits;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page starts; `None` on the last one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Cuts a page off rows of which one more than `limit` were asked for.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| has_more).map(cursor);
        Self {
            data: rows,
            next_cursor,
            has_more,
        }
    }
}

/// The rows that a caller gets for the `limit` that it asked for; 0 asks for the default.
pub(crate) fn clamp(limit: u32) -> u32 {
    match limit {
        0 => limits::PAGE_DEFAULT,
        limit => limit.min(limits::PAGE_MAX),
    }
}

/// The id behind a cursor.
pub(crate) fn after<I: std::str::FromStr>(
    cursor: Option<&str>,
) -> Result<Option<I>, crate::ServiceError> {
    cursor
        .map(|text| text.parse().map_err(|_| no_cursor()))
        .transpose()
}

/// A text that is no cursor of the list.
pub(crate) fn no_cursor() -> crate::ServiceError {
    crate::ServiceError::Validation(vec![signaling_wire::problem::FieldError {
        pointer: "/cursor".to_owned(),
        code: "format".to_owned(),
        detail: "is not a cursor of this list".to_owned(),
    }])
}
