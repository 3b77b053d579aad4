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
