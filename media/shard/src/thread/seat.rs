//! One shard at work: its turns over commands, other shards, datagrams, timers, and sends.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use media_core::border::{BroadcastId, Event, PeerId};
use media_core::report::LiveCodecs;
use media_core::shard::{self, Shard};
use media_core::transmit::Transmits;
use tokio::sync::mpsc::error::TrySendError;

use super::Ends;
use crate::limits::{
    BRIDGED_PER_TURN, COMMANDS_PER_TURN, CROWD, FLUSHES_PER_TURN, MAX_SLEEP, RECEIVES_PER_TURN,
    SEND_AT, STATS_INTERVAL, TCP_FRAMES_PER_TURN,
};
use crate::order::Order;
use crate::udp::{self, Socket};

/// Everything that one shard thread owns.
pub(super) struct Seat {
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

impl Seat {
    pub(super) fn new(config: shard::Config, socket: Socket, ends: Ends) -> Self {
        Self {
            shard: Shard::new(config, Instant::now()),
            socket,
            ends,
            backlog: VecDeque::new(),
            live: HashMap::new(),
            peak: 0,
            out: Transmits::new(),
        }
    }

    /// Runs until it is told to stop.
    pub(super) fn run(&mut self) {
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
