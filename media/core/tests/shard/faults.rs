//! Faults of the network and of peers, one file each, every one with its negative control.

use std::time::Duration;

use media_core::client::ClientConfig;
use media_core::peer::Role;

use crate::net::{CLIENT, Net};
use crate::node::Node;

mod broadcaster;
mod crowd;
mod ignored;
mod moved;
mod rebinding;
mod storm;
mod weather;

/// Time of a frame.
const FRAME: Duration = Duration::from_millis(33);

/// What the publisher films: a frame every 33 ms.
#[derive(Clone, Copy)]
struct Film {
    packets: u8,
    /// Frames from one keyframe to the next.
    gop: u32,
}

impl Film {
    fn play(self, net: &mut Net, publisher: usize, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.frame(net, publisher, number);
            net.run(FRAME);
        }
    }

    fn frame(self, net: &mut Net, publisher: usize, number: u32) {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number.is_multiple_of(self.gop), self.packets, out);
            node.send_rtp(
                false,
                number * 1_600,
                false,
                &[0xfc, node.peer.0 as u8],
                out,
            );
        });
    }
}

/// A viewer that reports and repairs as a browser does.
fn browser(net: &mut Net) -> usize {
    let seed = 100 + net.nodes.len() as u64;
    let config = ClientConfig::browser(Role::Viewer, CLIENT.clone(), seed);
    let mut node = Node::with(config);
    node.repairs = false;
    node.buffer = Duration::from_millis(500);
    net.connect(node, 0)
}
