//! A publisher with simulcast layers, as OBS or as a browser sends them, in VP8.
//!
//! Layer `i` has [`PACKETS`]`[i]` packets a frame, the time stamps of all layers are the same. Each
//! payload tells its layer, its frame and its place in the frame.

use std::time::Duration;

use media_core::border::{BroadcastId, Command};
use media_core::client::{ClientConfig, Repair, Sample, Sending, Track};
use media_core::peer::{Codec, Role};

use crate::net::{CLIENT, Net};
use crate::node::Node;

/// Packets of a frame, by layer.
pub const PACKETS: [u8; 3] = [10, 6, 3];
pub const FRAME: Duration = Duration::from_millis(33);

/// Three layers, one store for all packets, no RTX, no TWCC, never a sender report.
pub fn obs(seed: u64) -> ClientConfig {
    ClientConfig {
        rids: ["0", "1", "2"].map(str::to_owned).to_vec(),
        video: vec![Codec::Vp8],
        sending: Sending {
            repair: Repair::BySequence,
            reports: None,
        },
        ..ClientConfig::new(Role::Publisher, CLIENT.clone(), seed)
    }
}

/// Three layers, RTX with rids, TWCC, sender reports.
pub fn browser(seed: u64) -> ClientConfig {
    ClientConfig {
        rids: ["h", "m", "l"].map(str::to_owned).to_vec(),
        video: vec![Codec::Vp8],
        ..ClientConfig::browser(Role::Publisher, CLIENT.clone(), seed)
    }
}

pub fn publisher(net: &mut Net, config: ClientConfig, room: BroadcastId) -> usize {
    connect(net, Node::with(config), room)
}

pub fn connect(net: &mut Net, node: Node, room: BroadcastId) -> usize {
    let place = net.join(node, 0, room);
    net.run_until(|net| net.nodes[place].client.is_connected());
    net.run(Duration::from_millis(50));
    place
}

/// A viewer that has asked for one layer.
pub fn viewer_of(net: &mut Net, layer: u8) -> usize {
    let place = net.viewer(0);
    let peer = net.nodes[place].peer;
    let layer = Some(layer);
    net.command(0, Command::SelectLayer { peer, layer });
    place
}

/// Sends one frame of one layer.
pub fn frame(net: &mut Net, publisher: usize, layer: u8, number: u32, key: bool, packets: u8) {
    frame_at(net, publisher, layer, (number, 0), key, packets);
}

/// Sends one frame of a layer whose time stamps are `offset` ahead.
pub fn frame_at(
    net: &mut Net,
    publisher: usize,
    layer: u8,
    (number, offset): (u32, u32),
    key: bool,
    packets: u8,
) {
    net.send_from(publisher, |node, now, out| {
        let pt = node.client.payload_type(&Codec::Vp8).unwrap();
        for at in 0..packets {
            let mut payload = vec![if at == 0 { 0x10 } else { 0 }, u8::from(!key), layer, at];
            payload.extend_from_slice(&number.to_be_bytes());
            payload.resize(300, 7);
            let sample = Sample {
                track: Track::Video { layer },
                pt,
                timestamp: number.wrapping_mul(3_000).wrapping_add(offset),
                marker: at + 1 == packets,
                payload: &payload,
            };
            node.client.send_media(now, &sample, out);
        }
    });
}

/// Frames of all layers, 30 a second, a keyframe every `key_every`.
pub fn film(net: &mut Net, publisher: usize, numbers: std::ops::Range<u32>, key_every: u32) {
    for number in numbers {
        for (layer, packets) in PACKETS.into_iter().enumerate() {
            let key = number % key_every == 0;
            frame(net, publisher, layer as u8, number, key, packets);
        }
        net.run(FRAME);
    }
}

/// Layer, frame and place in the frame of the packets that a viewer got, in order.
pub fn seen(net: &Net, viewer: usize) -> Vec<(u8, u32, u8)> {
    let track = net.nodes[viewer].track(true);
    let packets = track.iter().filter(|(_, got)| got.payload.len() == 300);
    packets
        .map(|(_, got)| {
            let number = u32::from_be_bytes(got.payload[4..8].try_into().unwrap());
            (got.payload[2], number, got.payload[3])
        })
        .collect()
}
