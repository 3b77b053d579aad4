//! How a Rust file begins and what it is called.
//!
//! Every file of a package opens with `//!`: what it owns, its contract, what it does not do.
//! A module is `foo.rs` with `foo/` beside it.

use std::path::Path;

use super::{Finding, files, packages};

/// Finds source files without a header, and files called `mod.rs`.
///
/// # Errors
/// When manifests or files cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &packages::manifests(root)?.packages {
        let Some(folder) = package.manifest_path.parent() else {
            continue;
        };
        for file in files::rust_under(folder.as_std_path())? {
            let place = files::shown(root, &file.path);
            if file.path.ends_with("mod.rs") {
                findings.push(Finding::new(
                    place,
                    "call it by its noun: foo.rs beside foo/",
                ));
            } else if !files::is_test(root, &file.path) && !file.text.starts_with("//! ") {
                findings.push(Finding::new(place, "must begin with a header (//!)"));
            }
        }
    }
    Ok(findings)
}
