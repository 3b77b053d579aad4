//! The shard threads: one loop each over commands, other shards, datagrams, timers, and sends.
//!
//! A turn does a bounded amount of each, so that no kind of work starves another, and sleeps only
//! when nothing is left. A panic is logged and ends the process (the peers of a shard cannot be
//! served by anyone else).

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use media_core::border::Event;
use media_core::peer::Certificate;
use media_core::shard;
use tokio::sync::{mpsc, watch};

use crate::bridge::{self, Bridges};
use crate::config::{Config, StartError};
use crate::counters::Counters;
use crate::directory::Directory;
use crate::handle::{Link, MediaHandle};
use crate::limits::{COMMANDS, EVENTS};
use crate::order::Order;
use crate::tcp::{self, Gate, Streams};
use crate::udp::{self, Socket};
use crate::wake::{self, Sleeper, Waker};

mod seat;

use seat::Seat;

/// The running shard threads.
pub struct Threads {
    stop: Arc<AtomicBool>,
    wakers: Vec<Waker>,
    joins: Vec<JoinHandle<()>>,
    /// Dropped to end the service of TCP peers.
    stop_tcp: Option<watch::Sender<bool>>,
}

impl Threads {
    /// Says goodbye to all peers, ends the shards and waits for their threads.
    pub fn stop(mut self) {
        self.end();
    }

    /// Serves TCP peers on a thread of its own.
    fn serve_tcp(&mut self, listener: TcpListener, gates: Vec<Gate>) -> Result<(), StartError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let (stop, stopped) = watch::channel(false);
        let run = move || {
            if let Err(error) = runtime.block_on(tcp::serve(listener, gates, stopped)) {
                tracing::error!(%error, "ICE over TCP has ended");
            }
        };
        let builder = std::thread::Builder::new().name("media-tcp".to_owned());
        self.joins
            .push(builder.spawn(run).map_err(StartError::Thread)?);
        self.stop_tcp = Some(stop);
        Ok(())
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.wakers.iter().for_each(Waker::wake);
        // The last words of the shards to TCP peers are lost; those find the connection closed.
        self.stop_tcp = None;
        for join in self.joins.drain(..) {
            // A panic has been dealt with in the thread itself.
            let _ = join.join();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a shard thread is given to talk with.
struct Ends {
    orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<Event>,
    bridges: Bridges,
    sleeper: Sleeper,
    streams: Streams,
    counters: Arc<Counters>,
    directory: Arc<Directory>,
    stop: Arc<AtomicBool>,
}

/// See [`crate::start`].
pub(crate) fn start(
    config: &Config,
) -> Result<(MediaHandle, mpsc::Receiver<Event>, Threads), StartError> {
    config.check()?;
    let certificate = Certificate::generate()?;
    let directory = Arc::new(Directory::new(config.shards));
    let (events, receiver) = mpsc::channel(EVENTS);
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Threads {
        stop: stop.clone(),
        wakers: Vec::new(),
        joins: Vec::new(),
        stop_tcp: None,
    };
    let mut sleepers = Vec::new();
    for _ in 0..config.shards {
        let (waker, sleeper) = wake::pair().map_err(StartError::Thread)?;
        threads.wakers.push(waker);
        sleepers.push(sleeper);
    }
    let mut links = Vec::new();
    let (listener, tcp_candidates) = listen(config)?;
    let mut gates = Vec::new();
    let bridges = bridge::connect(&threads.wakers);
    for (number, (sleeper, bridges)) in sleepers.into_iter().zip(bridges).enumerate() {
        let address = config.address(number);
        let failed = |error| StartError::Bind { address, error };
        let socket = udp::bind(address).map_err(failed)?;
        let candidates = config.candidates(socket.local_addr().map_err(failed)?.port());
        let (sender, orders) = mpsc::channel(COMMANDS);
        let counters = Arc::new(Counters::new());
        let waker = threads.wakers[number].clone();
        links.push(Link {
            orders: sender,
            waker,
            counters: counters.clone(),
            candidates,
            tcp_candidates: tcp_candidates.clone(),
        });
        let (gate, streams) = tcp::gate(threads.wakers[number].clone());
        gates.push(gate);
        let (events, directory, stop) = (events.clone(), directory.clone(), stop.clone());
        let ends = Ends {
            orders,
            events,
            bridges,
            sleeper,
            streams,
            counters,
            directory,
            stop,
        };
        let shards = config.shards;
        let run = move || run_guarded(number, shards, socket, ends);
        let builder = std::thread::Builder::new().name(format!("media-{number}"));
        threads
            .joins
            .push(builder.spawn(run).map_err(StartError::Thread)?);
    }
    if let Some(listener) = listener {
        threads.serve_tcp(listener, gates)?;
    }
    Ok((
        MediaHandle::new(links, directory, certificate),
        receiver,
        threads,
    ))
}

/// The ICE-TCP listener, if there is to be one, and the candidates for it.
fn listen(config: &Config) -> Result<(Option<TcpListener>, Vec<SocketAddr>), StartError> {
    let Some(port) = config.tcp_port else {
        return Ok((None, Vec::new()));
    };
    let address = SocketAddr::new(config.bind, port);
    let failed = |error| StartError::BindTcp { address, error };
    let listener = tcp::bind(address).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((Some(listener), config.candidates(port)))
}

/// The whole life of a shard thread.
fn run_guarded(shard: usize, shards: usize, socket: UdpSocket, ends: Ends) {
    let life = AssertUnwindSafe(|| -> io::Result<()> {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let config = shard::Config {
            shard,
            shards,
            unix,
        };
        Seat::new(config, Socket::new(socket)?, ends).run();
        Ok(())
    });
    match catch_unwind(life) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => end_process(shard, &error.to_string()),
        Err(_) => end_process(shard, "it panicked"),
    }
}

fn end_process(shard: usize, why: &str) {
    tracing::error!(shard, why, "a media shard failed; the process ends");
    std::process::abort();
}
