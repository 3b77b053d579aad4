//! Media from unknown addresses: some may be of a session whose address changed.
//!
//! Nothing readable in such a packet tells whose it is, and a browser that gets nothing any more
//! sends one or two, before its next check up to seconds later. So the latest packet of each
//! unknown address is held for a moment, and tried with the keys of sessions that fell silent just
//! now. The one whose key opens it is asked at that address ([`Peer::ask`]), and followed when it
//! answers there. Packets, sessions, trials and questions have limits; what is over them waits
//! for the session's own check. While no such packet comes, nothing is done at all.
//!
//! [`Peer::ask`]: crate::peer::Peer

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Shard;
use crate::broadcast::Slot;
use crate::limits::{
    ASK_TIME, ASK_TRIES, ASKS, SILENT_AFTER, SILENT_MOST, SILENT_SESSIONS, STRAY_LOOK, STRAY_TIME,
    STRAY_TRIALS_PER_SECOND, STRAYS,
};
use crate::members::Members;
use crate::peer::MAX_DATAGRAM;
use crate::stats::Stats;
use crate::transmit::Transmits;

/// See the module header.
#[derive(Default)]
pub(super) struct Strays {
    held: Vec<Stray>,
    asked: Vec<Asked>,
    /// When each silent session was heard last, the latest first.
    silent: Vec<(Instant, Slot)>,
    trials: u32,
    trials_since: Option<Instant>,
    looked: Option<Instant>,
    due: Option<Instant>,
}

/// The latest packet of one address.
struct Stray {
    from: SocketAddr,
    at: Instant,
    /// Sessions that were silent by then have been tried.
    looked: Option<Instant>,
    len: usize,
    bytes: [u8; MAX_DATAGRAM],
}

/// A question under way.
struct Asked {
    to: SocketAddr,
    slot: Slot,
    since: Instant,
    tries: u8,
}

impl Strays {
    /// When [`Shard::look_for_silent`] is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Who was asked at this address.
    pub(super) fn asked_at(&self, address: SocketAddr) -> Option<Slot> {
        let asked = self.asked.iter().find(|asked| asked.to == address);
        asked.map(|asked| asked.slot)
    }

    /// Holds a packet that belongs to nobody; false when there is no room.
    fn hold(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> bool {
        let at = match self.held.iter().position(|stray| stray.from == from) {
            Some(at) => at,
            None if self.held.len() == STRAYS => return false,
            None => {
                // All of the room at once, the first time that it is needed.
                self.held.reserve_exact(STRAYS - self.held.len());
                self.held.push(Stray {
                    from,
                    at: now,
                    looked: None,
                    len: 0,
                    bytes: [0; MAX_DATAGRAM],
                });
                self.held.len() - 1
            }
        };
        let stray = &mut self.held[at];
        (stray.at, stray.looked, stray.len) = (now, None, datagram.len());
        stray.bytes[..datagram.len()].copy_from_slice(datagram);
        let next = self.looked.map_or(now, |looked| looked + STRAY_LOOK);
        self.due.get_or_insert(next.max(now));
        true
    }

    fn look(
        &mut self,
        now: Instant,
        members: &mut Members,
        stats: &mut Stats,
        out: &mut Transmits,
    ) {
        self.looked = Some(now);
        let new = |since: Instant, limit: Duration| now.saturating_duration_since(since) < limit;
        self.held.retain(|stray| new(stray.at, STRAY_TIME));
        self.asked.retain(|asked| new(asked.since, ASK_TIME));
        for asked in &mut self.asked {
            // Twice the time between looks apart.
            let due = !new(asked.since, 2 * STRAY_LOOK * u32::from(asked.tries));
            let member = members.get(asked.slot).filter(|_| due);
            if asked.tries < ASK_TRIES
                && let Some(member) = member
                && member.peer.ask_again(asked.to, out)
            {
                asked.tries += 1;
            }
        }
        if !self.held.is_empty() {
            self.find_silent(now, members);
            self.try_all(now, members, stats, out);
        }
        let more = !self.held.is_empty() || !self.asked.is_empty();
        self.due = more.then_some(now + STRAY_LOOK);
    }

    fn find_silent(&mut self, now: Instant, members: &Members) {
        self.silent.clear();
        for slot in members.slots() {
            let heard = members
                .get(slot)
                .and_then(|member| member.peer.heard_last());
            let Some(heard) = heard else { continue };
            let silent = now.saturating_duration_since(heard);
            if (SILENT_AFTER..=SILENT_MOST).contains(&silent) {
                self.silent.push((heard, slot));
            }
        }
        self.silent.sort_unstable_by(|one, other| other.cmp(one));
        self.silent.truncate(SILENT_SESSIONS);
    }

    /// Tries every packet with every session that fell silent since it was tried last.
    fn try_all(
        &mut self,
        now: Instant,
        members: &mut Members,
        stats: &mut Stats,
        out: &mut Transmits,
    ) {
        let old = |since| now.saturating_duration_since(since) >= Duration::from_secs(1);
        if self.trials_since.is_none_or(old) {
            (self.trials, self.trials_since) = (0, Some(now));
        }
        let mut scratch = [0; MAX_DATAGRAM];
        for stray in &mut self.held {
            let before = stray.looked.replace(now);
            let packet = &stray.bytes[..stray.len];
            for (heard, slot) in &self.silent {
                let tried = before.is_some_and(|before| *heard + SILENT_AFTER <= before);
                let Some(member) = members.get_mut(*slot).filter(|_| !tried) else {
                    continue;
                };
                if !member.peer.may_be_next(packet) {
                    continue;
                }
                if self.trials >= STRAY_TRIALS_PER_SECOND {
                    stats.strays_refused += 1;
                    continue;
                }
                self.trials += 1;
                stats.strays_tried += 1;
                let copy = &mut scratch[..packet.len()];
                copy.copy_from_slice(packet);
                if !member.peer.is_next(copy) {
                    continue;
                }
                // One question at a time and session: whoever has packets of it cannot take the
                // place of the one that it is about to answer.
                if self.asked.iter().any(|asked| asked.slot == *slot) {
                    break;
                }
                if self.asked.len() == ASKS {
                    stats.strays_refused += 1;
                    break;
                }
                stats.asked_out += 1;
                member.peer.ask(stray.from, out);
                self.asked.push(Asked {
                    to: stray.from,
                    slot: *slot,
                    since: now,
                    tries: 1,
                });
                break;
            }
        }
    }
}

impl Shard {
    /// A datagram that is no STUN came from an unknown address. It is dropped and counted; media
    /// is held for a moment besides.
    pub(super) fn stray(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.stats.drop_unvalidated_source += 1;
        #[cfg(any(test, feature = "negative-controls"))]
        if self.strays_off {
            return;
        }
        let media = datagram.first().is_some_and(|it| (128..192).contains(it));
        if media && !self.strays.hold(now, from, datagram) {
            self.stats.strays_refused += 1;
        }
    }

    /// Looks whether a session that fell silent is at one of the unknown addresses, if it is time.
    pub(super) fn look_for_silent(&mut self, now: Instant, out: &mut Transmits) {
        if self.strays.due.is_some_and(|due| due <= now) {
            let (members, stats) = (&mut self.members, &mut self.stats);
            self.strays.look(now, members, stats, out);
        }
    }

    /// Holds no packets of unknown addresses. Only for tests that show what they are good for.
    #[cfg(any(test, feature = "negative-controls"))]
    pub fn disable_strays(&mut self) {
        self.strays_off = true;
    }
}
