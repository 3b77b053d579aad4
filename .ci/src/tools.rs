//! Tools from outside: found where they are, installed when that is possible, named when missing.
//!
//! Chromium and MariaDB come from the system's packages (as root), FFmpeg from the Python package
//! `imageio-ffmpeg` into `.tools/`, JavaScript packages from their lock files.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    command::{Run, find},
    outcome::Outcome,
    workshop::Found,
};

/// The first FFmpeg that publishes by WHIP well enough.
const FFMPEG_MAJOR_MIN: u32 = 8;
const NODE_MAJOR_MIN: u32 = 20;

/// Checks Node and installs the packages of these folders where the lock file asks for others.
pub(crate) fn node(root: &Path, folders: &[PathBuf]) -> Result<(), String> {
    let install = format!("install Node {NODE_MAJOR_MIN} or later with npm");
    let version = Run::new(root, "node", &["--version"])
        .output()
        .ok_or(install.clone())?;
    let major = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or("");
    if major.parse::<u32>().unwrap_or(0) < NODE_MAJOR_MIN || find(&["npm"]).is_none() {
        return Err(format!("{install} (this is {})", version.trim()));
    }
    for folder in folders {
        if !installed(folder) {
            let run = Run::new(folder, "npm", &["ci", "--no-audit", "--no-fund"]);
            if run.stream() != Outcome::Passed {
                return Err(format!("npm ci in {}", folder.display()));
            }
        }
    }
    Ok(())
}

/// Whether what is installed in a folder is not older than its lock file.
fn installed(folder: &Path) -> bool {
    let changed = |name: &str| {
        fs::metadata(folder.join(name))
            .and_then(|data| data.modified())
            .ok()
    };
    match (
        changed("package-lock.json"),
        changed("node_modules/.package-lock.json"),
    ) {
        (Some(lock), Some(installed)) => installed >= lock,
        _ => false,
    }
}

/// Finds or installs Chromium. `CHROMIUM_BIN` names another one.
pub(crate) fn chromium(root: &Path) -> Found {
    if let Some(named) = named("CHROMIUM_BIN") {
        return named;
    }
    let names = ["chromium", "chromium-browser", "google-chrome"];
    if let Some(found) = find(&names) {
        return Ok(found);
    }
    install_package(root, "chromium");
    find(&names).ok_or_else(|| "Chromium: apt-get install chromium, or set CHROMIUM_BIN".to_owned())
}

/// Finds or installs the MariaDB server.
pub(crate) fn mariadb(root: &Path) -> Found {
    let found = || match find(&["mariadbd"]) {
        Some(found) => Some(found),
        // Where it lies is not on everybody's path.
        None => Some(PathBuf::from("/usr/sbin/mariadbd")).filter(|path| path.is_file()),
    };
    if let Some(found) = found() {
        return Ok(found);
    }
    install_package(root, "mariadb-server");
    found().ok_or_else(|| "MariaDB 10.11 or later: apt-get install mariadb-server".to_owned())
}

/// Finds or installs FFmpeg. `FFMPEG` names another one.
pub(crate) fn ffmpeg(root: &Path) -> Found {
    if let Some(named) = named("FFMPEG") {
        return named;
    }
    let local = root.join(".tools/python");
    if let Some(found) = ffmpeg_in(&local).filter(|program| publishes_whip(root, program)) {
        return Ok(found);
    }
    if let Some(found) = find(&["ffmpeg"]).filter(|program| publishes_whip(root, program)) {
        return Ok(found);
    }
    install_ffmpeg(root, &local);
    ffmpeg_in(&local)
        .filter(|program| publishes_whip(root, program))
        .ok_or_else(|| {
            format!(
                "FFmpeg {FFMPEG_MAJOR_MIN} or later with WHIP: python3 with pip can fetch it \
             (python3 -m pip install --target .tools/python imageio-ffmpeg), or set FFMPEG"
            )
        })
}

fn named(variable: &str) -> Option<Found> {
    let path = PathBuf::from(env::var_os(variable)?);
    Some(if path.is_file() {
        Ok(path)
    } else {
        Err(format!(
            "{variable} names {}, which is not there",
            path.display()
        ))
    })
}

fn install_ffmpeg(root: &Path, local: &Path) {
    let target = local.to_string_lossy();
    let arguments = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--upgrade",
        "--target",
        &target,
        "imageio-ffmpeg",
    ];
    let pip = || {
        Run::new(root, "python3", &["-m", "pip", "--version"])
            .output()
            .is_some()
    };
    if !pip() {
        install_package(root, "python3-pip");
    }
    if pip() {
        Run::new(root, "python3", &arguments).stream();
    }
}

/// The program inside an installed `imageio-ffmpeg`.
fn ffmpeg_in(folder: &Path) -> Option<PathBuf> {
    let programs = fs::read_dir(folder.join("imageio_ffmpeg/binaries")).ok()?;
    programs
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("ffmpeg-"))
        })
}

fn publishes_whip(root: &Path, program: &Path) -> bool {
    let program = program.to_string_lossy();
    let ask = |arguments: &[&str]| {
        Run::new(root, &program, arguments)
            .output()
            .unwrap_or_default()
    };
    let version = ask(&["-version"]);
    let number = version
        .split_whitespace()
        .nth(2)
        .unwrap_or("")
        .trim_start_matches('n');
    let major = number
        .split(['.', '-'])
        .next()
        .and_then(|text| text.parse::<u32>().ok());
    // Builds between releases are numbered otherwise; they count as current.
    major.is_none_or(|major| major >= FFMPEG_MAJOR_MIN)
        && ask(&["-hide_banner", "-muxers"]).lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some("E") && words.next() == Some("whip")
        })
}

/// Installs a package of the system, when this is root on a Debian-like system.
fn install_package(root: &Path, package: &str) {
    let is_root = Run::new(root, "id", &["-u"])
        .output()
        .is_some_and(|id| id.trim() == "0");
    if is_root && find(&["apt-get"]).is_some() {
        Run::new(root, "apt-get", &["update", "-qq"]).stream();
        Run::new(
            root,
            "apt-get",
            &["install", "-y", "-qq", "--no-install-recommends", package],
        )
        .set("DEBIAN_FRONTEND", "noninteractive")
        .stream();
    }
}
