//! The lite side of ICE (RFC 8445 section 2.5): answers checks, remembers who passed one.
//!
//! A source address becomes a tuple by one authenticated request and by nothing else. Everything
//! is sent to the nominated tuple, before nomination to the latest one. A viewer whose address
//! changes nominates its new tuple and is followed at once; two tuples that are both kept
//! nominated do not make the target flap. It sends no checks of its own and reads no candidates.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::event::DropReason;
use super::limits::{MAX_STUN_ERRORS_PER_SECOND, MAX_TUPLES};
use super::stun::{self, Kind, Reading};

/// A nominated tuple without a check for so long gives way to another nominated one. Browsers
/// check every 2.5 s at the slowest.
const NOMINATED_STALE: Duration = Duration::from_secs(6);
/// A tuple without a check for so long may be forgotten when the table is full.
const TUPLE_STALE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
struct Tuple {
    addr: SocketAddr,
    last_check: Instant,
    nominated: bool,
}

/// What changed by a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// The source is new.
    pub(crate) validated: bool,
    /// This address was forgotten for it.
    pub(crate) forgotten: Option<SocketAddr>,
    /// The target moved to the source.
    pub(crate) moved: bool,
}

/// Outcome of one STUN datagram.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Authentic and accepted; send the answer to the source.
    Accepted(Vec<u8>, Change),
    /// Authentic, but answered with an error.
    Refused(Vec<u8>),
    /// An indication: nothing to do.
    Ignored,
    /// Thrown away.
    Dropped(DropReason),
}

/// ICE-lite of one peer.
pub(crate) struct Ice {
    username: String,
    password: String,
    tuples: Vec<Tuple>,
    target: Option<SocketAddr>,
    errors: u32,
    errors_since: Instant,
}

impl Ice {
    /// `username` is `ours:theirs`, `password` ours.
    pub(crate) fn new(username: String, password: String, now: Instant) -> Self {
        let tuples = Vec::with_capacity(2);
        Self {
            username,
            password,
            tuples,
            target: None,
            errors: 0,
            errors_since: now,
        }
    }

    /// Whether this source has passed a check.
    pub(crate) fn is_validated(&self, from: SocketAddr) -> bool {
        self.target == Some(from) || self.tuples.iter().any(|tuple| tuple.addr == from)
    }

    /// Where to send.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        self.target
    }

    /// Takes a datagram that looks like STUN.
    pub(crate) fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Outcome {
        let Some(reading) = Reading::parse(datagram) else {
            return Outcome::Dropped(DropReason::BadStun);
        };
        match reading.kind {
            Kind::Indication if self.is_validated(from) => return Outcome::Ignored,
            Kind::Request => {}
            _ => return Outcome::Dropped(DropReason::BadStun),
        }
        if reading.username.is_none() {
            return Outcome::Dropped(DropReason::BadStun);
        }
        if reading.username != Some(&self.username) || !reading.is_authentic(&self.password) {
            return Outcome::Dropped(DropReason::StunAuth);
        }
        if let Some(kind) = reading.unknown_required() {
            return self.refuse(now, &reading, 420, Some(kind), datagram.len());
        }
        if reading.controlled {
            return self.refuse(now, &reading, 487, None, datagram.len());
        }
        let Some(change) = self.accept(now, from, reading.use_candidate) else {
            return Outcome::Dropped(DropReason::TupleLimit);
        };
        match stun::success(reading.transaction(), from, &self.password) {
            Some(answer) => Outcome::Accepted(answer, change),
            None => Outcome::Dropped(DropReason::BadStun),
        }
    }

    fn refuse(
        &mut self,
        now: Instant,
        reading: &Reading<'_>,
        code: u16,
        unknown: Option<u16>,
        room: usize,
    ) -> Outcome {
        if now.duration_since(self.errors_since) >= Duration::from_secs(1) {
            self.errors = 0;
            self.errors_since = now;
        }
        self.errors += 1;
        let answer = stun::error(reading.transaction(), code, unknown, &self.password);
        match answer {
            Some(answer) if self.errors <= MAX_STUN_ERRORS_PER_SECOND && answer.len() <= room => {
                Outcome::Refused(answer)
            }
            _ => Outcome::Dropped(DropReason::BadStun),
        }
    }

    /// Notes an authentic check; `None` when the table is full of live tuples.
    fn accept(&mut self, now: Instant, from: SocketAddr, nominate: bool) -> Option<Change> {
        let mut change = Change::default();
        let at = match self.tuples.iter().position(|tuple| tuple.addr == from) {
            Some(at) => at,
            None => {
                if self.tuples.len() >= MAX_TUPLES {
                    change.forgotten = Some(self.forget(now)?);
                }
                change.validated = true;
                self.tuples.push(Tuple {
                    addr: from,
                    last_check: now,
                    nominated: false,
                });
                self.tuples.len() - 1
            }
        };
        let newly_nominated = nominate && !self.tuples[at].nominated;
        self.tuples[at].last_check = now;
        self.tuples[at].nominated |= nominate;
        let follow = match self.target_tuple() {
            None => true,
            Some(target) if target.addr == from => false,
            Some(target) if !target.nominated => nominate || change.validated,
            Some(target) => {
                let stale = now.duration_since(target.last_check) >= NOMINATED_STALE;
                newly_nominated || (nominate && stale)
            }
        };
        if follow {
            self.target = Some(from);
            change.moved = true;
        }
        Some(change)
    }

    fn target_tuple(&self) -> Option<&Tuple> {
        let target = self.target?;
        self.tuples.iter().find(|tuple| tuple.addr == target)
    }

    fn forget(&mut self, now: Instant) -> Option<SocketAddr> {
        let target = self.target;
        let stale = |tuple: &Tuple| {
            target != Some(tuple.addr) && now.duration_since(tuple.last_check) >= TUPLE_STALE
        };
        let candidates = self
            .tuples
            .iter()
            .enumerate()
            .filter(|(_, tuple)| stale(tuple));
        let (at, _) = candidates.min_by_key(|(_, tuple)| tuple.last_check)?;
        Some(self.tuples.swap_remove(at).addr)
    }
}

#[cfg(test)]
mod tests;
