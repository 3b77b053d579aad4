//! `swarm`: one publisher and many viewers against any WHIP/WHEP server.
//!
//! Joins the viewers, waits for a settled state, measures for a while, then (if asked) storms and
//! churns, and prints what it saw. With `--pid` or `--cgroup` the server's processor time and
//! memory are read, so that cost per packet can be compared between servers on one machine.
//! `--publish FILE` takes H.264 as FFmpeg writes it with `-c:v libx264 -bf 0 -f h264 FILE`.
#![forbid(unsafe_code)]

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use benches::{
    audience::{Audience, Pace, Seated},
    engine::{Engine, Order, Totals},
    inbox,
    process::{self, Meter},
    publisher::{self, OnAir, Publication},
    report::{Lanes, Repairs, Swarm},
    synthetic::FRAME_RATE,
    weather::Forecast,
};
use clap::{ArgAction, Parser};
use media_core::peer::Certificate;
use reqwest::Url;
use tokio::task::LocalSet;

/// Many viewers against a WHIP/WHEP server.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// WHIP endpoint; needed unless --publish none.
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
    /// `synthetic` (H.264-shaped packets that carry their send time), an H.264 file (Annex B), or
    /// `none`, which watches what is live already.
    #[arg(long, default_value = "synthetic")]
    publish: String,
    /// Video bitrate of the synthetic source (its first layer), kbit/s.
    #[arg(long, default_value_t = 2_400)]
    bitrate: u32,
    /// Seconds from one key frame to the next; 8.3 is OBS at its default.
    #[arg(long, default_value_t = 8.3)]
    gop: f64,
    /// Publish three layers (100, 66 and 33 % of the bitrate) as OBS does.
    #[arg(long)]
    simulcast: bool,
    /// Whether requests for key frames are ignored, as OBS does.
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    ignore_pli: bool,
    /// Viewers in all.
    #[arg(long, default_value_t = 200)]
    viewers: usize,
    /// How many of them decrypt, repair, and measure delay; the others count packets by their
    /// clear headers.
    #[arg(long, default_value_t = 5)]
    full: usize,
    /// Whether the light viewers send receiver reports and TWCC feedback too.
    #[arg(long, default_value_t = true, action = ArgAction::Set)]
    light_feedback: bool,
    /// Viewers that join at the same time.
    #[arg(long, default_value_t = 16)]
    joining: usize,
    /// Joins begun a second.
    #[arg(long)]
    join_rate: Option<f64>,
    /// More viewers that join after the measuring window.
    #[arg(long, default_value_t = 0)]
    join_burst: usize,
    /// How many of them are full; a twentieth unless said otherwise.
    #[arg(long)]
    burst_full: Option<usize>,
    /// Seconds over which the burst is spread.
    #[arg(long, default_value_t = 1.0)]
    burst_seconds: f64,
    /// Joins and leaves after the measuring window.
    #[arg(long, default_value_t = 0)]
    churn: usize,
    /// Whether viewers offer data channels; messages with a `sent_us` tell their delay.
    #[arg(long)]
    lanes: bool,
    /// Loss before the full viewers, in percent.
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Delay before the full viewers.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
    /// Jitter before the full viewers.
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// Rate limit before each full viewer, kbit/s.
    #[arg(long)]
    down_kbps: Option<u32>,
    /// Seconds between the last join and the measuring window.
    #[arg(long, default_value_t = 2.0)]
    settle: f64,
    /// Length of the measuring window.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Process id of the server.
    #[arg(long, conflicts_with = "cgroup")]
    pid: Option<u32>,
    /// Folder of the server's control group.
    #[arg(long)]
    cgroup: Option<PathBuf>,
    /// Print JSON alone.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn meter(&self) -> Option<Meter> {
        let group = self.cgroup.clone().map(Meter::Group);
        self.pid.map(Meter::Process).or(group)
    }

    fn forecast(&self) -> Forecast {
        Forecast {
            loss: self.loss / 100.0,
            delay: Duration::from_millis(self.delay_ms),
            jitter: Duration::from_millis(self.jitter_ms),
            kbit_per_s: self.down_kbps,
        }
    }
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
    if !json {
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
    }
    println!("{text}");
    Ok(())
}

