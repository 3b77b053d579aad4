//! Lints are set once, in the root manifest, and every package inherits them.

use std::{fs, path::Path};

use anyhow::Context as _;

use super::{Finding, files, packages};

/// Finds packages that do not inherit the workspace's lints.
///
/// # Errors
/// When manifests cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &packages::manifests(root)?.packages {
        let path = package.manifest_path.as_std_path();
        let manifest: toml::Table = fs::read_to_string(path)?
            .parse()
            .with_context(|| format!("cannot parse {}", path.display()))?;
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        if inherits != Some(true) {
            findings.push(Finding::new(
                files::shown(root, path),
                "must inherit the workspace's lints",
            ));
        }
    }
    Ok(findings)
}
