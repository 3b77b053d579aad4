//! Floods without a password (B-S10) and with a forged source (B-D2): the others never notice.

use std::net::SocketAddr;
use std::time::Duration;

use media_core::border::Event;
use media_core::peer::{CloseReason, Role};
use media_core::transmit::Transmits;

use crate::net::{Net, ROOM, shard_address};
use crate::node::Node;

/// A second of video for one viewer, with `flood` called thirty times. Returns what the viewer
/// got, as (time, bytes) of each packet.
fn watched(mut flood: impl FnMut(&mut Net)) -> (Vec<(u32, Vec<u8>)>, Net) {
    let mut net = Net::new(1);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    for number in 0..30 {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number == 0, 6, out);
        });
        flood(&mut net);
        net.run(Duration::from_millis(33));
    }
    net.run(Duration::from_millis(500));
    let track = net.nodes[viewer].track(true);
    let got = track
        .iter()
        .map(|(_, got)| (got.timestamp, got.payload.clone()));
    (got.collect(), net)
}

/// A check for nobody, hellos and media, from one source port after the other.
fn junk(round: u32, number: u32) -> (SocketAddr, Vec<u8>) {
    let port = (1_024 + (round * 3_334 + number) % 60_000) as u16;
    let from = SocketAddr::from(([203, 0, 113, 9], port));
    let mut check = vec![0, 1, 0, 16, 0x21, 0x12, 0xa4, 0x42];
    check.extend_from_slice(&[number as u8; 12]);
    check.extend_from_slice(&[0, 6, 0, 12]);
    check.extend_from_slice(b"nobody:here!");
    match number % 3 {
        0 => (from, check),
        1 => (from, vec![22; 100]),
        _ => (from, vec![0x80; 200]),
    }
}

#[test]
fn b_s10_a_hundred_thousand_datagrams_of_nobody_change_nothing_for_viewers() {
    let (alone, _) = watched(|_| ());
    let mut round = 0;
    let (flooded, net) = watched(|net| {
        let mut out = Transmits::new();
        for number in 0..3_334 {
            let (from, mut bytes) = junk(round, number);
            net.shards[0].handle_datagram(net.now, from, &mut bytes, &mut out);
            assert_eq!(out.iter().count(), 0, "nobody gets an answer");
        }
        round += 1;
    });
    assert_eq!(flooded, alone);
    assert_eq!(alone.len(), 180);
    let stats = net.stats(0);
    let dropped = stats.drop_bad_stun + stats.drop_unvalidated_source;
    assert_eq!(dropped, 30 * 3_334);
}

#[test]
fn b_s10_without_the_check_of_sources_the_same_flood_reaches_a_peer() {
    let mut round = 0;
    let (_, net) = watched(|net| {
        net.shards[0].disable_tuple_check();
        let mut out = Transmits::new();
        for number in 0..100 {
            let (from, mut bytes) = junk(round, number);
            net.shards[0].handle_datagram(net.now, from, &mut bytes, &mut out);
        }
        round += 1;
    });
    let stats = net.stats(0);
    assert_eq!(stats.drop_unvalidated_source, 0);
    assert!(stats.drop_srtp_auth + stats.drop_dtls + stats.drop_malformed > 1_000);
}

/// A ClientHello with the NULL cipher and no profile that we have.
fn null_hello() -> Vec<u8> {
    let mut body = vec![0xfe, 0xfd];
    body.extend_from_slice(&[0x66; 32]);
    body.extend_from_slice(&[0, 0, 0, 2, 0, 0, 1, 0]);
    body.extend_from_slice(&[0, 9, 0, 14, 0, 5, 0, 2, 0, 9, 0]);
    let length = (body.len() as u32).to_be_bytes();
    let mut message = vec![1];
    message.extend_from_slice(&length[1..]);
    message.extend_from_slice(&[0, 0, 0, 0, 0]);
    message.extend_from_slice(&length[1..]);
    message.extend_from_slice(&body);
    let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0];
    record.extend_from_slice(&(message.len() as u16).to_be_bytes());
    record.extend_from_slice(&message);
    record
}

#[test]
fn b_d2_a_forged_hello_from_the_validated_address_ends_that_peer_only() {
    let mut victims = Vec::new();
    let (alone, _) = watched(|net| net.run(Duration::from_millis(30)));
    let (flooded, net) = watched(|net| {
        let seed = 500 + net.nodes.len() as u64;
        let victim = net.join(Node::new(Role::Viewer, seed), 0, ROOM);
        for _ in 0..30 {
            net.run(Duration::from_millis(1));
            net.inject(net.nodes[victim].address, shard_address(0), &null_hello());
        }
        victims.push(net.nodes[victim].peer);
    });
    assert_eq!(flooded, alone, "the other viewer got the same");
    let ended = |event: &&Event| match event {
        Event::Closed { peer, reason, .. } => {
            assert_eq!(*reason, CloseReason::Error);
            victims.contains(peer)
        }
        _ => false,
    };
    let ended = net.events.iter().filter(ended).count();
    assert!(ended > 0, "the attack came too late to prove anything");
    assert!(ended <= victims.len());
}
