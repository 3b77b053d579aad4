//! The fan-out of one broadcast on one shard, viewer by viewer.
//!
//! For the batch of packets that has just come in, each viewer gets its copies one after the
//! other, so that they form one run of datagrams to one address. A fan-out that has filled the
//! caller's queue pauses and goes on with the next viewer when it is called again. No allocation
//! per packet, nothing per viewer but its own state.

mod adapt;
mod ahead;
mod base;
mod blind;
mod catch_up;
mod choice;
mod down_track;
mod egress;
mod estimate;
mod history;
mod joins;
mod layers;
mod munger;
mod network;
mod repair;
mod resend;
mod skips;

use std::time::Instant;

use crate::border::Kind;
use crate::broadcast::Broadcast;
use crate::limits::FLUSH_DATAGRAMS;
use crate::members::{Members, Part, Viewing};
use crate::stats::Stats;
use crate::transmit::Transmits;

use ahead::{GROUP, read_ahead};

pub(crate) use adapt::{Ladder, adapt};
pub(crate) use catch_up::Pace;
pub(crate) use down_track::{DownTrack, Way};
pub(crate) use egress::send_rtcp;
pub(crate) use joins::{Joins, Service, serve};
pub(crate) use network::Network;

/// Sends what is due to the viewers. Returns whether there is more to do for which `out` had no
/// room; then the caller sends, clears it and calls again.
pub(crate) fn fan_out(
    broadcast: &mut Broadcast,
    members: &mut Members,
    now: Instant,
    ntp: u64,
    out: &mut Transmits,
    stats: &mut Stats,
) -> bool {
    while broadcast.next_batch(now) {
        while broadcast.queue.cursor < broadcast.viewers.len() {
            if out.len() >= FLUSH_DATAGRAMS {
                return true;
            }
            let cursor = broadcast.queue.cursor;
            if cursor.is_multiple_of(GROUP) {
                read_ahead(members, &broadcast.viewers[cursor..]);
            }
            let slot = broadcast.viewers[cursor];
            broadcast.queue.cursor += 1;
            let Some(member) = members.get_mut(slot) else {
                continue;
            };
            let (true, Part::Viewer(viewing)) = (member.connected, &mut member.part) else {
                continue;
            };
            let Some(to) = member.peer.remote() else {
                continue;
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
                stats,
            };
            for kind in [Kind::Audio, Kind::Video] {
                let Some(track) = tracks.track(kind) else {
                    continue;
                };
                for layer in track.layers() {
                    let Some(stream) = broadcast.stream(kind, layer) else {
                        continue;
                    };
                    track.report(stream, ntp, &mut way);
                    for index in broadcast.queue.batch(kind, layer) {
                        track.forward(broadcast, stream, *index, &mut way);
                    }
                }
            }
            if let (true, Some(track)) = (way.network.is_probe_wanted(), &mut tracks.video) {
                let layer = track.layer();
                let stream = layer.and_then(|layer| broadcast.stream(Kind::Video, layer));
                track.probe(stream, &mut way);
            }
        }
        broadcast.queue.done();
    }
    false
}
