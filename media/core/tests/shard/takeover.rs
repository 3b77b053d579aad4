//! A new publisher takes over: the newest wins, packets never mix, viewers see one stream.

use std::time::Duration;

use media_core::border::Event;
use media_core::peer::{CloseReason, PeerEvent};

use crate::net::Net;

fn publisher_of(payload: &[u8]) -> u8 {
    payload[2]
}

fn frames(net: &mut Net, publishers: &[usize], numbers: std::ops::Range<u32>, key_at: u32) {
    for number in numbers {
        for place in publishers {
            net.send_from(*place, |node, _, out| {
                node.send_frame(number, number == key_at, 4, out);
                let payload = [0xfc, 0, node.peer.0 as u8, 1];
                node.send_rtp(false, number * 960, false, &payload, out);
            });
        }
        net.run(Duration::from_millis(20));
    }
}

/// Shards of the two publishers; the viewers are on shard 0.
fn takeover(first_shard: usize, second_shard: usize) {
    let mut net = Net::new(2);
    let viewers = [net.viewer(0), net.viewer(0)];
    let first = net.publisher(first_shard);
    frames(&mut net, &[first], 0..30, 0);
    let second = net.publisher(second_shard);
    let (old, new) = (
        net.nodes[first].peer.0 as u8,
        net.nodes[second].peer.0 as u8,
    );
    // Both send: the old one has not noticed yet. The new one starts between two keyframes.
    frames(&mut net, &[first, second], 30..70, 50);
    net.run(Duration::from_millis(500));
    for place in viewers {
        let node = &net.nodes[place];
        for video in [true, false] {
            assert_eq!(node.holes(video), 0, "the sequence goes on");
            let track = node.track(video);
            let senders: Vec<u8> = track
                .iter()
                .map(|(_, got)| publisher_of(&got.payload))
                .collect();
            let switch = senders.iter().position(|sender| *sender == new).unwrap();
            assert!(senders[..switch].iter().all(|sender| *sender == old));
            assert!(
                senders[switch..].iter().all(|sender| *sender == new),
                "they never mix"
            );
            let times: Vec<u32> = track.iter().map(|(_, got)| got.timestamp).collect();
            let steps = times.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
            assert!(
                steps.clone().all(|step| step < 90_000),
                "time goes on: {:?}",
                steps.max()
            );
            if video {
                assert_eq!(
                    track[switch].1.payload[..2],
                    [0x10, 0x00],
                    "at its keyframe"
                );
                assert_eq!(senders.len() - switch, 4 * 20);
            } else {
                assert!(senders.len() - switch >= 35, "audio at once");
            }
        }
    }
    if first_shard == second_shard {
        let replaced = net.events.iter().any(|event| {
            matches!(event, Event::Closed { peer, reason: CloseReason::Replaced, .. }
                if *peer == net.nodes[first].peer)
        });
        assert!(replaced);
        let told = |event: &PeerEvent| matches!(event, PeerEvent::Closed(_));
        assert!(
            net.nodes[first].events.iter().any(told),
            "the old publisher is told"
        );
    }
}

#[test]
fn on_one_shard() {
    takeover(0, 0);
}

#[test]
fn from_one_shard_to_another() {
    takeover(0, 1);
    takeover(1, 0);
}

#[test]
fn both_on_another_shard_than_the_viewers() {
    takeover(1, 1);
}
