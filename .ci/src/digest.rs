//! What is worth reading of the output of `cargo test`: figures, failures and totals.
//!
//! Hundreds of lines say that a test went well; they would bury the one that says which did not,
//! and why. The names of failed tests are kept for the summary.

/// Reads the output line by line.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    failed: Vec<String>,
    /// Lines that are blank or a headline, and wait for something to stand above.
    waiting: Vec<String>,
}

impl Digest {
    /// Takes in a line; the lines that are to be shown now.
    pub(crate) fn read(&mut self, line: &str) -> Vec<String> {
        if let Some(name) = result(line, " ... FAILED") {
            self.failed.push(name.to_owned());
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
        let mut shown: Vec<String> = match line.starts_with("test result:") {
            // Nothing came between the headlines and the total.
            true => Vec::new(),
            false => headlines,
        };
        shown.dedup();
        shown.push(line.to_owned());
        shown
    }

    /// The tests that failed, in their order, each once.
    pub(crate) fn failed(self) -> Vec<String> {
        let mut names = self.failed;
        names.dedup();
        names
    }
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

/// `running 12 tests`
fn is_count(line: &str) -> bool {
    line.starts_with("running ") && (line.ends_with(" tests") || line.ends_with(" test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_figures_and_totals_remain() {
        let output = "
     Running tests/it.rs (target/debug/deps/it-1)

running 4 tests
test a::works ... ok
test b::breaks ... FAILED
test c::waits ... ignored
test d::measures ... ok

successes:

---- d::measures stdout ----
p99 3 ms

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
        let mut digest = Digest::default();
        let shown: Vec<String> = output.lines().flat_map(|line| digest.read(line)).collect();
        let told: Vec<&str> = shown
            .iter()
            .map(String::as_str)
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(
            told,
            [
                "     Running tests/it.rs (target/debug/deps/it-1)",
                "running 4 tests",
                "test b::breaks ... FAILED",
                "successes:",
                "---- d::measures stdout ----",
                "p99 3 ms",
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
    }
}
