#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::write::Writer;
use super::*;

fn read(bytes: &[u8]) -> Vec<Item> {
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
