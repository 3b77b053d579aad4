//! Which of our packages may use which.
//!
//! Reads every manifest's dependencies, whatever their kind, and compares them with
//! [`packages`](super::packages). It looks at manifests, so an unused line counts too.

use std::path::Path;

use cargo_metadata::DependencyKind;

use super::{
    Finding,
    packages::{self, MayUse, PACKAGES},
};

/// Finds packages that nobody listed, that live elsewhere, or that use what they may not.
///
/// # Errors
/// When the manifests cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let metadata = packages::manifests(root)?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        let Some(place) = packages::position(name) else {
            findings.push(Finding::new(name, "is not in the table of packages"));
            continue;
        };
        let listed = &PACKAGES[place];
        let folder = package
            .manifest_path
            .parent()
            .map_or_else(String::new, ToString::to_string);
        if !Path::new(&folder).ends_with(listed.folder) {
            findings.push(Finding::new(
                name,
                format!("must live in {}", listed.folder),
            ));
        }
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            let Some(before) = packages::position(other) else {
                if dependency.path.is_some() {
                    findings.push(Finding::new(
                        name,
                        format!("uses {other}, which is not ours"),
                    ));
                }
                continue;
            };
            if !allowed(place, before, other, dependency.kind) {
                findings.push(Finding::new(name, format!("may not use {other}")));
            }
        }
    }
    Ok(findings)
}

fn allowed(place: usize, before: usize, other: &str, kind: DependencyKind) -> bool {
    if kind == DependencyKind::Development {
        // A package may name itself among its test dependencies, to switch its own features on.
        return before <= place;
    }
    before < place
        && match PACKAGES[place].may_use {
            MayUse::Only(list) => list.contains(&other),
            MayUse::AllBefore => true,
        }
}
