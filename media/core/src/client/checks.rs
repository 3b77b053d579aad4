//! The controlling side of ICE for one remote candidate (RFC 8445 section 7.2).
//!
//! Checks go out quickly until one is answered, then every few seconds as consent (RFC 7675). The
//! first answered check is nominated at once. There is one candidate pair, so there is nothing to
//! choose.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::peer::stun::{self, Check, Kind, Reading};
use crate::transmit::Transmits;

const FAST: Duration = Duration::from_millis(50);
const MAX_PENDING: usize = 32;
const SLOW: Duration = Duration::from_millis(2_500);

/// Checks of one client. See the module header.
pub(super) struct Checks {
    pub(super) remote: SocketAddr,
    username: String,
    password: String,
    /// Authenticates the checks of the server.
    own_password: String,
    tie_breaker: u64,
    random: StdRng,
    /// Transactions whose answers may still come: the round trip can be longer than the pace.
    pending: VecDeque<[u8; 12]>,
    due: Instant,
    /// An answer came.
    pub(super) answered: bool,
    nominated: bool,
}

impl Checks {
    pub(super) fn new(
        now: Instant,
        remote: SocketAddr,
        username: String,
        (password, own_password): (String, String),
        seed: u64,
    ) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        Self {
            remote,
            username,
            password,
            own_password,
            tie_breaker: random.random(),
            random,
            pending: VecDeque::with_capacity(MAX_PENDING),
            due: now,
            answered: false,
            nominated: false,
        }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        self.due
    }

    /// Sends the check that is due.
    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        if now < self.due {
            return;
        }
        let id = self.random.random();
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(id);
        self.nominated = self.answered;
        let check = Check {
            id,
            username: &self.username,
            password: &self.password,
            tie_breaker: self.tie_breaker,
            use_candidate: self.answered,
            controlled: false,
            extra: None,
        };
        if let Some(request) = stun::request(&check) {
            out.push(self.remote, &request);
        }
        self.due = now + if self.answered { SLOW } else { FAST };
    }

    /// Takes an answer, nominates when it is the first; answers a check of the server.
    pub(super) fn handle(&mut self, now: Instant, datagram: &[u8], out: &mut Transmits) -> bool {
        let Some(reading) = Reading::parse(datagram) else {
            return false;
        };
        let for_us = || {
            let names = self.username.split_once(':')?;
            let name = reading.username?.split_once(':')?;
            Some(name == (names.1, names.0))
        };
        if reading.kind == Kind::Request
            && for_us() == Some(true)
            && reading.is_authentic(&self.own_password)
        {
            let answer = stun::success(reading.transaction(), self.remote, &self.own_password);
            if let Some(answer) = answer {
                out.push(self.remote, &answer);
            }
            return true;
        }
        let genuine = reading.kind == Kind::Success
            && self.pending.contains(&reading.transaction().0)
            && reading.is_authentic(&self.password);
        if genuine {
            self.answered = true;
            if !self.nominated {
                self.due = now;
                self.handle_timeout(now, out);
            }
        }
        genuine
    }
}
