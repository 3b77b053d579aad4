//! The steps, in the order in which they run: cheap answers first, one build for all of them.
//!
//! Every cargo command resolves the same features (the whole workspace with its test
//! dependencies), so that nothing is compiled twice.

use std::{fs, path::Path};

use crate::{
    command::{Run, find},
    outcome::Outcome,
    rush,
    workshop::Workshop,
};

/// A step of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Fmt,
    Clippy,
    Web,
    Test,
    Databases,
    Fuzz,
    Controls,
    E2e,
}

/// The test binary with the fuzz targets, and how long each of them runs.
const FUZZ_TESTS: &str = "fuzz";
const FUZZ_SECONDS: &str = "8";

/// The test binaries whose databases are MariaDB's in a run of their own, and the unit tests.
const DATABASE_TESTS: [&str; 4] = ["store", "mariadb", "chat", "shop"];
const DATABASE_UNIT_TESTS: &str = "accounts::tests";
/// Of the tests of the real server, those that concern what it keeps.
const DATABASE_SERVER_TESTS: [&str; 11] = [
    "accounts::",
    "answers::",
    "audit::",
    "bad_input::",
    "crash::",
    "matrix::",
    "operator::",
    "outage::",
    "purchase::",
    "shows::",
    "tickets::",
];

/// The test binary that runs the real server, and the test in it that needs the server which
/// acknowledges before it commits. That test is ignored elsewhere.
const SERVER_TESTS: &str = "it";
/// A test binary of the load tools; building it builds them.
const LOAD_TESTS: &str = "allocations";
const NEGATIVE_CONTROL: &str = "crash::acknowledging_before_the_commit_is_found_out";

impl Step {
    /// Every step, in order.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Fmt,
        Self::Clippy,
        Self::Web,
        Self::Test,
        Self::Databases,
        Self::Fuzz,
        Self::Controls,
        Self::E2e,
    ];

    /// What the step is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Web => "web",
            Self::Test => "test",
            Self::Databases => "databases",
            Self::Fuzz => "fuzz",
            Self::Controls => "controls",
            Self::E2e => "e2e",
        }
    }

    /// What the step shows.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::Fmt => "the formatting of all Rust code",
            Self::Clippy => "lints of all targets; a warning is an error",
            Self::Web => "types and unit tests of the front end",
            Self::Test => "every Rust test, the tidy rules among them",
            Self::Databases => "what the shop keeps, and the real server, once more on MariaDB",
            Self::Fuzz => "no input from outside makes the media core panic, for a short while",
            Self::Controls => {
                "flash sales that are cut off lose nothing, and servers that break their word are found out"
            }
            Self::E2e => "the real server with Chromium, FFmpeg and libdatachannel",
        }
    }

    /// Runs the step.
    pub(crate) fn run(self, shop: &mut Workshop) -> Outcome {
        let ran = match self {
            Self::Fmt => fmt(shop),
            Self::Clippy => clippy(shop),
            Self::Web => web(shop),
            Self::Test => test(shop),
            Self::Databases => databases(shop),
            Self::Fuzz => fuzz(shop),
            Self::Controls => controls(shop),
            Self::E2e => e2e(shop),
        };
        ran.unwrap_or_else(|outcome| outcome)
    }
}

/// A step ends early with an outcome when something is missing or fails.
type Ran = Result<Outcome, Outcome>;

fn fmt(shop: &mut Workshop) -> Ran {
    component(shop.root(), "rustfmt", "cargo-fmt")?;
    Ok(Run::new(shop.root(), "cargo", &["fmt", "--all", "--check"]).stream())
}

