//! `cargo ci`: everything that has to hold before a change is merged, in one command.
//!
//! `cargo ci` runs all steps; `cargo ci fmt clippy` runs some; `cargo ci limits` rewrites the table
//! of limits in the docs. It installs what it needs when it can, says what is missing when it
//! cannot, and lists at the end what did not run: with `CI=true` that is a failure.
#![forbid(unsafe_code)]
// Speaking to the person at the terminal is what this program is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod command;
mod digest;
mod outcome;
mod rush;
mod steps;
mod tools;
mod workshop;

use std::{env, path::Path, process::ExitCode};

use anyhow::Context as _;

use outcome::Report;
use steps::Step;
use workshop::Workshop;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context(".ci has a parent folder")?;
    if arguments == ["limits"] {
        ci::tidy::limits_table::write(root)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(steps) = choose(arguments) else {
        println!("cargo ci [STEP...]\n\nSteps, in order; all of them when none is named:");
        for step in Step::ALL {
            println!("  {:10} {}", step.name(), step.purpose());
        }
        println!(
            "  {:10} rewrites the table of limits in docs/OPERATING.md",
            "limits"
        );
        return Ok(ExitCode::from(u8::from(
            !arguments.iter().all(|word| word.contains("help")),
        )));
    };
    let mut shop = Workshop::open(root)?;
    let mut report = Report::default();
    for step in steps {
        report.time(step.name(), || step.run(&mut shop));
    }
    let strict = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    Ok(report.close(strict))
}

/// The steps that were asked for, or `None` if one of them does not exist.
fn choose(arguments: &[String]) -> Option<Vec<Step>> {
    if arguments.is_empty() {
        return Some(Step::ALL.to_vec());
    }
    let find = |name: &String| Step::ALL.iter().copied().find(|step| step.name() == name);
    let mut chosen: Vec<Step> = arguments.iter().map(find).collect::<Option<_>>()?;
    chosen.sort_unstable();
    chosen.dedup();
    Some(chosen)
}
