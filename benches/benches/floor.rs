//! The floor: what one forwarded packet costs at least on this machine, in CPU microseconds.
//!
//! Rewrites the header, copies the payload, seals it with AES-128-GCM, and sends runs of 8 packets
//! of 1,190 bytes by UDP segmentation and `sendmmsg` to each of 200 loopback destinations, which
//! another process on the other core drains, the way in which `swarm` receives. Media figures are ratios to this number. Loopback
//! charges the receiving half of the kernel to the sender. Run with `cargo bench --bench floor`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use benches::inbox::{Inbox, Port, WAY};
use media_core::transmit::Transmits;
use media_shard::udp::{Socket, bind};
use mio::{Events, Interest, Poll, Token};

const DESTINATIONS: usize = 200;
const RUN: usize = 8;
const DATAGRAM: usize = 1_190;
const HEADER: usize = 12;
const TAG: usize = 16;
const PLAIN: usize = DATAGRAM - TAG;
/// 160,000 packets a second: well below what the drain takes.
const ROUND: Duration = Duration::from_millis(10);
const ROUNDS: u32 = 200;
/// The same at the pace of a camera: the core cools down between two bursts.
const FRAME: Duration = Duration::from_millis(33);
const FRAMES: u32 = 60;
const REPEATS: usize = 5;
/// Environment variable that tells a copy of this program what it is.
const ROLE: &str = "FLOOR_ROLE";

fn main() -> Result<()> {
    match std::env::var(ROLE).as_deref() {
        Ok("drain") => drain(),
        Ok(_) => measure(),
        // `cargo test --benches` only asks whether it runs.
        Err(_) if std::env::args().any(|arg| arg == "--test") => Ok(()),
        Err(_) => {
            let status = pinned(0, "send")?.status()?;
            ensure!(status.success(), "the sender failed");
            Ok(())
        }
    }
}

/// This program again, on one core if there is a tool for it.
fn pinned(core: usize, role: &str) -> Result<Command> {
    let program = std::env::current_exe()?;
    let cores = std::thread::available_parallelism()?.get();
    let probe = Command::new("taskset")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    let mut command = if probe.is_ok_and(|status| status.success()) {
        let mut command = Command::new("taskset");
        command
            .args(["-c", &(core % cores).to_string()])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.env(ROLE, role);
    Ok(command)
}

/// The receiving process: binds, tells its ports, then reads everything as `swarm` does until its
/// standard input ends, and tells how much it was.
fn drain() -> Result<()> {
    let mut poll = Poll::new()?;
    let (mut ports, mut names) = (Vec::new(), Vec::new());
    for at in 0..DESTINATIONS {
        let mut port = Port::open(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)))?;
        names.push(port.local()?.port().to_string());
        poll.registry()
            .register(port.source(), Token(at), Interest::READABLE)?;
        ports.push(port);
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", names.join(" "))?;
    stdout.flush()?;
    let (done, ended) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0; 1]);
        let _ = done.send(());
    });
    let (mut inbox, mut received) = (Inbox::default(), 0u64);
    let mut events = Events::with_capacity(1_024);
    loop {
        poll.poll(&mut events, Some(Duration::from_millis(20)))?;
        for event in &events {
            loop {
                let (messages, more) = inbox.receive(&ports[event.token().0]);
                for mut message in messages {
                    received += message.datagrams().count() as u64;
                }
                if !more {
                    break;
                }
            }
        }
        if events.is_empty() && ended.try_recv().is_ok() {
            writeln!(stdout, "{received}")?;
            return Ok(());
        }
    }
}

struct Drain {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Drain {
    fn start() -> Result<(Self, Vec<SocketAddr>)> {
        let mut child = pinned(1, "drain")?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let ports: Result<Vec<u16>, _> = line.split_whitespace().map(str::parse).collect();
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok((
            Self { child, lines },
            ports?.into_iter().map(local).collect(),
        ))
    }

