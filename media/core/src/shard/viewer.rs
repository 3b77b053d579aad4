//! What viewers send: reports, NACKs, wishes for a keyframe. Anything else is ignored.

use std::time::Instant;

use super::Shard;
use crate::border::Kind;
use crate::broadcast::{Broadcast, Slot};
use crate::forward::Way;
use crate::members::{Part, Tracks, Viewing};
use crate::rtcp::{Compound, Item};
use crate::transmit::Transmits;

impl Shard {
    /// One authenticated RTCP compound of a viewer.
    pub(super) fn viewer_rtcp(
        &mut self,
        now: Instant,
        slot: Slot,
        bytes: &[u8],
        out: &mut Transmits,
    ) {
        let Some(compound) = Compound::parse(bytes) else {
            self.stats.drop_rtcp += 1;
            return;
        };
        let ntp = self.wall.ntp(now);
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let id = member.broadcast;
        let Part::Viewer(viewing) = &mut member.part else {
            return;
        };
        let Some(to) = member.peer.remote() else {
            return;
        };
        let Some(broadcast) = self.broadcasts.get(&id) else {
            return;
        };
        let Viewing {
            tracks, network, ..
        } = &mut **viewing;
        let mut way = Way {
            now,
            peer: &mut member.peer,
            to,
            network,
            out,
            stats: &mut self.stats,
        };
        let mut keyframe = None;
        compound.visit(|item| {
            keyframe = hear(item, tracks, broadcast, ntp, &mut way).or(keyframe);
        });
        if let Some(layer) = keyframe {
            self.want_keyframe(now, id, layer, false, out);
        }
    }
}

/// Obeys one thing that a viewer said. Returns the layer that it needs a keyframe of.
fn hear(
    item: Item<'_>,
    tracks: &mut Tracks,
    broadcast: &Broadcast,
    ntp: u64,
    way: &mut Way<'_>,
) -> Option<u8> {
    let ssrc = match item {
        Item::Report(block) => block.ssrc,
        Item::Nack { media_ssrc, .. } => media_ssrc,
        Item::Pli { media_ssrc } | Item::Fir { media_ssrc } => media_ssrc,
        Item::Transport(feedback) => {
            way.stats.feedback_in += 1;
            way.network.feedback(way.now, &feedback);
            return None;
        }
        Item::Remb { bitrate } => {
            way.network.remb(way.now, bitrate);
            return None;
        }
        Item::SenderReport { .. } => return None,
    };
    let (kind, track) = tracks.by_ssrc(ssrc)?;
    match item {
        Item::Report(block) => {
            let stream = track.layer().and_then(|it| broadcast.stream(kind, it));
            track.reported(&block, stream, ntp, way);
        }
        Item::Nack { pid, blp, .. } => {
            let layer = track.layer().unwrap_or(0);
            track.resend(broadcast.stream(kind, layer), pid, blp, way);
        }
        Item::Pli { .. } | Item::Fir { .. } => {
            way.stats.plis_in += 1;
            if kind == Kind::Video {
                return Some(track.layer().unwrap_or(track.want()));
            }
        }
        _ => {}
    }
    None
}
