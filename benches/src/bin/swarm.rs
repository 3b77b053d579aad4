//! `swarm`: one publisher and many viewers against any WHIP/WHEP server.
//!
//! Joins the viewers, waits for a settled state, measures for a while, prints what it saw. With
//! `--pid` the server's processor time and memory are read from `/proc`, so that cost per packet
//! can be compared between servers on one machine.
#![forbid(unsafe_code)]

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use benches::{
    endpoint::Endpoint,
    process,
    publisher::{self, Publication},
    report::{Samples, Swarm},
    viewer::{self, Phase, Tally},
};
use clap::{Parser, ValueEnum};
use media_core::{
    client::ClientConfig,
    peer::{Certificate, Codec, Role},
};
use reqwest::Url;
use tokio::{sync::Semaphore, task::LocalSet};

/// Time between the last join and the measuring window.
const SETTLE: Duration = Duration::from_secs(2);
/// Longest time that one viewer may take to join.
const JOIN_TIMEOUT: Duration = Duration::from_secs(20);

/// Many viewers against a WHIP/WHEP server.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// WHIP endpoint; needed for --publish synthetic.
    #[arg(long)]
    whip: Option<Url>,
    /// Stream key, sent as the bearer token of WHIP.
    #[arg(long)]
    token: Option<String>,
    /// WHEP endpoint.
    #[arg(long)]
    whep: Url,
    /// Bearer token of WHEP, for servers that ask for one.
    #[arg(long)]
    whep_token: Option<String>,
    /// What is published; `none` watches what is live already.
    #[arg(long, value_enum, default_value_t = Publish::Synthetic)]
    publish: Publish,
    /// Video bitrate of the synthetic source, kbit/s.
    #[arg(long, default_value_t = 2_400)]
    bitrate: u32,
    /// Frames from one key frame to the next (30 a second).
    #[arg(long, default_value_t = 60)]
    gop: u32,
    /// Viewers in all.
    #[arg(long, default_value_t = 200)]
    viewers: usize,
    /// How many of them decrypt, send feedback and measure delay; the others count packets.
    #[arg(long, default_value_t = 5)]
    full: usize,
    /// Viewers that join at the same time.
    #[arg(long, default_value_t = 16)]
    joining: usize,
    /// Whether viewers offer data channels as well.
    #[arg(long)]
    lanes: bool,
    /// Length of the measuring window.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Process id of the server.
    #[arg(long)]
    pid: Option<u32>,
    /// Print JSON alone.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Publish {
    /// H.264-shaped packets that carry their send time.
    Synthetic,
    /// Nothing.
    None,
}

fn main() -> Result<()> {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("warn")
        .init();
    // A second start in one process cannot happen: the provider is installed once, here.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let json = args.json;
    let report = LocalSet::new().block_on(&runtime, run(args))?;
    print(&report, json)
}

#[allow(clippy::print_stdout)]
fn print(report: &Swarm, json: bool) -> Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    if json {
        println!("{text}");
        return Ok(());
    }
    let cpu = report
        .cpu_us_per_packet
        .map_or("-".to_owned(), |cpu| format!("{cpu:.2}"));
    println!(
        "{} viewers ({} failed): {} packets, loss {:.4} %, {cpu} us of CPU a packet",
        report.viewers,
        report.failed,
        report.packets_forwarded,
        report.loss * 100.0,
    );
    println!("{text}");
    Ok(())
}

/// The viewers that joined, and what they measured on the way.
struct Crowd {
    tallies: Vec<Arc<Tally>>,
    connect: Samples,
    first_frame: Arc<Mutex<Samples>>,
    failed: usize,
}

async fn run(args: Args) -> Result<Swarm> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(20))
        .build()?;
    let phase = Arc::new(Phase::default());
    let publication = match args.publish {
        Publish::Synthetic => Some(start_publisher(&args, &http, &phase).await?),
        Publish::None => None,
    };
    let crowd = join_all(&args, &http, &phase).await?;
    tokio::time::sleep(SETTLE).await;
    let report = measure(&args, &phase, &crowd).await;
    phase.over.store(true, Relaxed);
    if let Some(publication) = publication {
        publication.await?.context("the publication ended early")?;
    }
    report
}

async fn start_publisher(
    args: &Args,
    http: &reqwest::Client,
    phase: &Arc<Phase>,
) -> Result<tokio::task::JoinHandle<Result<()>>> {
    let publication = Publication {
        url: args
            .whip
            .clone()
            .context("--publish synthetic needs --whip")?,
        token: args.token.clone(),
        kbit_per_s: args.bitrate,
        key_interval: args.gop,
    };
    let (started, running) = tokio::sync::oneshot::channel();
    let (http, phase) = (http.clone(), phase.clone());
    let task = tokio::task::spawn_local(async move {
        publisher::publish(&http, &publication, &phase, started).await
    });
    if running.await.is_err() {
        task.await??;
        bail!("the publisher ended before it sent");
    }
    // The first packets make the stream live on the server.
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(task)
}

