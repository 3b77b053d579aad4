//! `plane`: the media plane alone behind a bare WHIP/WHEP endpoint, one broadcast, no hub, no
//! accounts. For measuring the shards and the lanes by themselves.
#![forbid(unsafe_code)]

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use benches::{
    http::{Plane, serve},
    synthetic::now_us,
};
use bytes::Bytes;
use clap::Parser;
use media_core::peer::Role;
use media_shard::{BroadcastId, Config, MediaEvent, MediaHandle, PeerId, Stats};
use tokio::net::TcpListener;

const ROOM: BroadcastId = BroadcastId(1);
/// Chat: reliable, ordered.
const LANE: u16 = 3;

/// The media plane alone.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// HTTP port on loopback.
    #[arg(long, default_value_t = 26_080)]
    port: u16,
    /// UDP port of the first shard.
    #[arg(long, default_value_t = 26_100)]
    udp_port: u16,
    /// Shards.
    #[arg(long, default_value_t = 1)]
    shards: usize,
    /// Print the counters that changed, every so many seconds, to standard error.
    #[arg(long)]
    stats: Option<u64>,
    /// Messages a second to everyone's chat lane.
    #[arg(long, default_value_t = 0)]
    lane_rate: u32,
    /// Size of a message.
    #[arg(long, default_value_t = 120)]
    lane_bytes: usize,
}

struct Shards(MediaHandle);

impl Plane for Shards {
    async fn answer(&self, role: Role, offer: String) -> Result<(String, String)> {
        let accepted = self.0.accept(role, ROOM, &offer).await?;
        Ok((accepted.answer, accepted.peer.0.to_string()))
    }

    async fn end(&self, session: String) {
        if let Ok(peer) = session.parse() {
            self.0.close(PeerId(peer)).await;
        }
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("warn")
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(args))
}

async fn run(args: Args) -> Result<()> {
    let (handle, mut events, _threads) = media_shard::start(Config {
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        udp_port: args.udp_port,
        tcp_port: None,
        shards: args.shards,
        advertise: Vec::new(),
    })?;
    let opener = handle.clone();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let MediaEvent::LanesOpen { peer, .. } = event {
                let hello = Bytes::from_static(b"{\"hello\":1}");
                opener.open_lanes(peer, hello).await;
            }
        }
    });
    if let Some(seconds) = args.stats {
        tokio::spawn(tell_stats(
            handle.clone(),
            Duration::from_secs(seconds.max(1)),
        ));
    }
    if args.lane_rate > 0 {
        let (speaker, bytes) = (handle.clone(), args.lane_bytes);
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / args.lane_rate);
        tokio::spawn(async move {
            loop {
                ticks.tick().await;
                let mut text = format!("{{\"sent_us\":{},\"pad\":\"", now_us());
                let pad = bytes.saturating_sub(text.len() + 2);
                text.extend(std::iter::repeat_n('x', pad));
                text.push_str("\"}");
                speaker.broadcast(ROOM, LANE, Bytes::from(text)).await;
            }
        });
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = TcpListener::bind(address).await.context("HTTP port")?;
    serve(listener, Arc::new(Shards(handle))).await
}

#[allow(clippy::print_stderr)]
async fn tell_stats(handle: MediaHandle, every: Duration) {
    let mut before = Stats::default().values();
    loop {
        tokio::time::sleep(every).await;
        let now = handle.stats().values();
        let changed = Stats::NAMES.iter().zip(now.iter().zip(&before));
        let changed = changed.filter(|(_, (now, then))| now != then);
        let line: Vec<String> = changed
            .map(|(name, (now, then))| format!("{name} {:+}", *now as i64 - *then as i64))
            .collect();
        eprintln!("{}", line.join(", "));
        before = now;
    }
}
