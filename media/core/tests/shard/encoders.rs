//! Habits of encoders: FFmpeg has no header extensions and repeats by RFC 4588, OBS sends simulcast
//! layers that name themselves by rid only, some send their parameter sets once.

use std::time::Duration;

use media_core::peer::{Codec, PeerConfig, Role};

use crate::net::{Net, ROOM};
use crate::node::Node;
use crate::studio;

const H264: Codec = Codec::H264 {
    profile_level_id: 0x42_e0_1f,
    packetization_mode: 1,
};
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
fn ffmpeg_without_extensions_fills_a_gap_by_a_retransmission_of_its_own_payload_type() {
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

#[test]
fn o11_a_viewer_gets_parameter_sets_with_every_keyframe_although_the_encoder_sent_them_once() {
    let mut net = Net::new(1);
    let early = net.viewer(0);
    let mut node = Node::new(Role::Publisher, 78);
    node.codec = H264;
    let publisher = net.connect(node, 0);
    let mut late = None;
    let sets = [
        0x78, 0, 6, 0x67, 0x42, 0xe0, 0x1f, 0x8d, 0x68, 0, 2, 0x68, 0xce,
    ];
    for number in 0..90u32 {
        let timestamp = number * 3_000;
        net.send_from(publisher, |node, _, out| {
            if number == 0 {
                node.send_rtp(true, timestamp, false, &sets, out);
            }
            let unit = if number % 30 == 0 { 0x65 } else { 0x41 };
            node.send_rtp(true, timestamp, true, &[unit, 0x9a, number as u8], out);
        });
        net.run(Duration::from_millis(33));
        if number == 40 {
            late = Some(net.viewer(0));
        }
    }
    net.run(Duration::from_millis(200));
    for viewer in [early, late.unwrap()] {
        let track = net.nodes[viewer].track(true);
        let payloads: Vec<_> = track.iter().map(|(_, got)| &got.payload[..]).collect();
        let keys = payloads
            .iter()
            .enumerate()
            .filter(|(_, payload)| payload[0] == 0x65);
        for (at, _) in keys.clone() {
            assert_eq!(payloads[at - 1], sets, "in front of a keyframe");
            assert_eq!(track[at - 1].1.timestamp, track[at].1.timestamp);
            assert!(!track[at - 1].1.marker);
        }
        assert!(keys.count() > 0);
        assert_eq!(payloads[0], sets, "the first thing that a viewer gets");
        assert_eq!(net.nodes[viewer].holes(true), 0);
    }
    assert_eq!(net.stats(0).parameters_inserted, 2);
}

#[test]
fn a_publisher_is_described_track_by_track() {
    let mut net = Net::new(1);
    let config = studio::browser(79);
    let publisher = studio::publisher(&mut net, config, ROOM);
    studio::film(&mut net, publisher, 0..90, 30);
    let peers = net.shards[0].peers(net.now, ROOM);
    let tracks = &peers[0].tracks;
    let rids: Vec<_> = tracks.iter().map(|track| track.rid.as_deref()).collect();
    assert_eq!(rids, [Some("h"), Some("m"), Some("l")]);
    let packets: Vec<_> = tracks.iter().map(|track| track.packets).collect();
    assert_eq!(packets, [900, 540, 270]);
    assert!(tracks[0].bitrate > tracks[1].bitrate && tracks[1].bitrate > tracks[2].bitrate);
    assert!(peers[0].phases.media >= peers[0].phases.dtls);
    assert!(peers[0].phases.dtls.is_some());
}
