//! F12: a viewer behind a bad network: 10 % loss, bursts, 50 ms of jitter, a round trip of 200 ms.

use std::cell::Cell;
use std::time::Duration;

use super::{Film, browser};
use crate::net::{Burst, Net, Path, Way, seeds};
use crate::node::screen::Freezes;

const SECONDS: u32 = 30;
const FILM: Film = Film {
    packets: 8,
    gop: 60,
};

fn bad() -> Path {
    let up = Way {
        delay: Duration::from_millis(75),
        jitter: Duration::from_millis(50),
        ..Way::default()
    };
    let burst = Burst {
        begins: 0.2,
        ends: 25.0,
        loss: 80.0,
    };
    let down = Way {
        loss: 10.0,
        burst: Some(burst),
        ..up
    };
    Path { up, down }
}

struct Outcome {
    freezes: Freezes,
    /// Requests for keyframes that reached the publisher.
    plis: usize,
    /// What the other viewer got, by time since the beginning.
    other: Vec<(Duration, u32)>,
}

fn watch(seed: u64, path: Path, repairs: bool) -> Outcome {
    let mut net = Net::seeded(1, seed);
    let (viewer, other) = if repairs {
        (browser(&mut net), browser(&mut net))
    } else {
        let viewer = net.viewer(0);
        net.nodes[viewer].repairs = false;
        net.nodes[viewer].buffer = Duration::from_millis(500);
        (viewer, browser(&mut net))
    };
    let publisher = net.publisher(0);
    net.set_path(viewer, path);
    FILM.play(&mut net, publisher, 0..30);
    net.nodes[publisher].plis.clear();
    let start = net.now;
    FILM.play(&mut net, publisher, 30..30 + SECONDS * 30);
    let freezes = net.nodes[viewer].freezes(start, net.now);
    let track = net.nodes[other].track(true);
    let late = track.iter().filter(|(_, got)| got.at >= start);
    Outcome {
        freezes,
        plis: net.nodes[publisher].plis.len(),
        other: late.map(|(at, got)| (got.at - start, *at)).collect(),
    }
}

#[test]
fn f12_the_picture_of_a_lossy_viewer_freezes_little_and_others_do_not_notice() {
    let (share, runs) = (Cell::new(0.0), Cell::new(0.0));
    seeds(3, |seed| {
        let outcome = watch(seed, bad(), true);
        println!("seed {seed}: {:?}, {} PLI", outcome.freezes, outcome.plis);
        share.set(share.get() + outcome.freezes.share);
        runs.set(runs.get() + 1.0);
        assert!(outcome.plis as u32 <= SECONDS + 1, "{}", outcome.plis);
        let calm = watch(seed, Path::default(), true);
        assert_eq!(calm.freezes.count, 0, "{:?}", calm.freezes);
        assert_eq!(outcome.other.len(), 30 * 8 * SECONDS as usize);
        let moved = |(one, two): (&(Duration, u32), &(Duration, u32))| {
            assert_eq!(one.1, two.1, "the same packets");
            one.0.abs_diff(two.0)
        };
        let most = outcome.other.iter().zip(&calm.other).map(moved).max();
        assert!(most <= Some(Duration::from_millis(2)), "{most:?}");
    });
    assert!(share.get() / runs.get() <= 5.0, "frozen for too long");
}

#[test]
fn f12_control_without_repair_the_same_weather_freezes_it() {
    let outcome = watch(1, bad(), false);
    println!("{:?}", outcome.freezes);
    assert!(outcome.freezes.share > 30.0, "{:?}", outcome.freezes);
}
