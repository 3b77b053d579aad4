//! The tidy rules: what no compiler checks and every reviewer would otherwise have to.
//!
//! A [`Rule`] takes the root of a workspace and returns what it found there. Rules read files and
//! `cargo metadata --no-deps`; they never build, fetch or write. Fixture trees are left out of the
//! walk, so that a rule never trips over the example that shows it failing.

pub mod direction;
pub mod doc_paths;
pub mod documented;
pub mod fence;
pub mod files;
pub mod layout;
pub mod limits_table;
pub mod lints;
pub mod machine;
pub mod packages;
pub mod pure;
pub mod rust_source;
pub mod sizes;
pub mod unsafety;

use std::{fmt, path::Path};

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// File (with line where known) or package.
    pub place: String,
    /// What is wrong with it, and what would be right.
    pub what: String,
}

impl Finding {
    /// A finding at a place.
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A check of a whole tree. An error means that the tree could not be read, not that it is untidy.
pub type Rule = fn(&Path) -> anyhow::Result<Vec<Finding>>;

/// Every rule with its name.
pub const RULES: &[(&str, Rule)] = &[
    ("direction", direction::check),
    ("fence", fence::check),
    ("file_ceiling", sizes::check_files),
    ("function_ceiling", sizes::check_functions),
    ("pure_dependencies", pure::check_dependencies),
    ("pure_source", pure::check_source),
    ("unsafe", unsafety::check),
    ("lints", lints::check),
    ("layout", layout::check),
    ("machine", machine::check),
    ("limits", limits_table::check),
    ("config_keys", documented::check_keys),
    ("metrics", documented::check_metrics),
    ("doc_paths", doc_paths::check),
];
