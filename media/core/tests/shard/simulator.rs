//! The simulator itself: the same seed gives the same run, and paths do what they say.

use std::time::Duration;

use crate::net::{Burst, Net, Path, Way, seeds, shard_address};

/// Frames of four packets, 30 a second, a keyframe every 30.
fn film(net: &mut Net, publisher: usize, frames: std::ops::Range<u32>) {
    for number in frames {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number % 30 == 0, 4, out)
        });
        net.run(Duration::from_millis(33));
    }
}

/// What arrived at the viewer, with the time since the start of the film.
fn log(seed: u64) -> Vec<(Duration, u32)> {
    let mut net = Net::seeded(1, seed);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    let burst = Burst {
        begins: 1.0,
        ends: 20.0,
        loss: 80.0,
    };
    net.set_path(
        viewer,
        Path::both(Way {
            jitter: Duration::from_millis(20),
            loss: 5.0,
            burst: Some(burst),
            reordered: 2.0,
            ..Way::default()
        }),
    );
    let start = net.now;
    film(&mut net, publisher, 0..120);
    let track = net.nodes[viewer].track(true);
    track
        .iter()
        .map(|(at, got)| (got.at - start, *at))
        .collect()
}

#[test]
fn a_seed_is_a_run() {
    seeds(3, |seed| {
        let first = log(seed);
        assert!(first.len() > 200);
        assert_eq!(first, log(seed));
        assert_ne!(first, log(seed + 1_000));
    });
}

/// Share of what was sent to a viewer that does not ask again and did not come, in percent.
fn lost(way: Way) -> f64 {
    let mut net = Net::seeded(1, 3);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    net.nodes[viewer].repairs = false;
    net.set_path(viewer, Path::down(way));
    film(&mut net, publisher, 0..300);
    100.0 - 100.0 * net.nodes[viewer].track(true).len() as f64 / (300.0 * 4.0)
}

#[test]
fn loss_is_what_was_asked_for() {
    assert_eq!(lost(Way::default()) as u32, 0);
    let even = lost(Way {
        loss: 10.0,
        ..Way::default()
    });
    assert!((7.0..13.0).contains(&even), "{even}");
    // In the bad state for 1 / (1 + 19) of the time.
    let burst = Burst {
        begins: 1.0,
        ends: 19.0,
        loss: 100.0,
    };
    let bursts = lost(Way {
        burst: Some(burst),
        ..Way::default()
    });
    assert!((1.5..10.0).contains(&bursts), "{bursts}");
}

#[test]
fn a_rate_delays_and_then_drops() {
    let mut net = Net::seeded(1, 5);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    net.nodes[viewer].repairs = false;
    // 120 packets of about 250 bytes a second are 250 kbit/s.
    net.set_path(
        viewer,
        Path::down(Way {
            rate: Some(125_000),
            ..Way::default()
        }),
    );
    film(&mut net, publisher, 0..150);
    let [_, down] = net.carried(viewer);
    let share = down.overflowed as f64 / down.datagrams as f64;
    assert!((0.3..0.6).contains(&share), "{share}");
    net.set_rates(viewer, None, None);
    net.run(Duration::from_secs(1));
    let before = net.nodes[viewer].track(true).len();
    film(&mut net, publisher, 150..180);
    net.run(Duration::from_millis(100));
    assert_eq!(net.nodes[viewer].track(true).len() - before, 30 * 4);
}

#[test]
fn freezes_are_what_a_viewer_would_see() {
    let mut net = Net::seeded(1, 5);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    let start = net.now;
    film(&mut net, publisher, 0..60);
    let calm = net.nodes[viewer].freezes(start, net.now);
    assert_eq!((calm.count, calm.shown), (0, 60));
    net.cut(viewer);
    film(&mut net, publisher, 60..90);
    net.mend(viewer);
    film(&mut net, publisher, 90..120);
    let freezes = net.nodes[viewer].freezes(start, net.now);
    assert_eq!(freezes.count, 1, "{freezes:?}");
    assert!(freezes.longest >= Duration::from_millis(990), "{freezes:?}");
    assert!((20.0..35.0).contains(&freezes.share), "{freezes:?}");
}

#[test]
fn what_goes_to_an_old_address_is_lost() {
    let mut net = Net::seeded(1, 5);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    film(&mut net, publisher, 0..3);
    let before = net.nodes[viewer].track(true).len();
    let old = net.rebind(viewer);
    net.stray.clear();
    film(&mut net, publisher, 3..6);
    net.run(Duration::from_millis(50));
    assert!(net.nodes[viewer].track(true).len() <= before + 12);
    assert!(net.stray.iter().any(|(to, _)| *to == old));
    // A stranger gets nothing.
    let attacker = ([203, 0, 113, 9], 999).into();
    net.inject(attacker, shard_address(0), &[0x80; 40]);
    net.run(Duration::from_millis(50));
    assert!(net.stray.iter().all(|(to, _)| *to != attacker));
}
