//! Nothing committed names the machine it was written on.
//!
//! Home folders, the checkout's own place, and the hosts that lock files like to record: the
//! repository must build the same from any folder and any mirror.

use std::{env, path::Path};

use super::{Finding, files};

/// Places that only one machine has.
const HOMES: &[&str] = &["/home/", "/Users/", "/root/", "C:\\Users\\"];

/// Finds machine paths in text files, and hosts in lock files of npm.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let here = root.canonicalize()?.to_string_lossy().into_owned();
    let home = env::var("HOME").unwrap_or_default();
    let own: Vec<&str> = [here.as_str(), home.as_str()]
        .into_iter()
        .filter(|place| place.len() > 1)
        .collect();
    let mut findings = Vec::new();
    for file in files::text_under(root)? {
        let place = files::shown(root, &file.path);
        if place == SELF {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            let at = format!("{place}:{}", number + 1);
            if own.iter().any(|own| line.contains(own)) || HOMES.iter().any(|h| names(line, h)) {
                findings.push(Finding::new(at, "names a path of one machine"));
            } else if place.ends_with("package-lock.json") && line.contains("\"resolved\": \"http")
            {
                findings.push(Finding::new(
                    at,
                    "records a host; set omit-lockfile-registry-resolved",
                ));
            }
        }
    }
    Ok(findings)
}

/// The file that has to spell the names it looks for.
const SELF: &str = ".ci/src/tidy/machine.rs";

/// Whether a line names an absolute path below a home, not merely the same letters in an address.
fn names(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '$' | '/'))
    })
}
