//! Finding a peer again whose address changed, by a packet of it that came from an unknown one.
//!
//! The shard holds such packets (`shard/strays.rs`). Trying one changes nothing here, and what
//! opens is no proof of an address: it is the reason to ask there by a check of our own.

use std::net::SocketAddr;
use std::time::Instant;

use super::Peer;
use crate::transmit::Transmits;

impl Peer {
    /// When something last came from where everything is sent to; `None` before the keys are there.
    pub(crate) fn heard_last(&self) -> Option<Instant> {
        self.is_connected().then(|| self.ice.heard_last())
    }

    /// Whether `packet` may be the next SRTP or SRTCP packet of this peer, by what is readable.
    pub(crate) fn may_be_next(&self, packet: &[u8]) -> bool {
        let session = self.link.session();
        session.is_some_and(|session| session.may_be_next(packet))
    }

    /// Whether it is, by its tag. Its content is lost.
    pub(crate) fn is_next(&self, packet: &mut [u8]) -> bool {
        let session = self.link.session();
        session.is_some_and(|session| session.is_next(packet))
    }

    /// Asks at `to` whether the peer is there. It is followed once its answer comes from there.
    pub(crate) fn ask(&mut self, to: SocketAddr, out: &mut Transmits) {
        self.asks += 1;
        let id = transaction(self.config.seed, self.asks);
        if let Some(request) = self.ice.ask(to, id) {
            out.push(to, &request);
        }
    }

    /// Asks once more, with the same transaction; false when there is nothing to ask for.
    pub(crate) fn ask_again(&self, to: SocketAddr, out: &mut Transmits) -> bool {
        let request = self.ice.ask_again(to);
        if let Some(request) = &request {
            out.push(to, request);
        }
        request.is_some()
    }
}

/// A transaction of its own for each number. That nobody can guess it is not needed: what counts is
/// the password in the answer, and that an earlier answer does not fit (SplitMix64).
fn transaction(seed: u64, number: u64) -> [u8; 12] {
    let mix = |step: u64| {
        let mut word = seed
            ^ number
                .wrapping_mul(2)
                .wrapping_add(step)
                .wrapping_mul(GOLDEN);
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ word >> 31).to_be_bytes()
    };
    let (first, second) = (mix(0), mix(1));
    let mut id = [0; 12];
    id[..8].copy_from_slice(&first);
    id[8..].copy_from_slice(&second[..4]);
    id
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_do_not_repeat() {
        let all = (0..4u64).flat_map(|seed| (0..500).map(move |number| transaction(seed, number)));
        let mut all: Vec<_> = all.collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2_000);
    }
}
