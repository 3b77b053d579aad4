//! Checklist 40: what is linked is not older than the first version without a known fault.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use cargo_metadata::semver::Version;

/// Package, first version that may be linked, and what was wrong before.
const FLOORS: &[(&str, &str, &str)] = &[
    ("h2", "0.4.16", "streams that were reset could pile up"),
    ("quinn-proto", "0.11.15", "transport parameters that panic"),
    ("bytes", "1.11.1", "an overflow in reserve"),
    ("rustls-webpki", "0.103.13", "lists of revoked certificates"),
    ("time", "0.3.47", "recursion without an end"),
    (
        "sqlx-core",
        "0.9.0",
        "texts above 4 GiB; a dropped transaction",
    ),
    (
        "tokio",
        "1.44.2",
        "a broadcast channel that cloned in parallel",
    ),
    (
        "tracing-subscriber",
        "0.3.20",
        "escape sequences in the log",
    ),
    (
        "jsonwebtoken",
        "10.3.0",
        "times of another type were not checked",
    ),
];

/// Packages of a lock file that are older than their floor, and floors that nothing is held to.
fn sunken(lock: &str) -> Vec<String> {
    let lock: toml::Value = toml::from_str(lock).unwrap();
    let packages = lock["package"].as_array().unwrap();
    let mut sunken = Vec::new();
    for (name, floor, fault) in FLOORS {
        let linked = packages
            .iter()
            .filter(|package| package["name"].as_str() == Some(name));
        let versions = linked.map(|package| package["version"].as_str().unwrap());
        let versions: Vec<Version> = versions.map(|text| text.parse().unwrap()).collect();
        if versions.is_empty() {
            sunken.push(format!("{name}: nobody links it, so its floor can go"));
        }
        let floor: Version = floor.parse().unwrap();
        let old = versions.iter().filter(|version| **version < floor);
        sunken.extend(old.map(|version| format!("{name} {version} is below {floor}: {fault}")));
    }
    sunken
}

#[test]
fn c40_nothing_is_linked_that_has_a_known_fault() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
    assert_eq!(sunken(&lock), Vec::<String>::new());
    let old = lock.replacen(
        "name = \"h2\"\nversion = \"",
        "name = \"h2\"\nversion = \"0.0.0-",
        1,
    );
    assert_eq!(sunken(&old).len(), 1, "the control");
}
