//! Processor time and memory of another process, from `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Kernel clock ticks per second; fixed at 100 in the user interface of Linux.
const TICKS_PER_SECOND: u64 = 100;

/// What a process has used so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// User and system time of all its threads.
    pub cpu_us: u64,
    /// Resident memory.
    pub rss_kb: u64,
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
    let cpu_us = (ticks(11)? + ticks(12)?) * (1_000_000 / TICKS_PER_SECOND);
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss_kb = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("no VmRSS in /proc/PID/status")?
        .parse()?;
    Ok(Usage { cpu_us, rss_kb })
}
