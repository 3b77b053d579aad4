//! Published vectors, round trips, replay, forgery and roll-over for all profiles.
#![allow(clippy::unwrap_used)]

use super::cipher::Cipher;
use super::derive::Prf;
use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
    69736120 696e2070 61727465 73207472 6573";
const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef";

fn seal_rtp(cipher: &Cipher, plain: &[u8], header: usize, index: u64) -> Vec<u8> {
    let mut buf = plain.to_vec();
    buf.resize(plain.len() + SRTP_OVERHEAD, 0);
    let ssrc = packet::ssrc(&buf);
    let len = cipher
        .seal_rtp(&mut buf, header, plain.len(), ssrc, index)
        .unwrap();
    buf.truncate(len);
    buf
}

#[test]
fn key_derivation_matches_rfc_3711_b3() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let prf = Prf::new(&key, &hex("0EC675AD498AFEEBB6960B3AABE6")).unwrap();
    let (mut key, mut salt, mut auth) = ([0; 16], [0; 14], [0; 94]);
    prf.fill(0, &mut key);
    prf.fill(2, &mut salt);
    prf.fill(1, &mut auth);
    assert_eq!(key.to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(salt.to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(
        auth[..20].to_vec(),
        hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
    );
}

#[test]
fn counter_mode_matches_rfc_3711_b2() {
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let cipher = Cipher::cm(&key, &hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"), &[0; 20]).unwrap();
    let mut plain = hex("80000000 00000000 00000000");
    plain.resize(12 + 48, 0);
    let sealed = seal_rtp(&cipher, &plain, 12, 0);
    let stream = hex(
        "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
        41E95B3BB0A2E8DD477901E4FCA894C0",
    );
    assert_eq!(sealed[12..60].to_vec(), stream);
}

#[test]
fn gcm_matches_rfc_7714_16_and_17() {
    let salt = hex("51756964 2070726f 2071756f");
    let short = Cipher::gcm(&hex("000102030405060708090a0b0c0d0e0f"), &salt).unwrap();
    let sealed = hex(
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5
        0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
    assert_eq!(seal_rtp(&short, &hex(RTP), 12, 0xf17b), sealed);
    let long = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let long = Cipher::gcm(&hex(long), &salt).unwrap();
    let sealed = hex(
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238
        9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
    );
    assert_eq!(seal_rtp(&long, &hex(RTP), 12, 0xf17b), sealed);

    let mut buf = hex(RTCP);
    let len = buf.len();
    buf.resize(len + SRTP_OVERHEAD, 0);
    let sealed = short
        .seal_rtcp(&mut buf, len, packet::rtcp_ssrc(&hex(RTCP)), 0x5d4)
        .unwrap();
    let expected = hex(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d
        c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade
        800005d4",
    );
    assert_eq!(buf[..sealed].to_vec(), expected);
}

fn pair(profile: Profile) -> (Session, Session) {
    let material: Vec<u8> = (0..profile.keying_len()).map(|n| n as u8 ^ 0x5a).collect();
    let client = Session::new(profile, &material, true).unwrap();
    (client, Session::new(profile, &material, false).unwrap())
}

fn rtp(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x90, 96, 0, 0, 0, 0, 0, 9];
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&hex("bede 0001 10ff0000"));
    packet.extend((0..100).map(|n| n as u8 ^ sequence as u8));
    packet
}

fn sealed(session: &mut Session, plain: &[u8]) -> Vec<u8> {
    let mut buf = plain.to_vec();
    buf.resize(plain.len() + SRTP_OVERHEAD, 0);
    let len = session.seal_rtp(&mut buf, plain.len()).unwrap();
    buf.truncate(len);
    buf
}

#[test]
fn packets_go_through_in_both_directions_and_only_once() {
    for profile in Profile::ALL {
        let (mut client, mut server) = pair(profile);
        let plain = rtp(7, 1);
        let wire = sealed(&mut client, &plain);
        assert_ne!(wire[20..120], plain[20..120], "{profile:?}");
        let mut packet = wire.clone();
        let len = server.open_rtp(&mut packet).unwrap();
        assert_eq!(packet[..len], plain[..]);
        assert_eq!(server.open_rtp(&mut wire.clone()), Err(DropReason::Replay));
        assert_eq!(
            client.open_rtp(&mut wire.clone()),
            Err(DropReason::SrtpAuth)
        );

        let mut back = sealed(&mut server, &plain);
        let len = client.open_rtp(&mut back).unwrap();
        assert_eq!(back[..len], plain[..]);
    }
}

#[test]
fn b_c6_control_packets_go_through_and_every_changed_bit_is_noticed() {
    for profile in Profile::ALL {
        let (mut client, mut server) = pair(profile);
        let plain = hex(RTCP);
        let mut wire = plain.clone();
        wire.resize(plain.len() + SRTP_OVERHEAD, 0);
        let len = client.seal_rtcp(&mut wire, plain.len()).unwrap();
        wire.truncate(len);
        for at in 1..wire.len() {
            let mut broken = wire.clone();
            broken[at] ^= 1;
            assert!(
                server.open_rtcp(&mut broken).is_err(),
                "{profile:?} byte {at}"
            );
        }
        for cut in 0..wire.len() {
            assert!(
                server.open_rtcp(&mut wire[..cut].to_vec()).is_err(),
                "{profile:?} cut {cut}"
            );
        }
        let mut packet = wire.clone();
        let len = server.open_rtcp(&mut packet).unwrap();
        assert_eq!(packet[..len], plain[..]);
        assert_eq!(server.open_rtcp(&mut wire), Err(DropReason::Replay));
    }
}

#[test]
fn forgeries_are_refused_and_leave_no_state() {
    for profile in Profile::ALL {
        let (mut client, mut server) = pair(profile);
        for ssrc in 0..10_000 {
            let mut junk = rtp(1, ssrc);
            assert_eq!(server.open_rtp(&mut junk), Err(DropReason::SrtpAuth));
        }
        assert!(server.receiving.is_empty());
        let mut wire = sealed(&mut client, &rtp(1, 5));
        wire[30] ^= 1;
        assert_eq!(server.open_rtp(&mut wire), Err(DropReason::SrtpAuth));
        wire[30] ^= 1;
        let mut wire = sealed(&mut client, &rtp(1, 5));
        assert!(server.open_rtp(&mut wire).is_ok());
    }
}

#[test]
fn at_most_32_senders_and_8_own_ones_are_kept() {
    let material = [7; 56];
    let mut server = Session::new(Profile::Gcm128, &material, false).unwrap();
    for ssrc in 0..40 {
        // Each sender of this test has a session of its own: one session sends with few SSRCs.
        let mut client = Session::new(Profile::Gcm128, &material, true).unwrap();
        let opened = server.open_rtp(&mut sealed(&mut client, &rtp(1, ssrc)));
        assert_eq!(opened.is_ok(), (ssrc as usize) < MAX_SSRCS);
    }
    let mut client = Session::new(Profile::Gcm128, &material, true).unwrap();
    let fits = |ssrc| {
        let mut buf = rtp(1, ssrc);
        let len = buf.len();
        buf.resize(len + SRTP_OVERHEAD, 0);
        client.seal_rtp(&mut buf, len).is_some()
    };
    assert_eq!(
        (0..20).map(fits).filter(|fits| *fits).count(),
        MAX_SEND_SSRCS
    );
}

#[test]
fn sequence_numbers_roll_over_with_loss_and_reordering() {
    for profile in Profile::ALL {
        let (mut client, mut server) = pair(profile);
        let mut held = None;
        for step in 0..10_000u32 {
            let mut wire = sealed(&mut client, &rtp((step + 60_000) as u16, 3));
            match step % 100 {
                40 => held = Some(wire),
                41..=43 => {}
                _ => assert!(server.open_rtp(&mut wire).is_ok(), "{profile:?} {step}"),
            }
            if step % 100 == 50 {
                assert!(server.open_rtp(&mut held.take().unwrap()).is_ok());
            }
        }
    }
}

#[test]
fn a_retransmission_is_the_same_ciphertext() {
    let (mut client, _) = pair(Profile::Gcm128);
    let first = sealed(&mut client, &rtp(65_535, 3));
    sealed(&mut client, &rtp(3, 3));
    assert_eq!(sealed(&mut client, &rtp(65_535, 3)), first);
}

#[test]
fn b_r3_broken_headers_and_missing_room_are_refused() {
    let (mut client, mut server) = pair(Profile::Gcm128);
    let mut tight = rtp(1, 1);
    let len = tight.len();
    assert_eq!(client.seal_rtp(&mut tight, len), None);
    for broken in [
        vec![0x80; 11],
        hex("4060000100000000 00000001"),
        hex("8f60000100000000 00000001"),
        hex("9060000100000000 00000001 bede"),
        hex("9060000100000000 00000001 bedeffff 00"),
    ] {
        let mut buf = broken.clone();
        buf.resize(broken.len() + SRTP_OVERHEAD, 0);
        assert_eq!(client.seal_rtp(&mut buf, broken.len()), None);
        assert_eq!(
            server.open_rtp(&mut broken.clone()),
            Err(DropReason::Malformed)
        );
    }
    for (padding, fits) in [(0u8, false), (1, true), (100, true), (101, false)] {
        let mut packet = rtp(u16::from(padding), 9);
        packet[0] |= 0x20;
        *packet.last_mut().unwrap() = padding;
        let opened = server.open_rtp(&mut sealed(&mut client, &packet));
        assert_eq!(opened.is_ok(), fits, "padding {padding}");
    }
}
