//! Lists as the API shows them: rows and where the next page starts.

use commerce_service::Page;
use serde::{Deserialize, Serialize};
use signaling_wire::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

use crate::{error::Answer, limits};

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageView<T> {
    data: Vec<T>,
    page: Next,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PageEnd)]
struct Next {
    next_cursor: Option<String>,
    has_more: bool,
}

impl<T> PageView<T> {
    /// A whole list.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            page: Next {
                next_cursor: None,
                has_more: false,
            },
        }
    }

    /// A page off rows of which one more than `limit` were asked for.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| has_more).map(cursor);
        Self {
            data: rows,
            page: Next {
                next_cursor,
                has_more,
            },
        }
    }

    /// A page of the shop's rows, each as the API shows it.
    pub(crate) fn of<R>(page: Page<R>, view: impl FnMut(R) -> T) -> Self {
        Self {
            data: page.data.into_iter().map(view).collect(),
            page: Next {
                next_cursor: page.next_cursor,
                has_more: page.has_more,
            },
        }
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

impl PageQuery {
    /// The cursor and a limit that is within bounds.
    pub(crate) fn bounds(self) -> Answer<(Option<String>, u32)> {
        checked(self.cursor, self.limit)
    }
}

/// As [`PageQuery::bounds`], for queries with more fields.
pub(crate) fn checked(cursor: Option<String>, limit: Option<u32>) -> Answer<(Option<String>, u32)> {
    let limit = limit.unwrap_or(limits::PAGE_ROWS);
    if !(1..=limits::PAGE_ROWS_MAX).contains(&limit) {
        let detail = format!("limit must be 1 to {}", limits::PAGE_ROWS_MAX);
        return Err(Problem::new(Code::ValidationError, detail).into());
    }
    Ok((cursor, limit))
}
