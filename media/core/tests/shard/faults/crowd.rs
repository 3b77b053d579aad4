//! F16: a thousand peers, a hundred of which stop reading.

use std::time::Duration;

use bytes::Bytes;
use media_core::border::{Command, Event};
use media_core::client::ClientConfig;
use media_core::peer::{MAX_LANE_BACKLOG, PeerEvent, Role};

use crate::net::{CLIENT, Net, ROOM};
use crate::node::Node;

pub const PEERS: usize = 1_000;
const STALLED: usize = 100;
const CARDS: usize = 4;
/// Messages of 16 kB that fill what may wait for one reader.
const FILL: usize = MAX_LANE_BACKLOG / 16_000;

/// A viewer that counts packets only.
pub fn light(seed: u64, lanes: bool) -> Node {
    let mut node = Node::with(ClientConfig {
        light: true,
        lanes,
        ..ClientConfig::new(Role::Viewer, CLIENT.clone(), seed)
    });
    node.repairs = false;
    node
}

fn say(net: &mut Net, lane: u16, text: String) {
    let bytes = Bytes::from(text);
    net.command(
        0,
        Command::Broadcast {
            broadcast: ROOM,
            lane,
            bytes,
        },
    );
}

fn heard(node: &Node) -> Vec<&[u8]> {
    let lane = |event: &'_ PeerEvent| matches!(event, PeerEvent::Lane { lane: 1, .. });
    let all = node.events.iter().filter(|event| lane(event));
    all.filter_map(|event| match event {
        PeerEvent::Lane { bytes, .. } => Some(&bytes[..]),
        _ => None,
    })
    .collect()
}

/// A room in which `stalled` of the viewers' networks vanish while cards are shown.
fn room(stalled: usize) -> Net {
    let mut net = Net::seeded(1, 16);
    for at in 0..PEERS as u64 {
        net.join(light(1_000 + at, true), 0, ROOM);
    }
    net.run_until(|net| {
        let open = |event: &&Event| matches!(event, Event::LanesOpen { .. });
        net.events.iter().filter(open).count() == PEERS
    });
    for place in 0..PEERS {
        let peer = net.nodes[place].peer;
        let first = Bytes::from_static(b"hello");
        net.command(0, Command::OpenLanes { peer, first });
    }
    net.run(Duration::from_millis(200));
    (0..stalled).for_each(|place| net.cut(place));
    for _ in 0..FILL {
        for place in 0..STALLED {
            let (peer, bytes) = (net.nodes[place].peer, Bytes::from(vec![b'x'; 16_000]));
            let lane = 0;
            net.command(0, Command::Send { peer, lane, bytes });
        }
        net.run(Duration::from_millis(100));
    }
    assert_eq!(net.stats(0).slow_readers, 0, "it is full, not too full");
    for card in 0..CARDS {
        say(&mut net, 1, format!("{:-<6000}", 1_000 + card));
        net.run(Duration::from_millis(150));
        assert!(net.stats(0).lane_backlog_bytes <= (PEERS * MAX_LANE_BACKLOG) as u64);
    }
    net.run(Duration::from_secs(4));
    net
}

#[test]
fn f16_a_hundred_stalled_readers_are_closed_and_nine_hundred_do_not_notice() {
    let net = room(STALLED);
    let stats = net.stats(0);
    println!("{} closed, {} there", stats.slow_readers, stats.viewers);
    assert_eq!(
        stats.slow_readers as usize, STALLED,
        "closed within ten seconds"
    );
    assert_eq!(stats.viewers as usize, PEERS - STALLED);
    assert!(
        stats.lane_backlog_bytes < 1_000_000,
        "nothing is kept for them"
    );
    for node in &net.nodes[STALLED..] {
        let cards = heard(node);
        assert_eq!(cards.len(), CARDS);
        assert!(cards.is_sorted());
    }
}

#[test]
fn f16_control_nobody_is_closed_who_reads() {
    let net = room(0);
    assert_eq!(
        (net.stats(0).slow_readers, net.stats(0).viewers),
        (0, PEERS as u64)
    );
}
