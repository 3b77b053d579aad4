//! The power goes: what was written, but not synced, is lost.
//!
//! A library that is loaded before the C library (`power.c`, built by the system's compiler) keeps a
//! shadow of each database file as it was at the file's last `fsync` or `fdatasync`. After a kill the
//! shadows take the place of the files. It is the strictest power loss that a disk may show: nothing
//! that was not asked to be durable is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

const SOURCE: &str = include_str!("power.c");
/// What the files of the shadows end with.
const SHADOW: &str = ".durable";

fn library(folder: &Path) -> PathBuf {
    folder.join("rush-power.so")
}

/// Has the command keep shadows of the databases that it writes.
///
/// # Errors
/// When there is no C compiler.
pub(super) fn watch(command: &mut Command, folder: &Path) -> Result<()> {
    let library = library(folder);
    if !library.exists() {
        fs::create_dir_all(folder)?;
        let source = folder.join("rush-power.c");
        fs::write(&source, SOURCE)?;
        let built = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status()
            .context("power loss needs a C compiler, cc")?;
        ensure!(built.success(), "power.c cannot be built");
    }
    command.env("LD_PRELOAD", library);
    Ok(())
}

/// Puts the shadows in the place of the files; the process must have ended.
///
/// # Errors
/// When there is no shadow of the database, or the file system fails.
pub(super) fn lose(folder: &Path) -> Result<()> {
    let mut files = 0;
    for name in ["souk.db", "souk.db-wal"] {
        let (file, shadow) = (folder.join(name), folder.join(format!("{name}{SHADOW}")));
        if shadow.exists() {
            fs::copy(&shadow, &file)?;
            files += 1;
        } else if name.ends_with("-wal") && file.exists() {
            // It was never synced.
            fs::remove_file(&file)?;
        }
    }
    ensure!(files > 0, "nothing was ever synced in {}", folder.display());
    // Shared memory does not survive the power.
    match fs::remove_file(folder.join("souk.db-shm")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
