//! One shard: routes what comes in to its peers and broadcasts, and collects what goes out.
//!
//! Sans-IO. Datagrams, commands, packets of other shards and the time are arguments; datagrams go
//! to the caller's queue, events and bridged packets wait to be polled. Call [`Shard::flush`] once
//! a turn, and [`Shard::handle_timeout`] when [`Shard::next_timeout`] has come. The rules live in
//! `shard/`; this file only finds the right one.

mod bridge;
#[cfg(feature = "fuzzing")]
pub mod door;
mod lanes;
mod membership;
mod publisher;
mod refusals;
mod report;
mod strays;
mod tick;
mod timers;
mod viewer;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::ops::Bound;
use std::time::{Duration, Instant};

use crate::border::{Bridged, BroadcastId, Command, Event};
use crate::broadcast::{Broadcast, Slot};
use crate::clock::WallClock;
use crate::forward::{Pace, Service, fan_out, serve};
use crate::members::{Members, Part};
use crate::peer::{CloseReason, DropReason, Inbound, MAX_DATAGRAM, stun_local_ufrag};
use crate::stats::Stats;
use crate::transmit::Transmits;
use refusals::Refusals;
use strays::Strays;
use timers::Timers;

/// What a shard has to know about itself.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Its own number, from 0.
    pub shard: usize,
    /// How many shards there are, at most `limits::MAX_SHARDS`.
    pub shards: usize,
    /// Time since 1970 at the `now` of [`Shard::new`]; for the clocks in sender reports.
    pub unix: Duration,
}

/// See the module header.
pub struct Shard {
    config: Config,
    wall: WallClock,
    members: Members,
    broadcasts: BTreeMap<BroadcastId, Broadcast>,
    timers: Timers,
    pace: Pace,
    events: VecDeque<Event>,
    lane_events: usize,
    bridged: VecDeque<(usize, Bridged)>,
    /// The broadcast whose fan-out had to pause last.
    paused: BroadcastId,
    next_tick: Instant,
    next_look: Instant,
    next_gauges: Instant,
    refusals: Refusals,
    strays: Strays,
    stats: Stats,
    #[cfg(any(test, feature = "negative-controls"))]
    tuple_check_off: bool,
    #[cfg(any(test, feature = "negative-controls"))]
    cache_off: bool,
    #[cfg(any(test, feature = "negative-controls"))]
    strays_off: bool,
}

