//! A scalable stream (VP9 with three spatial and two temporal layers): each viewer gets the part
//! that its network carries, and sees no hole where layers were left out.

use std::time::Duration;

use media_core::client::{ClientConfig, Sample, Track};
use media_core::peer::{Codec, Role};

use crate::ladder::{FRAME, repeats, viewer};
use crate::net::{CLIENT, Net, Path, Way, seeds};
use crate::node::{Node, Received};

const VP9: Codec = Codec::Vp9 { profile: 0 };
/// Bytes of one frame of each spatial layer: 240, 720 and 1,920 kbit/s.
const SIZES: [usize; 3] = [1_000, 3_000, 8_000];
const GOP: u32 = 90;

struct Host {
    place: usize,
    frame: u32,
}

impl Host {
    fn new(net: &mut Net) -> Self {
        let mut config = ClientConfig::browser(Role::Publisher, CLIENT.clone(), 77);
        config.video = vec![VP9];
        let place = net.connect(Node::with(config), 0);
        Self { place, frame: 0 }
    }

    fn film(&mut self, net: &mut Net, seconds: u64) {
        let end = net.now + Duration::from_secs(seconds);
        while net.now < end {
            if net.nodes[self.place].client.take_keyframe_requests() != 0 {
                self.frame = self.frame.next_multiple_of(GOP);
            }
            for spatial in 0..SIZES.len() {
                self.send_layer(net, spatial);
            }
            self.frame += 1;
            net.run(FRAME);
        }
    }

    fn send_layer(&mut self, net: &mut Net, spatial: usize) {
        let packets = SIZES[spatial] / 1_000;
        let temporal = (self.frame % 2) as u8;
        let inter = !self.frame.is_multiple_of(GOP);
        for at in 0..packets {
            let (begins, ends) = (at == 0, at + 1 == packets);
            let first = 0x20
                | if inter { 0x40 } else { 0 }
                | if begins { 0x08 } else { 0 }
                | if ends { 0x04 } else { 0 };
            let indices = (temporal << 5) | 0x10 | ((spatial as u8) << 1);
            let mut payload = vec![first, indices, 0];
            payload.extend_from_slice(&self.frame.to_be_bytes());
            payload.extend_from_slice(&[spatial as u8, at as u8]);
            payload.resize(1_000, 7);
            let (timestamp, marker) = (self.frame.wrapping_mul(3_000), ends && spatial == 2);
            net.send_from(self.place, |node, now, out| {
                let pt = node.client.payload_type(&VP9).unwrap();
                let track = Track::Video { layer: 0 };
                let payload = &payload;
                let sample = Sample {
                    track,
                    pt,
                    timestamp,
                    marker,
                    payload,
                };
                node.client.send_media(now, &sample, out);
            });
        }
    }
}

/// Frame, spatial layer and place of a packet.
fn what(got: &Received) -> (u32, u8, u8) {
    let frame = u32::from_be_bytes(got.payload[3..7].try_into().unwrap());
    (frame, got.payload[7], got.payload[8])
}

fn scalable_viewer(net: &mut Net, rate: u64, loss: f64) -> usize {
    let place = viewer(net, |config| config.video = vec![VP9]);
    let way = Way {
        rate: Some(rate),
        loss,
        ..Way::default()
    };
    net.set_path(place, Path::down(way));
    place
}

/// The highest spatial layer of the last second.
fn top(node: &Node) -> u8 {
    let track = node.track(true);
    let last = what(track.last().unwrap().1).0;
    let recent = track.iter().map(|(_, got)| what(got));
    let recent = recent.filter(|(frame, _, _)| frame + 30 > last);
    recent.map(|(_, spatial, _)| spatial).max().unwrap()
}

#[test]
fn every_network_gets_its_part_of_a_scalable_stream() {
    let mut net = Net::seeded(1, 3);
    let mut host = Host::new(&mut net);
    host.film(&mut net, 2);
    let wide = scalable_viewer(&mut net, 20_000_000, 0.0);
    let middle = scalable_viewer(&mut net, 1_700_000, 0.0);
    let tight = scalable_viewer(&mut net, 420_000, 0.0);
    host.film(&mut net, 30);
    for (place, layer) in [(wide, 2), (middle, 1), (tight, 0)] {
        let node = &net.nodes[place];
        assert_eq!(top(node), layer);
        let late = node.track(true).split_off(node.track(true).len() / 2);
        // The marker ends each picture that the viewer gets.
        for pair in late.windows(2) {
            let ends = pair[0].1.timestamp != pair[1].1.timestamp;
            assert_eq!(pair[0].1.marker, ends, "{:?}", what(pair[0].1));
        }
    }
}

/// What is repeated is what was lost, whatever was left out around it.
#[test]
fn numbers_have_no_holes_and_repairs_fit() {
    seeds(2, |seed| {
        for rtx in [true, false] {
            let mut net = Net::seeded(1, seed);
            let mut host = Host::new(&mut net);
            host.film(&mut net, 2);
            let place = viewer(&mut net, |config| {
                (config.video, config.rtx) = (vec![VP9], rtx);
            });
            let lossy = Way {
                loss: 3.0,
                reordered: 2.0,
                rate: Some(20_000_000),
                ..Way::default()
            };
            net.set_path(place, Path::down(lossy));
            net.record(place);
            host.film(&mut net, 4);
            for rate in [1_700_000, 20_000_000, 600_000] {
                net.set_rates(place, None, Some(rate));
                host.film(&mut net, 8);
            }
            net.set_path(place, Path::default());
            host.film(&mut net, 3);
            let node = &net.nodes[place];
            let track = node.track(true);
            let order: Vec<_> = track.iter().map(|(_, got)| what(got)).collect();
            assert!(order.is_sorted(), "everything is where it belongs");
            let left_out = order.iter().filter(|(_, spatial, _)| *spatial == 2).count();
            assert!(left_out * 3 < order.len() * 2, "layers were left out");
            assert!(node.client.reception().nacked > 50);
            assert_eq!(repeats(&net, place) > 0, !rtx);
        }
    });
}
