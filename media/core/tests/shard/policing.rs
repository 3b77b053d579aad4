//! One publisher that sends too much, or strangely, harms nobody else.

use std::time::Duration;

use media_core::border::BroadcastId;
use media_core::peer::{PeerConfig, Role};

use crate::net::Net;
use crate::node::Node;
use crate::studio;

const OTHER: BroadcastId = BroadcastId(2);

/// What the viewer of a quiet room gets while a publisher next door sends `packets` packets of
/// 1,200 bytes a millisecond, and how many of those were refused. `tweak` changes what its offer
/// said.
fn neighbour(packets: usize, tweak: fn(&mut PeerConfig)) -> (Vec<(u32, Vec<u8>)>, u64) {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let quiet = net.publisher(0);
    let mut loud = Node::new(Role::Publisher, 71);
    loud.tweak = tweak;
    let loud = studio::connect(&mut net, loud, OTHER);
    let big = vec![0; 1_188];
    for at in 0..1_000u32 {
        if at % 33 == 0 {
            net.send_from(quiet, |node, _, out| {
                node.send_frame(at / 33, at == 0, 6, out);
            });
        }
        net.send_from(loud, |node, _, out| {
            for _ in 0..packets {
                node.send_rtp(true, at * 90, false, &big, out);
            }
        });
        net.run(Duration::from_millis(1));
    }
    net.run(Duration::from_millis(200));
    let track = net.nodes[viewer].track(true);
    let got = track.iter().map(|(at, got)| (*at, got.payload.clone()));
    let stats = net.stats(0);
    assert_eq!(net.nodes[viewer].holes(true), 0);
    assert!(
        net.nodes[loud].nacked < 200,
        "no storm about what was refused"
    );
    (got.collect(), stats.drop_policed)
}

#[test]
fn b_r8_ten_times_the_bitrate_is_refused_and_the_other_room_sees_no_difference() {
    // 9.6 and 96 Mbit/s; 40 are taken in, and 5 megabytes on top.
    let (with_peace, none) = neighbour(1, |_| {});
    let (with_flood, refused) = neighbour(10, |_| {});
    assert_eq!(none, 0);
    assert!((500..=4_000).contains(&refused), "{refused}");
    assert_eq!(with_peace, with_flood);
}

#[test]
fn b_r8_ten_times_what_the_offer_announced_is_refused_and_the_other_room_sees_no_difference() {
    fn announced(config: &mut PeerConfig) {
        config.video.as_mut().unwrap().bitrate = Some(960_000);
    }
    // 9.6 Mbit/s; 2 are taken in, and what comes in their first second. Without an announcement
    // that is little.
    let (with_peace, none) = neighbour(1, |_| {});
    let (with_flood, refused) = neighbour(1, announced);
    assert_eq!(none, 0);
    assert!((500..=650).contains(&refused), "{refused}");
    assert_eq!(with_peace, with_flood);
}

#[test]
fn b_r6_jumps_and_wraps_keep_what_viewers_get_continuous() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = net.publisher(0);
    // Timestamps wrap around in the second stretch.
    let mut number = u32::MAX / 3_000 - 60;
    let film = |net: &mut Net, number: &mut u32| {
        for at in 0..40 {
            net.send_from(publisher, |node, _, out| {
                node.send_frame(*number, at == 2, 4, out);
            });
            *number += 1;
            net.run(Duration::from_millis(33));
        }
    };
    film(&mut net, &mut number);
    for by in [32_000, 3_100, 32_000, 3_100] {
        net.nodes[publisher].jump(by);
        film(&mut net, &mut number);
    }
    net.run(Duration::from_millis(500));
    let node = &net.nodes[viewer];
    assert_eq!(node.holes(true), 0);
    let track = node.track(true);
    // Five stretches, each from its keyframe on at least.
    assert!(track.len() > 5 * 37 * 4, "{}", track.len());
    let steps = track.windows(2).map(|pair| {
        let ahead = pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp);
        ahead as i32
    });
    let least = steps.min().unwrap();
    assert!(least >= 0, "time never goes back: {least}");
}
