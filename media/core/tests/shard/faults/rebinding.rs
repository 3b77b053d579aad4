//! F14: a viewer's address translator gives it another port, and an attacker at a third address
//! who has seen everything but does not know the password.

use std::net::SocketAddr;
use std::time::Duration;

use media_core::peer::signed_request;

use super::{Film, browser};
use crate::net::{Net, shard_address};

const FILM: Film = Film {
    packets: 4,
    gop: 250,
};

fn attacker() -> SocketAddr {
    ([203, 0, 113, 9], 999).into()
}

/// Attributes of a check that nominates, for the first viewer.
fn check(net: &Net, viewer: usize) -> Vec<u8> {
    let offer = net.nodes[viewer].client.offer();
    let line = offer
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    let name = format!("ufrag{:08}:{}", net.nodes[viewer].peer.0, line.unwrap());
    let mut attributes = vec![0, 6];
    attributes.extend_from_slice(&(name.len() as u16).to_be_bytes());
    attributes.extend_from_slice(name.as_bytes());
    attributes.resize(attributes.len().next_multiple_of(4), 0);
    // USE-CANDIDATE, ICE-CONTROLLING.
    attributes.extend_from_slice(&[0, 0x25, 0, 0, 0x80, 0x2a, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]);
    attributes
}

#[test]
fn f14_the_picture_follows_the_viewer_to_its_new_port() {
    let mut net = Net::seeded(1, 14);
    let (viewer, publisher) = (browser(&mut net), net.publisher(0));
    FILM.play(&mut net, publisher, 0..120);
    let bound = net.stats(0).rebindings;
    assert_eq!(bound, 0);
    net.rebind(viewer);
    let moved = net.now;
    let mut number = 120;
    while net.stats(0).rebindings == bound {
        assert!(net.now - moved < Duration::from_secs(5), "no check came");
        FILM.play(&mut net, publisher, number..number + 1);
        number += 1;
    }
    let followed = net.now;
    FILM.play(&mut net, publisher, number..number + 60);
    let screen = net.nodes[viewer].screen();
    let back = screen.iter().find(|shown| shown.at >= followed).unwrap();
    println!(
        "a check came after {:?}, the picture {:?} later, frame {}",
        followed - moved,
        back.at - followed,
        back.number
    );
    assert!(back.at - followed <= Duration::from_secs(1));
}

/// Everything that the attacker can do; how many bytes it got for it.
fn attack(password: &str) -> (Net, usize, usize) {
    let mut net = Net::seeded(1, 15);
    let (viewer, publisher) = (browser(&mut net), net.publisher(0));
    FILM.play(&mut net, publisher, 0..30);
    let request = signed_request(&check(&net, viewer), password).unwrap();
    let replayed = net.nodes[viewer].sealed_rtcp(&[0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1]);
    for number in 30..120 {
        FILM.frame(&mut net, publisher, number);
        for datagram in [&request[..], &replayed, &[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0]] {
            net.inject(attacker(), shard_address(0), datagram);
        }
        net.run(super::FRAME);
    }
    net.run(Duration::from_secs(1));
    let stolen = net.stray.iter().filter(|(to, _)| *to == attacker());
    let stolen = stolen.map(|(_, bytes)| bytes.len()).sum();
    (net, viewer, stolen)
}

#[test]
fn f14_an_attacker_without_the_password_changes_nothing() {
    let (net, viewer, stolen) = attack("server-password-of-32-charactorz");
    assert_eq!(stolen, 0);
    assert_eq!(net.nodes[viewer].screen().len(), 120);
    assert_eq!(net.nodes[viewer].holes(true), 0);
    let stats = net.stats(0);
    assert!(stats.drop_stun_auth >= 90 && stats.drop_unvalidated_source >= 180);
}

#[test]
fn f14_control_with_the_password_it_would_get_the_picture() {
    let (net, viewer, stolen) = attack("server-password-of-32-characters");
    assert!(stolen > 10_000, "{stolen}");
    assert!(net.nodes[viewer].screen().len() < 120);
}
