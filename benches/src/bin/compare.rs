//! `compare`: the table of `docs/PERFORMANCE.md` by one command.
//!
//! `cargo build --release -p benches && cargo run --release -p benches --bin compare` starts the
//! servers beside it (the bare media plane, the baseline on the `webrtc` crate; Souk itself with
//! `--souk`), pinned to core 0, and `swarm` pinned to core 1; runs every row a few times, takes
//! medians, and holds them against the floor of the same sitting.
#![forbid(unsafe_code)]

use anyhow::Result;
use benches::contest::{Contest, Row};
use clap::Parser;

/// Runs the comparison.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// Which rows: floor, load, baseline, joins, keys, storm, delay, churn, lanes, shards. All when
    /// none is named.
    rows: Vec<Row>,
    /// Runs of each row; the median counts.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Length of a measuring window, seconds.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Numbers of viewers of the load row.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 200, 600, 1_200, 2_000, 3_000])]
    viewers: Vec<usize>,
    /// Joins and leaves of the churn row.
    #[arg(long, default_value_t = 10_000)]
    churn: usize,
    /// A `souk` binary to measure in place of the bare media plane, with all of the product on.
    #[arg(long)]
    souk: Option<std::path::PathBuf>,
    /// Folder that every run's JSON is kept in.
    #[arg(long)]
    keep: Option<std::path::PathBuf>,
}

#[allow(clippy::print_stdout)]
fn main() -> Result<()> {
    let args = Args::parse();
    let rows = if args.rows.is_empty() {
        Row::ALL.to_vec()
    } else {
        args.rows
    };
    let mut contest = Contest {
        runs: args.runs.max(1),
        seconds: args.seconds,
        viewers: args.viewers,
        churn: args.churn,
        souk: args.souk,
        keep: args.keep,
        floor_us: None,
    };
    println!("| what | measured |\n|---|---|");
    for row in Row::ALL.into_iter().filter(|row| rows.contains(row)) {
        contest.run(row, |what, measured| println!("| {what} | {measured} |"))?;
    }
    Ok(())
}
