//! Reads ahead of the fan-out what it needs of the next viewers.
//!
//! What one viewer's packets need lies behind several pointers, and by the time its turn comes
//! again, everything that was sent in between has pushed it out of the processor's caches. Followed
//! one viewer at a time, each pointer is a wait for memory. Here one step is made for all viewers
//! of a group, then the next one: the waits of a group overlap. Changes nothing.

use std::hint::black_box;

use crate::broadcast::Slot;
use crate::members::{Member, Members, Part};

/// Viewers of one group: more than the processor waits for at a time, and few enough that the first
/// is still in the nearest cache when the last was read.
pub(super) const GROUP: usize = 16;

/// Reads the state of the first [`GROUP`] of `slots`.
pub(super) fn read_ahead(members: &Members, slots: &[Slot]) {
    let slots = &slots[..slots.len().min(GROUP)];
    let members = || slots.iter().filter_map(|slot| members.get(*slot));
    let mut sum = 0;
    for member in members() {
        sum ^= u64::from(member.connected) ^ member.peer.touch();
    }
    for member in members() {
        sum ^= member.peer.touch_session() ^ viewing(member, Depth::Tracks);
    }
    for member in members() {
        sum ^= member.peer.touch_key() ^ viewing(member, Depth::Behind);
    }
    for member in members() {
        sum ^= viewing(member, Depth::History);
    }
    black_box(sum);
}

#[derive(Clone, Copy)]
enum Depth {
    /// What lies in the viewer's own allocation.
    Tracks,
    /// What that points to.
    Behind,
    /// Where the next packets are noted.
    History,
}

fn viewing(member: &Member, depth: Depth) -> u64 {
    let Part::Viewer(viewing) = &member.part else {
        return 0;
    };
    let tracks = [&viewing.tracks.audio, &viewing.tracks.video];
    let tracks = tracks.into_iter().flatten();
    match depth {
        Depth::Tracks => {
            let sum = tracks.fold(0, |sum, track| sum ^ track.touch());
            sum ^ viewing.network.touch()
        }
        Depth::Behind => {
            let sum = tracks.fold(0, |sum, track| sum ^ track.munger.touch());
            sum ^ viewing.network.touch_transport()
        }
        Depth::History => viewing.network.touch_history(),
    }
}
