//! Commands that steps run: shown, streamed, and judged by their exit status.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{digest::Digest, outcome::Outcome};

/// A command in a folder, with a few variables of its own.
pub(crate) struct Run<'a> {
    program: &'a str,
    arguments: Vec<String>,
    folder: &'a Path,
    variables: Vec<(String, String)>,
}

impl<'a> Run<'a> {
    /// A program with arguments, to be run in a folder.
    pub(crate) fn new(folder: &'a Path, program: &'a str, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            folder,
            variables: Vec::new(),
        }
    }

    /// Adds further arguments.
    pub(crate) fn and(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Sets a variable of the command.
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Runs it with its output on the terminal; anything but success is a failure of the step.
    pub(crate) fn stream(&self) -> Outcome {
        println!("$ {} {}", self.program, self.arguments.join(" "));
        match self.command().status() {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(status) => Outcome::Failed(format!("{} ended with {status}", self.program)),
            Err(error) => Outcome::Missing(format!("{}: {error}", self.program)),
        }
    }

    /// Runs tests: what is worth reading of their output goes to the terminal, and the names of
    /// those that failed into the outcome.
    pub(crate) fn tests(&self) -> Outcome {
        println!("$ {} {}", self.program, self.arguments.join(" "));
        let started = self.command().stdout(Stdio::piped()).spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return Outcome::Missing(format!("{}: {error}", self.program)),
        };
        let mut digest = Digest::default();
        for line in child
            .stdout
            .take()
            .map(BufReader::new)
            .into_iter()
            .flat_map(|out| out.split(b'\n'))
        {
            let Ok(line) = line else { break };
            for line in digest.read(&String::from_utf8_lossy(&line)) {
                println!("{line}");
            }
        }
        match child.wait() {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(status) => {
                let failed = digest.failed().join(", ");
                let summary = format!("{} ended with {status}: {failed}", self.program);
                let told = digest.told();
                Outcome::Failed([vec![summary], told].concat().join("\n"))
            }
            Err(error) => Outcome::Failed(format!("{}: {error}", self.program)),
        }
    }

    /// Runs it silently; what it wrote if it succeeded.
    pub(crate) fn output(&self) -> Option<String> {
        let output = self
            .command()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command.args(&self.arguments).current_dir(self.folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// The first of these programs that is on the path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}
