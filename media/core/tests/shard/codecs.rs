//! Viewers get what they can take: another payload type number, or nothing of that codec.

use std::time::Duration;

use media_core::client::ClientConfig;
use media_core::peer::{Codec, Role};

use crate::net::{CLIENT, Net};
use crate::node::Node;

const H264: Codec = Codec::H264 {
    profile_level_id: 0x42_e0_1f,
    packetization_mode: 1,
};

fn node(role: Role, seed: u64, video: &[Codec]) -> Node {
    Node::with(ClientConfig {
        video: video.to_vec(),
        ..ClientConfig::new(role, CLIENT.clone(), seed)
    })
}

#[test]
fn payload_types_are_mapped_and_missing_codecs_are_skipped() {
    let mut net = Net::new(1);
    let publisher = net.connect(node(Role::Publisher, 1, &[H264, Codec::Vp8]), 0);
    let mapped = net.connect(node(Role::Viewer, 2, &[Codec::Vp8, H264]), 0);
    let without = net.connect(node(Role::Viewer, 3, &[H264]), 0);
    for number in 0..20 {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number == 0, 2, out);
            node.send_rtp(false, number * 960, false, &[1, 2, 3], out);
        });
        net.run(Duration::from_millis(20));
    }
    net.run(Duration::from_millis(100));
    let (sent, got) = (&net.nodes[publisher].client, &net.nodes[mapped].client);
    let expected = got.payload_type(&Codec::Vp8).unwrap();
    assert_ne!(sent.payload_type(&Codec::Vp8), Some(expected));
    assert_eq!(net.nodes[mapped].track(true).len(), 40);
    assert!(
        net.nodes[mapped]
            .track(true)
            .iter()
            .all(|(_, got)| got.pt == expected)
    );
    assert!(net.nodes[without].track(true).is_empty());
    assert_eq!(
        net.nodes[without].track(false).len(),
        20,
        "it hears the sound"
    );
    assert_eq!(net.stats(0).codec_skipped, 40);

    // The publisher changes to what everyone has: the skipped viewer gets a picture as well.
    net.nodes[publisher].codec = H264;
    net.send_from(publisher, |node, _, out| {
        node.send_rtp(true, 70_000, false, &[0x67, 1, 2], out);
        node.send_rtp(true, 70_000, true, &[0x65, 1, 2], out);
    });
    net.run(Duration::from_millis(100));
    assert_eq!(net.nodes[without].track(true).len(), 2);
    assert_eq!(net.nodes[mapped].track(true).len(), 42);
    assert_eq!(net.nodes[mapped].holes(true), 0);
}

#[test]
fn unknown_payload_types_are_dropped() {
    let mut net = Net::new(1);
    let publisher = net.connect(node(Role::Publisher, 1, &[Codec::Vp8]), 0);
    let mut packet = vec![0x80, 77, 0, 1, 0, 0, 0, 1, 0, 0, 9, 9, 1, 2, 3];
    let len = packet.len();
    packet.resize(len + media_core::peer::SRTP_OVERHEAD, 0);
    net.send_from(publisher, |node, _, out| {
        let sealed = node.client.seal_rtp(&mut packet, len).unwrap();
        out.push(node.client.remote().unwrap(), &packet[..sealed]);
    });
    net.run(Duration::from_millis(50));
    assert_eq!(net.stats(0).drop_unknown_payload_type, 1);
}
