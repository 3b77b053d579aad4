//! Encoders hand a keyframe over at once (OBS), and viewers get it as it came. What that costs
//! behind a narrow link with a shallow queue, and what spreading it would save.

use std::time::Duration;

use crate::ladder::{Host, viewer};
use crate::net::{Net, Path, Way};

/// Bits a second of the video and of the link.
const VIDEO: usize = 2_000_000;
const LINK: u64 = 4_000_000;
/// Time between packets of 1,100 bytes at two and a half times the rate of the link.
const SPREAD: Duration = Duration::from_micros(900);

/// Per mille of the datagrams that a queue of `queue` had no room for, and of the time that the
/// picture stood still, in half a minute of keyframes of ten times the size every two seconds.
fn watch(queue: u64, pause: Duration) -> [u64; 2] {
    let mut net = Net::seeded(1, 5);
    let mut host = Host::new(&mut net, &[VIDEO], 60);
    (host.key_size, host.pause) = (10, pause);
    let place = viewer(&mut net, |_| {});
    net.nodes[place].buffer = Duration::from_millis(200);
    net.set_path(
        place,
        Path::down(Way {
            delay: Duration::from_millis(15),
            rate: Some(LINK),
            queue: Duration::from_millis(queue),
            ..Way::default()
        }),
    );
    host.film(&mut net, Duration::from_secs(5));
    let (start, before) = (net.now, net.carried(place)[1]);
    host.film(&mut net, Duration::from_secs(30));
    let after = net.carried(place)[1];
    let lost = after.overflowed - before.overflowed;
    let frozen = net.nodes[place].freezes(start, net.now).total.as_millis() as u64;
    [
        lost * 1_000 / (after.datagrams - before.datagrams),
        frozen / 30,
    ]
}

#[test]
fn o10_keyframes_at_once_overflow_shallow_queues_and_are_repaired() {
    for queue in [20, 100, 200] {
        let [at_once, spread] = [Duration::ZERO, SPREAD].map(|pause| watch(queue, pause));
        println!("{queue} ms of queue: lost, frozen per mille {at_once:?}, spread {spread:?}");
        let ([lost, frozen], [less, _]) = (at_once, spread);
        assert!(frozen <= 20, "{frozen} with a player's buffer of 200 ms");
        assert!(less <= lost, "{less} of {lost}");
        assert_eq!(
            lost > 0,
            queue < 200,
            "a queue for a keyframe loses nothing"
        );
    }
}
