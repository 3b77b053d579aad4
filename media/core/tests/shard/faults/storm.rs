//! F17: a thousand viewers join in a second, eight seconds after the last keyframe of a source that
//! ignores requests for one. Those who watch lose nothing, and joins ask the source for nothing.

use std::time::{Duration, Instant};

use media_core::peer::Role;
use media_core::report::PeerReport;
use media_core::shard::Shard;

use super::crowd::{PEERS, light};
use super::{FRAME, Film, browser};
use crate::net::{Net, ROOM};

/// Packets and keyframes of an encoder with the defaults of OBS, at a lower bitrate.
const FILM: Film = Film {
    packets: 2,
    gop: 250,
};
/// Frames before the storm, and when the film ends: before the second keyframe.
const CALM: u32 = 210;
const END: u32 = 249;

struct Storm {
    net: Net,
    publisher: usize,
    early: usize,
    begun: Instant,
}

impl Storm {
    fn break_loose(watching: usize, cache: bool) -> Self {
        let mut net = Net::seeded(1, 17);
        if !cache {
            net.shards.iter_mut().for_each(Shard::disable_cache);
        }
        let early = browser(&mut net);
        for at in 0..watching as u64 {
            net.join(light(2_000 + at, false), 0, ROOM);
        }
        let publisher = net.publisher(0);
        FILM.play(&mut net, publisher, 0..CALM);
        let begun = net.now;
        for number in CALM..CALM + 30 {
            FILM.frame(&mut net, publisher, number);
            for at in 0..PEERS.div_ceil(30) as u64 {
                let seed = 10_000 + u64::from(number) * 100 + at;
                net.join(light(seed, false), 0, ROOM);
            }
            net.run(FRAME);
        }
        FILM.play(&mut net, publisher, CALM + 30..END);
        Self {
            net,
            publisher,
            early,
            begun,
        }
    }

    /// Requests for a keyframe before and since the storm began.
    fn requests(&self) -> [usize; 2] {
        let all = &self.net.nodes[self.publisher].plis;
        let before = all.iter().filter(|at| **at < self.begun).count();
        [before, all.len() - before]
    }

    fn joined(&self) -> usize {
        self.net.nodes.len() - 1 - self.publisher
    }

    /// How long those who joined waited for a whole picture.
    fn waits(&self) -> Vec<Duration> {
        let peers = self.net.shards[0].peers(self.net.now, ROOM);
        let publisher = self.net.nodes[self.publisher].peer;
        let late = peers.iter().filter(|report| report.peer > publisher);
        let mut waits: Vec<_> = late.filter_map(|report| report.phases.whole).collect();
        waits.sort();
        waits
    }
}

#[test]
fn f17_a_thousand_joins_ask_for_nothing_and_cost_nobody_a_packet() {
    let storm = Storm::break_loose(200, true);
    let (net, stats) = (&storm.net, storm.net.stats(0));
    let (requests, waits) = (storm.requests(), storm.waits());
    let (joined, longest) = (storm.joined(), waits.last().copied());
    println!("{joined} joined, pictures within {longest:?}, requests {requests:?}");
    assert!(joined >= PEERS);
    assert_eq!(stats.connected as usize, net.nodes.len(), "all are in");
    assert_eq!(waits.len(), joined, "all have a picture");
    // Once it was tried whether the encoder obeys, for the advice to the host.
    assert_eq!(requests, [1, 0]);
    let seen = net.nodes[storm.early].screen();
    assert_eq!(seen.len(), END as usize, "the early viewer lost nothing");
    assert_eq!(
        net.nodes[storm.early].freezes(storm.begun, net.now).count,
        0
    );
    assert_eq!(stats.drop_overrun, 0);
}

/// Viewers who found no room for what came after the keyframe get it later.
#[test]
fn f17_all_of_a_storm_reach_the_live_edge_without_another_keyframe() {
    let mut storm = Storm::break_loose(0, true);
    let whole = |storm: &Storm| {
        let peers = storm.net.shards[0].peers(storm.net.now, ROOM);
        let has_all = |report: &PeerReport| {
            let mut video = report.tracks.iter().filter(|track| track.video);
            video.any(|track| track.packets == u64::from(END) * u64::from(FILM.packets))
        };
        let viewers = peers.iter().filter(|report| report.role == Role::Viewer);
        viewers.filter(|report| has_all(report)).count()
    };
    storm.net.run(Duration::from_millis(700));
    let now = whole(&storm);
    storm.net.run(Duration::from_secs(6));
    let then = whole(&storm);
    println!("{now} were live soon, {then} after six seconds");
    assert!(now < storm.joined(), "there was room for all: no proof");
    assert_eq!(then, storm.joined() + 1);
    assert_eq!(storm.requests(), [1, 0]);
}

#[test]
fn f17_control_without_the_cache_the_same_storm_asks_every_second_and_shows_nothing() {
    let storm = Storm::break_loose(0, false);
    let [_, asked] = storm.requests();
    println!("{asked} requests");
    assert!(asked >= 2, "{asked}");
    assert!(storm.waits().is_empty());
}
