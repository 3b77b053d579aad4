//! A door behind the encryption, so that fuzzing reaches the readers of plain packets quickly.
//!
//! Only with the feature `fuzzing`; the server is built without it. What comes in here is treated
//! as if it had been decrypted from a datagram of that peer.

use std::time::Instant;

use super::Shard;
use crate::border::PeerId;
use crate::members::Part;
use crate::transmit::Transmits;

/// What the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// An RTP packet.
    Rtp,
    /// An RTCP compound.
    Rtcp,
    /// An SCTP packet.
    Sctp,
}

impl Shard {
    /// Takes a plain packet of a peer; unknown peers are ignored.
    pub fn take_plain(
        &mut self,
        now: Instant,
        peer: PeerId,
        kind: Plain,
        bytes: &[u8],
        out: &mut Transmits,
    ) {
        let Some(slot) = self.members.by_id(peer) else {
            return;
        };
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let publishes = matches!(member.part, Part::Publisher(_));
        match kind {
            Plain::Sctp => member.peer.take_sctp(now, bytes, out),
            Plain::Rtp if publishes => self.publisher_rtp(now, slot, bytes),
            Plain::Rtp => {}
            Plain::Rtcp if publishes => self.publisher_rtcp(now, slot, bytes),
            Plain::Rtcp => self.viewer_rtcp(now, slot, bytes, out),
        }
        self.settle(now, slot, out);
    }

    /// The verification tag that a peer's SCTP packets carry, once one has come.
    pub fn sctp_tag(&self, peer: PeerId) -> Option<[u8; 4]> {
        let slot = self.members.by_id(peer)?;
        self.members.get(slot)?.peer.sctp_tag()
    }
}
