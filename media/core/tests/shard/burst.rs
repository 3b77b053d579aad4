//! A fan-out that is larger than what the caller can queue goes on where it paused, and no
//! broadcast has to wait for another one's viewers.

use std::time::Duration;

use media_core::border::BroadcastId;
use media_core::limits::FLUSH_DATAGRAMS;
use media_core::peer::Role;

use crate::net::Net;
use crate::node::Node;

const VIEWERS: usize = 16;
const PACKETS: u8 = 50;

#[test]
fn keyframes_of_two_broadcasts_at_once_reach_all_viewers() {
    let mut net = Net::new(1);
    let mut rooms = Vec::new();
    for room in [BroadcastId(8), BroadcastId(9)] {
        let publisher = net.join(Node::new(Role::Publisher, 20 + room.0), 0, room);
        let join = |at| net.join(Node::new(Role::Viewer, 100 * room.0 + at as u64), 0, room);
        let viewers: Vec<usize> = (0..VIEWERS).map(join).collect();
        rooms.push((publisher, viewers));
    }
    net.run_until(|net| net.stats(0).connected == 2 * (VIEWERS as u64 + 1));
    net.run(Duration::from_millis(50));
    for (publisher, _) in &rooms {
        net.send_from(*publisher, |node, _, out| {
            node.send_frame(1, true, PACKETS, out)
        });
    }
    net.run(Duration::from_millis(300));
    const { assert!(VIEWERS * (PACKETS as usize) * 2 > FLUSH_DATAGRAMS) };
    for (publisher, viewers) in rooms {
        let peer = net.nodes[publisher].peer.0 as u8;
        for place in viewers {
            let track = net.nodes[place].track(true);
            assert_eq!(track.len(), usize::from(PACKETS));
            assert!(track.iter().all(|(_, got)| got.payload[2] == peer));
        }
    }
    assert_eq!(net.stats(0).keyframes_in, 2);
}

#[test]
fn numbers_go_on_when_the_publishers_jump() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = net.publisher(0);
    let frames = |net: &mut Net, numbers: std::ops::Range<u32>| {
        for number in numbers {
            let key = number % 10 == 0;
            net.send_from(publisher, |node, _, out| {
                node.send_frame(number, key, 3, out)
            });
            net.run(Duration::from_millis(20));
        }
    };
    frames(&mut net, 0..10);
    net.nodes[publisher].jump(20_000);
    frames(&mut net, 10..40);
    net.run(Duration::from_millis(300));
    let node = &net.nodes[viewer];
    assert_eq!(node.holes(true), 0);
    // The first packet after the jump is not believed yet, so its keyframe is of no use.
    assert_eq!(node.track(true).len(), 3 * (10 + 20));
    assert_eq!(net.stats(0).nacks_up, 0, "a jump is no loss");
}

#[test]
fn packets_of_nearly_one_size_arrive_as_they_were_also_when_repeated() {
    let mut net = Net::new(1);
    let publisher = net.publisher(0);
    let viewers = [net.viewer(0), net.viewer(0)];
    net.weather.loss = 4;
    let mut sent = Vec::new();
    for number in 0..90u32 {
        for at in 0..8u32 {
            let first = if at == 0 { 0x10 } else { 0x00 };
            let mut payload = vec![first, u8::from(number % 30 != 0), at as u8];
            payload.extend_from_slice(&number.to_be_bytes());
            // As encoders cut a frame: a few bytes more in the last ones.
            payload.resize(100 + (number as usize * 7) % 50 + usize::from(at > 4), 7);
            net.send_from(publisher, |node, _, out| {
                node.send_rtp(true, number * 3_000, at == 7, &payload, out)
            });
            sent.push(payload);
        }
        net.run(Duration::from_millis(33));
    }
    net.weather.loss = 0;
    net.run(Duration::from_secs(1));
    assert!(net.stats(0).resent > 10);
    for viewer in viewers {
        assert_eq!(net.nodes[viewer].holes(true), 0);
        let track = net.nodes[viewer].track(true);
        let from = sent.iter().position(|sent| *sent == track[0].1.payload);
        let whole = &sent[from.unwrap()..];
        assert!(
            track
                .iter()
                .zip(whole)
                .all(|((_, got), sent)| got.payload == *sent)
        );
        assert!(track.len() > 80 * 8);
    }
}
