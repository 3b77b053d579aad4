//! SCTP and DCEP through the lanes of a connected viewer: chunks behind a right header and
//! checksum, whole packets as they are, and messages of the real client between them.

use bytes::Bytes;
use media_core::border::{BroadcastId, Command, PeerId};
use media_core::peer::{MAX_LANE_BACKLOG, Role};
use media_core::shard::door::Plain;

use super::{Kind, Reader, Target, write};
use crate::stage::Stage;

pub const KIND: Kind = Kind {
    name: "lanes",
    make: || Box::new(Lanes(open())),
    seeds,
    words: &[
        // DATA with DCEP, SACK, HEARTBEAT, ABORT, ERROR, FORWARD-TSN, RE-CONFIG.
        &[0, 3, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 50],
        &[3, 0, 0, 16, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0, 0, 0],
        &[4, 0, 0, 8, 0, 1, 0, 4],
        &[6, 0, 0, 8, 0, 12, 0xff, 0xff],
        &[9, 0, 0, 8, 0, 6, 0xff, 0xff],
        &[192, 0, 0, 8, 0x7f, 0xff, 0xff, 0xff],
        &[130, 0, 0, 16, 0, 13, 0, 12],
        &[1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0],
        &[10, 0, 0, 8, 1, 2, 3, 4],
        &[7, 0, 0, 8, 0, 0, 0, 1],
    ],
};

const VIEWER: u32 = 4;

struct Lanes(Stage);

fn open() -> Stage {
    let mut stage = Stage::empty();
    stage.add_client(VIEWER, Role::Viewer, 1);
    stage.play(100);
    let peer = PeerId(VIEWER.into());
    assert!(stage.shard.sctp_tag(peer).is_some(), "the lanes are up");
    stage.command(Command::OpenLanes {
        peer,
        first: Bytes::from_static(b"{}"),
    });
    stage.play(20);
    stage
}

impl Target for Lanes {
    fn feed(&mut self, input: &[u8]) {
        if self.0.shard.stats().viewers == 0 {
            self.0 = open();
        }
        let stage = &mut self.0;
        let mut input = Reader::new(input);
        while let Some(operation) = input.operation() {
            match operation & 7 {
                0 => stage.wait(u64::from(operation >> 3) * 100),
                1 => {
                    let bytes = Bytes::copy_from_slice(input.piece());
                    stage.command(Command::Broadcast {
                        broadcast: BroadcastId(1),
                        lane: u16::from(operation >> 3) & 3,
                        bytes,
                    });
                }
                2 => {
                    let bytes = input.piece();
                    stage.client(VIEWER, |client, now, out| {
                        let _ = client.send_lane(now, u16::from(operation >> 3) & 3, bytes, out);
                    });
                }
                3 => stage.plain(VIEWER, Plain::Sctp, input.piece()),
                _ => {
                    let tag = stage.shard.sctp_tag(PeerId(VIEWER.into()));
                    let packet = packet(tag.unwrap_or_default(), input.piece());
                    stage.plain(VIEWER, Plain::Sctp, &packet);
                }
            }
            let backlog = stage.shard.stats().lane_backlog_bytes;
            assert!(backlog <= MAX_LANE_BACKLOG as u64, "{backlog} bytes wait");
        }
    }
}

/// An SCTP packet with a right header (RFC 9260 section 3.1).
fn packet(tag: [u8; 4], chunks: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x13, 0x88, 0x13, 0x88];
    packet.extend_from_slice(&tag);
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(chunks);
    let sum = crc32c(&packet);
    packet[8..12].copy_from_slice(&sum.to_le_bytes());
    packet
}

fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(!0, step)
}

fn seeds() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = KIND
        .words
        .iter()
        .map(|chunk| {
            let mut input = Vec::new();
            write(&mut input, 4, chunk);
            input.push(0x28);
            input
        })
        .collect();
    // DATA_CHANNEL_OPEN with a label and a protocol (RFC 8832 section 5.1) on stream 9.
    let open = [
        &[0, 3, 0, 36, 0, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0, 50][..],
        &[3, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4],
        b"shopjson",
    ];
    let mut input = Vec::new();
    write(&mut input, 4, &open.concat());
    all.push(input);
    for lane in 0..4u8 {
        let mut input = Vec::new();
        write(&mut input, (lane << 3) | 1, &[b'x'; 1_500]);
        write(&mut input, (lane << 3) | 2, b"{\"buy\":1}");
        write(
            &mut input,
            4,
            &[
                0, 2, 0, 17, 0, 0, 0, 9, 0, lane, 0, 0, 0, 0, 0, 51, b'y', 0, 0, 0,
            ],
        );
        input.push(0x58);
        all.push(input);
    }
    // An ABORT whose cause is longer than the packet, with and without the header.
    let mut bare = Vec::new();
    write(
        &mut bare,
        3,
        &packet([0; 4], &[6, 0, 0, 8, 0, 12, 0xff, 0xff]),
    );
    all.push(bare);
    all
}
