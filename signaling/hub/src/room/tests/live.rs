//! Takeovers, live and presence.

use std::time::{Duration, Instant};

use media_shard::PeerId;
use signaling_wire::frame::control::Presence;

use crate::{
    limits::LIVE_GRACE,
    room::{Pacer, Publishers},
};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_fourth_takeover_in_ten_seconds_is_refused() {
    let (mut publishers, start) = (Publishers::default(), Instant::now());
    assert!(publishers.reserve(start), "the first is no takeover");
    publishers.enter(PeerId(1));
    for n in 1..=3 {
        assert!(publishers.reserve(start + secs(n)));
        publishers.enter(PeerId(n + 1));
        publishers.closed(PeerId(n), start + secs(n));
    }
    assert!(!publishers.reserve(start + secs(4)));
    assert!(!publishers.reserve(start + secs(10)));
    assert!(
        publishers.reserve(start + secs(11)),
        "the first takeover is ten seconds ago"
    );
}

#[test]
fn coming_to_an_empty_stream_is_no_takeover() {
    let (mut publishers, start) = (Publishers::default(), Instant::now());
    for n in 1..=20 {
        assert!(publishers.reserve(start));
        publishers.enter(PeerId(n));
        publishers.closed(PeerId(n), start);
    }
}

#[test]
fn an_offer_that_came_to_nothing_does_not_count() {
    let (mut publishers, start) = (Publishers::default(), Instant::now());
    assert!(publishers.reserve(start));
    publishers.enter(PeerId(1));
    for _ in 0..20 {
        assert!(publishers.reserve(start));
        publishers.refund();
    }
}

#[test]
fn live_lasts_through_a_takeover_and_ends_a_grace_after_the_last() {
    let (mut publishers, start) = (Publishers::default(), Instant::now());
    publishers.enter(PeerId(1));
    assert!(!publishers.live(), "no media so far");
    assert!(publishers.started(PeerId(1)));
    assert!(!publishers.started(PeerId(1)), "said once");
    publishers.enter(PeerId(2));
    publishers.closed(PeerId(1), start);
    assert!(
        !publishers.expire(start + secs(100)),
        "the successor is still connecting"
    );
    assert!(!publishers.started(PeerId(2)), "it was live all the time");
    publishers.closed(PeerId(2), start + secs(200));
    let end = start + secs(200) + LIVE_GRACE;
    assert_eq!(publishers.due(), Some(end));
    assert!(!publishers.expire(end - Duration::from_millis(1)));
    assert!(publishers.expire(end));
    assert!(!publishers.live() && publishers.due().is_none());
}

#[test]
fn a_publisher_that_returns_in_time_keeps_the_stream_live() {
    let (mut publishers, start) = (Publishers::default(), Instant::now());
    publishers.enter(PeerId(1));
    publishers.started(PeerId(1));
    publishers.closed(PeerId(1), start);
    publishers.enter(PeerId(2));
    assert!(!publishers.expire(start + secs(60)));
    assert!(publishers.live());
    // A stranger's media means nothing.
    assert!(!publishers.started(PeerId(9)));
}

#[test]
fn the_count_is_said_every_two_seconds_and_live_at_once() {
    let (mut pacer, start) = (Pacer::default(), Instant::now());
    assert_eq!(pacer.due(start), None);
    pacer.set_viewers(1);
    assert_eq!(
        pacer.take(start),
        Some(Presence {
            live: false,
            viewers: 1
        })
    );
    pacer.set_viewers(2);
    assert_eq!(pacer.take(start + Duration::from_millis(1_999)), None);
    assert_eq!(pacer.due(start), Some(start + secs(2)));
    pacer.set_live(true);
    let soon = start + Duration::from_millis(5);
    assert_eq!(
        pacer.take(soon),
        Some(Presence {
            live: true,
            viewers: 2
        })
    );
    pacer.set_viewers(3);
    pacer.set_viewers(2);
    assert_eq!(pacer.due(soon), None, "back to what was said");
    pacer.set_viewers(9);
    assert_eq!(
        pacer.take(soon + secs(2)),
        Some(Presence {
            live: true,
            viewers: 9
        })
    );
}
