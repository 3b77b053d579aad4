//! A `souk demo` of one's own: started on free ports, known by its ready file, ended with the test.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde::Deserialize;
use tempfile::TempDir;

use crate::database;

/// Generous: the machine may be compiling beside the test.
const READY_TIME_MAX: Duration = Duration::from_secs(90);

/// What the ready file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ready {
    pub(crate) http: String,
    pub(crate) whip: String,
    pub(crate) stream_id: String,
    pub(crate) stream_key: String,
    pub(crate) watch_url: String,
    pub(crate) studio_url: String,
    pub(crate) accounts: Vec<Account>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) role: String,
}

impl Ready {
    /// The n-th account of a role.
    pub(crate) fn account(&self, role: &str, n: usize) -> &Account {
        self.accounts
            .iter()
            .filter(|account| account.role == role)
            .nth(n)
            .unwrap()
    }

    /// The address for sockets.
    pub(crate) fn ws(&self, path: &str) -> String {
        format!("{}{path}", self.http.replacen("http", "ws", 1))
    }

    /// Address and port of the edge.
    pub(crate) fn authority(&self) -> &str {
        self.http.strip_prefix("http://").unwrap()
    }
}

/// The running process.
pub(crate) struct Souk {
    child: Child,
    pub(crate) ready: Ready,
    /// From the start of the process to the ready file.
    pub(crate) took: Duration,
    /// Ready file and log.
    dir: TempDir,
}

impl Souk {
    /// A demo in a temporary data folder.
    pub(crate) fn demo(flags: &[&str]) -> Self {
        Self::start(Path::new(env!("CARGO_BIN_EXE_souk")), flags)
    }

    /// A demo with keys of the configuration, as environment variables name them.
    pub(crate) fn configured(flags: &[&str], keys: &[(&str, &str)]) -> Self {
        Self::start_with(Path::new(env!("CARGO_BIN_EXE_souk")), flags, keys)
    }

    /// A demo of any binary.
    pub(crate) fn start(binary: &Path, flags: &[&str]) -> Self {
        Self::start_with(binary, flags, &[])
    }

    /// A demo of any binary, with keys.
    pub(crate) fn start_with(binary: &Path, flags: &[&str], keys: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let kept = flags.iter().position(|flag| *flag == "--data-dir");
        let data = match kept {
            Some(at) => PathBuf::from(flags[at + 1]),
            None => dir.path().join("data"),
        };
        let database = match keys.iter().any(|(key, _)| *key == "SOUK_DATABASE__URL") {
            true => Vec::new(),
            false => database::keys(&data),
        };
        let mut command = command(binary, "demo", &dir.path().join("log"));
        if kept.is_none() && !database.is_empty() {
            command.arg("--data-dir").arg(&data);
        }
        let started = Instant::now();
        let mut child = command
            .args([
                "--http",
                "127.0.0.1:0",
                "--media-udp-port",
                "0",
                "--ready-file",
            ])
            .arg(dir.path().join("ready.json"))
            .args(flags)
            .envs(database)
            .envs(keys.iter().copied())
            .spawn()
            .unwrap();
        let file = dir.path().join("ready.json");
        while !file.exists() {
            let gone = child.try_wait().unwrap();
            if gone.is_some() || started.elapsed() > READY_TIME_MAX {
                let _ = child.kill();
                let log = std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
                panic!("souk did not get ready ({gone:?}):\n{log}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let took = started.elapsed();
        let ready = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        Self {
            child,
            ready,
            took,
            dir,
        }
    }

    /// Everything that was logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Most memory that the process has had so far, kB.
    pub(crate) fn peak_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// `kill -9`, and the end of the process.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; returns the log once the process has ended well.
    pub(crate) fn terminate(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let asked = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                asked.elapsed() < Duration::from_secs(30),
                "does not drain:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        };
        let log = self.log();
        assert!(status.success(), "{status}:\n{log}");
        log
    }
}

impl Drop for Souk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("--- log of souk ---\n{}", self.log());
        }
    }
}

/// A verb of the binary, with its own environment and its log in a file.
pub(crate) fn command(binary: &Path, verb: &str, log: &PathBuf) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars() {
        if name.starts_with("SOUK_") {
            command.env_remove(name);
        }
    }
    // A killed demo cannot remove its temporary folder; this one goes with the test.
    command.env("TMPDIR", log.parent().unwrap());
    command.arg(verb).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(File::create(log).unwrap());
    command
}
