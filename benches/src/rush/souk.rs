//! A `souk demo` of the run's own: started, killed and started again on one data folder.

use std::{
    fs::{self, File, OpenOptions},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use commerce_store::{Store, StoreConfig};
use serde::Deserialize;

use super::{power, report::Footprint};
use crate::process;

/// Generous: the machine may be busy with other things.
const READY_TIME_MAX: Duration = Duration::from_secs(240);

/// How the server is started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The `souk` binary.
    pub binary: PathBuf,
    /// Where it keeps everything; what is there already is used.
    pub data_dir: PathBuf,
    /// A MariaDB address in place of the file.
    pub database: Option<String>,
    /// What a binary with `negative-controls` does wrong: the value of `NEGATIVE_CONTROL`.
    pub fault: Option<String>,
    /// Each kill loses what was written, but not synced, as when the power goes.
    pub power_loss: bool,
    /// Whether the demo broadcasts.
    pub broadcast: bool,
}

/// What the ready file says, as far as it is used here.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// Address of the edge.
    pub http: String,
    accounts: Vec<Account>,
}

#[derive(Debug, Clone, Deserialize)]
struct Account {
    email: String,
    password: String,
    role: String,
}

impl Ready {
    /// E-mail and password of the seller.
    ///
    /// # Errors
    /// When the demo has none.
    pub fn seller(&self) -> Result<(String, String)> {
        let seller = self.accounts.iter().find(|one| one.role == "seller");
        let seller = seller.context("the demo has no seller")?;
        Ok((seller.email.clone(), seller.password.clone()))
    }
}

impl Setup {
    /// Whether the first life ends at a crash point.
    pub fn ends_by_itself(&self) -> bool {
        self.fault
            .as_deref()
            .is_some_and(|fault| fault.starts_with("crash-"))
    }

    fn log(&self) -> PathBuf {
        self.data_dir.join("rush.log")
    }

    /// Lines of the log, over all lives, that tell of a panic.
    ///
    /// # Errors
    /// When there is no log.
    pub fn panics(&self) -> Result<usize> {
        let log = fs::read_to_string(self.log())?;
        Ok(log.lines().filter(|line| line.contains("panicked")).count())
    }

    /// Opens the database; the server must have ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_store(&self) -> Result<Store> {
        let config = match &self.database {
            Some(url) => StoreConfig {
                url: url.clone(),
                ..StoreConfig::default()
            },
            None => StoreConfig::at(self.data_dir.join("souk.db")),
        };
        Ok(Store::open(&config).await?)
    }

    fn command(&self, first: bool) -> Result<Command> {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SOUK_")) {
            command.env_remove(name);
        }
        command.args(["demo", "--http", "127.0.0.1:0", "--media-udp-port", "0"]);
        if !self.broadcast {
            command.arg("--no-broadcast");
        }
        command.arg("--data-dir").arg(&self.data_dir);
        command
            .arg("--ready-file")
            .arg(self.data_dir.join("rush.ready.json"));
        // Tokens outlive a long run.
        command.env("SOUK_ACCOUNTS__ACCESS_TTL_SECONDS", "3600");
        command.env("TMPDIR", &self.data_dir);
        command.env("SOUK_LOG__FILTER", "warn");
        if let Some(url) = &self.database {
            command.env("SOUK_DATABASE__URL", url);
        }
        match &self.fault {
            // A crash point is for the first life.
            Some(fault) if first || !self.ends_by_itself() => {
                command.env("NEGATIVE_CONTROL", fault);
            }
            _ => {}
        }
        if self.power_loss {
            power::watch(&mut command, &self.data_dir)?;
        }
        Ok(command)
    }
}

/// The running process.
#[derive(Debug)]
pub struct Souk {
    child: Child,
    /// What it says of itself.
    pub ready: Ready,
    /// From the start of the process to its first answer.
    pub took: Duration,
    log: PathBuf,
}

impl Souk {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start(setup: &Setup, first: bool) -> Result<Self> {
        fs::create_dir_all(&setup.data_dir)?;
        let file = setup.data_dir.join("rush.ready.json");
        let _ = fs::remove_file(&file);
        let log = setup.log();
        let output = match first {
            true => File::create(&log)?,
            false => OpenOptions::new().append(true).open(&log)?,
        };
        let begun = Instant::now();
        let child = setup
            .command(first)?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot run {}", setup.binary.display()))?;
        let mut souk = Self {
            child,
            ready: Ready {
                http: String::new(),
                accounts: Vec::new(),
            },
            took: Duration::ZERO,
            log,
        };
        while !file.exists() {
            if souk.has_ended()? || begun.elapsed() > READY_TIME_MAX {
                bail!("the server did not get ready:\n{}", souk.log_tail());
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        souk.took = begun.elapsed();
        souk.ready = serde_json::from_slice(&fs::read(&file)?)?;
        Ok(souk)
    }

    /// Whether the process has ended.
    ///
    /// # Errors
    /// What the system says.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// `kill -9`, and the end of the process.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Memory, processor time and open files.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn resources(&self) -> Result<Footprint> {
        let pid = self.child.id();
        let usage = process::usage(pid)?;
        let files = fs::read_dir(format!("/proc/{pid}/fd"))?.count();
        Ok(Footprint {
            rss_kb: usage.rss_kb,
            cpu_us: usage.cpu_us,
            files,
        })
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Souk {
    fn drop(&mut self) {
        // It has ended already when it was killed on purpose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
