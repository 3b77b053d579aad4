//! The files of a tree, as the rules see them: what people wrote, in a stable order.
//!
//! Build output, installed packages, version control and fixture trees are left out.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use walkdir::{DirEntry, WalkDir};

/// A text file.
#[derive(Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// Folders that hold nothing that people wrote.
const LEFT_OUT: &[&str] = &[
    ".git",
    ".tools",
    "target",
    "node_modules",
    "dist",
    "test-results",
    "playwright-report",
    "results",
];

/// Every text file under a root; files that are not UTF-8 are not text.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn text_under(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut found = Vec::new();
    if !root.exists() {
        return Ok(found);
    }
    let walk = WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !left_out(entry));
    for entry in walk {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = fs::read(entry.path())
            .with_context(|| format!("cannot read {}", entry.path().display()))?;
        if let Ok(text) = String::from_utf8(bytes) {
            found.push(File {
                path: entry.into_path(),
                text,
            });
        }
    }
    Ok(found)
}

/// Every Rust file under a root.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn rust_under(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = text_under(root)?;
    files.retain(|file| extension(&file.path) == "rs");
    Ok(files)
}

fn left_out(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_dir()
        && (LEFT_OUT.contains(&name.as_ref())
            || (name == "fixtures" && entry.path().ends_with(".ci/tests/fixtures")))
}

/// The extension of a path, or nothing.
pub fn extension(path: &Path) -> &str {
    path.extension().and_then(OsStr::to_str).unwrap_or("")
}

/// Whether a Rust file below a root holds tests only: it lies in a `tests` folder or is called
/// `tests.rs`.
pub fn is_test(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem == "tests")
}

/// A path as people read it: from the root, with forward slashes.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .replace('\\', "/")
}
