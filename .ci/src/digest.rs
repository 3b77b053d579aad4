//! What is worth reading of the output of `cargo test`: figures, failures and totals.
//!
//! Hundreds of lines say that a test went well; they would bury the one that says which did not,
//! and why. The names of failed tests are kept for the summary, and what they printed for its end.

/// Of what failed tests printed so many first lines are told again at the end, and so many last ones.
const TOLD_AGAIN: usize = 80;

/// Reads the output line by line.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    failed: Vec<String>,
    /// What failed tests printed.
    told: Vec<String>,
    /// Lines that are blank or a headline, and wait for something to stand above.
    waiting: Vec<String>,
    part: Part,
}

/// What the lines that are read now belong to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The list of tests, or what cargo says.
    #[default]
    Running,
    /// What tests that went well printed.
    Successes,
    /// A panic in such a test: it was on purpose.
    Purpose,
    /// What tests that failed printed.
    Failures,
}

impl Part {
    fn after(self, line: &str) -> Self {
        match line {
            "successes:" => Self::Successes,
            "failures:" => Self::Failures,
            _ if line.starts_with("test result:") || is_count(line) => Self::Running,
            _ if self == Self::Purpose && line.starts_with("---- ") => Self::Successes,
            _ if self == Self::Successes && is_panic(line) => Self::Purpose,
            _ => self,
        }
    }
}

impl Digest {
    /// Takes in a line; the lines that are to be shown now.
    pub(crate) fn read(&mut self, line: &str) -> Vec<String> {
        if let Some(name) = result(line, " ... FAILED") {
            self.failed.push(name.to_owned());
        }
        self.part = self.part.after(line);
        if self.part == Part::Purpose {
            // A panic's lines end with a blank one, or with the one that points at the backtrace.
            if line.is_empty() || line.starts_with("note: run with") {
                self.part = Part::Successes;
            }
            return Vec::new();
        }
        if self.part == Part::Failures && line != "failures:" && !is_name(line) {
            self.told.push(line.to_owned());
        }
        let ran_well = result(line, " ... ok").is_some() || result(line, " ... ignored").is_some();
        if ran_well || is_name(line) {
            return Vec::new();
        }
        if line.is_empty() || line == "successes:" || is_count(line) {
            self.waiting.push(line.to_owned());
            return Vec::new();
        }
        let headlines = std::mem::take(&mut self.waiting);
        if line.starts_with("test result:") {
            // Nothing came between the headlines and the total.
            return total(line).into_iter().collect();
        }
        let mut shown = headlines;
        shown.dedup();
        shown.push(line.to_owned());
        shown
    }

    /// The tests that failed, in their order, each once.
    pub(crate) fn failed(&self) -> Vec<String> {
        let mut names = self.failed.clone();
        names.dedup();
        names
    }

    /// What these tests printed, in lines; of much the beginning and the end.
    pub(crate) fn told(self) -> Vec<String> {
        let mut told = self.told;
        let end = told.len().saturating_sub(TOLD_AGAIN);
        if end > TOLD_AGAIN {
            told.splice(TOLD_AGAIN..end, ["[...]".to_owned()]);
        }
        told
    }
}

/// A total in short, if anything ran: whoever looks for what failed is to find nothing else.
fn total(line: &str) -> Option<String> {
    let Some(well) = line.strip_prefix("test result: ok. ") else {
        return Some(line.to_owned());
    };
    let count = well.split_once(' ')?.0;
    let time = well.rsplit_once(' ')?.1;
    (count != "0").then(|| format!("{count} passed in {time}"))
}

/// The name in a line about a test that ended in this way.
fn result<'a>(line: &'a str, ending: &str) -> Option<&'a str> {
    let rest = line.strip_prefix("test ")?;
    rest.split_once(ending).map(|(name, _)| name)
}

/// A line of the list of tests that went well or did not: four spaces and a path.
fn is_name(line: &str) -> bool {
    let Some(name) = line.strip_prefix("    ") else {
        return false;
    };
    let in_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    !name.is_empty() && name.chars().all(in_path)
}

/// `thread 'name' (123) panicked at file:1:2:`
fn is_panic(line: &str) -> bool {
    line.starts_with("thread '") && line.contains(" panicked at ")
}

/// `running 12 tests`
fn is_count(line: &str) -> bool {
    line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
     Running tests/it.rs (target/debug/deps/it-1)

running 4 tests
test a::works ... ok
test b::breaks ... FAILED
test c::waits ... ignored
test d::measures ... ok

successes:

---- d::measures stdout ----
p99 3 ms

---- e::panics_on_purpose stdout ----

thread 'e::panics_on_purpose' (7) panicked at tests/it.rs:2:2:
on purpose
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
5 were caught

successes:
    a::works
    d::measures

failures:

---- b::breaks stdout ----
thread 'b::breaks' panicked at tests/it.rs:1:1:
    left: 1

failures:
    b::breaks

test result: FAILED. 2 passed; 1 failed; 1 ignored";

    #[test]
    fn what_went_well_is_a_count_and_a_time() {
        let ok = |count| {
            format!("test result: ok. {count} passed; 0 failed; 2 ignored; finished in 0.11s")
        };
        let mut digest = Digest::default();
        assert_eq!(digest.read(&ok(9)), ["9 passed in 0.11s"]);
        assert!(digest.read(&ok(0)).is_empty());
    }

    fn without_blanks(lines: &[String]) -> Vec<&str> {
        let told = lines.iter().map(String::as_str);
        told.filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn failures_figures_and_totals_remain() {
        let mut digest = Digest::default();
        let shown: Vec<String> = OUTPUT.lines().flat_map(|line| digest.read(line)).collect();
        assert_eq!(
            without_blanks(&shown),
            [
                "     Running tests/it.rs (target/debug/deps/it-1)",
                "running 4 tests",
                "test b::breaks ... FAILED",
                "successes:",
                "---- d::measures stdout ----",
                "p99 3 ms",
                "---- e::panics_on_purpose stdout ----",
                "5 were caught",
                "successes:",
                "failures:",
                "---- b::breaks stdout ----",
                "thread 'b::breaks' panicked at tests/it.rs:1:1:",
                "    left: 1",
                "failures:",
                "test result: FAILED. 2 passed; 1 failed; 1 ignored",
            ]
        );
        assert_eq!(digest.failed(), ["b::breaks"]);
        assert_eq!(
            without_blanks(&digest.told()),
            [
                "---- b::breaks stdout ----",
                "thread 'b::breaks' panicked at tests/it.rs:1:1:",
                "    left: 1",
            ]
        );
    }
}
