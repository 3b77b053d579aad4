//! AV1 dependency descriptors: viewers who take them get them under their own id, whole, on every
//! packet and every repetition, with frame numbers that go on over publishers.

use std::time::Duration;

use media_core::client::ClientConfig;
use media_core::peer::{Codec, Role};

use crate::net::{CLIENT, Net, Path, Way, seeds};
use crate::node::{Node, Received};

const AV1: Codec = Codec::Av1 { profile: 0 };
/// Ids of the publisher and of a viewer.
const THEIRS: u8 = 11;
const OURS: u8 = 5;
/// Fixed part, flags, a structure of one layer with two templates, made by hand; and padding to a
/// length that only the two-byte form has.
const STRUCTURE: [u8; 20] = {
    let mut structure = [0; 20];
    structure[0] = 0x80;
    // Structure present; offset 0, one target, two templates of layer 0.
    structure[3] = 0b1000_0000;
    structure[4] = 0b0000_0000;
    // Next: same layer; no more; indications S and S.
    structure[5] = 0b0011_1010;
    // No difference; one of 1; no chains; no resolutions.
    structure[6] = 0b0100_0000;
    structure
};

fn node(role: Role, seed: u64, tweak: fn(&mut media_core::peer::PeerConfig)) -> Node {
    let mut config = ClientConfig::browser(role, CLIENT.clone(), seed);
    config.video = vec![AV1];
    let mut node = Node::with(config);
    node.tweak = tweak;
    // The client itself asks.
    node.repairs = false;
    node
}

fn publisher(net: &mut Net, seed: u64) -> usize {
    let described = |config: &mut media_core::peer::PeerConfig| {
        config.video.as_mut().unwrap().dd_ext = Some(THEIRS);
    };
    net.connect(node(Role::Publisher, seed, described), 0)
}

fn viewer(net: &mut Net, seed: u64, shard: usize) -> usize {
    let described = |config: &mut media_core::peer::PeerConfig| {
        config.video.as_mut().unwrap().dd_ext = Some(OURS);
    };
    net.connect(node(Role::Viewer, seed, described), shard)
}

/// The descriptor of one packet of a frame of three.
fn descriptor(frame: u16, at: u8, key: bool) -> Vec<u8> {
    let mut bytes = match (key, at) {
        (true, 0) => STRUCTURE.to_vec(),
        (true, _) => vec![0, 0, 0],
        (false, 0) => vec![0x81, 0, 0],
        (false, _) => vec![0x01, 0, 0],
    };
    bytes[0] |= if at == 2 { 0x40 } else { 0 };
    bytes[1..3].copy_from_slice(&frame.to_be_bytes());
    bytes
}

/// Frames in three packets each, `first` on; the first one is a keyframe.
fn film(net: &mut Net, place: usize, first: u16, count: u16) {
    for number in 0..count {
        let key = number == 0;
        let timestamp = (u32::from(first) + u32::from(number)) * 3_000;
        net.send_from(place, |node, _, out| {
            for at in 0..3 {
                let mut payload = match (key, at) {
                    (true, 0) => vec![0x28, 3, 0x0a, 1, 2, 0x30],
                    (_, 0) => vec![0x10, 0x32, 4],
                    _ => vec![0x90, 4],
                };
                payload.extend_from_slice(&[node.peer.0 as u8, number as u8, at]);
                payload.resize(600, 7);
                let plain = node.plain(true, timestamp, at == 2, &payload);
                let described = descriptor(first.wrapping_add(number), at, key);
                node.seal_and_send(&extended(&plain, &described), out);
            }
        });
        net.run(Duration::from_millis(33));
    }
    net.run(Duration::from_millis(500));
}

/// The packet with a descriptor in the two-byte form.
fn extended(plain: &[u8], described: &[u8]) -> Vec<u8> {
    let words = (2 + described.len()).div_ceil(4);
    let mut packet = plain[..12].to_vec();
    packet[0] |= 0x10;
    packet.extend_from_slice(&[0x10, 0, 0, words as u8, THEIRS, described.len() as u8]);
    packet.extend_from_slice(described);
    packet.resize(16 + 4 * words, 0);
    packet.extend_from_slice(&plain[12..]);
    packet
}

