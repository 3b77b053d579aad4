//! RTCP: compounds of a publisher and of its viewer while media flows, feedback of TWCC among it.

use media_core::shard::door::Plain;

use super::rtp::{Made, packet};
use super::{Kind, Reader, Target, write};
use crate::stage::{Stage, ssrcs};

const VIEWER: u32 = 4;
const PUBLISHER: u32 = 1;
const MEDIA: u32 = 4_711;

pub const KIND: Kind = Kind {
    name: "rtcp",
    make: || {
        Box::new(Rtcp {
            stage: Stage::pair(),
            sequence: 0,
        })
    },
    seeds,
    words: &[
        &[0x80, 200, 0, 6],
        &[0x81, 201, 0, 7],
        &[0x81, 202, 0, 3],
        &[0x81, 205, 0, 3],
        &[0x8f, 205, 0, 5],
        &[0x81, 206, 0, 2],
        &[0x84, 206, 0, 4],
        &[0x8f, 206, 0, 5],
        b"REMB",
        &[0xff; 4],
        &[0xd7, 0xff],
        &[0, 0, 0x27, 0x18],
        &[0, 0, 0x27, 0x19],
    ],
};

struct Rtcp {
    stage: Stage,
    sequence: u16,
}

impl Target for Rtcp {
    fn feed(&mut self, input: &[u8]) {
        let mut input = Reader::new(input);
        while let Some(operation) = input.operation() {
            match operation & 7 {
                0 => self.stage.wait(u64::from(operation >> 3) * 4),
                1 | 2 => self.film(1 + (operation >> 3)),
                3 => self.stage.plain(PUBLISHER, Plain::Rtcp, input.piece()),
                _ => self.stage.plain(VIEWER, Plain::Rtcp, input.piece()),
            }
        }
        let stats = self.stage.shard.stats();
        assert_eq!(
            (stats.publishers, stats.viewers),
            (1, 1),
            "RTCP ends nobody"
        );
        let fair = stats.packets_forwarded / 5 + 1_000;
        assert!(stats.resent <= fair, "{} resent", stats.resent);
    }
}

impl Rtcp {
    /// So many frames of one packet each.
    fn film(&mut self, frames: u8) {
        for _ in 0..frames {
            self.sequence = self.sequence.wrapping_add(1);
            let key = u8::from(self.sequence % 30 != 1);
            let made = Made {
                pt: 97,
                sequence: self.sequence,
                timestamp: u32::from(self.sequence) * 3_000,
                ssrc: MEDIA,
                marker: true,
                extension: &[],
                payload: &[0x10, key, 1, 2, 3],
            };
            self.stage.plain(PUBLISHER, Plain::Rtp, &packet(&made));
            self.stage.wait(10);
        }
    }
}

fn part(count: u8, kind: u8, body: &[&[u8]]) -> Vec<u8> {
    let mut body = body.concat();
    body.resize(body.len().next_multiple_of(4), 0);
    let words = (body.len() / 4) as u16;
    let mut part = vec![0x80 | count, kind];
    part.extend_from_slice(&words.to_be_bytes());
    part.extend_from_slice(&body);
    part
}

fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (operation, list) in [(4, viewers()), (3, publishers())] {
        for compound in list {
            let mut input = vec![(20 << 3) | 1];
            write(&mut input, operation, &compound);
            input.push((10 << 3) | 1);
            write(&mut input, operation, &compound);
            all.push(input);
        }
    }
    all
}

const OWN: [u8; 4] = [0, 0, 0, 1];

fn names() -> Vec<u8> {
    part(1, 202, &[&OWN, &[1, 5], b"cname", &[0]])
}

/// What viewers send.
fn viewers() -> Vec<Vec<u8>> {
    let own = OWN;
    let [audio, video] = ssrcs(VIEWER).map(u32::to_be_bytes);
    let block = |ssrc: [u8; 4]| [&ssrc[..], &[3, 0, 0, 9], &[0, 1, 2, 3], &[0; 12]].concat();
    let report = part(1, 201, &[&own, &block(video)]);
    vec![
        report.clone(),
        [report.clone(), names()].concat(),
        part(2, 201, &[&own, &block(audio), &block(video)]),
        part(1, 205, &[&own, &video, &[0, 9, 0xff, 0xff]]),
        part(1, 205, &[&own, &video, &[0, 9, 0, 1, 0xff, 0, 0x10, 1]]),
        part(1, 206, &[&own, &video]),
        part(4, 206, &[&own, &[0; 4], &video, &[7, 0, 0, 0]]),
        part(
            15,
            206,
            &[&own, &[0; 4], b"REMB", &[1, 0x12, 0x34, 0x56], &video],
        ),
        // TWCC: a run of received packets with small deltas, then a vector of two-bit symbols.
        part(
            15,
            205,
            &[
                &own,
                &video,
                &[0, 1, 0, 10, 0, 0, 1, 7],
                &[0x20, 10],
                &[4; 10],
            ],
        ),
        part(
            15,
            205,
            &[
                &own,
                &video,
                &[0, 1, 0, 7, 0, 0, 1, 8],
                &[0xe6, 0x00],
                &[4, 0, 9, 4],
            ],
        ),
        part(
            15,
            205,
            &[
                &own,
                &video,
                &[0xff, 0xff, 0xff, 0xff, 0, 0, 1, 9],
                &[0x3f, 0xff],
            ],
        ),
        part(1, 203, &[&own]),
        part(1, 207, &[&own, &[4, 0, 0, 2], &[0; 8]]),
    ]
}

/// What publishers send.
fn publishers() -> Vec<Vec<u8>> {
    let media = MEDIA.to_be_bytes();
    let sender = part(0, 200, &[&media, &[0xe8; 8], &[0; 4], &[0; 8]]);
    vec![
        sender.clone(),
        [sender, names()].concat(),
        part(1, 203, &[&media]),
        part(0, 201, &[&OWN]),
    ]
}
