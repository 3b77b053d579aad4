//! F15: a source that ignores requests for keyframes and sends one every four seconds.

use std::time::Duration;

use media_core::client::ClientConfig;
use media_core::peer::Role;

use super::Film;
use crate::net::{CLIENT, Net, ROOM};
use crate::node::Node;

const FILM: Film = Film {
    packets: 4,
    gop: 121,
};

#[test]
fn f15_joins_show_the_cached_keyframe_at_once_and_ask_for_none() {
    let mut net = Net::seeded(1, 15);
    let publisher = net.publisher(0);
    FILM.play(&mut net, publisher, 0..2);
    net.nodes[publisher].plis.clear();
    let mut joined = Vec::new();
    for number in 2..120 {
        if number % 6 == 0 {
            let seed = 100 + u64::from(number);
            let config = ClientConfig::browser(Role::Viewer, CLIENT.clone(), seed);
            let place = net.join(Node::with(config), 0, ROOM);
            joined.push((place, net.now));
        }
        FILM.play(&mut net, publisher, number..number + 1);
    }
    let plis = net.nodes[publisher].plis.len();
    println!("{} joins, {plis} PLI", joined.len());
    assert_eq!(plis, 0, "the keyframe is in memory");
    FILM.play(&mut net, publisher, 121..130);
    let mut waits: Vec<Duration> = joined
        .iter()
        .map(|(place, at)| {
            net.nodes[*place].screen()[0]
                .at
                .saturating_duration_since(*at)
        })
        .collect();
    waits.sort();
    let p95 = waits[waits.len() * 95 / 100];
    let p50 = waits[waits.len() / 2];
    println!("first frame p50 {p50:?}, p95 {p95:?}");
    // Four round trips of 10 ms: check, two of the handshake, and the picture.
    assert!(p50 <= Duration::from_millis(50) && p95 <= Duration::from_millis(200));
}

#[test]
fn f15_control_without_a_keyframe_to_show_requests_are_repeated_once_a_second() {
    let mut net = Net::seeded(1, 16);
    let publisher = net.publisher(0);
    for seed in 0..3 {
        let config = ClientConfig::browser(Role::Viewer, CLIENT.clone(), 700 + seed);
        net.join(Node::with(config), 0, ROOM);
    }
    let start = net.now;
    FILM.play(&mut net, publisher, 1..120);
    let seconds = (net.now - start).as_secs() as usize;
    let plis = net.nodes[publisher].plis.len();
    println!("{plis} PLI in {seconds} s");
    assert!((seconds - 1..=seconds + 1).contains(&plis), "{plis}");
    assert!(net.nodes[1..].iter().all(|node| node.screen().is_empty()));
    FILM.play(&mut net, publisher, 121..130);
    assert!(net.nodes[1..].iter().all(|node| !node.screen().is_empty()));
}
