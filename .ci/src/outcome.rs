//! What came of each step, and the summary at the end.
//!
//! A step that could not run is neither passed nor failed: it is listed with what was missing.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran and all was well.
    Passed,
    /// It ran and something was not: what, in the first line, and what is known of it.
    Failed(String),
    /// It could not run; this is missing.
    Missing(String),
}

/// Outcomes in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Report {
    entries: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Runs a step under a headline and keeps what came of it and how long it took.
    pub(crate) fn time(&mut self, name: &'static str, step: impl FnOnce() -> Outcome) {
        println!("\n=== {name}");
        let began = Instant::now();
        let outcome = step();
        let took = began.elapsed();
        println!(
            "=== {name}: {} in {:.1} s",
            word(&outcome),
            took.as_secs_f64()
        );
        self.entries.push((name, outcome, took));
    }

    /// Prints the summary. When strict, what could not run counts as a failure.
    pub(crate) fn close(self, strict: bool) -> ExitCode {
        println!("\n=== summary");
        for (name, outcome, took) in &self.entries {
            let seconds = took.as_secs_f64();
            match outcome {
                Outcome::Passed => println!("  {name:9} passed   {seconds:7.1} s"),
                Outcome::Failed(why) => {
                    let what = why.lines().next().unwrap_or_default();
                    println!("  {name:9} FAILED   {seconds:7.1} s  {what}");
                }
                Outcome::Missing(what) => println!("  {name:9} DID NOT RUN        {what}"),
            }
        }
        let count = |wanted: fn(&Outcome) -> bool| {
            self.entries
                .iter()
                .filter(|(_, outcome, _)| wanted(outcome))
                .count()
        };
        let passed = count(|outcome| matches!(outcome, Outcome::Passed));
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let missing = count(|outcome| matches!(outcome, Outcome::Missing(_)));
        self.tell_failures();
        println!("{passed} passed, {failed} failed, {missing} did not run");
        if self.holds(strict) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// What is known of failures, once more where a reader of the end finds it.
    fn tell_failures(&self) {
        for (name, outcome, _) in &self.entries {
            let Outcome::Failed(why) = outcome else {
                continue;
            };
            let mut told = why.lines().skip(1).peekable();
            if told.peek().is_some() {
                println!("\n=== {name}: what failed");
                told.for_each(|line| println!("{line}"));
            }
        }
    }

    /// Whether all is well: nothing failed and, when strict, everything ran.
    fn holds(&self, strict: bool) -> bool {
        self.entries.iter().all(|(_, outcome, _)| match outcome {
            Outcome::Passed => true,
            Outcome::Failed(_) => false,
            Outcome::Missing(_) => !strict,
        })
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "FAILED",
        Outcome::Missing(_) => "DID NOT RUN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[Outcome]) -> Report {
        let mut report = Report::default();
        for outcome in outcomes {
            let entry = ("step", outcome.clone(), Duration::ZERO);
            report.entries.push(entry);
        }
        report
    }

    #[test]
    fn what_could_not_run_fails_only_where_everything_has_to() {
        let missing = report(&[Outcome::Passed, Outcome::Missing("a browser".to_owned())]);
        assert!(missing.holds(false));
        assert!(!missing.holds(true));
    }

    #[test]
    fn one_failure_is_enough() {
        let failed = report(&[Outcome::Failed("a test".to_owned()), Outcome::Passed]);
        assert!(!failed.holds(false));
        assert!(!failed.holds(true));
        assert!(report(&[Outcome::Passed]).holds(true));
    }
}