async fn join_all(args: &Args, http: &reqwest::Client, phase: &Arc<Phase>) -> Result<Crowd> {
    let certificate = Certificate::generate().map_err(|error| anyhow::anyhow!("{error}"))?;
    let gate = Arc::new(Semaphore::new(args.joining.max(1)));
    let first_frame = Arc::new(Mutex::new(Samples::default()));
    let mut joins = Vec::with_capacity(args.viewers);
    for number in 0..args.viewers {
        let permit = gate.clone().acquire_owned().await?;
        let full = number < args.full;
        let mut config = ClientConfig::new(Role::Viewer, certificate.clone(), rand::random());
        config.video = vec![Codec::H264 {
            profile_level_id: 0x42_e0_1f,
            packetization_mode: 1,
        }];
        config.light = !full;
        config.lanes = args.lanes;
        let (http, url, token) = (http.clone(), args.whep.clone(), args.whep_token.clone());
        let (phase, first_frame) = (phase.clone(), first_frame.clone());
        joins.push(tokio::task::spawn_local(async move {
            let posted = Instant::now();
            let deadline = posted + JOIN_TIMEOUT;
            let joined = Endpoint::join(&http, &url, token.as_deref(), config, deadline).await;
            drop(permit);
            let mut endpoint = joined?;
            let connected = posted.elapsed();
            let tally = Arc::new(Tally::default());
            let watched = tally.clone();
            tokio::task::spawn_local(async move {
                let watched =
                    viewer::watch(&mut endpoint, full, posted, &watched, &phase, &first_frame);
                if let Err(error) = watched.await {
                    tracing::warn!(%error, "a viewer failed");
                }
                endpoint.leave(&http, token.as_deref()).await;
            });
            anyhow::Ok((tally, connected))
        }));
    }
    let mut connect = Samples::default();
    let (mut tallies, mut failed) = (Vec::new(), 0);
    for join in joins {
        match join.await? {
            Ok((tally, connected)) => {
                connect.add_us(connected.as_micros() as u64);
                tallies.push(tally);
            }
            Err(error) => {
                tracing::warn!("a viewer could not join: {error:#}");
                failed += 1;
            }
        }
    }
    Ok(Crowd {
        tallies,
        connect,
        first_frame,
        failed,
    })
}

fn totals(crowd: &Crowd) -> (u64, u64, u64) {
    crowd
        .tallies
        .iter()
        .fold((0, 0, 0), |(packets, bytes, lost), tally| {
            (
                packets + tally.packets.load(Relaxed),
                bytes + tally.bytes.load(Relaxed),
                lost + tally.lost.load(Relaxed),
            )
        })
}

async fn measure(args: &Args, phase: &Phase, crowd: &Crowd) -> Result<Swarm> {
    let usage = |pid: Option<u32>| pid.map(process::usage).transpose();
    let (start, before, used_before) = (Instant::now(), totals(crowd), usage(args.pid)?);
    phase.measuring.store(true, Relaxed);
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    phase.measuring.store(false, Relaxed);
    let (seconds, after, used) = (
        start.elapsed().as_secs_f64(),
        totals(crowd),
        usage(args.pid)?,
    );
    let packets = after.0 - before.0;
    let lost = after.2.saturating_sub(before.2);
    let cpu_us = used
        .zip(used_before)
        .map(|(now, then)| (now.cpu_us - then.cpu_us) as f64);
    let mut delays = Samples::default();
    for tally in &crowd.tallies {
        if let Ok(samples) = tally.delays.lock() {
            delays.merge(&samples);
        }
    }
    let first_frame = match crowd.first_frame.lock() {
        Ok(samples) => samples.percentiles(),
        Err(_) => bail!("a viewer panicked"),
    };
    let closed = crowd
        .tallies
        .iter()
        .filter(|tally| tally.closed.load(Relaxed))
        .count();
    Ok(Swarm {
        viewers: crowd.tallies.len() - closed,
        failed: crowd.failed + closed,
        seconds,
        packets_forwarded: packets,
        mbit_per_s: (after.1 - before.1) as f64 * 8.0 / 1e6 / seconds,
        cpu_us_per_packet: cpu_us
            .filter(|_| packets > 0)
            .map(|cpu| cpu / packets as f64),
        server_cores: cpu_us.map(|cpu| cpu / 1e6 / seconds),
        loss: lost as f64 / (packets + lost).max(1) as f64,
        server_rss_kb: used.map(|usage| usage.rss_kb),
        connect_ms: crowd.connect.percentiles(),
        first_frame_ms: first_frame,
        forward_delay_ms: delays.percentiles(),
    })
}
