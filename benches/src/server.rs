//! Servers that the comparison starts, each pinned to one core, and `swarm` pinned to the other.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// The server's core, and that of the load.
const CORES: [usize; 2] = [0, 1];
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    options: Vec<String>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that was built beside this one.
fn beside(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name(name);
    ensure!(
        path.exists(),
        "{} is not built: cargo build --release -p benches",
        path.display()
    );
    Ok(path)
}

/// A program on one core, if there is a tool for it.
fn pinned(core: usize, program: &Path) -> Result<Command> {
    let cores = std::thread::available_parallelism()?.get();
    let probe = Command::new("taskset")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    if cores < 2 || !probe.is_ok_and(|status| status.success()) {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    Ok(command)
}

impl Server {
    /// Starts a server of this crate.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn beside(name: &str, options: &[&str]) -> Result<Self> {
        let port = if name == "plane" { 26_080 } else { 26_081 };
        let child = pinned(CORES[0], &beside(name)?)?
            .args(["--port", &port.to_string()])
            .args(options)
            .stdout(Stdio::null())
            .spawn()?;
        let base = format!("http://127.0.0.1:{port}");
        let server = Self {
            child,
            options: vec![format!("--whip={base}/whip"), format!("--whep={base}/whep")],
        };
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < deadline, "{name} does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Starts Souk's demo without its own broadcast.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn souk(program: &Path, options: &[&str]) -> Result<Self> {
        let ready = std::env::temp_dir().join(format!("souk-ready-{}.json", std::process::id()));
        let _ = std::fs::remove_file(&ready);
        let child = pinned(CORES[0], program)?
            .args(["demo", "--no-broadcast", "--ready-file"])
            .arg(&ready)
            .args(options)
            .stdout(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            options: Vec::new(),
        };
        let deadline = Instant::now() + START_TIMEOUT;
        let facts: serde_json::Value = loop {
            let text = std::fs::read_to_string(&ready).unwrap_or_default();
            if let Ok(facts) = serde_json::from_str(&text) {
                break facts;
            }
            ensure!(Instant::now() < deadline, "souk does not come up");
            std::thread::sleep(Duration::from_millis(50));
        };
        let fact = |name: &str| {
            let text = facts.pointer(name).and_then(serde_json::Value::as_str);
            text.with_context(|| format!("the ready file has no {name}"))
        };
        let stream = fact("/stream_id")?;
        server.options = vec![
            format!("--whip={}", fact("/whip")?),
            format!("--whep={}/whep/{stream}", fact("/http")?),
            format!("--token={}", fact("/stream_key")?),
        ];
        Ok(server)
    }

    /// Runs `swarm` against it and returns its report.
    ///
    /// # Errors
    /// When it fails.
    pub fn swarm(&self, options: &[String]) -> Result<String> {
        let output = pinned(CORES[1], &beside("swarm")?)?
            .args(&self.options)
            .args(["--json", "--pid", &self.child.id().to_string()])
            .args(options)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "swarm failed: {options:?}");
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Runs the floor bench and reads its figure, CPU microseconds a packet.
///
/// # Errors
/// When it cannot be run.
pub fn floor() -> Result<f64> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut child = Command::new(cargo)
        .args(["bench", "-q", "-p", "benches", "--bench", "floor"])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().context("no output")?);
    let mut figure = None;
    for line in output.lines() {
        let line = line?;
        if let Some(rest) = line.strip_prefix("floor: ") {
            figure = rest.split(' ').next().and_then(|text| text.parse().ok());
        }
    }
    child.wait()?;
    figure.context("the floor bench told no figure")
}
