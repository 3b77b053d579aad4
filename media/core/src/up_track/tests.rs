#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::Duration;

use super::*;
use crate::limits::{NACK_BUDGET, NACK_DELAY, NACK_TRIES};

const VP8: Codec = Codec::Vp8;

fn incoming(ssrc: u32, sequence: u16, payload: &[u8]) -> Incoming<'_> {
    let timestamp = u32::from(sequence) * 3_000;
    Incoming {
        ssrc,
        codec: VP8,
        sequence,
        timestamp,
        marker: false,
        descriptor: &[],
        payload,
        expected: false,
        repeated: false,
    }
}

struct Bench {
    track: UpTrack,
    now: Instant,
    wall: WallClock,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        let wall = WallClock::new(now, Duration::from_secs(1_000));
        Self {
            track: UpTrack::new(PeerId(1), 0, Missing::new(NACK_TRIES, NACK_BUDGET)),
            now,
            wall,
        }
    }

    fn packet<'a>(&mut self, incoming: Incoming<'a>) -> Packet<'a> {
        match self.track.accept(self.now, &self.wall, incoming) {
            Outcome::Forward(packet) => packet,
            other => unreachable!("{other:?}"),
        }
    }

    fn refused(&mut self, incoming: Incoming<'_>) -> Outcome<'static> {
        match self.track.accept(self.now, &self.wall, incoming) {
            Outcome::Foreign => Outcome::Foreign,
            Outcome::Late => Outcome::Late,
            Outcome::Padding => Outcome::Padding,
            other => unreachable!("{other:?}"),
        }
    }
}

#[test]
fn gaps_are_asked_for_and_repairs_counted() {
    let mut bench = Bench::new();
    bench.packet(incoming(5, 10, &[0x10, 0]));
    bench.packet(incoming(5, 13, &[0]));
    bench.now += NACK_DELAY;
    let mut ask = Vec::new();
    assert_eq!(bench.track.missing.due(bench.now, &mut ask), 0);
    assert_eq!(ask, [11, 12]);
    bench.packet(incoming(5, 11, &[0]));
    assert_eq!(bench.track.take_repaired(), 1);
    let block = bench.track.report(bench.now).unwrap();
    assert_eq!((block.ssrc, block.lost), (5, 1));
}

#[test]
fn a_foreign_ssrc_waits_until_the_own_one_is_silent() {
    let mut bench = Bench::new();
    let first = bench.packet(incoming(5, 10, &[0]));
    assert_eq!(bench.refused(incoming(6, 900, &[0])), Outcome::Foreign);
    bench.now += SSRC_SILENCE;
    let other = bench.packet(incoming(6, 901, &[0]));
    assert!(other.source > first.source);
    assert_eq!(bench.track.ssrc(), Some(6));
    let expected = Incoming {
        expected: true,
        ..incoming(7, 3, &[0])
    };
    assert!(bench.packet(expected).source > other.source);
}

#[test]
fn a_confirmed_jump_is_a_new_generation_without_a_nack_storm() {
    let mut bench = Bench::new();
    let first = bench.packet(incoming(5, 10, &[0]));
    assert_eq!(bench.refused(incoming(5, 30_000, &[0])), Outcome::Late);
    let next = bench.packet(incoming(5, 30_001, &[0]));
    assert!(next.source > first.source);
    assert!(bench.track.missing.is_empty());
}

#[test]
fn another_codec_is_a_new_generation() {
    let mut bench = Bench::new();
    let first = bench.packet(incoming(5, 10, &[0]));
    let codec = Codec::Vp9 { profile: 0 };
    let next = bench.packet(Incoming {
        codec,
        ..incoming(5, 11, &[0x08])
    });
    assert!(next.source > first.source);
    assert_eq!(next.key, Key::Start);
}

#[test]
fn padding_is_not_forwarded() {
    let mut bench = Bench::new();
    let first = bench.packet(incoming(5, 10, &[0]));
    assert_eq!(bench.refused(incoming(5, 11, &[])), Outcome::Padding);
    assert_eq!(bench.packet(incoming(5, 12, &[0])).index, first.index + 1);
}

const H264: Codec = Codec::H264 {
    profile_level_id: 0x42_e0_1f,
    packetization_mode: 1,
};

/// Index and timestamp of the packets in front of one, and its own index.
fn with_inserted(bench: &mut Bench, sequence: u16, payload: &[u8]) -> (Vec<(u64, Key)>, u64) {
    let codec = H264;
    let packet = bench.packet(Incoming {
        codec,
        ..incoming(5, sequence, payload)
    });
    let inserted = bench.track.take_inserted(&packet);
    let placed = inserted.packets(&packet);
    let list = placed
        .inspect(|own| assert_eq!(own.timestamp, packet.timestamp))
        .map(|own| (own.index, own.key));
    (list.collect(), packet.index)
}

#[test]
fn o11_parameter_sets_are_repeated_in_front_of_a_bare_idr() {
    let mut bench = Bench::new();
    let sets = [24, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 0xce];
    let stap = [&sets[..3], &[0x67, 0x42, 0xe0, 0x1f], &sets[7..]].concat();
    let (none, first) = with_inserted(&mut bench, 10, &[0x65, 0x88]);
    assert!(none.is_empty(), "nothing is known yet");
    assert_eq!(with_inserted(&mut bench, 11, &stap), (vec![], first + 1));
    // The SPS above is cut short and has no number, so it cannot be repeated.
    assert_eq!(with_inserted(&mut bench, 12, &[0x65, 0x88]).0, []);
    with_inserted(&mut bench, 13, &[0x67, 0x42, 0xe0, 0x1f, 0x8d, 0x68]);
    assert_eq!(
        with_inserted(&mut bench, 14, &[0x41, 0x9a]),
        (vec![], first + 4)
    );
    let (own, idr) = with_inserted(&mut bench, 15, &[0x65, 0x88]);
    assert_eq!((own, idr), (vec![(first + 5, Key::Start)], first + 6));
    assert_eq!(
        with_inserted(&mut bench, 16, &[0x41, 0x9a]),
        (vec![], first + 7)
    );
    // After a gap they may be on their way.
    assert_eq!(
        with_inserted(&mut bench, 18, &[0x65, 0x88]),
        (vec![], first + 9)
    );
    assert_eq!(
        with_inserted(&mut bench, 17, &[0x41, 0x9a]),
        (vec![], first + 8)
    );
}

#[test]
fn b_r9_retransmissions_neither_restart_a_track_nor_hide_loss() {
    let mut bench = Bench::new();
    let first = bench.packet(incoming(5, 10, &[0x10, 0]));
    bench.packet(incoming(5, 12, &[0]));
    let repeated = |sequence| Incoming {
        repeated: true,
        ..incoming(5, sequence, &[0])
    };
    assert_eq!(bench.refused(repeated(30_000)), Outcome::Late);
    assert_eq!(bench.refused(repeated(30_001)), Outcome::Late);
    let codec = Codec::Vp9 { profile: 0 };
    let other = Incoming {
        codec,
        ..repeated(11)
    };
    assert_eq!(bench.refused(other), Outcome::Late);
    let repair = bench.packet(repeated(11));
    assert_eq!(
        (repair.source, repair.index),
        (first.source, first.index + 1)
    );
    assert!(bench.track.missing.is_empty());
    assert_eq!(bench.track.report(bench.now).unwrap().lost, 1);
}
