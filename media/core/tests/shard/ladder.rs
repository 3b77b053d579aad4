//! A host that sends simulcast and sound at real bitrates, and viewers that report as browsers do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use media_core::client::{ClientConfig, Sample, Track};
use media_core::peer::{Codec, Role};

use crate::net::{CLIENT, Net};
use crate::node::Node;

/// Thirty frames a second.
pub const FRAME: Duration = Duration::from_micros(33_333);
const PACKET: usize = 1_100;
/// A keyframe is so many times as large as another frame, when nothing else is said.
const KEY_SIZE: usize = 5;

/// A publisher at work.
pub struct Host {
    pub place: usize,
    /// Bits a second of each layer, in the order of the rids (best first, as OBS).
    pub layers: Vec<usize>,
    /// Frames between two keyframes.
    pub gop: u32,
    /// Whether PLI makes a keyframe.
    pub obeys: bool,
    /// A keyframe is so many times as large as another frame.
    pub key_size: usize,
    /// Time between two packets of a frame.
    pub pause: Duration,
    frame: u32,
    sound: u32,
    began: Instant,
}

impl Host {
    pub fn new(net: &mut Net, layers: &[usize], gop: u32) -> Self {
        let seed = 500 + net.nodes.len() as u64;
        let mut config = ClientConfig::browser(Role::Publisher, CLIENT.clone(), seed);
        config.video = vec![Codec::Vp8];
        if layers.len() > 1 {
            config.rids = (0..layers.len()).map(|rid| rid.to_string()).collect();
        }
        let place = net.connect(Node::with(config), 0);
        Self {
            place,
            layers: layers.to_vec(),
            gop,
            obeys: true,
            key_size: KEY_SIZE,
            pause: Duration::ZERO,
            frame: 0,
            sound: 0,
            began: net.now,
        }
    }

    /// Sends for so long.
    pub fn film(&mut self, net: &mut Net, duration: Duration) {
        let end = net.now + duration;
        let mut next = net.now;
        while next < end {
            let due = net.now - self.began;
            while self.sound <= (due.as_millis() / 20) as u32 {
                self.send_sound(net);
            }
            for layer in 0..self.layers.len() {
                self.send_frame(net, layer);
            }
            self.frame += 1;
            // A frame that takes longer than that puts off the next one only.
            next += FRAME;
            net.run(next.saturating_duration_since(net.now));
        }
    }

    fn send_sound(&mut self, net: &mut Net) {
        let timestamp = self.sound * 960;
        self.sound += 1;
        net.send_from(self.place, |node, now, out| {
            let pt = node.client.payload_type(&Codec::Opus).unwrap();
            let sample = Sample {
                track: Track::Audio,
                pt,
                timestamp,
                marker: false,
                payload: &[7; 120],
            };
            node.client.send_media(now, &sample, out);
        });
    }

    fn send_frame(&mut self, net: &mut Net, layer: usize) {
        let asked = net.nodes[self.place].client.take_keyframe_requests();
        if self.obeys && asked != 0 {
            // As many encoders do: one keyframe in all layers.
            self.frame = self.frame.next_multiple_of(self.gop);
        }
        let key = self.frame.is_multiple_of(self.gop);
        let plain = self.layers[layer] / 8 / 30;
        // What the keyframe has too much, the other frames have too little.
        let spare = plain * (self.key_size - 1) / self.gop as usize;
        let mut left = if key {
            plain * self.key_size
        } else {
            plain - spare.min(plain / 2)
        };
        let mut at = 0u8;
        while left > 0 {
            let size = left.min(PACKET);
            left -= size;
            let mut payload = vec![
                if at == 0 { 0x10 } else { 0 },
                u8::from(!key),
                layer as u8,
                at,
            ];
            payload.extend_from_slice(&self.frame.to_be_bytes());
            payload.resize(size.max(16), 7);
            let (timestamp, last) = (self.frame.wrapping_mul(3_000), left == 0);
            net.send_from(self.place, |node, now, out| {
                let pt = node.client.payload_type(&Codec::Vp8).unwrap();
                let sample = Sample {
                    track: Track::Video { layer: layer as u8 },
                    pt,
                    timestamp,
                    marker: last,
                    payload: &payload,
                };
                node.client.send_media(now, &sample, out);
            });
            at = at.wrapping_add(1);
            if !self.pause.is_zero() {
                net.run(self.pause);
            }
        }
    }
}

/// A viewer like a browser; `change` makes it another one.
pub fn viewer(net: &mut Net, change: impl Fn(&mut ClientConfig)) -> usize {
    let seed = 900 + net.nodes.len() as u64;
    let mut config = ClientConfig::browser(Role::Viewer, CLIENT.clone(), seed);
    config.video = vec![Codec::Vp8];
    change(&mut config);
    let mut node = Node::with(config);
    // The client itself asks.
    node.repairs = false;
    net.connect(node, 0)
}

/// The layers that were shown, with the time of the first frame of each stretch.
pub fn stretches(node: &Node) -> Vec<(Instant, u8)> {
    let mut stretches: Vec<(Instant, u8)> = Vec::new();
    for frame in node.screen() {
        if stretches
            .last()
            .is_none_or(|(_, layer)| *layer != frame.publisher)
        {
            stretches.push((frame.at, frame.publisher));
        }
    }
    stretches
}

/// The layer that is shown at the end.
pub fn layer(node: &Node) -> Option<u8> {
    stretches(node).last().map(|(_, layer)| *layer)
}

/// How often one sequence number of one SSRC was sealed again, in what was recorded of a viewer.
/// Fails if its content was ever another one.
pub fn repeats(net: &Net, place: usize) -> usize {
    let mut seen: BTreeMap<(u32, u16), &[u8]> = BTreeMap::new();
    let mut again = 0;
    for packet in net.recorded(place) {
        let be = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
        if let Some(before) = seen.insert((be(8), be(0) as u16), packet) {
            again += 1;
            assert_eq!(before, packet, "one number, two contents");
        }
    }
    again
}
