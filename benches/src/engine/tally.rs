//! What the viewers measured, summed up.

use crate::report::{Phases, Samples};

/// A viewer is connected.
#[derive(Debug, Clone, Copy)]
pub struct Joined {
    /// Its place in the engine, to let it leave.
    pub place: usize,
}

/// Sums over all viewers that ever joined. Times are from the POST of the offer.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Viewers that are connected now.
    pub alive: usize,
    /// Viewers that have got media.
    pub watching: usize,
    /// Viewers whose session the server ended.
    pub closed: usize,
    /// RTP packets that arrived.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets missing by sequence number.
    pub lost: u64,
    /// Packets of light viewers missing by sequence number.
    pub lost_light: u64,
    /// Numbers asked for by full viewers.
    pub nacked: u64,
    /// Packets that came by RFC 4588.
    pub repaired_rtx: u64,
    /// Picture losses told by full viewers.
    pub plis: u64,
    /// TWCC feedbacks sent.
    pub feedbacks: u64,
    /// Packets of padding (probes) at full viewers.
    pub padding: u64,
    /// Messages on lanes.
    pub lane_messages: u64,
    /// From the message's `sent_us` to its receiving.
    pub lane_delay: Samples,
    /// Time to the answer.
    pub post: Samples,
    /// Time to the first answered check.
    pub ice: Samples,
    /// Time to media keys.
    pub dtls: Samples,
    /// Time to the first media packet.
    pub first_packet: Samples,
    /// Time to the first whole key frame (full viewers).
    pub first_key: Samples,
    /// Forward delay of stamped packets while measuring (full viewers).
    pub delays: Samples,
}

impl Totals {
    /// Where the time of the joins since `before` went.
    pub fn phases_since(&self, before: &Self) -> Phases {
        let since = |now: &Samples, then: &Samples| now.since(then).percentiles();
        Phases {
            post_ms: since(&self.post, &before.post),
            ice_ms: since(&self.ice, &before.ice),
            dtls_ms: since(&self.dtls, &before.dtls),
            first_packet_ms: since(&self.first_packet, &before.first_packet),
            first_key_ms: since(&self.first_key, &before.first_key),
        }
    }
}
