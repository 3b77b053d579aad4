//! The lite side of ICE (RFC 8445 section 2.5): answers checks, remembers who passed one.
//!
//! A source address becomes a tuple by one authenticated request and by nothing else. Everything
//! is sent to one of them, the target: the nominated tuple, before nomination the latest one. It
//! moves at once to a tuple that is nominated anew, so a viewer whose address changed keeps its
//! picture, and in the end to the tuple that is alive; two tuples that are both kept nominated do
//! not make it flap. A check that was overheard and comes again from elsewhere is none. A restart adds
//! a second generation of credentials; the first check that passes with them makes them the only
//! ones. It reads no candidates and sends one kind of check (`ice/ask.rs`), beyond what a lite side
//! has to: to where a silent peer seems to be now.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::event::DropReason;
use super::limits::{MAX_STUN_ERRORS_PER_SECOND, MAX_TRANSACTIONS, MAX_TUPLES};
use super::stun::{self, Kind, Reading};

mod ask;
mod credentials;

use ask::Asked;
pub use credentials::IceCredentials;

/// A nominated target without check and media for so long gives way to another nominated tuple.
/// Browsers check every 2.5 s at the slowest.
const NOMINATED_STALE: Duration = Duration::from_secs(6);
/// A target without check and media for so long gives way to the tuple that media comes from,
/// and one of an earlier generation to any tuple of the new one.
const TARGET_SILENT: Duration = Duration::from_millis(500);
/// A tuple without a check for so long may be forgotten when the table is full.
const TUPLE_STALE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
struct Tuple {
    addr: SocketAddr,
    last_check: Instant,
    /// Its latest check had USE-CANDIDATE. The target keeps the mark: some clients nominate once
    /// and check on without it.
    nominated: bool,
    /// It passed a check of the current generation.
    current: bool,
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
    /// The credentials of the restart were used: they are the current ones from here on.
    pub(crate) restarted: bool,
}

/// Outcome of one STUN datagram.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Authentic and accepted; send the answer to the source.
    Accepted(Vec<u8>, Change),
    /// The authentic answer to a check of ours: nothing to send.
    Answered(Change),
    /// Authentic, but answered with an error.
    Refused(Vec<u8>),
    /// An indication: nothing to do.
    Ignored,
    /// Thrown away.
    Dropped(DropReason),
}

/// ICE-lite of one peer.
pub(crate) struct Ice {
    credentials: IceCredentials,
    /// Those of a restart that has not been checked yet.
    next: Option<Box<IceCredentials>>,
    tuples: Vec<Tuple>,
    target: Option<SocketAddr>,
    /// Transactions of the latest checks that passed, folded; a ring.
    transactions: Vec<u32>,
    next_transaction: usize,
    /// Our own check that has not been answered.
    asked: Option<Box<Asked>>,
    /// When the target's latest check or media came.
    target_heard: Instant,
    errors: u32,
    errors_since: Instant,
}

impl Ice {
    /// Waits for a first check.
    pub(crate) fn new(credentials: IceCredentials, now: Instant) -> Self {
        Self {
            credentials,
            next: None,
            tuples: Vec::with_capacity(2),
            target: None,
            transactions: Vec::new(),
            next_transaction: 0,
            asked: None,
            target_heard: now,
            errors: 0,
            errors_since: now,
        }
    }

    /// Accepts these credentials too, in place of those of an earlier restart without a check.
    pub(crate) fn restart(&mut self, credentials: IceCredentials) {
        self.next = Some(Box::new(credentials));
    }

    /// The credentials in use.
    pub(crate) fn credentials(&self) -> &IceCredentials {
        &self.credentials
    }

    /// Those of a restart that has not been checked yet.
    pub(crate) fn next_credentials(&self) -> Option<&IceCredentials> {
        self.next.as_deref()
    }

    /// Whether this source has passed a check.
    pub(crate) fn is_validated(&self, from: SocketAddr) -> bool {
        self.target == Some(from) || self.tuples.iter().any(|tuple| tuple.addr == from)
    }