/// All elements of a header (RFC 8285, both forms).
fn elements(header: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    let long = header[12..14] == [0x10, 0];
    assert!(long || header[12..14] == [0xbe, 0xde]);
    let mut rest = &header[16..];
    while let Some(first) = rest.first().filter(|first| **first != 0) {
        let (id, len, skip) = match long {
            true => (*first, usize::from(rest[1]), 2),
            false => (first >> 4, usize::from(first & 15) + 1, 1),
        };
        all.push((id, rest[skip..skip + len].to_vec()));
        rest = &rest[skip + len..];
    }
    all
}

fn described(got: &Received) -> Vec<u8> {
    let all = elements(&got.header);
    assert_eq!(all[0].0, 3, "the transport-wide number as well");
    assert_eq!((all.len(), all[1].0), (2, OURS));
    all[1].1.clone()
}

fn number(got: &Received) -> u16 {
    u16::from_be_bytes(described(got)[1..3].try_into().unwrap())
}

#[test]
fn descriptors_reach_those_who_take_them_on_every_shard() {
    let mut net = Net::new(2);
    let host = publisher(&mut net, 1);
    let (near, far) = (viewer(&mut net, 2, 0), viewer(&mut net, 3, 1));
    let without = net.connect(node(Role::Viewer, 4, |_| {}), 0);
    film(&mut net, host, 65_530, 20);
    for place in [near, far] {
        let track = net.nodes[place].track(true);
        assert_eq!(track.len(), 60);
        for (at, (_, got)) in track.iter().enumerate() {
            let (frame, at) = (at as u16 / 3, at as u8 % 3);
            let expected = descriptor(65_530u16.wrapping_add(frame), at, frame == 0);
            assert_eq!(described(got), expected);
        }
    }
    let track = net.nodes[without].track(true);
    assert_eq!(track.len(), 60);
    assert!(
        track
            .iter()
            .all(|(_, got)| elements(&got.header).len() == 1)
    );
}

#[test]
fn a_late_viewer_and_repetitions_have_them_too() {
    seeds(3, |seed| {
        let mut net = Net::seeded(1, seed);
        let host = publisher(&mut net, 1);
        film(&mut net, host, 9, 10);
        let late = viewer(&mut net, 2, 0);
        let lossy = Way {
            loss: 20.0,
            ..Way::default()
        };
        net.set_path(late, Path::down(lossy));
        film(&mut net, host, 19, 60);
        let node = &net.nodes[late];
        assert!(net.stats(0).resent > 0);
        assert_eq!(node.holes(true), 0);
        for (_, got) in node.track(true) {
            assert_eq!(described(got).len() > 3, got.payload[..2] == [0x28, 3]);
        }
    });
}

#[test]
fn frame_numbers_go_on_when_a_publisher_is_replaced() {
    let mut net = Net::new(1);
    let first = publisher(&mut net, 1);
    let place = viewer(&mut net, 2, 0);
    film(&mut net, first, 40_000, 10);
    let second = publisher(&mut net, 3);
    film(&mut net, second, 7, 10);
    let numbers: Vec<u16> = net.nodes[place]
        .track(true)
        .iter()
        .map(|(_, got)| number(got))
        .collect();
    let expected: Vec<u16> = (0..60).map(|at| 40_000 + at / 3).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn b_r7_broken_descriptors_are_left_out_and_hurt_nobody() {
    let mut net = Net::new(1);
    let host = publisher(&mut net, 1);
    let place = viewer(&mut net, 2, 0);
    net.send_from(host, |node, _, out| {
        for (at, described) in [&[0x80, 0][..], &[0x80, 0, 1, 0xff, 0xff], &[0xc0, 0, 2]]
            .into_iter()
            .enumerate()
        {
            let payload = [0x28, 3, 0x0a, 1, 2, 0x30];
            let plain = node.plain(true, at as u32 * 3_000, true, &payload);
            node.seal_and_send(&extended(&plain, described), out);
        }
    });
    net.run(Duration::from_millis(500));
    let track = net.nodes[place].track(true);
    assert_eq!(track.len(), 3);
    assert!(
        track
            .iter()
            .all(|(_, got)| elements(&got.header).len() == 1)
    );
}
