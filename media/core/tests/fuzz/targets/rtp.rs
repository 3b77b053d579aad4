//! RTP: packets of a browser, of OBS with three layers and of FFmpeg, with extensions, payload
//! descriptors, repetitions and jumps, forwarded to viewers.

use media_core::shard::door::Plain;

use super::{Kind, Reader, Target, write};
use crate::stage::{DEPENDENCY, PUBLISHERS, Stage};

pub const KIND: Kind = Kind {
    name: "rtp",
    make: || Box::new(Rtp(Stage::full())),
    seeds,
    words: &[
        &[0xbe, 0xde, 0, 1],
        &[0x10, 0x00, 0, 1],
        &[0xc7, 0x80, 0, 1, 0x80, 0, 0x3a, 0x40],
        &[0x90, 0xe0],
        &[0xb0, 0x60],
        &[0x7c, 0x85],
        &[0x78, 0, 4, 0x67],
        &[0x62, 0x01, 0x93],
        &[0xff, 0xff, 0xff, 0xff],
        &[0x80, 0x80, 0x80, 0x80],
    ],
};

struct Rtp(Stage);

impl Target for Rtp {
    fn feed(&mut self, input: &[u8]) {
        if self.0.is_over() {
            self.0 = Stage::full();
        }
        let mut input = Reader::new(input);
        while let Some(operation) = input.operation() {
            match operation & 7 {
                0 => self.0.wait(u64::from(operation >> 3) * 4),
                // Time passes in steps that let everything due happen.
                1 => self.0.play(u64::from(operation >> 3) * 10),
                _ => {
                    let publisher = PUBLISHERS[usize::from(operation >> 3) % PUBLISHERS.len()];
                    self.0.plain(publisher, Plain::Rtp, input.piece());
                }
            }
        }
        let stats = self.0.shard.stats();
        let all = self.0.is_over() || (stats.publishers, stats.viewers) == (3, 3);
        assert!(all, "media ends nobody");
    }
}

/// What one packet is made of.
pub struct Made<'a> {
    pub pt: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub marker: bool,
    pub extension: &'a [u8],
    pub payload: &'a [u8],
}

/// A packet; the extension in the one-byte form of RFC 8285.
pub fn packet(made: &Made<'_>) -> Vec<u8> {
    let extended = !made.extension.is_empty();
    let mut packet = vec![if extended { 0x90 } else { 0x80 }];
    packet.push((u8::from(made.marker) << 7) | made.pt);
    packet.extend_from_slice(&made.sequence.to_be_bytes());
    packet.extend_from_slice(&made.timestamp.to_be_bytes());
    packet.extend_from_slice(&made.ssrc.to_be_bytes());
    if extended {
        let words = made.extension.len().div_ceil(4);
        packet.extend_from_slice(&[0xbe, 0xde, 0, words as u8]);
        packet.extend_from_slice(made.extension);
        packet.resize(16 + 4 * words, 0);
    }
    packet.extend_from_slice(made.payload);
    packet
}

/// Beginnings of payloads: payload type of the browser, and what frames look like.
const PAYLOADS: &[(u8, &[&[u8]])] = &[
    // H.264: parameter sets in a STAP-A, fragments of an IDR, a slice.
    (
        96,
        &[
            &[0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 0xce],
            &[0x7c, 0x85, 0x88, 0x84],
            &[0x7c, 0x05, 1, 2],
            &[0x7c, 0x45, 3, 4],
            &[0x41, 0x9a, 1],
            &[0x67, 0x64, 0x00, 0x1f, 0xac],
            &[0x68, 0xce],
            &[0x65, 0x88],
        ],
    ),
    // VP8: a keyframe with all of the descriptor, then a delta frame.
    (
        97,
        &[
            &[
                0x90, 0xf0, 0x81, 0x02, 3, 0x44, 0x00, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1,
            ],
            &[0x10, 0x00, 1],
            &[0x00, 1, 2],
            &[0x10, 0x01, 2],
        ],
    ),
    // VP9: flexible mode with layers and a scalability structure.
    (
        98,
        &[
            &[
                0xaa, 0x80, 0x01, 0x00, 0x01, 0x38, 2, 0x80, 1, 0x68, 1, 0x20, 3,
            ],
            &[0x8c, 0x80, 0x01, 0x00, 0x01, 1, 2],
            &[0xf4, 0x80, 0x02, 0x23, 0x02, 1, 2, 3],
        ],
    ),
    // AV1: an aggregation header with a new sequence; H.265: VPS in an AP, FU. They may not be
    // negotiated, which is a case as well.
    (
        99,
        &[
            &[0x28, 3, 0x0a, 1, 2, 0x30],
            &[0x50, 1, 2],
            &[0x10, 0x32, 4],
        ],
    ),
    (
        100,
        &[
            &[0x60, 0x01, 0, 3, 0x40, 0x01, 0x0c, 0, 2, 0x42, 0x01],
            &[0x62, 0x01, 0x93, 1, 2],
            &[0x62, 0x01, 0x53, 1, 2],
        ],
    ),
    (111, &[&[0xfc, 1, 2, 3], &[0xfc]]),
];

fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (pt, payloads) in PAYLOADS {
        for publisher in 0..PUBLISHERS.len() as u8 {
            let mut input = Vec::new();
            for (at, payload) in (0u16..).zip(payloads.iter()) {
                let pt = match (publisher, pt) {
                    (2, 96) => 106,
                    _ => *pt,
                };
                let layers: &[u8] = if publisher == 1 { b"012" } else { b"0" };
                for layer in layers {
                    let extension = [0x10, b'1', 0x20, *layer];
                    let made = Made {
                        pt,
                        sequence: 65_533u16.wrapping_add(at),
                        timestamp: 3_000,
                        ssrc: 900 + u32::from(*layer),
                        marker: usize::from(at) + 1 == payloads.len(),
                        extension: if publisher == 1 { &extension } else { &[] },
                        payload,
                    };
                    write(&mut input, (publisher << 3) | 2, &packet(&made));
                }
                input.push(1 << 3);
            }
            input.push((4 << 3) | 1);
            all.push(input);
        }
    }
    all.extend(repeated());
    all.push(described());
    all
}

/// AV1 with dependency descriptors: a structure of one layer, a template of it, an unknown one,
/// indications of the frame's own, a structure that breaks off.
fn described() -> Vec<u8> {
    let descriptors: [(&[u8], &[u8]); 5] = [
        (&[0x80, 0, 1, 0x80, 0, 0x3a, 0x40, 0], PAYLOADS[3].1[0]),
        (&[0x41, 0, 2], PAYLOADS[3].1[1]),
        (&[0xc9, 0, 3], PAYLOADS[3].1[2]),
        (&[0xc1, 0, 4, 0x34, 0x80], PAYLOADS[3].1[2]),
        (&[0x80, 0, 5, 0xff, 0xff], PAYLOADS[3].1[0]),
    ];
    let mut input = Vec::new();
    for (at, (descriptor, payload)) in (0u16..).zip(descriptors) {
        let mut extension = vec![DEPENDENCY << 4 | (descriptor.len() - 1) as u8];
        extension.extend_from_slice(descriptor);
        let made = Made {
            pt: 99,
            sequence: at,
            timestamp: u32::from(at / 2) * 3_000,
            ssrc: 900,
            marker: at % 2 == 1,
            extension: &extension,
            payload,
        };
        write(&mut input, 2, &packet(&made));
    }
    input.push((4 << 3) | 1);
    input
}

/// A gap, its repair by RFC 4588, padding, a change of SSRC, a jump.
fn repeated() -> Vec<Vec<u8>> {
    let made = |pt, sequence, ssrc, payload| {
        packet(&Made {
            pt,
            sequence,
            timestamp: u32::from(sequence) * 3_000,
            ssrc,
            marker: true,
            extension: &[],
            payload,
        })
    };
    let mut gap = Vec::new();
    write(&mut gap, 0x12, &made(106, 10, 3_379_437_361, &[0x65, 1]));
    write(&mut gap, 0x12, &made(106, 12, 3_379_437_361, &[0x41, 1]));
    gap.push(0x19);
    write(
        &mut gap,
        0x12,
        &made(105, 1, 3_379_437_362, &[0, 11, 0x41, 1]),
    );
    let mut padded = made(106, 13, 3_379_437_361, &[0, 0, 0, 4]);
    padded[0] |= 0x20;
    write(&mut gap, 0x12, &padded);
    let mut jump = Vec::new();
    for (sequence, ssrc) in [(1, 5), (2, 5), (30_000, 5), (30_001, 5), (7, 6), (8, 6)] {
        write(&mut jump, 0x02, &made(97, sequence, ssrc, &[0x10, 0x00, 1]));
        jump.push(0xf9);
    }
    vec![gap, jump]
}
