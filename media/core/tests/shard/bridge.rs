//! One publisher, viewers on its own shard and on another one.

use std::time::Duration;

use media_core::border::Command;
use media_core::peer::CloseReason;

use crate::net::Net;

fn frames(net: &mut Net, publisher: usize, numbers: std::ops::Range<u32>) {
    for number in numbers {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number % 30 == 0, 5, out);
            node.send_rtp(false, number * 1_600, false, &[0xfc, 1, 2], out);
        });
        net.run(Duration::from_millis(33));
    }
}

#[test]
fn viewers_of_both_shards_get_the_same() {
    let mut net = Net::new(2);
    let publisher = net.publisher(0);
    let (near, far) = (net.viewer(0), net.viewer(1));
    frames(&mut net, publisher, 0..60);
    net.run(Duration::from_millis(200));
    let payloads = |place: usize, video: bool| -> Vec<Vec<u8>> {
        net.nodes[place]
            .track(video)
            .iter()
            .map(|(_, got)| got.payload.clone())
            .collect()
    };
    assert_eq!(payloads(near, true).len(), 60 * 5);
    assert_eq!(payloads(far, true), payloads(near, true));
    assert_eq!(payloads(far, false).len(), 60);
    assert_eq!(net.stats(0).bridged_out, 60 * 6);
    assert_eq!(net.stats(1).bridged_in, 60 * 6);
    assert_eq!(net.stats(1).packets_in, 0, "decrypted once");
}

#[test]
fn a_shard_without_viewers_gets_nothing_after_a_while() {
    let mut net = Net::new(2);
    let publisher = net.publisher(0);
    let far = net.viewer(1);
    frames(&mut net, publisher, 0..10);
    let peer = net.nodes[far].peer;
    net.command(
        1,
        Command::Close {
            peer,
            reason: CloseReason::Requested,
        },
    );
    net.run(Duration::from_secs(5));
    let before = net.stats(0).bridged_out;
    assert!(before > 0);
    frames(&mut net, publisher, 10..20);
    assert_eq!(net.stats(0).bridged_out, before);
    assert_eq!((net.stats(1).viewers, net.stats(1).broadcasts), (0, 0));
}
