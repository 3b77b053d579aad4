//! A check of our own (RFC 8445 section 7.2.2), to an address that authentic media of a silent peer
//! came from. A datagram that was taken away and sent from elsewhere is authentic as well, so
//! nothing moves before the peer itself has answered from there, with its password, and only if
//! the old place is still silent then.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Ice, Outcome};
use crate::peer::event::DropReason;
use crate::peer::stun::{self, Check, Reading};

/// A check that waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    id: [u8; 12],
    to: SocketAddr,
    /// When the target had last been heard.
    heard: Instant,
}

impl Ice {
    /// When the latest check or media came from the target.
    pub(crate) fn heard_last(&self) -> Instant {
        self.target_heard
    }

    /// Makes a check for `to`; an earlier one is no longer waited for. `id` was not used before.
    pub(crate) fn ask(&mut self, to: SocketAddr, id: [u8; 12]) -> Option<Vec<u8>> {
        let heard = self.target_heard;
        self.asked = Some(Box::new(Asked { id, to, heard }));
        self.ask_again(to)
    }

    /// The check for `to` once more; `None` when none is waited for.
    pub(crate) fn ask_again(&self, to: SocketAddr) -> Option<Vec<u8>> {
        let asked = self.asked.as_deref().filter(|asked| asked.to == to)?;
        let ice = &self.credentials;
        stun::request(&Check {
            id: asked.id,
            username: &format!("{}:{}", ice.remote_ufrag, ice.local_ufrag),
            password: &ice.remote_pwd,
            // Compared in role conflicts only, and a lite side cannot have one.
            tie_breaker: u64::from_be_bytes(*asked.id.first_chunk()?),
            use_candidate: false,
            controlled: true,
            extra: None,
        })
    }

    /// Takes an answer to a check of ours.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        from: SocketAddr,
        reading: &Reading<'_>,
    ) -> Outcome {
        let id = reading.transaction().0;
        let asked = self.asked.as_deref();
        let Some(asked) = asked.filter(|asked| asked.to == from && asked.id == id) else {
            return Outcome::Dropped(DropReason::BadStun);
        };
        let password = &self.credentials.remote_pwd;
        if password.is_empty() || !reading.is_authentic(password) {
            return Outcome::Dropped(DropReason::StunAuth);
        }
        let silent = asked.heard == self.target_heard;
        self.asked = None;
        if !silent {
            return Outcome::Ignored;
        }
        // It takes the place of the target, which is what the peer has nominated.
        let change = self.accept(now, from, true);
        change.map_or(Outcome::Dropped(DropReason::TupleLimit), Outcome::Answered)
    }
}
