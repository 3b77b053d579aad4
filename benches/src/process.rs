//! Processor time and memory of a server, from `/proc` or its control group.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Kernel clock ticks per second; fixed at 100 in the user interface of Linux.
const TICKS_PER_SECOND: u64 = 100;

/// Whom to measure.
#[derive(Debug, Clone)]
pub enum Meter {
    /// One process.
    Process(u32),
    /// A control group (version 2), by its folder.
    Group(PathBuf),
}

/// What a server has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// User and system time of all its threads.
    pub cpu_us: u64,
    /// Resident memory (for a group: what is charged to it).
    pub rss_kb: u64,
}

impl Meter {
    /// Reads the usage.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn usage(&self) -> Result<Usage> {
        match self {
            Self::Process(pid) => usage(*pid),
            Self::Group(folder) => group(folder),
        }
    }
}

fn group(folder: &Path) -> Result<Usage> {
    let read = |name: &str| {
        fs::read_to_string(folder.join(name))
            .with_context(|| format!("{} of {} cannot be read", name, folder.display()))
    };
    let stat = read("cpu.stat")?;
    let cpu_us = stat
        .lines()
        .find_map(|line| line.strip_prefix("usage_usec "))
        .context("no usage_usec in cpu.stat")?
        .parse()?;
    let bytes: u64 = read("memory.current")?.trim().parse()?;
    Ok(Usage {
        cpu_us,
        rss_kb: bytes / 1024,
    })
}

/// Reads the usage of a process.
///
/// # Errors
/// When the process does not exist.
pub fn usage(pid: u32) -> Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} cannot be read"))?;
    // The command in parentheses may contain blanks: fields count from behind it.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .context("unexpected form of /proc/PID/stat")?
        .1
        .split_whitespace()
        .collect();
    let ticks = |index: usize| -> Result<u64> {
        Ok(fields.get(index).context("short /proc/PID/stat")?.parse()?)
    };
    // Ticks hold threads that have ended, the scheduler's own count is finer than their 10 ms.
    let ticks_us = (ticks(11)? + ticks(12)?) * (1_000_000 / TICKS_PER_SECOND);
    let cpu_us = ticks_us.max(on_cpu_us(pid).unwrap_or(0));
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss_kb = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("no VmRSS in /proc/PID/status")?
        .parse()?;
    Ok(Usage { cpu_us, rss_kb })
}

/// Time on a core of the threads that live, by the scheduler's count; `None` on kernels without it.
fn on_cpu_us(pid: u32) -> Option<u64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let mut ns = 0u64;
    for thread in threads {
        // A thread may end between the listing and the reading.
        let Ok(text) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
            continue;
        };
        ns += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(ns / 1_000)
}