    /// Where to send.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        self.target
    }

    /// Notes authentic media of a validated source; true when the target moved there, because
    /// media comes from there and nothing from the old place.
    pub(crate) fn heard(&mut self, now: Instant, from: SocketAddr) -> bool {
        if self.target != Some(from) {
            let silent = now.duration_since(self.target_heard) >= TARGET_SILENT;
            if !silent || !self.tuples.iter().any(|tuple| tuple.addr == from) {
                return false;
            }
            self.target = Some(from);
            self.target_heard = now;
            return true;
        }
        self.target_heard = now;
        false
    }

    /// Takes a datagram that looks like STUN.
    pub(crate) fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Outcome {
        let Some(reading) = Reading::parse(datagram) else {
            return Outcome::Dropped(DropReason::BadStun);
        };
        match reading.kind {
            Kind::Indication if self.is_validated(from) => return Outcome::Ignored,
            Kind::Request => {}
            Kind::Success => return self.answered(now, from, &reading),
            _ => return Outcome::Dropped(DropReason::BadStun),
        }
        let Some(username) = reading.username else {
            return Outcome::Dropped(DropReason::BadStun);
        };
        let next = self.next.as_deref();
        let of_next = next.filter(|next| next.is_username(username));
        let of_now = || Some(&self.credentials).filter(|now| now.is_username(username));
        let Some(credentials) = of_next.or_else(of_now) else {
            return Outcome::Dropped(DropReason::StunAuth);
        };
        let password = &credentials.local_pwd;
        if !reading.is_authentic(password) {
            return Outcome::Dropped(DropReason::StunAuth);
        }
        let refusal = match reading.unknown_required() {
            Some(kind) => Some((420, Some(kind))),
            None => reading.controlled.then_some((487, None)),
        };
        let id = reading.transaction();
        if let Some((code, unknown)) = refusal {
            let answer = stun::error(id, code, unknown, password);
            return self.refuse(now, answer, datagram.len());
        }
        let Some(answer) = stun::success(id, from, password) else {
            return Outcome::Dropped(DropReason::BadStun);
        };
        // Whoever has overheard a check could send it again from elsewhere.
        let transaction = fold(id.0);
        if self.transactions.contains(&transaction) && !self.is_validated(from) {
            return Outcome::Dropped(DropReason::Replay);
        }
        let restarted = of_next.is_some();
        if restarted && let Some(next) = self.next.take() {
            self.credentials = *next;
            for tuple in &mut self.tuples {
                (tuple.nominated, tuple.current) = (false, false);
            }
        }
        self.remember(transaction);
        match self.accept(now, from, reading.use_candidate) {
            Some(change) => Outcome::Accepted(
                answer,
                Change {
                    restarted,
                    ..change
                },
            ),
            None => Outcome::Dropped(DropReason::TupleLimit),
        }
    }

    fn remember(&mut self, transaction: u32) {
        if self.transactions.len() < MAX_TRANSACTIONS {
            self.transactions.push(transaction);
        } else {
            self.transactions[self.next_transaction] = transaction;
            self.next_transaction = (self.next_transaction + 1) % MAX_TRANSACTIONS;
        }
    }

    fn refuse(&mut self, now: Instant, answer: Option<Vec<u8>>, room: usize) -> Outcome {
        if now.duration_since(self.errors_since) >= Duration::from_secs(1) {
            self.errors = 0;
            self.errors_since = now;
        }
        self.errors += 1;
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
                    current: true,
                });
                self.tuples.len() - 1
            }
        };
        let is_target = self.target == Some(from);
        change.moved = !is_target && self.is_followed(now, at, nominate, change.validated);
        let tuple = &mut self.tuples[at];
        (tuple.last_check, tuple.current) = (now, true);
        tuple.nominated = nominate || (tuple.nominated && is_target);
        if change.moved {
            self.target = Some(from);
        }
        if change.moved || is_target {
            self.target_heard = now;
        }
        Some(change)
    }

    /// Whether a check of the tuple `at`, which is not the target, makes it the target.
    fn is_followed(&self, now: Instant, at: usize, nominate: bool, new: bool) -> bool {
        let Some(target) = self.target_tuple() else {
            return true;
        };
        let silent = now.duration_since(self.target_heard);
        if nominate {
            let anew = !self.tuples[at].nominated || !target.nominated;
            return anew || silent >= NOMINATED_STALE;
        }
        match target.current {
            true => new && !target.nominated,
            // The client may still use the old path until it nominates a new one.
            false => silent >= TARGET_SILENT,
        }
    }

    fn target_tuple(&self) -> Option<&Tuple> {
        let target = self.target?;
        self.tuples.iter().find(|tuple| tuple.addr == target)
    }

    fn forget(&mut self, now: Instant) -> Option<SocketAddr> {
        let target = self.target;
        // Those of an earlier generation go at once, so that a restart always finds room.
        let stale = |tuple: &Tuple| {
            let silent = now.duration_since(tuple.last_check) >= TUPLE_STALE;
            target != Some(tuple.addr) && (silent || !tuple.current)
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

/// 96 random bits in 32.
fn fold(id: [u8; 12]) -> u32 {
    let word = |at: usize| u32::from_be_bytes([id[at], id[at + 1], id[at + 2], id[at + 3]]);
    word(0) ^ word(4) ^ word(8)
}

#[cfg(test)]
mod tests;
