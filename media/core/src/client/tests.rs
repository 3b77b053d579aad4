//! What a light client counts.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use super::*;

fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&[0; 4]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet
}

#[test]
fn gaps_are_lost_packets_and_reordering_and_wraps_are_not() {
    let certificate = Certificate::generate().unwrap();
    let mut client = Client::new(
        ClientConfig::new(Role::Viewer, certificate, 1),
        Instant::now(),
    );
    for (sequence, ssrc) in [
        (65_534, 1),
        (0, 1),
        (65_535, 1),
        (2, 1),
        (1, 1),
        (5, 1),
        (0, 2),
    ] {
        count(
            &mut client.media,
            &mut client.counts,
            &packet(sequence, ssrc),
        );
    }
    let counts = client.counts();
    assert_eq!((counts.packets, counts.bytes, counts.lost), (7, 84, 2));
    count(&mut client.media, &mut client.counts, &packet(65_535, 2));
    assert_eq!(client.counts().lost, 2);
}
