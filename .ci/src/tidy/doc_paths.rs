//! Documents name files, and tests in them, that exist.
//!
//! In Markdown files, every `path/to/file` in backticks that starts with a folder of the root and
//! looks like a source file must be there, and so must the targets of relative links. Of
//! `path/to/file.rs::name` the file must have a function of that name.

use std::{collections::BTreeSet, path::Path};

use super::{Finding, files};

/// What a named file ends in.
const ENDINGS: &[&str] = &[
    ".rs", ".ts", ".vue", ".mjs", ".json", ".sql", ".toml", ".md", ".sh",
];

/// Finds files that documents name and that are not there.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files::text_under(root)? {
        if files::extension(&file.path) != "md" {
            continue;
        }
        let folder = file.path.parent().unwrap_or(root);
        let named = backticked(&file.text)
            .filter(|name| looks_like_a_file(root, name))
            .map(|name| (name, root));
        let linked = links(&file.text).map(|name| (name, folder));
        let missing: BTreeSet<&str> = named
            .chain(linked)
            .filter(|(name, base)| !base.join(name).exists())
            .map(|(name, _)| name)
            .collect();
        let tests = backticked(&file.text).filter_map(|name| name.split_once("::"));
        let tests = tests.filter(|(name, _)| looks_like_a_file(root, name));
        let mut untrue = missing;
        let texts: Vec<String> = tests
            .filter(|(name, test)| !has(&root.join(name), test))
            .map(|(name, test)| format!("{name}::{test}"))
            .collect();
        untrue.extend(texts.iter().map(String::as_str));
        let place = files::shown(root, &file.path);
        let finding = |name| Finding::new(&*place, format!("names {name}, which is not there"));
        findings.extend(untrue.into_iter().map(finding));
    }
    Ok(findings)
}

/// Whether a file has a function of this name.
fn has(file: &Path, function: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.contains(&format!("fn {function}("))
}

/// What stands between backticks on one line.
fn backticked(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn looks_like_a_file(root: &Path, name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    name.contains('/')
        && name.chars().all(plain)
        && ENDINGS.iter().any(|ending| name.ends_with(ending))
        && name
            .split('/')
            .next()
            .is_some_and(|first| root.join(first).is_dir())
}

/// The targets of relative links and pictures.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', '#']).next()?;
        (!target.is_empty() && !target.contains(':')).then_some(target)
    })
}