impl Shard {
    /// A shard without peers.
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            wall: WallClock::new(now, config.unix),
            members: Members::default(),
            broadcasts: BTreeMap::new(),
            timers: Timers::default(),
            pace: Pace::new(now),
            events: VecDeque::new(),
            lane_events: 0,
            bridged: VecDeque::new(),
            paused: BroadcastId(0),
            next_tick: now,
            next_look: now,
            next_gauges: now,
            refusals: Refusals::default(),
            strays: Strays::default(),
            stats: Stats::default(),
            #[cfg(any(test, feature = "negative-controls"))]
            tuple_check_off: false,
            #[cfg(any(test, feature = "negative-controls"))]
            cache_off: false,
            #[cfg(any(test, feature = "negative-controls"))]
            strays_off: false,
        }
    }

    /// Obeys one command.
    pub fn handle_command(&mut self, now: Instant, command: Command, out: &mut Transmits) {
        match command {
            Command::Add {
                peer,
                broadcast,
                config,
            } => {
                self.add(now, peer, broadcast, *config, out);
            }
            Command::Close { peer, reason } => {
                if let Some(slot) = self.members.by_id(peer) {
                    self.close(now, slot, reason, out);
                }
            }
            Command::SelectLayer { peer, layer } => self.select_layer(peer, layer),
            Command::RestartIce { peer, credentials } => {
                if let Some(slot) = self.members.by_id(peer) {
                    self.members.restart_ice(slot, credentials);
                }
            }
            Command::OpenLanes { peer, first } => self.open_lanes(now, peer, &first, out),
            Command::Send { peer, lane, bytes } => self.send(now, peer, lane, &bytes, out),
            Command::Broadcast {
                broadcast,
                lane,
                bytes,
            } => {
                self.broadcast(now, broadcast, lane, &bytes, out);
            }
        }
    }

    /// Takes one datagram from the network. It is decrypted in place. Whatever cannot be routed
    /// is counted and gets no answer.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &mut [u8],
        out: &mut Transmits,
    ) {
        self.stats.datagrams_in += 1;
        if datagram.len() > MAX_DATAGRAM {
            self.stats.drop_oversized += 1;
            return;
        }
        let is_stun = is_stun(datagram);
        let slot = match self.route(from, datagram) {
            Some(slot) => slot,
            None if is_stun => return self.stats.drop_bad_stun += 1,
            None => return self.stray(now, from, datagram),
        };
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let inbound = member.peer.handle_datagram(now, from, datagram, out);
        let publishes = matches!(member.part, Part::Publisher(_));
        match inbound {
            Inbound::Handled => {}
            Inbound::Refused => self.refused(now, from, out),
            Inbound::Rtp { len } if publishes => self.publisher_rtp(now, slot, &datagram[..len]),
            // A viewer has nothing to send.
            Inbound::Rtp { .. } => self.stats.drop_ssrc += 1,
            Inbound::Rtcp { len } if publishes => self.publisher_rtcp(now, slot, &datagram[..len]),
            Inbound::Rtcp { len } => self.viewer_rtcp(now, slot, &datagram[..len], out),
            Inbound::Dropped(reason) => self.count_drop(reason),
        }
        self.settle(now, slot, out);
    }

    /// A peer has just answered a check from `from` with an error: one too many is not sent.
    fn refused(&mut self, now: Instant, from: SocketAddr, out: &mut Transmits) {
        if !self.refusals.allows(now, from.ip()) {
            out.pop();
            self.stats.drop_bad_stun += 1;
        }
    }

    /// The peer that a datagram is for. STUN goes by user name first, so that a new peer behind
    /// an old address is found.
    fn route(&self, from: SocketAddr, datagram: &[u8]) -> Option<Slot> {
        let named = stun_local_ufrag(datagram).and_then(|ufrag| self.members.by_ufrag(ufrag));
        let known = named.or_else(|| self.members.by_address(from));
        let asked = || self.strays.asked_at(from).filter(|_| is_stun(datagram));
        let known = known.or_else(asked);
        #[cfg(any(test, feature = "negative-controls"))]
        if known.is_none() && self.tuple_check_off {
            return self.members.slots().next();
        }
        known
    }

    /// Runs everything that is due.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        while let Some(slot) = self.timers.pop(now) {
            let Some(member) = self.members.get_mut(slot) else {
                continue;
            };
            if member.timer.is_none_or(|timer| timer > now) {
                continue;
            }
            member.timer = None;
            if member.peer.next_timeout().is_some_and(|due| due <= now) {
                member.peer.handle_timeout(now, out);
            }
            self.settle(now, slot, out);
        }
        self.look_for_silent(now, out);
        if self.next_tick <= now {
            self.tick(now, out);
        }
    }

    /// Sends waiting media to the viewers, as far as it is due and `out` has room. Returns whether
    /// to send, clear `out` and call again at once.
    pub fn flush(&mut self, now: Instant, out: &mut Transmits) -> bool {
        let ntp = self.wall.ntp(now);
        let Self {
            broadcasts,
            members,
            stats,
            paused,
            pace,
            ..
        } = self;
        // Whoever filled the queue last time comes last, so that no broadcast starves another.
        let after = (Bound::Excluded(*paused), Bound::Unbounded);
        let until = (Bound::Unbounded, Bound::Included(*paused));
        for part in [after, until] {
            for (id, broadcast) in broadcasts.range_mut(part) {
                if fan_out(broadcast, members, now, ntp, out, stats) {
                    *paused = *id;
                    return true;
                }
            }
        }
        let promised = broadcasts.values().map(|broadcast| broadcast.joins.load());
        pace.refill(now, promised.sum());
        let mut service = Service {
            now,
            members,
            pace,
            out,
            stats,
        };
        for part in [after, until] {
            for (id, broadcast) in broadcasts.range_mut(part) {
                if serve(broadcast, &mut service) {
                    *paused = *id;
                    return true;
                }
            }
        }
        false
    }

    /// When to call [`Shard::handle_timeout`] and [`Shard::flush`] at the latest.
    pub fn next_timeout(&self) -> Instant {
        let waiting = self
            .broadcasts
            .values()
            .flat_map(|broadcast| [broadcast.queue.due(), broadcast.joins.due()])
            .flatten()
            .min();
        let timer = self.timers.next();
        [waiting, timer, self.strays.due()]
            .into_iter()
            .flatten()
            .fold(self.next_tick, Instant::min)
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        if matches!(event, Event::Lane { .. }) {
            self.lane_events -= 1;
        }
        Some(event)
    }

    /// The next packet or request for another shard, with the number of that shard.
    pub fn poll_bridged(&mut self) -> Option<(usize, Bridged)> {
        self.bridged.pop_front()
    }

    /// Says goodbye to every peer, before the shard ends.
    pub fn close_all(&mut self, now: Instant, out: &mut Transmits) {
        for slot in self.members.slots().collect::<Vec<_>>() {
            self.close(now, slot, CloseReason::Requested, out);
        }
    }

    /// The counters so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The caller could not carry something to another shard.
    pub fn count_bridge_full(&mut self, dropped: u64) {
        self.stats.drop_bridge_full += dropped;
    }

    /// The kernel did not take so many datagrams.
    pub fn count_send_errors(&mut self, dropped: u64) {
        self.stats.drop_send_errors += dropped;
    }

    /// Lets media of any source in, to the first peer. Only for tests that show what the check of
    /// sources is good for.
    #[cfg(any(test, feature = "negative-controls"))]
    pub fn disable_tuple_check(&mut self) {
        self.tuple_check_off = true;
        for slot in self.members.slots().collect::<Vec<_>>() {
            if let Some(member) = self.members.get_mut(slot) {
                member.peer.disable_tuple_check();
            }
        }
    }

    /// Lets viewers wait for a live keyframe. Only for tests that show what the cache is good for.
    #[cfg(any(test, feature = "negative-controls"))]
    pub fn disable_cache(&mut self) {
        self.cache_off = true;
    }

    fn count_drop(&mut self, reason: DropReason) {
        let stats = &mut self.stats;
        *match reason {
            DropReason::UnvalidatedSource => &mut stats.drop_unvalidated_source,
            DropReason::BadStun => &mut stats.drop_bad_stun,
            DropReason::StunAuth => &mut stats.drop_stun_auth,
            DropReason::TupleLimit => &mut stats.drop_tuple_limit,
            DropReason::Dtls => &mut stats.drop_dtls,
            DropReason::SrtpAuth => &mut stats.drop_srtp_auth,
            DropReason::Replay => &mut stats.drop_replay,
            DropReason::NotReady => &mut stats.drop_not_ready,
            DropReason::Malformed => &mut stats.drop_malformed,
            DropReason::Oversized => &mut stats.drop_oversized,
            DropReason::LaneAbuse => &mut stats.drop_lane_abuse,
        } += 1;
    }
}

fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4)
}
