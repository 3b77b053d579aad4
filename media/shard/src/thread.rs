//! The shard threads: one loop each over commands, other shards, datagrams, timers, and sends.
//!
//! A turn does a bounded amount of each, so that no kind of work starves another, and sleeps only
//! when nothing is left. A panic is logged and ends the process (the peers of a shard cannot be
//! served by anyone else).

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use media_core::border::{BroadcastId, Event, PeerId};
use media_core::peer::Certificate;
use media_core::report::LiveCodecs;
use media_core::shard::{self, Shard};
use media_core::transmit::Transmits;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

use crate::bridge::{self, Bridges};
use crate::config::{Config, StartError};
use crate::counters::Counters;
use crate::directory::Directory;
use crate::handle::{Link, MediaHandle};
use crate::limits::{
    BRIDGED_PER_TURN, COMMANDS, COMMANDS_PER_TURN, CROWD, EVENTS, FLUSHES_PER_TURN, MAX_SLEEP,
    RECEIVES_PER_TURN, SEND_AT, STATS_INTERVAL, TCP_FRAMES_PER_TURN,
};
use crate::order::Order;
use crate::tcp::{self, Gate, Streams};
use crate::udp::{self, Socket};
use crate::wake::{self, Sleeper, Waker};

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

/// Everything that one shard thread owns.
struct Seat {
    shard: Shard,
    socket: Socket,
    ends: Ends,
    /// Events that the async side had no room for.
    backlog: VecDeque<Event>,
    /// What the directory was told to be on air.
    live: HashMap<BroadcastId, (PeerId, LiveCodecs)>,
    /// Most viewers since memory was given back.
    peak: u64,
    out: Transmits,
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
        let mut seat = Seat {
            shard: Shard::new(config, Instant::now()),
            socket: Socket::new(socket)?,
            ends,
            backlog: VecDeque::new(),
            live: HashMap::new(),
            peak: 0,
            out: Transmits::new(),
        };
        seat.run();
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

impl Seat {
    fn run(&mut self) {
        let mut publish_at = Instant::now();
        while !self.ends.stop.load(Ordering::SeqCst) {
            let now = Instant::now();
            let mut busy = self.obey(now);
            self.ends.bridges.drain(BRIDGED_PER_TURN, |from, bridged| {
                self.shard.handle_bridged(now, from, bridged, &mut self.out);
            });
            busy |= self.receive(now) | self.receive_streams(now);
            let now = Instant::now();
            if self.shard.next_timeout() <= now {
                self.shard.handle_timeout(now, &mut self.out);
            }
            busy |= self.fan_out(now);
            self.send();
            self.report();
            self.cross();
            if publish_at <= now {
                publish_at = now + STATS_INTERVAL;
                self.publish();
            }
            if !busy {
                self.sleep();
            }
        }
        self.shard.close_all(Instant::now(), &mut self.out);
        self.send();
        self.report();
        self.ends.counters.publish(&self.shard.stats());
    }

    /// Puts counters and codecs where the async side reads them.
    fn publish(&mut self) {
        let stats = self.shard.stats();
        self.ends.counters.publish(&stats);
        self.peak = self.peak.max(stats.viewers);
        if self.peak >= CROWD && stats.viewers <= self.peak / 2 {
            self.peak = stats.viewers;
            udp::give_back();
        }
        for (broadcast, publisher, codecs) in self.shard.live() {
            let known = self.live.get(&broadcast);
            if known != Some(&(publisher, codecs)) {
                self.live.insert(broadcast, (publisher, codecs));
                self.ends.directory.on_air(broadcast, publisher, codecs);
            }
        }
    }

    /// Obeys commands. Returns whether there may be more.
    fn obey(&mut self, now: Instant) -> bool {
        for _ in 0..COMMANDS_PER_TURN {
            let Ok(order) = self.ends.orders.try_recv() else {
                return false;
            };
            match order {
                Order::Command(command) => {
                    self.shard.handle_command(now, command, &mut self.out);
                }
                Order::IfKnown {
                    peer,
                    command,
                    known,
                } => {
                    let there = self.shard.knows(peer);
                    self.shard.handle_command(now, command, &mut self.out);
                    let _ = known.send(there);
                }
                Order::Peers { broadcast, reply } => {
                    // Whoever asked may have gone.
                    let _ = reply.send(self.shard.peers(now, broadcast));
                }
            }
            self.send_if_full();
        }
        true
    }

