//! Lanes: nobody hears anything before `OpenLanes`, everyone the same afterwards, in order.

use std::time::Duration;

use bytes::Bytes;
use media_core::border::{Command, Event};
use media_core::peer::PeerEvent;

use crate::net::{Net, ROOM};

fn heard(net: &Net, place: usize) -> Vec<(u16, String)> {
    let lane = |event: &PeerEvent| match event {
        PeerEvent::Lane { lane, bytes } => {
            Some((*lane, String::from_utf8(bytes.to_vec()).unwrap()))
        }
        _ => None,
    };
    net.nodes[place].events.iter().filter_map(lane).collect()
}

fn open(net: &mut Net, place: usize, first: &'static str) {
    let peer = net.nodes[place].peer;
    net.run_until(|net| {
        net.events
            .iter()
            .any(|event| matches!(event, Event::LanesOpen { peer: p, .. } if *p == peer))
    });
    net.command(
        0,
        Command::OpenLanes {
            peer,
            first: Bytes::from_static(first.as_bytes()),
        },
    );
}

fn say(net: &mut Net, lane: u16, text: &'static str) {
    let bytes = Bytes::from_static(text.as_bytes());
    net.command(
        0,
        Command::Broadcast {
            broadcast: ROOM,
            lane,
            bytes,
        },
    );
}

#[test]
fn broadcasts_reach_those_whose_lanes_were_opened() {
    let mut net = Net::new(1);
    let (early, late) = (net.viewer(0), net.viewer(0));
    open(&mut net, early, "snapshot 1");
    say(&mut net, 1, "card 1");
    say(&mut net, 2, "stock 1");
    open(&mut net, late, "snapshot 2");
    say(&mut net, 1, "card 2");
    let peer = net.nodes[late].peer;
    let bytes = Bytes::from_static(b"just you");
    net.command(
        0,
        Command::Send {
            peer,
            lane: 0,
            bytes,
        },
    );
    net.run(Duration::from_secs(1));
    let shop = |place: usize| -> Vec<String> {
        heard(&net, place)
            .into_iter()
            .filter(|(lane, _)| *lane < 2)
            .map(|(_, text)| text)
            .collect()
    };
    assert_eq!(shop(early), ["snapshot 1", "card 1", "card 2"]);
    assert_eq!(shop(late), ["snapshot 2", "card 2", "just you"]);
    assert!(heard(&net, early).contains(&(2, "stock 1".to_owned())));
    assert_eq!(net.stats(0).lane_messages_out, 7);
}

#[test]
fn messages_of_viewers_come_out_as_events() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    open(&mut net, viewer, "snapshot");
    net.run(Duration::from_millis(100));
    net.send_from(viewer, |node, now, out| {
        node.client.send_lane(now, 1, b"buy", out).unwrap()
    });
    net.run(Duration::from_millis(200));
    let peer = net.nodes[viewer].peer;
    let bytes = Bytes::from_static(b"buy");
    assert!(net.events.contains(&Event::Lane {
        peer,
        broadcast: ROOM,
        lane: 1,
        bytes
    }));
}

#[test]
fn a_reader_that_does_not_read_loses_stock_and_then_its_place() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    open(&mut net, viewer, "snapshot");
    net.run(Duration::from_millis(100));
    // Its network is gone; what it should acknowledge piles up.
    net.nodes[viewer].address.set_port(1);
    let big: &'static str = Box::leak("x".repeat(60_000).into_boxed_str());
    let gone = |net: &Net| {
        net.events
            .iter()
            .any(|event| matches!(event, Event::Closed { .. }))
    };
    for _ in 0..10 {
        say(&mut net, 3, big);
    }
    assert!(net.stats(0).lane_drops > 0, "chat is dropped");
    assert!(!gone(&net));
    for _ in 0..10 {
        say(&mut net, 1, "card");
        say(&mut net, 1, big);
    }
    assert!(gone(&net), "shop is never dropped");
    assert_eq!((net.stats(0).slow_readers, net.stats(0).viewers), (1, 0));
}
