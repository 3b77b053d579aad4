#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::write::Writer;
use super::*;

fn read(bytes: &[u8]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    Compound::parse(bytes)
        .unwrap()
        .visit(|item| items.push(item));
    items
}

#[test]
fn what_is_written_is_read() {
    let block = Block {
        ssrc: 5,
        fraction_lost: 9,
        lost: 8,
        highest: 7,
        ..Block::default()
    };
    let mut writer = Writer::new();
    writer.receiver_report(1, &[block]);
    writer.cname(1, "somebody");
    writer.nack(1, 2, &[10, 11, 26, 27]);
    writer.pli(1, 2);
    assert_eq!(
        read(writer.bytes()),
        [
            Item::Report(block),
            Item::Nack {
                media_ssrc: 2,
                pid: 10,
                blp: 0x8001
            },
            Item::Nack {
                media_ssrc: 2,
                pid: 27,
                blp: 0
            },
            Item::Pli { media_ssrc: 2 },
        ]
    );
    let mut writer = Writer::new();
    writer.sender_report(3, 0x1234_5678_9abc_def0, 77, (4, 5));
    writer.cname(3, "abc");
    let ntp = 0x1234_5678_9abc_def0;
    assert_eq!(
        read(writer.bytes()),
        [Item::SenderReport {
            ssrc: 3,
            ntp,
            rtp: 77
        }]
    );
}

#[test]
fn nacks_wrap_around() {
    let mut writer = Writer::new();
    writer.nack(1, 2, &[0xffff, 0, 1]);
    assert_eq!(
        read(writer.bytes()),
        [Item::Nack {
            media_ssrc: 2,
            pid: 0xffff,
            blp: 3
        }]
    );
    assert!(Writer::new().bytes().is_empty());
}

#[test]
fn fir_is_read() {
    let fir = [
        0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0,
    ];
    assert_eq!(read(&fir), [Item::Fir { media_ssrc: 9 }]);
}

#[test]
fn a_bad_part_spoils_the_compound() {
    let mut writer = Writer::new();
    writer.pli(1, 2);
    let good = writer.bytes().to_vec();
    for bad in [
        &[0x80, 201, 0, 0][..],
        &[0x81, 201, 0, 1, 0, 0, 0, 1],
        &[0x80, 200, 0, 1, 0, 0, 0, 1],
        &[0x81, 206, 0, 1, 0, 0, 0, 1],
        &[0x80, 204, 0, 9, 0, 0, 0, 1],
        &[0x00, 204, 0, 0],
        &[0xa0, 204, 0, 1, 0, 0, 0, 9],
        &[0x9f, 203, 0, 1, 0, 0, 0, 1],
        &[0x80],
    ] {
        let mut compound = good.clone();
        compound.extend_from_slice(bad);
        assert!(Compound::parse(&compound).is_none(), "{bad:?}");
    }
    assert!(Compound::parse(&[]).is_none());
}

fn part(count: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let words = (body.len() / 4) as u16;
    let mut part = vec![0x80 | count, kind];
    part.extend_from_slice(&words.to_be_bytes());
    part.extend_from_slice(body);
    part
}

/// B-C1: lengths and counts inside of parts that are not read otherwise.
#[test]
fn odd_descriptions_goodbyes_and_extended_reports_spoil_the_compound() {
    for good in [
        part(0, 202, &[]),
        part(1, 202, &[0, 0, 0, 1, 1, 2, b'a', b'b', 0, 0, 0, 0]),
        part(2, 202, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]),
        part(0, 203, &[]),
        part(1, 203, &[0, 0, 0, 1]),
        part(1, 203, &[0, 0, 0, 1, 2, b'o', b'k', 0]),
        part(0, 207, &[0, 0, 0, 1]),
        part(0, 207, &[0, 0, 0, 1, 4, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]),
        // Kinds that nobody knows.
        part(9, 199, &[]),
        part(31, 205, &[0; 8]),
    ] {
        assert_eq!(read(&good), [], "{good:?}");
    }
    for bad in [
        // Without an end; with an item that is longer than the part; with a chunk too few.
        part(1, 202, &[0, 0, 0, 1, 1, 2, b'a', b'b']),
        part(1, 202, &[0, 0, 0, 1, 1, 200, b'a', 0]),
        part(2, 202, &[0, 0, 0, 1, 0, 0, 0, 0]),
        part(1, 202, &[]),
        part(1, 203, &[0, 0, 0, 1, 200, b'n', b'o', 0]),
        part(2, 203, &[0, 0, 0, 1]),
        part(0, 207, &[]),
        part(0, 207, &[0, 0, 0, 1, 4, 0, 0, 2, 0, 0, 0, 0]),
        part(
            15,
            205,
            &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 0],
        ),
    ] {
        assert!(Compound::parse(&bad).is_none(), "{bad:?}");
    }
}

/// B-C4: an estimate of 2^63 and more.
#[test]
fn estimates_of_the_receiver_are_clamped() {
    let remb = |exponent: u8, mantissa: u32| {
        let [_, high, middle, low] = mantissa.to_be_bytes();
        let mut body = vec![0, 0, 0, 1, 0, 0, 0, 0];
        body.extend_from_slice(b"REMB");
        body.extend_from_slice(&[1, exponent << 2 | high, middle, low, 0, 0, 0, 9]);
        part(15, 206, &body)
    };
    let bitrate = |bitrate| [Item::Remb { bitrate }];
    assert_eq!(read(&remb(3, 250_000)), bitrate(2_000_000));
    assert_eq!(read(&remb(0, 0)), bitrate(0));
    assert_eq!(read(&remb(46, 1 << 17)), bitrate(MAX_BITRATE));
    assert_eq!(read(&remb(63, 0x3_ffff)), bitrate(MAX_BITRATE));
    // Another application's message, and one that is cut short.
    assert_eq!(read(&part(15, 206, &[7; 16])), []);
    assert_eq!(read(&part(15, 206, &remb(3, 9)[4..16])), []);
}

#[test]
fn transport_feedback_is_read() {
    let body = [
        0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 1, 0, 0, 1, 0, 0x20, 1, 4, 1,
    ];
    let mut bytes = part(15, 205, &body);
    bytes[0] |= 0x20;
    let items = read(&bytes);
    let [Item::Transport(feedback)] = items[..] else {
        panic!("{items:?}");
    };
    let told: Vec<_> = feedback.statuses().collect();
    assert_eq!((told[0].sequence, told[0].arrival), (9, Some(65_000)));
}

#[test]
fn many_nacks_fit_or_are_left_out_whole() {
    let sequences: Vec<u16> = (0..256).map(|n| n * 20).collect();
    let mut writer = Writer::new();
    writer.receiver_report(1, &[Block::default(); 2]);
    writer.nack(1, 2, &sequences);
    assert_eq!(read(writer.bytes()).len(), 2 + 256);
    writer.nack(1, 2, &sequences);
    assert_eq!(read(writer.bytes()).len(), 2 + 256);
}

proptest! {
    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Some(compound) = Compound::parse(&bytes) {
            compound.visit(|_| {});
        }
    }

    #[test]
    fn damaged_compounds_are_safe(at in 0usize..60, value in any::<u8>()) {
        let mut writer = Writer::new();
        writer.sender_report(1, 2, 3, (4, 5));
        writer.receiver_report(1, &[Block::default()]);
        writer.nack(1, 2, &[5, 9]);
        let mut bytes = writer.bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = value;
        if let Some(compound) = Compound::parse(&bytes) {
            compound.visit(|_| {});
        }
    }
}
