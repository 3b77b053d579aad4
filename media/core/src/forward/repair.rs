//! Answers to the NACKs of a viewer: the packet once more, over RTX where that was agreed, else on
//! the SSRC of the media and byte for byte as it was.

use super::base::is_blank;
use super::down_track::{DownTrack, Way};
use super::egress::{Head, Number, write};
use crate::border::Kind;
use crate::broadcast::Stream;
use crate::peer::Codec;
use crate::ring::Stored;
use crate::rtcp::Block;

impl DownTrack {
    /// Answers a NACK: `pid` and the packets whose bits are set in `blp`.
    pub(crate) fn resend(
        &mut self,
        stream: Option<&Stream>,
        pid: u16,
        blp: u16,
        way: &mut Way<'_>,
    ) {
        let followers = (0..16)
            .filter(|bit| blp & (1 << bit) != 0)
            .map(|bit| bit + 1);
        for ahead in std::iter::once(0).chain(followers) {
            let sequence = pid.wrapping_add(ahead);
            way.stats.nacks_in += 1;
            self.nacks += 1;
            if self.resend_one(stream, sequence, way).is_some() {
                way.stats.resent += 1;
                self.resent += 1;
            } else {
                way.stats.resend_refused += 1;
            }
        }
    }

    fn resend_one(
        &mut self,
        stream: Option<&Stream>,
        sequence: u16,
        way: &mut Way<'_>,
    ) -> Option<()> {
        let (head, stored) = self.sent_as(stream?, sequence)?;
        let rtx = self.rtx_pt(head.pt, way);
        let again = match (rtx, head.extension) {
            (Some(_), _) | (None, None) => 0,
            (None, Some(_)) => self.numbers.as_ref()?.get(sequence)?,
        };
        // Feedback tells of a queue that fills up long before the next report does: what waits there
        // is not lost.
        if let Some(rtt) = way.network.figures.rtt {
            self.resend.set_rtt(rtt);
        }
        if !self.resend.allow(way.now, sequence) {
            return None;
        }
        let parts = (stored.descriptor, stored.payload);
        let sent = match (rtx, &mut self.rtx) {
            (Some(pt), Some(rtx)) => rtx.write(way, head, pt, 0, &stored),
            _ => write(way, head, Number::Again(again), &[], parts).is_some(),
        };
        sent.then_some(())
    }

    /// What `sequence` was when it was sent, if that is still known.
    pub(super) fn sent_as<'a>(
        &self,
        stream: &'a Stream,
        sequence: u16,
    ) -> Option<(Head, Stored<'a>)> {
        let (segment, index) = self.munger.unmap(sequence)?;
        let mut stored = stream
            .ring
            .get(index)
            .filter(|_| segment.source == stream.source)
            // What the fan-out has not come to yet has not been sent: it must not go out twice with
            // different bytes.
            .filter(|stored| !stored.waiting)?;
        let bare = matches!(stream.codec, Codec::Av1 { .. }) && self.lacks_description(&stored);
        if bare && is_blank(&stored) {
            (stored.payload, stored.marker) = (&[], false);
        }
        let head = Head {
            pt: segment.pt,
            marker: stored.marker || self.munger.is_marked(sequence),
            pad: stored.pad,
            sequence,
            timestamp: segment.timestamp(stored.timestamp),
            ssrc: self.ssrc,
            extension: self.extension,
            dependency: self.dependency.map(|id| (id, segment.frames)),
        };
        Some((head, stored))
    }

    /// Payload type of repetitions of `pt`; `None` when they go out on the SSRC of the media.
    pub(super) fn rtx_pt(&self, pt: u8, way: &Way<'_>) -> Option<u8> {
        self.rtx.as_ref()?;
        let section = self.section(way.peer.config())?;
        section.format(pt)?.rtx
    }

    /// A report block of the viewer about this track; `ntp` is our time.
    /// `stream` is what it shows.
    pub(crate) fn reported(
        &mut self,
        block: &Block,
        stream: Option<&Stream>,
        ntp: u64,
        way: &mut Way<'_>,
    ) {
        self.loss = block.fraction_lost;
        // Loss of a thin track tells little about the way.
        let sent = stream.filter(|_| self.kind == Kind::Video);
        let sent = sent.map_or(0, |stream| stream.bitrate);
        if let Some(rtt) = way.network.reported(way.now, block, sent, ntp) {
            self.resend.set_rtt(rtt);
            self.rtt = Some(rtt);
        }
    }
}
