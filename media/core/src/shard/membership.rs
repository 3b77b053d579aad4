//! Peers coming and going, and what they report of themselves.

use std::time::{Duration, Instant};

use super::Shard;
use crate::border::{BroadcastId, Event, Kind, PeerId};
use crate::broadcast::Slot;
use crate::forward::{DownTrack, Ladder, Network, adapt};
use crate::ingest::Publishing;
use crate::limits::MAX_LANE_EVENTS;
use crate::members::{Member, Part, Tracks, Viewing};
use crate::peer::{CloseReason, Peer, PeerConfig, PeerEvent, Role};
use crate::transmit::Transmits;

/// A peer whose timer is always due is looked at no more often than this.
const MIN_TIMER: Duration = Duration::from_millis(1);

impl Shard {
    pub(super) fn add(
        &mut self,
        now: Instant,
        id: PeerId,
        broadcast: BroadcastId,
        config: PeerConfig,
        out: &mut Transmits,
    ) {
        let role = config.role;
        let part = match role {
            Role::Publisher => Part::Publisher(Box::new(Publishing::new(now, id, &config))),
            Role::Viewer => {
                let track = |kind, section: &Option<_>, seed: u64| {
                    section
                        .as_ref()
                        .map(|section| DownTrack::new(kind, section, seed))
                };
                let audio = track(Kind::Audio, &config.audio, config.seed);
                let video = track(Kind::Video, &config.video, config.seed >> 16);
                Part::Viewer(Box::new(Viewing {
                    network: Network::new(now, &config),
                    tracks: Tracks { audio, video },
                    selected: None,
                }))
            }
        };
        let peer = Peer::new(config, now);
        #[cfg(any(test, feature = "negative-controls"))]
        let peer = {
            let mut peer = peer;
            if self.tuple_check_off {
                peer.disable_tuple_check();
            }
            peer
        };
        let Some(slot) = self
            .members
            .insert(Member::new(now, id, broadcast, peer, part))
        else {
            let reason = CloseReason::Error;
            self.events.push_back(Event::Closed {
                peer: id,
                broadcast,
                role,
                reason,
            });
            return;
        };
        self.stats.joins += 1;
        let entry = self.broadcasts.entry(broadcast).or_default();
        match role {
            Role::Viewer => {
                self.stats.viewers += 1;
                entry.viewers.push(slot);
                self.announce(now, broadcast);
            }
            Role::Publisher => {
                self.stats.publishers += 1;
                self.enthrone(now, slot, id, broadcast, out);
            }
        }
        self.settle(now, slot, out);
    }

    /// Makes a new publisher the one of its broadcast; the newest wins.
    fn enthrone(
        &mut self,
        now: Instant,
        slot: Slot,
        id: PeerId,
        broadcast: BroadcastId,
        out: &mut Transmits,
    ) {
        let entry = self.broadcasts.entry(broadcast).or_default();
        let before = entry.publisher;
        let newer = before
            .and_then(|before| self.members.get(before))
            .is_some_and(|m| m.id > id);
        if newer {
            self.close(now, slot, CloseReason::Replaced, out);
            return;
        }
        entry.publisher = Some(slot);
        if let Some(before) = before {
            self.close(now, before, CloseReason::Replaced, out);
        }
    }

    /// Says goodbye to a peer. It is gone when this returns.
    pub(super) fn close(
        &mut self,
        now: Instant,
        slot: Slot,
        reason: CloseReason,
        out: &mut Transmits,
    ) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        member.closing = Some(reason);
        member.peer.close(now, out);
        self.settle(now, slot, out);
        // The peer has reported its end just now; this holds even if it did not.
        self.remove(slot, reason);
    }

    fn remove(&mut self, slot: Slot, reason: CloseReason) {
        let Some(member) = self.members.remove(slot) else {
            return;
        };
        let (peer, broadcast, role) = (member.id, member.broadcast, member.role());
        self.stats.leaves += 1;
        self.stats.connected -= u64::from(member.connected);
        match role {
            Role::Viewer => self.stats.viewers -= 1,
            Role::Publisher => self.stats.publishers -= 1,
        }
        if let Some(entry) = self.broadcasts.get_mut(&broadcast) {
            entry.remove_viewer(slot);
            if entry.publisher == Some(slot) {
                entry.publisher = None;
            }
        }
        let reason = member.closing.unwrap_or(reason);
        self.events.push_back(Event::Closed {
            peer,
            broadcast,
            role,
            reason,
        });
    }

    /// Reads what a peer has to report after it was touched, and notes its next timer.
    pub(super) fn settle(&mut self, now: Instant, slot: Slot, out: &mut Transmits) {
        while let Some(event) = self.members.get_mut(slot).and_then(|m| m.peer.poll_event()) {
            self.peer_event(now, slot, event, out);
        }
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let Some(due) = member.peer.next_timeout() else {
            return;
        };
        if member.timer.is_none_or(|timer| due < timer) {
            let due = due.max(now + MIN_TIMER);
            member.timer = Some(due);
            self.timers.push(due, slot);
        }
    }

    fn peer_event(&mut self, now: Instant, slot: Slot, event: PeerEvent, out: &mut Transmits) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let (peer, broadcast, role) = (member.id, member.broadcast, member.role());
        match event {
            PeerEvent::Validated(address) => {
                let since = member.since;
                member.phases.ice.get_or_insert(now - since);
                self.members.validated(slot, address);
            }
            PeerEvent::Forgotten(address) => self.members.forgotten(slot, address),
            PeerEvent::Remote(_) => self.stats.rebindings += u64::from(member.connected),
            PeerEvent::Restarted { ended } => {
                self.stats.ice_restarts += 1;
                self.members.unname(slot, &ended);
            }
            PeerEvent::Connected => {
                member.connected = true;
                member.phases.dtls.get_or_insert(now - member.since);
                self.stats.connected += 1;
                self.stats.handshakes += 1;
                self.events.push_back(Event::Connected {
                    peer,
                    broadcast,
                    role,
                });
                if role == Role::Viewer {
                    if let (Some(entry), Part::Viewer(viewing)) =
                        (self.broadcasts.get(&broadcast), &mut member.part)
                    {
                        adapt(now, &Ladder::new(entry, now), viewing, member.peer.config());
                    }
                    self.begin_video(now, slot, out);
                }
            }
            PeerEvent::LanesOpen => {
                self.events.push_back(Event::LanesOpen { peer, broadcast });
            }
            PeerEvent::Lane { lane, bytes } => {
                self.stats.lane_messages_in += 1;
                if self.lane_events < MAX_LANE_EVENTS {
                    self.lane_events += 1;
                    self.events.push_back(Event::Lane {
                        peer,
                        broadcast,
                        lane,
                        bytes,
                    });
                } else {
                    self.stats.drop_events_full += 1;
                }
            }
            PeerEvent::Closed(reason) => self.remove(slot, reason),
        }
    }
}
