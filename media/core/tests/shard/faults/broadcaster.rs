//! F11: the broadcaster's network is cut for three seconds, it posts anew while the old session
//! lingers, or it dies without a word. Viewers keep their sessions and never see two at once.

use std::time::Duration;

use media_core::border::Event;
use media_core::peer::{CONSENT_TIMEOUT, CloseReason, Role};

use super::{Film, browser};
use crate::net::Net;

const FILM: Film = Film {
    packets: 4,
    gop: 60,
};

/// The publishers that a viewer got packets of, in the order in which they first came; panics
/// when one comes back after another one.
fn publishers(tracks: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut seen = Vec::new();
    for publisher in tracks {
        if seen.last() != Some(&publisher) {
            assert!(
                !seen.contains(&publisher),
                "{publisher} came back: {seen:?}"
            );
            seen.push(publisher);
        }
    }
    seen
}

fn seen(net: &Net, place: usize) -> Vec<u8> {
    let node = &net.nodes[place];
    let video = publishers(node.track(true).iter().map(|(_, got)| got.payload[2]));
    let audio = publishers(node.track(false).iter().map(|(_, got)| got.payload[1]));
    assert_eq!(video, audio);
    video
}

fn viewers_stayed(net: &Net) {
    let gone = |event: &&Event| {
        matches!(
            event,
            Event::Closed {
                role: Role::Viewer,
                ..
            }
        )
    };
    assert_eq!(net.events.iter().filter(gone).count(), 0);
}

#[test]
fn f11_after_a_cut_of_three_seconds_the_picture_is_back_at_the_keyframe() {
    let mut net = Net::seeded(1, 11);
    let viewers = [browser(&mut net), browser(&mut net)];
    let publisher = net.publisher(0);
    FILM.play(&mut net, publisher, 0..60);
    net.cut(publisher);
    FILM.play(&mut net, publisher, 60..150);
    net.mend(publisher);
    let mended = net.now;
    FILM.play(&mut net, publisher, 150..240);
    for place in viewers {
        let screen = net.nodes[place].screen();
        let first = screen.iter().find(|shown| shown.at >= mended).unwrap();
        assert!(first.key);
        // At the latest the one that is sent 30 frames after the network is back; repairs may
        // bring an earlier one.
        let keyframe = mended + 30 * super::FRAME;
        println!("frame {} after {:?}", first.number, first.at - mended);
        assert!(first.at <= keyframe + Duration::from_secs(2));
        assert_eq!(seen(&net, place).len(), 1);
    }
    viewers_stayed(&net);
}

#[test]
fn f11_a_new_post_takes_over_while_the_old_session_lingers() {
    let mut net = Net::seeded(1, 12);
    let viewers = [browser(&mut net), browser(&mut net)];
    let first = net.publisher(0);
    FILM.play(&mut net, first, 0..70);
    net.cut(first);
    net.run(Duration::from_secs(1));
    let second = net.publisher(0);
    // The old one's network comes back; it does not know yet that it was replaced.
    net.mend(first);
    for number in 100..220 {
        FILM.frame(&mut net, first, number);
        FILM.frame(&mut net, second, number);
        net.run(super::FRAME);
    }
    let peers = [first, second].map(|place| net.nodes[place].peer.0 as u8);
    for place in viewers {
        assert_eq!(seen(&net, place), peers);
        let screen = net.nodes[place].screen();
        let taken = screen.iter().find(|shown| shown.publisher == peers[1]);
        assert!(taken.is_some_and(|shown| shown.key && shown.number == 120));
    }
    viewers_stayed(&net);
}

#[test]
fn f11_after_a_crash_viewers_wait_for_the_next_session() {
    let mut net = Net::seeded(1, 13);
    let viewer = browser(&mut net);
    let first = net.publisher(0);
    FILM.play(&mut net, first, 0..70);
    net.cut(first);
    net.run(CONSENT_TIMEOUT + Duration::from_secs(2));
    let peer = net.nodes[first].peer;
    let timed_out = |event: &Event| {
        matches!(event, Event::Closed { peer: gone, reason: CloseReason::Timeout, .. }
            if *gone == peer)
    };
    assert!(net.events.iter().any(timed_out));
    let second = net.publisher(0);
    let back = net.now;
    FILM.play(&mut net, second, 0..60);
    let screen = net.nodes[viewer].screen();
    let picture = screen.iter().find(|shown| shown.at >= back).unwrap();
    assert!(picture.key && picture.at - back < Duration::from_secs(2));
    assert_eq!(seen(&net, viewer).len(), 2);
    viewers_stayed(&net);
}

#[test]
#[should_panic(expected = "came back")]
fn f11_control_mixed_packets_are_noticed() {
    publishers([1, 1, 2, 1].into_iter());
}
