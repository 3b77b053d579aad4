//! Habits of encoders: FFmpeg repeats by RFC 4588 although the answer did not accept it, OBS sends
//! simulcast layers that name themselves by rid only.

use std::time::Duration;

use media_core::peer::{Codec, PeerConfig, Role};

use crate::net::Net;
use crate::node::Node;

const RTX: u8 = 120;
const RID_EXTENSION: u8 = 2;

fn publisher(net: &mut Net, tweak: fn(&mut PeerConfig)) -> usize {
    let mut node = Node::new(Role::Publisher, 77);
    node.tweak = tweak;
    net.connect(node, 0)
}

/// An RTP packet with everything chosen by hand.
fn packet(pt: u8, sequence: u16, ssrc: u32, extension: &[u8], payload: &[u8]) -> Vec<u8> {
    let flags = if extension.is_empty() { 0x80 } else { 0x90 };
    let mut packet = vec![flags, 0x80 | pt];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 3_000).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(extension);
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn a_retransmission_of_its_own_payload_type_fills_the_gap() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = publisher(&mut net, |config| {
        let formats = config.video.as_mut().unwrap().formats.iter_mut();
        let mut sent = formats.filter(|format| format.codec == Codec::Vp8);
        sent.next().unwrap().rtx = Some(RTX);
    });
    let client = &net.nodes[publisher].client;
    let (ssrc, pt) = (
        client.config().video_ssrc,
        client.payload_type(&net.nodes[publisher].codec),
    );
    let frame = |key: bool, number: u8| vec![0x10, u8::from(!key), number, 0];
    for (number, key) in [(10, true), (12, false)] {
        let packet = packet(pt.unwrap(), number, ssrc, &[], &frame(key, number as u8));
        net.send_from(publisher, |node, _, out| node.seal_and_send(&packet, out));
    }
    net.run(Duration::from_millis(60));
    assert!(net.nodes[publisher].nacked > 0);
    let mut payload = 11u16.to_be_bytes().to_vec();
    payload.extend_from_slice(&frame(false, 11));
    let mut repeated = packet(RTX, 500, ssrc + 50, &[], &payload);
    repeated[4..8].copy_from_slice(&33_000u32.to_be_bytes());
    net.send_from(publisher, |node, _, out| node.seal_and_send(&repeated, out));
    net.run(Duration::from_millis(60));
    let track = net.nodes[viewer].track(true);
    assert_eq!(
        track
            .iter()
            .map(|(_, got)| got.payload[2])
            .collect::<Vec<_>>(),
        [10, 11, 12]
    );
    assert_eq!(net.nodes[viewer].holes(true), 0);
    assert_eq!(net.stats(0).repaired_in, 1);
}

#[test]
fn o6_a_viewer_gets_one_layer_of_those_that_name_themselves_by_rid() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = publisher(&mut net, |config| {
        let video = config.video.as_mut().unwrap();
        video.rid_ext = Some(RID_EXTENSION);
        video.layers = ["0", "1", "2"].map(str::to_owned).to_vec();
    });
    let pt = net.nodes[publisher]
        .client
        .payload_type(&net.nodes[publisher].codec)
        .unwrap();
    let rid = |name: u8| [0xbe, 0xde, 0, 1, RID_EXTENSION << 4, name, 0, 0];
    for number in 0..20u16 {
        for layer in [1u8, 0, 2] {
            // Names are there at the beginning only.
            let named = rid(b'0' + layer);
            let extension = if number < 3 { &named[..] } else { &[] };
            let payload = [0x10, u8::from(number > 0), layer, number as u8];
            let packet = packet(pt, number, 900 + u32::from(layer), extension, &payload);
            net.send_from(publisher, |node, _, out| node.seal_and_send(&packet, out));
        }
        net.run(Duration::from_millis(33));
    }
    let track = net.nodes[viewer].track(true);
    assert_eq!(track.len(), 20);
    assert!(track.iter().all(|(_, got)| got.payload[2] == 0));
    assert_eq!(net.stats(0).drop_ssrc, 0, "all layers are taken in");
}
