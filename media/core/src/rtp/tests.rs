#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; RTP_HEADER];
    write_header(&mut packet, true, 96, 0xfffe, 7, 9);
    packet[0] = first;
    packet.extend_from_slice(rest);
    packet
}

#[test]
fn what_is_written_is_read() {
    let packet = packet(0x80, b"abc");
    let header = Header::parse(&packet).unwrap();
    assert!(header.marker);
    assert_eq!((header.pt, header.sequence), (96, 0xfffe));
    assert_eq!((header.timestamp, header.ssrc), (7, 9));
    assert_eq!(&packet[header.payload], b"abc");
}

#[test]
fn csrcs_extensions_and_padding_are_taken_off() {
    let rest = [
        1, 2, 3, 4, 0xbe, 0xde, 0, 1, 0x21, b'h', b'i', 0, 42, 0, 0, 3,
    ];
    let packet = packet(0xb1, &rest);
    let header = Header::parse(&packet).unwrap();
    assert_eq!(&packet[header.payload.clone()], &[42]);
    assert_eq!(header.extension(&packet, 2), Some(&b"hi"[..]));
    assert_eq!(header.extension(&packet, 3), None);
}

#[test]
fn two_byte_extensions_are_read() {
    let rest = [0x10, 0x00, 0, 2, 5, 0, 0, 17, 3, b'a', b'b', b'c', 42];
    let packet = packet(0x90, &rest);
    let header = Header::parse(&packet).unwrap();
    assert_eq!(header.extension(&packet, 17), Some(&b"abc"[..]));
    assert_eq!(header.extension(&packet, 5), Some(&b""[..]));
    assert_eq!(&packet[header.payload], &[42]);
}

#[test]
fn b_r3_parts_past_the_end_are_refused() {
    assert!(Header::parse(&packet(0x00, b"abc")).is_none(), "version");
    assert!(Header::parse(&packet(0x8f, b"abc")).is_none(), "CSRCs");
    assert!(
        Header::parse(&packet(0x90, &[0xbe, 0xde, 0, 9])).is_none(),
        "extension"
    );
    assert!(
        Header::parse(&packet(0xa0, &[1, 2, 0])).is_none(),
        "no padding"
    );
    assert!(
        Header::parse(&packet(0xa0, &[1, 2, 4])).is_none(),
        "too much padding"
    );
    let only_padding = Header::parse(&packet(0xa0, &[0, 0, 3])).unwrap();
    assert!(only_padding.payload.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..80), id in 0u8..20) {
        if let Some(header) = Header::parse(&bytes) {
            prop_assert!(bytes.get(header.payload.clone()).is_some());
            let _ = header.extension(&bytes, id);
        }
    }
}

#[test]
fn the_transport_wide_number_is_read_where_it_is_written() {
    let mut packet = [9; RTP_HEADER + TRANSPORT_EXTENSION + 3];
    write_header(&mut packet, true, 96, 7, 8, 9);
    write_transport_extension(&mut packet, 14, 0x1234);
    let header = Header::parse(&packet).unwrap();
    assert_eq!(header.extension(&packet, 14), Some(&[0x12, 0x34][..]));
    assert_eq!(header.extension(&packet, 1), None);
    assert_eq!(header.payload, 20..23);
    assert!(header.marker);
}

#[test]
fn a_descriptor_is_written_beside_the_transport_number_in_either_form() {
    for len in 1..=255 {
        let descriptor: Vec<u8> = (1..=len).collect();
        for transport in [None, Some((3, 0x1234))] {
            let room = extensions_len(transport.is_some(), descriptor.len());
            let mut packet = vec![0xff; RTP_HEADER + room + 1];
            write_header(&mut packet, true, 99, 1, 2, 3);
            write_extensions(&mut packet, transport, (14, &descriptor));
            let header = Header::parse(&packet).unwrap();
            assert_eq!(header.payload, RTP_HEADER + room..packet.len());
            assert_eq!(header.extension(&packet, 14), Some(&descriptor[..]));
            let number = header.extension(&packet, 3);
            let number = number.map(|bytes| u16::from_be_bytes(bytes.try_into().unwrap()));
            assert_eq!(number, transport.map(|(_, number)| number));
            assert_eq!(room % 4, 0);
        }
    }
}
