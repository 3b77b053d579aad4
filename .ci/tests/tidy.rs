//! The tidy rules on this repository, and each rule failing on a tree that breaks it.
//!
//! A fixture breaks exactly one rule: all the others must find nothing in it, so that a rule that
//! fires at anything cannot pass for one that works.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use ci::tidy::{Finding, RULES};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// What every rule finds in a tree, as `rule: finding`.
fn findings(root: &Path) -> Vec<(&'static str, Finding)> {
    let mut all = Vec::new();
    for (name, rule) in RULES {
        let found = rule(root).unwrap_or_else(|error| panic!("{name} cannot run: {error:#}"));
        all.extend(found.into_iter().map(|finding| (*name, finding)));
    }
    all
}

fn spelled(findings: &[(&str, Finding)]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|(rule, finding)| format!("  {rule}: {finding}"))
        .collect();
    lines.join("\n")
}

/// The fixture breaks `rule` in these places, and no other rule anywhere.
fn breaks(rule: &str, places: &[&str]) {
    let found = findings(&fixture(rule));
    let mut seen: Vec<(&str, &str)> = found
        .iter()
        .map(|(rule, finding)| (*rule, finding.place.as_str()))
        .collect();
    let mut wanted: Vec<(&str, &str)> = places.iter().map(|place| (rule, *place)).collect();
    seen.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(seen, wanted, "all that was found:\n{}", spelled(&found));
}

#[test]
fn the_repository_is_tidy() {
    let found = findings(&repository());
    assert!(
        found.is_empty(),
        "{} findings:\n{}",
        found.len(),
        spelled(&found)
    );
}

#[test]
fn a_tidy_tree_passes() {
    let found = findings(&fixture("tidy"));
    assert!(found.is_empty(), "{}", spelled(&found));
}

#[test]
fn every_rule_has_a_fixture_that_breaks_it() {
    for (rule, _) in RULES {
        let found = findings(&fixture(rule));
        assert!(!found.is_empty(), "{rule} finds nothing in its fixture");
        assert!(
            found.iter().all(|(other, _)| other == rule),
            "{rule}:\n{}",
            spelled(&found)
        );
    }
}

#[test]
fn direction_sees_an_upward_dependency_a_stranger_and_a_wrong_folder() {
    breaks("direction", &["media-core", "media-extra", "media-shard"]);
}

#[test]
fn fence_sees_a_library_away_from_home_and_sql_outside_db() {
    breaks("fence", &["chat/src/backlog.rs", "chat"]);
}

#[test]
fn ceilings_see_a_long_file_and_a_long_function() {
    breaks(
        "file_ceiling",
        &["media/core/src/lib.rs", "web/app/src/main.ts"],
    );
    breaks("function_ceiling", &["media/core/src/lib.rs:7"]);
}

#[test]
fn pure_sees_a_runtime_among_the_dependencies() {
    breaks("pure_dependencies", &["signaling-wire", "signaling-wire"]);
}

#[test]
fn pure_sees_clocks_sockets_locks_and_awaits_in_code_but_not_in_tests() {
    let place = |line: u32| format!("commerce/core/src/lib.rs:{line}");
    let places: Vec<String> = [4, 5, 8, 9, 12, 14].into_iter().map(place).collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    breaks("pure_source", &places);
}

#[test]
fn unsafe_is_seen_outside_its_home_and_in_roots_that_do_not_forbid_it() {
    breaks(
        "unsafe",
        &["media/core/src/lib.rs", "media/shard/src/thread.rs:5"],
    );
}

#[test]
fn lints_must_be_inherited() {
    breaks("lints", &["media/core/Cargo.toml"]);
}

#[test]
fn layout_sees_a_missing_header_and_a_mod_rs() {
    breaks(
        "layout",
        &["media/core/src/peer/mod.rs", "media/core/src/track.rs"],
    );
}

#[test]
fn machine_sees_a_home_folder_and_a_recorded_host() {
    breaks(
        "machine",
        &["docs/NOTES.md:3", "web/app/package-lock.json:4"],
    );
}

#[test]
fn limits_sees_a_missing_a_changed_and_a_removed_constant() {
    breaks(
        "limits",
        &[
            "docs/OPERATING.md",
            "docs/OPERATING.md",
            "docs/OPERATING.md",
        ],
    );
}

#[test]
fn config_keys_and_metrics_must_be_documented() {
    breaks("config_keys", &["docs/OPERATING.md", "docs/OPERATING.md"]);
    breaks("metrics", &["docs/OPERATING.md"]);
}

#[test]
fn documents_must_name_files_that_exist() {
    breaks("doc_paths", &["docs/MAP.md", "docs/MAP.md", "docs/MAP.md"]);
}