fn clippy(shop: &mut Workshop) -> Ran {
    component(shop.root(), "clippy", "cargo-clippy")?;
    shop.node()?;
    let arguments = [
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    Ok(Run::new(shop.root(), "cargo", &arguments).stream())
}

fn web(shop: &mut Workshop) -> Ran {
    shop.node()?;
    let app = shop.app();
    succeed(Run::new(&app, "npm", &["run", "--silent", "typecheck"]).stream())?;
    Ok(Run::new(&app, "npm", &["test", "--silent"]).stream())
}

fn test(shop: &mut Workshop) -> Ran {
    shop.node()?;
    let ffmpeg = shop
        .ffmpeg()
        .map(|path| path.to_string_lossy().into_owned());
    // What is compiled is not worth a line each.
    let build = ["test", "--quiet", "--workspace", "--no-run"];
    succeed(Run::new(shop.root(), "cargo", &build).stream())?;
    // Tests print what they measured; figures are wanted of those that pass, too.
    let arguments = [
        "test",
        "--workspace",
        "--no-fail-fast",
        "--",
        "--show-output",
    ];
    // Some tests panic on purpose; their traces would bury what failed.
    let run = Run::new(shop.root(), "cargo", &arguments).set("RUST_BACKTRACE", "0");
    Ok(match ffmpeg {
        Ok(ffmpeg) => run.set("FFMPEG", ffmpeg).tests(),
        Err(_) => run.tests(),
    })
}

/// The tests whose fixtures open `commerce_store::testing::Database`, on the other database. The
/// tests start the server themselves.
fn databases(shop: &mut Workshop) -> Ran {
    shop.node()?;
    shop.mariadb()?;
    let mut run = on_mariadb(Run::new(
        shop.root(),
        "cargo",
        &["test", "--workspace", "--no-fail-fast"],
    ));
    for name in DATABASE_TESTS {
        run = run.and(&["--test", name]);
    }
    succeed(run.tests())?;
    let arguments = ["test", "--workspace", "--lib", "--", DATABASE_UNIT_TESTS];
    succeed(on_mariadb(Run::new(shop.root(), "cargo", &arguments)).tests())?;
    let arguments = ["test", "--workspace", "--test", SERVER_TESTS, "--"];
    let arguments = [&arguments[..], &DATABASE_SERVER_TESTS, &["--show-output"]].concat();
    Ok(on_mariadb(Run::new(shop.root(), "cargo", &arguments)).tests())
}

fn on_mariadb(run: Run<'_>) -> Run<'_> {
    run.set("RUST_BACKTRACE", "0")
        .set("SOUK_TEST_DATABASE", "mariadb")
}

/// Seeded mutations on stable Rust. Runs guided by coverage are longer and made by hand.
fn fuzz(shop: &mut Workshop) -> Ran {
    shop.node()?;
    let arguments = [
        "test",
        "--workspace",
        "--test",
        FUZZ_TESTS,
        "--",
        "--show-output",
    ];
    let run = Run::new(shop.root(), "cargo", &arguments)
        .set("RUST_BACKTRACE", "0")
        .set("SOUK_FUZZ_SECONDS", FUZZ_SECONDS);
    Ok(run.tests())
}

/// Builds the server that can break its word, puts it aside, and builds the real one again; then the
/// kill test and the oracle of `rush` must find out the former, and nothing about the latter.
fn controls(shop: &mut Workshop) -> Ran {
    shop.node()?;
    let control = shop.souk_negative_control();
    let build = [
        "test",
        "--quiet",
        "--workspace",
        "--test",
        SERVER_TESTS,
        "--no-run",
        "--features",
        "web-server/negative-controls",
    ];
    succeed(Run::new(shop.root(), "cargo", &build).stream())?;
    copy(&shop.souk(), &control)?;
    let tests = [
        "test",
        "--workspace",
        "--test",
        SERVER_TESTS,
        "--",
        "--ignored",
        "--exact",
    ];
    let list = Run::new(shop.root(), "cargo", &tests)
        .and(&["--list", NEGATIVE_CONTROL])
        .output();
    // A filter that matches nothing would pass.
    if !list.is_some_and(|list| list.contains(&format!("{NEGATIVE_CONTROL}: test"))) {
        return Err(Outcome::Failed(format!(
            "there is no test {NEGATIVE_CONTROL}"
        )));
    }
    let run = Run::new(shop.root(), "cargo", &tests)
        .and(&["--nocapture", NEGATIVE_CONTROL])
        .set("SOUK_NEGATIVE_CONTROL_BIN", control.to_string_lossy());
    succeed(run.tests())?;
    let build = [
        "test",
        "--quiet",
        "--workspace",
        "--test",
        SERVER_TESTS,
        "--test",
        LOAD_TESTS,
        "--no-run",
    ];
    succeed(Run::new(shop.root(), "cargo", &build).stream())?;
    rush::run(shop)?;
    Ok(Outcome::Passed)
}

fn e2e(shop: &mut Workshop) -> Ran {
    shop.node()?;
    let chromium = shop.chromium()?;
    let ffmpeg = shop.ffmpeg()?;
    let build = [
        "test",
        "--quiet",
        "--workspace",
        "--test",
        SERVER_TESTS,
        "--no-run",
    ];
    succeed(Run::new(shop.root(), "cargo", &build).stream())?;
    let (app, results) = (shop.app(), shop.browser_results());
    let results = results.to_string_lossy();
    let run = Run::new(
        &app,
        "npm",
        &["run", "--silent", "e2e", "--", "--output", &results],
    )
    .set("SOUK_BIN", shop.souk().to_string_lossy())
    .set("CHROMIUM_BIN", chromium.to_string_lossy())
    .set("FFMPEG", ffmpeg.to_string_lossy());
    Ok(run.stream())
}

fn succeed(outcome: Outcome) -> Result<(), Outcome> {
    if outcome == Outcome::Passed {
        Ok(())
    } else {
        Err(outcome)
    }
}

/// A part of the toolchain that rustup can add.
fn component(root: &Path, name: &str, program: &str) -> Result<(), Outcome> {
    if find(&[program]).is_none() && find(&["rustup"]).is_some() {
        Run::new(root, "rustup", &["component", "add", name]).stream();
    }
    if find(&[program]).is_none() {
        return Err(Outcome::Missing(format!(
            "{program}: rustup component add {name}"
        )));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Outcome> {
    let failed = |error: std::io::Error| Outcome::Failed(format!("{}: {error}", to.display()));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::copy(from, to).map(|_| ()).map_err(failed)
}
