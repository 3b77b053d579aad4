//! Each outside package has one home.
//!
//! A library that is named in one place can be exchanged in one place. The table says which of our
//! packages may name what; tests may name a little more, `benches` and `ci` whatever they measure
//! or check with. SQL has a fence inside its packages too: only their `db` modules speak it.

use std::path::Path;

use cargo_metadata::DependencyKind;

use super::{Finding, files, packages};

/// An outside package and where it lives.
struct Home {
    /// Name, or the beginning of one when it ends in `*`.
    pattern: &'static str,
    /// Who may use it.
    code: &'static [&'static str],
    /// Who may use it in tests besides; `*` is everyone.
    tests: &'static [&'static str],
}

const fn home(
    pattern: &'static str,
    code: &'static [&'static str],
    tests: &'static [&'static str],
) -> Home {
    Home {
        pattern,
        code,
        tests,
    }
}

/// Packages that are imported by nobody and may name anything.
const FREE: &[&str] = &["benches", "ci"];

const HOMES: &[Home] = &[
    home("rtc-*", &["media-core"], &[]),
    home("sctp-proto", &["media-core"], &[]),
    home("quinn", &["media-relay"], &[]),
    home("quinn-udp", &["media-shard"], &[]),
    home("nix", &["media-shard"], &[]),
    home("libc", &["media-shard"], &["*"]),
    home("socket2", &["media-shard"], &[]),
    home("rtrb", &["media-shard"], &[]),
    home("webrtc", &["web-server"], &["*"]),
    home("axum*", &["web-server", "commerce-sandbox"], &["*"]),
    home("tower*", &["web-server", "commerce-sandbox"], &["*"]),
    home("hyper*", &["web-server"], &[]),
    // The sandbox posts webhooks, as a provider does; the demo's broadcaster speaks WHIP.
    home(
        "reqwest",
        &[
            "commerce-service",
            "web-accounts",
            "commerce-sandbox",
            "web-server",
        ],
        &["*"],
    ),
    home("tokio-tungstenite", &[], &["*"]),
    home("sqlx", &["commerce-store"], &["web-server"]),
    home("redis", &["signaling-hub", "commerce-service"], &[]),
    // Tests forge tokens, and hold an authenticator.
    home("jsonwebtoken", &["web-accounts"], &["web-server"]),
    home("argon2", &["web-accounts"], &[]),
    home("totp-rs", &["web-accounts"], &["web-server"]),
    home("openidconnect", &["web-accounts"], &[]),
    home("lettre", &["web-accounts"], &[]),
    home("dashmap", &["signaling-hub"], &[]),
    home("figment", &["web-server"], &[]),
    home("clap", &["web-server"], &[]),
    home("rust-embed", &["web-server"], &[]),
    home("metrics-exporter-prometheus", &["web-server"], &[]),
    home("tracing-subscriber", &["web-server"], &["*"]),
    home(
        "standardwebhooks",
        &["commerce-service", "commerce-sandbox"],
        // A provider's deliveries to the real router.
        &["web-server"],
    ),
    home("criterion", &[], &[]),
    // Schemas stand at the types; the document is put together at the edge.
    home(
        "utoipa",
        &[
            "signaling-wire",
            "commerce-core",
            "commerce-service",
            "web-accounts",
            "web-server",
        ],
        &[],
    ),
    home("utoipa-axum", &["web-server"], &[]),
];

/// Packages whose SQL lives in `src/db.rs` or `src/db/` and nowhere else.
const SQL_IN_DB: &[&str] = &["commerce-service", "chat", "web-accounts"];

/// Finds outside packages away from home, and SQL outside the `db` modules.
///
/// # Errors
/// When manifests or files cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let metadata = packages::manifests(root)?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let name = package.name.as_str();
        if FREE.contains(&name) {
            continue;
        }
        for dependency in &package.dependencies {
            let outside = dependency.name.as_str();
            let Some(home) = HOMES.iter().find(|home| matches(home.pattern, outside)) else {
                continue;
            };
            let in_tests = dependency.kind == DependencyKind::Development
                && (home.tests.contains(&"*") || home.tests.contains(&name));
            if !home.code.contains(&name) && !in_tests {
                findings.push(Finding::new(
                    name,
                    format!("{outside} has its home elsewhere"),
                ));
            }
        }
        if SQL_IN_DB.contains(&name) {
            sql_outside_db(root, name, &mut findings)?;
        }
    }
    Ok(findings)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn sql_outside_db(root: &Path, name: &str, findings: &mut Vec<Finding>) -> anyhow::Result<()> {
    let Some(place) = packages::position(name) else {
        return Ok(());
    };
    let source = root.join(packages::PACKAGES[place].folder).join("src");
    for file in files::rust_under(&source)? {
        let inside = file.path.strip_prefix(&source).unwrap_or(&file.path);
        let in_db = inside.starts_with("db") || inside == Path::new("db.rs");
        if !in_db && !files::is_test(root, &file.path) && speaks_sql(&file.text) {
            findings.push(Finding::new(
                files::shown(root, &file.path),
                "only the db modules of this package speak SQL",
            ));
        }
    }
    Ok(())
}

/// Whether a file makes statements.
fn speaks_sql(text: &str) -> bool {
    ["sqlx::", "sql::query(", "sql::either("]
        .iter()
        .any(|word| text.contains(word))
}
