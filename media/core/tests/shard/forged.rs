//! Media from an address that never passed a check is not looked at.

use std::net::SocketAddr;
use std::time::Duration;

use crate::net::{Net, shard_address};

/// Sends a publisher's genuine, unseen packet from a foreign address, and returns how many packets
/// the viewer got from it, and how many datagrams went back to the forger.
fn forge(check: bool) -> (usize, u64) {
    let mut net = Net::new(1);
    if !check {
        net.shards[0].disable_tuple_check();
    }
    let publisher = net.publisher(0);
    let viewer = net.viewer(0);
    net.send_from(publisher, |node, _, out| node.send_frame(0, true, 2, out));
    net.run(Duration::from_millis(200));
    let before = net.nodes[viewer].track(true).len();
    assert_eq!(before, 2);
    let forger = SocketAddr::from(([203, 0, 113, 9], 999));
    let packet = net.nodes[publisher].sealed(3_000, &[0x10, 1, 2, 3]);
    net.inject(forger, shard_address(0), &packet);
    net.run(Duration::from_millis(200));
    let dropped = net.stats(0).drop_unvalidated_source;
    (net.nodes[viewer].track(true).len() - before, dropped)
}

#[test]
fn a_foreign_source_is_dropped() {
    assert_eq!(forge(true), (0, 1));
}

#[test]
fn without_the_check_it_would_be_forwarded() {
    assert_eq!(forge(false), (1, 0));
}

#[test]
fn garbage_is_counted_and_gets_no_answer() {
    let mut net = Net::new(1);
    let forger = SocketAddr::from(([203, 0, 113, 9], 999));
    let stun = [
        0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    net.inject(forger, shard_address(0), &stun);
    net.inject(forger, shard_address(0), &[22; 60]);
    net.inject(forger, shard_address(0), &[0x80; 1_501]);
    net.run(Duration::from_millis(50));
    let stats = net.stats(0);
    assert_eq!(stats.drop_bad_stun, 1);
    assert_eq!(stats.drop_unvalidated_source, 1);
    assert_eq!(stats.drop_oversized, 1);
    assert_eq!(stats.datagrams_in, 3);
}