async fn run(args: Args) -> Result<Swarm> {
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(20))
        .build()?;
    let on_air = Arc::new(OnAir::default());
    let publication = match args.publish.as_str() {
        "none" => None,
        _ => Some(start_publisher(&args, &http, &on_air).await?),
    };
    let (engine, thread) = Engine::start()?;
    let audience = Audience {
        http,
        url: args.whep.clone(),
        token: args.whep_token.clone(),
        engine: engine.clone(),
        certificate: Certificate::generate().map_err(|error| anyhow::anyhow!("{error}"))?,
        lanes: args.lanes,
        light_feedback: args.light_feedback,
        forecast: args.forecast(),
    };
    let meter = args.meter();
    let rss_before = meter.as_ref().map(Meter::usage).transpose()?;
    let pace = Pace {
        at_once: args.joining,
        per_second: args.join_rate,
    };
    let mut seated = audience.seat(args.viewers, args.full, pace).await?;
    tokio::time::sleep(Duration::from_secs_f64(args.settle)).await;
    let mut report = measure(&args, &engine, &seated, &on_air).await?;
    report.server_rss_before_kb = rss_before.map(|usage| usage.rss_kb);
    if args.join_burst > 0 {
        let pace = Pace {
            at_once: args.join_burst,
            per_second: Some(args.join_burst as f64 / args.burst_seconds),
        };
        let full = args.burst_full.unwrap_or(args.join_burst / 20);
        let storm = audience.storm((args.join_burst, full), pace, meter.as_ref());
        report.burst = Some(storm.await?);
        report.repairs = repairs(&engine.totals().await?, &on_air)?;
    }
    if args.churn > 0 {
        let churn = audience.churn(args.churn, args.joining, meter.as_ref());
        report.churn = Some(churn.await?);
    }
    on_air.over.store(true, Relaxed);
    leave(&audience, &mut seated).await;
    engine.order(Order::Stop);
    if thread.join().is_err() {
        bail!("the viewers' thread panicked");
    }
    if let Some(publication) = publication {
        publication.await?.context("the publication ended early")?;
    }
    Ok(report)
}

/// The viewers go; the first hundred properly, the rest by the server's timeout.
async fn leave(audience: &Audience, seated: &mut Seated) {
    for seat in seated.seats.drain(..).take(100) {
        audience.leave(seat).await;
    }
}

async fn start_publisher(
    args: &Args,
    http: &reqwest::Client,
    on_air: &Arc<OnAir>,
) -> Result<tokio::task::JoinHandle<Result<()>>> {
    let publication = Publication {
        url: args.whip.clone().context("--publish needs --whip")?,
        token: args.token.clone(),
        file: (args.publish != "synthetic").then(|| PathBuf::from(&args.publish)),
        kbit_per_s: args.bitrate,
        key_interval: (args.gop * f64::from(FRAME_RATE)).round() as u32,
        simulcast: args.simulcast,
        ignore_pli: args.ignore_pli,
    };
    let (started, running) = tokio::sync::oneshot::channel();
    let (http, on_air) = (http.clone(), on_air.clone());
    let task = tokio::task::spawn_local(async move {
        publisher::publish(&http, &publication, &on_air, started).await
    });
    if running.await.is_err() {
        task.await??;
        bail!("the publisher ended before it sent");
    }
    // The first packets make the stream live on the server.
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok(task)
}

fn repairs(totals: &Totals, on_air: &OnAir) -> Result<Repairs> {
    let delivery = match on_air.delivery.lock() {
        Ok(delivery) => *delivery,
        Err(_) => bail!("the publisher panicked"),
    };
    Ok(Repairs {
        nacked: totals.nacked,
        repaired_rtx: totals.repaired_rtx,
        plis: totals.plis,
        feedbacks: totals.feedbacks,
        publisher_plis: delivery.plis,
        publisher_nacked: delivery.nacked,
    })
}

async fn measure(args: &Args, engine: &Engine, seated: &Seated, on_air: &OnAir) -> Result<Swarm> {
    let meter = args.meter();
    let usage = || meter.as_ref().map(Meter::usage).transpose();
    let own = || process::usage(std::process::id());
    engine.order(Order::Measure(true));
    let before = engine.totals().await?;
    let (start, used_before, own_before) = (Instant::now(), usage()?, own()?);
    tokio::time::sleep(Duration::from_secs(args.seconds)).await;
    let (seconds, used, own_used) = (start.elapsed().as_secs_f64(), usage()?, own()?);
    let after = engine.totals().await?;
    engine.order(Order::Measure(false));
    let packets = after.packets - before.packets;
    let lost = after.lost.saturating_sub(before.lost);
    let cpu_us = used
        .zip(used_before)
        .map(|(now, then)| (now.cpu_us - then.cpu_us) as f64);
    Ok(Swarm {
        viewers: after.alive,
        watching: before.watching,
        failed: seated.failed + after.closed,
        seconds,
        packets_forwarded: packets,
        mbit_per_s: (after.bytes - before.bytes) as f64 * 8.0 / 1e6 / seconds,
        cpu_us_per_packet: cpu_us
            .filter(|_| packets > 0)
            .map(|cpu| cpu / packets as f64),
        server_cores: cpu_us.map(|cpu| cpu / 1e6 / seconds),
        client_cores: (own_used.cpu_us - own_before.cpu_us) as f64 / 1e6 / seconds,
        loss: lost as f64 / (packets + lost).max(1) as f64,
        server_rss_before_kb: None,
        server_rss_kb: used.map(|usage| usage.rss_kb),
        connect_ms: seated.connect.percentiles(),
        first_frame_ms: after.first_key.percentiles(),
        forward_delay_ms: after.delays.percentiles(),
        receives_by: inbox::WAY,
        phases: after.phases_since(&Totals::default()),
        repairs: repairs(&after, on_air)?,
        lanes: (after.lane_messages > before.lane_messages).then(|| Lanes {
            messages: after.lane_messages - before.lane_messages,
            delay_ms: after.lane_delay.percentiles(),
        }),
        burst: None,
        churn: None,
    })
}