    /// Ends the process and returns how many datagrams it got.
    fn finish(mut self) -> Result<u64> {
        drop(self.child.stdin.take());
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        self.child.wait()?;
        Ok(line.trim().parse()?)
    }
}

/// CPU time of this thread so far, system calls included.
fn cpu_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text
        .split_whitespace()
        .next()
        .context("no schedstat")?
        .parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

struct Destination {
    address: SocketAddr,
    key: LessSafeKey,
    ssrc: u32,
    sequence: u32,
}

impl Destination {
    /// Rewrites, copies and seals one packet into the queue.
    fn forward(&mut self, payload: &[u8], timestamp: u32, out: &mut Transmits) -> Result<()> {
        let packet = out.reserve(DATAGRAM);
        packet[..2].copy_from_slice(&[0x80, 96]);
        packet[2..4].copy_from_slice(&(self.sequence as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
        packet[8..HEADER].copy_from_slice(&self.ssrc.to_be_bytes());
        packet[HEADER..PLAIN].copy_from_slice(payload);
        let mut nonce = [0; 12];
        nonce[8..].copy_from_slice(&self.sequence.to_be_bytes());
        self.sequence += 1;
        let (header, rest) = packet.split_at_mut(HEADER);
        let (payload, tag) = rest.split_at_mut(PLAIN - HEADER);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(&*header), payload)?;
        tag.copy_from_slice(sealed.as_ref());
        out.commit(self.address, DATAGRAM);
        Ok(())
    }
}

fn measure() -> Result<()> {
    for (name, pace) in [
        ("floor", (ROUND, ROUNDS)),
        ("in bursts of 30 a second", (FRAME, FRAMES)),
    ] {
        let mut results = Vec::new();
        for _ in 0..REPEATS {
            results.push(measure_once(pace)?);
        }
        results.sort_by(f64::total_cmp);
        let (low, median, high) = (results[0], results[REPEATS / 2], results[REPEATS - 1]);
        let text = format!(
            "{name}: {median:.2} CPU us per packet (min {low:.2}, max {high:.2}; \
             {REPEATS} runs; drained by {WAY})\n"
        );
        std::io::stdout().write_all(text.as_bytes())?;
    }
    Ok(())
}

fn measure_once((pause, rounds): (Duration, u32)) -> Result<f64> {
    let (drain, addresses) = Drain::start()?;
    ensure!(addresses.len() == DESTINATIONS, "the drain did not start");
    let mut destinations = Vec::new();
    for (at, address) in (1u32..).zip(addresses) {
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &at.to_be_bytes().repeat(4))?);
        destinations.push(Destination {
            address,
            key,
            ssrc: at,
            sequence: 0,
        });
    }
    let mut socket = Socket::new(bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?)?;
    let payloads = vec![vec![0x5a; PLAIN - HEADER]; RUN];
    let (mut out, mut refused) = (Transmits::new(), 0);
    let (mut start, mut next) = (Duration::ZERO, Instant::now());
    let warm_up = rounds / 10;
    for round in 0..rounds + warm_up {
        if round == warm_up {
            start = cpu_time()?;
        }
        for batch in destinations.chunks_mut(64) {
            for destination in batch {
                for payload in &payloads {
                    destination.forward(payload, round * 3_000, &mut out)?;
                }
            }
            refused += socket.send(&out);
            out.clear();
        }
        next += pause;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let spent = cpu_time()?.saturating_sub(start);
    let packets = u64::from(rounds) * (DESTINATIONS * RUN) as u64;
    let sent = u64::from(rounds + warm_up) * (DESTINATIONS * RUN) as u64;
    let received = drain.finish()?;
    let lost = sent - received.min(sent);
    ensure!(
        refused + lost <= sent / 100,
        "{lost} of {sent} packets were lost: not drained"
    );
    Ok(spent.as_secs_f64() * 1e6 / packets as f64)
}