    /// Takes datagrams in. Returns whether there may be more.
    fn receive(&mut self, now: Instant) -> bool {
        for _ in 0..RECEIVES_PER_TURN {
            let (received, more) = self.socket.receive();
            for at in 0..received {
                if let Some((from, datagram)) = self.socket.datagram(at) {
                    self.shard
                        .handle_datagram(now, from, datagram, &mut self.out);
                }
            }
            self.send_if_full();
            if !more {
                return false;
            }
        }
        true
    }

    /// Takes datagrams of TCP peers in. Returns whether there may be more.
    fn receive_streams(&mut self, now: Instant) -> bool {
        for _ in 0..TCP_FRAMES_PER_TURN {
            let Some((from, mut datagram)) = self.ends.streams.next() else {
                return false;
            };
            self.shard
                .handle_datagram(now, from, &mut datagram, &mut self.out);
            self.send_if_full();
        }
        true
    }

    /// Sends waiting media to viewers. Returns whether there is more.
    fn fan_out(&mut self, now: Instant) -> bool {
        for _ in 0..FLUSHES_PER_TURN {
            if !self.shard.flush(now, &mut self.out) {
                return false;
            }
            self.send();
        }
        true
    }

    fn send_if_full(&mut self) {
        if self.out.len() >= SEND_AT {
            self.send();
        }
    }

    fn send(&mut self) {
        if !self.out.is_empty() {
            let mut dropped = self.socket.send(&self.out);
            if self.ends.streams.any() {
                dropped += self.ends.streams.send(&self.out);
            }
            self.shard.count_send_errors(dropped);
            self.out.clear();
        }
    }

    /// Tells the async side what happened. Nothing is lost if it is slow; lane messages are
    /// bounded by the core, the others by the number of peers.
    fn report(&mut self) {
        while let Some(event) = self.shard.poll_event() {
            if let Event::Closed {
                peer, broadcast, ..
            } = &event
            {
                self.ends.directory.leave(*broadcast, *peer);
                if self
                    .live
                    .get(broadcast)
                    .is_some_and(|(on_air, _)| on_air == peer)
                {
                    self.live.remove(broadcast);
                }
            }
            // Viewers may ask for the codecs from this event on.
            if matches!(event, Event::MediaStarted { .. }) {
                self.publish();
            }
            self.backlog.push_back(event);
        }
        while let Some(event) = self.backlog.pop_front() {
            match self.ends.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => return self.backlog.push_front(event),
                // Nobody listens any more; peers go on until the shards are stopped.
                Err(TrySendError::Closed(_)) => {}
            }
        }
    }

    /// Hands media to the other shards.
    fn cross(&mut self) {
        while let Some((to, bridged)) = self.shard.poll_bridged() {
            if !self.ends.bridges.push(to, bridged) {
                self.shard.count_bridge_full(1);
            }
        }
        self.ends.bridges.wake();
    }

    fn sleep(&mut self) {
        self.ends.sleeper.about_to_sleep();
        let idle = self.ends.orders.is_empty()
            && self.ends.bridges.is_empty()
            && self.ends.streams.is_empty()
            && self.backlog.is_empty();
        if idle && !self.ends.stop.load(Ordering::SeqCst) {
            let left = self
                .shard
                .next_timeout()
                .saturating_duration_since(Instant::now());
            self.socket
                .wait(self.ends.sleeper.fd(), left.min(MAX_SLEEP));
        } else if !self.backlog.is_empty() {
            // The async side has to catch up first; media goes on meanwhile.
            self.socket
                .wait(self.ends.sleeper.fd(), Duration::from_millis(1));
        }
        self.ends.sleeper.awake();
    }
}
