#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::Duration;

use super::*;
use crate::border::{Source, Svc};
use crate::keyframe::Key;
use crate::limits::{
    HOLD, INTEREST_EXPIRY, INTEREST_INTERVAL, MAX_PENDING, MAX_SHARDS, PLI_INTERVAL,
};
use crate::peer::Codec;

fn packet(publisher: u64, index: u64, key: Key) -> Packet<'static> {
    Packet {
        source: Source {
            publisher: PeerId(publisher),
            generation: 1,
            layer: 0,
        },
        codec: Codec::Vp8,
        index,
        timestamp: 0,
        marker: false,
        key,
        svc: Svc::default(),
        descriptor: &[],
        payload: &[1],
    }
}

#[test]
fn an_older_publisher_is_not_heard_again() {
    let (mut broadcast, now) = (Broadcast::default(), Instant::now());
    let queued = Delivery::Queued { keyframe: false };
    assert_eq!(
        broadcast.deliver(now, Kind::Video, &packet(1, 9, Key::No), None, false),
        queued
    );
    assert_eq!(
        broadcast.deliver(now, Kind::Audio, &packet(2, 5, Key::No), None, false),
        queued
    );
    let outdated = Delivery::Outdated;
    assert_eq!(
        broadcast.deliver(now, Kind::Video, &packet(1, 10, Key::No), None, false),
        outdated
    );
    assert_eq!(
        broadcast.deliver(now, Kind::Video, &packet(2, 9, Key::No), None, false),
        queued
    );
    assert!(
        broadcast
            .stream(Kind::Video, 0)
            .unwrap()
            .ring
            .get(10)
            .is_none()
    );
}

#[test]
fn what_waits_is_held_for_a_moment_or_until_the_frame_ends() {
    let (mut broadcast, now) = (Broadcast::default(), Instant::now());
    broadcast.viewers.push(0);
    broadcast.deliver(now, Kind::Video, &packet(1, 9, Key::No), None, false);
    assert!(!broadcast.next_batch(now));
    assert_eq!(broadcast.queue.due(), Some(now + HOLD));
    assert!(broadcast.next_batch(now + HOLD));
    broadcast.queue.done();
    let end = Packet {
        marker: true,
        ..packet(1, 10, Key::No)
    };
    broadcast.deliver(now, Kind::Video, &end, None, false);
    assert!(broadcast.next_batch(now));
    assert_eq!(broadcast.queue.batch(Kind::Video, 0), [10]);
}

#[test]
fn the_queue_is_bounded() {
    let (mut broadcast, now) = (Broadcast::default(), Instant::now());
    broadcast.viewers.push(0);
    let mut overrun = 0;
    for index in 0..MAX_PENDING as u64 + 7 {
        let delivery = broadcast.deliver(now, Kind::Video, &packet(1, index, Key::No), None, false);
        overrun += usize::from(delivery == Delivery::Overrun);
    }
    assert_eq!(overrun, 7);
}

#[test]
fn a_leaving_viewer_does_not_make_the_fan_out_skip_one() {
    let mut broadcast = Broadcast {
        viewers: vec![5, 6, 7, 8],
        ..Broadcast::default()
    };
    broadcast.queue.cursor = 2;
    broadcast.remove_viewer(5);
    assert_eq!(broadcast.viewers[broadcast.queue.cursor], 7);
    broadcast.remove_viewer(8);
    assert_eq!(broadcast.viewers[broadcast.queue.cursor], 7);
}

#[test]
fn a_thousand_joins_are_one_request_a_second() {
    let (mut requests, start) = (KeyframeRequests::default(), Instant::now());
    let mut asked = Vec::new();
    for join in 0..1_000u64 {
        let now = start + Duration::from_millis(3 * join);
        requests.want();
        if requests.ask(now) {
            asked.push(now);
        }
    }
    assert_eq!(asked.len(), 3);
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= PLI_INTERVAL)
    );
    requests.fulfilled(start + Duration::from_secs(3));
    assert!(!requests.ask(start + Duration::from_secs(60)));
}

#[test]
fn a_wish_is_one_request_and_a_need_is_repeated_until_a_keyframe_comes() {
    let mut requests = KeyframeRequests::default();
    let start = Instant::now();
    let count = |requests: &mut KeyframeRequests, from: u64| {
        let moments = (from..from + 60_000)
            .step_by(100)
            .map(Duration::from_millis);
        moments.filter(|at| requests.ask(start + *at)).count()
    };
    requests.want();
    assert_eq!(count(&mut requests, 0), 1);
    requests.need();
    assert_eq!(count(&mut requests, 60_000), 60);
    requests.fulfilled(start + Duration::from_secs(120));
    assert_eq!(count(&mut requests, 120_000), 0);
}

#[test]
fn still_pictures_are_no_reason_to_ask_a_sender_that_does_not_answer() {
    let (mut requests, start) = (KeyframeRequests::default(), Instant::now());
    let mut ask = |at: u64, key: bool| {
        let now = start + Duration::from_millis(at);
        requests.want_for_still(now);
        let asked = requests.ask(now);
        if key {
            requests.fulfilled(now);
        }
        asked
    };
    let asked = (0..300).filter(|at| ask(at * 100, *at == 250)).count();
    assert_eq!(asked, 3, "every ten seconds");
    assert!(ask(30_000, false));
    assert!(!ask(30_200, true), "it was answered");
    assert!(ask(31_100, false), "so the next one may be, too");
}

#[test]
fn interest_expires() {
    let (mut interest, now) = (Interest::default(), Instant::now());
    interest.hear(now, 3);
    interest.hear(now, MAX_SHARDS);
    assert_eq!(interest.shards(now).collect::<Vec<_>>(), [3]);
    assert!(!interest.any(now + INTEREST_EXPIRY));
    assert!(interest.tell(now));
    assert!(!interest.tell(now + INTEREST_INTERVAL / 2));
    assert!(interest.tell(now + INTEREST_INTERVAL));
}
