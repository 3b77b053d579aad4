//! Viewers who join between two keyframes of a source that ignores keyframe requests: a picture at
//! once from the cache, then the rest of its group faster than it was, until they are live (F15).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use media_core::limits::CATCH_UP_TIME;

use crate::net::Net;
use crate::node::Node;

const FRAME: Duration = Duration::from_nanos(33_333_333);
/// OBS at its default settings: 250 frames.
const GOP: u32 = 249;
const PACKETS: u8 = 4;

/// The source sends these frames in real time, each with a packet of audio.
fn frames(net: &mut Net, publisher: usize, numbers: std::ops::Range<u32>) {
    for number in numbers {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number % GOP == 0, PACKETS, out);
            let mut audio = vec![0xfc, 1];
            audio.extend_from_slice(&number.to_be_bytes());
            node.send_rtp(false, 7_000 + number * 1_600, false, &audio, out);
            if number % 20 == 0 {
                let ntp = (3_900_000_000 << 32) + (u64::from(number) << 32) / 30;
                node.send_report(true, ntp, number * 3_000, out);
                node.send_report(false, ntp, 7_000 + number * 1_600, out);
            }
        });
        net.run(FRAME);
    }
}

/// One frame as the viewer got it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Instant,
    timestamp: u32,
    packets: u8,
}

/// Complete frames by their number.
fn seen(node: &Node) -> BTreeMap<u32, Seen> {
    let mut frames = BTreeMap::new();
    for (_, got) in node.track(true) {
        let number = u32::from_be_bytes(got.payload[4..8].try_into().unwrap());
        let timestamp = got.timestamp;
        let frame = frames.entry(number).or_insert(Seen {
            at: got.at,
            timestamp,
            packets: 0,
        });
        assert_eq!(frame.timestamp, timestamp, "one frame, one time");
        frame.at = frame.at.max(got.at);
        frame.packets += 1;
    }
    frames.retain(|_, frame| frame.packets == PACKETS);
    frames
}

/// What the viewer's clock says of a frame against its arrival, in milliseconds from the first.
fn drift(frames: &BTreeMap<u32, Seen>) -> Vec<i64> {
    let first = *frames.values().next().unwrap();
    let of = |frame: &Seen| {
        let told = i64::from(frame.timestamp.wrapping_sub(first.timestamp)) / 90;
        told - (frame.at - first.at).as_millis() as i64
    };
    frames.values().map(of).collect()
}

fn steps(frames: &BTreeMap<u32, Seen>) -> impl Iterator<Item = i32> {
    let times: Vec<u32> = frames.values().map(|frame| frame.timestamp).collect();
    let pairs: Vec<_> = times.windows(2).map(|p| p[1].wrapping_sub(p[0])).collect();
    pairs.into_iter().map(|step| step as i32)
}

/// A source that has sent `age` frames since its keyframe, and a viewer who connects then.
fn join_at(age: u32, shards: usize, shard: usize) -> (Net, usize, usize, u32, Instant) {
    let mut net = Net::new(shards);
    let publisher = net.publisher(0);
    frames(&mut net, publisher, 0..age);
    net.nodes[publisher].plis.clear();
    let start = net.now;
    let viewer = net.viewer(shard);
    // The source has not slept meanwhile, but its packets come now; it is close enough.
    (net, publisher, viewer, age, start)
}

#[test]
fn a_picture_at_once_and_live_within_two_seconds() {
    for (age, shards, shard) in [(200, 1, 0), (240, 1, 0), (30, 1, 0), (6, 1, 0), (200, 2, 1)] {
        let (mut net, publisher, viewer, next, start) = join_at(age, shards, shard);
        let key = seen(&net.nodes[viewer]).get(&0).copied();
        let after = key.map(|key| key.at - start);
        if shards == 1 {
            assert!(after.unwrap() < Duration::from_millis(100), "{after:?}");
        }
        let end = (next + 75).min(GOP - 1);
        frames(
            &mut net,
            publisher,
            next..end.max(next + 75).min(next.max(GOP - 1)),
        );
        let got = seen(&net.nodes[viewer]);
        let (first, last) = (*got.keys().next().unwrap(), *got.keys().last().unwrap());
        assert_eq!(first, 0, "from the keyframe on");
        assert_eq!(got.len() as u32, last + 1, "every frame");
        assert_eq!(net.nodes[viewer].holes(true), 0);
        assert!(steps(&got).all(|step| step > 0), "time goes on");
        let drift = drift(&got);
        assert!(
            drift.iter().all(|drift| drift.abs() <= 80),
            "age {age}: no jump: {drift:?}"
        );
        // The host's lint may try whether the source answers; joins add nothing to that.
        let plis = &net.nodes[publisher].plis;
        let second = Duration::from_millis(990);
        assert!(plis.windows(2).all(|pair| pair[1] - pair[0] >= second));
        assert_eq!(net.nodes[viewer].duplicates, 0);
        assert!(net.stats(shard).caught_up > 0);
    }
}

#[test]
fn the_live_edge_is_reached_in_time_and_sound_and_picture_agree() {
    let (mut net, publisher, viewer, next, start) = join_at(100, 1, 0);
    frames(&mut net, publisher, next..next + 60);
    let behind = |net: &Net, newest: u32| newest - seen(&net.nodes[viewer]).keys().last().unwrap();
    let late = net.now - start - Duration::from_secs(2);
    assert!(
        late < Duration::from_millis(200),
        "the test looks after two seconds"
    );
    assert!(behind(&net, next + 59) <= 1);
    frames(&mut net, publisher, next + 60..GOP - 1);
    net.run(Duration::from_millis(100));
    let node = &net.nodes[viewer];
    let last = GOP - 2;
    let video = seen(node)[&last].timestamp;
    let sound = node.track(false);
    let of = |payload: &[u8]| u32::from_be_bytes(payload[2..6].try_into().unwrap());
    let audio = sound
        .iter()
        .find(|(_, got)| of(&got.payload) == last)
        .unwrap();
    let ntp_of = |odd: u32, timestamp: u32, rate: i64| {
        let report = node.reports.iter().rfind(|report| report.ssrc % 2 == odd);
        let report = report.unwrap();
        let ticks = i64::from(timestamp.wrapping_sub(report.rtp) as i32);
        report.ntp as i64 + (ticks << 32) / rate
    };
    let apart = ntp_of(1, video, 90_000) - ntp_of(0, audio.1.timestamp, 48_000);
    let apart = apart * 1_000 / (1 << 32);
    assert!(apart.abs() <= 15, "{apart} ms");
    // No report speaks of time that runs faster: all of them lie on one line.
    let video: Vec<_> = node.reports.iter().filter(|r| r.ssrc % 2 == 1).collect();
    assert!(video.len() >= 2);
    for pair in video.windows(2) {
        let wall = (i128::from(pair[1].ntp - pair[0].ntp) * 90_000) >> 32;
        let told = i128::from(pair[1].rtp.wrapping_sub(pair[0].rtp));
        assert!((wall - told).abs() < 90 * 20, "{wall} {told}");
    }
}

#[test]
fn a_live_keyframe_ends_it() {
    let (mut net, publisher, viewer, next, _) = join_at(240, 1, 0);
    frames(&mut net, publisher, next..GOP + 60);
    let got = seen(&net.nodes[viewer]);
    let skipped = GOP - got.range(..GOP).next_back().unwrap().0;
    assert!(skipped > 20, "it was far behind: {skipped}");
    assert!((GOP..GOP + 59).all(|number| got.contains_key(&number)));
    assert_eq!(net.nodes[viewer].holes(true), 0);
    assert!(steps(&got).all(|step| step > 0));
    let drift = drift(&got);
    assert!(drift.iter().all(|drift| drift.abs() <= 80), "{drift:?}");
}

#[test]
fn what_is_lost_on_the_way_is_sent_again_as_it_was() {
    let (mut net, publisher, viewer, next, _) = join_at(200, 1, 0);
    net.weather.loss = 5;
    frames(&mut net, publisher, next..next + 45);
    net.weather.loss = 0;
    net.run(Duration::from_millis(300));
    assert!(net.stats(0).resent > 10);
    let got = seen(&net.nodes[viewer]);
    assert!(steps(&got).all(|step| step > 0));
    assert_eq!(net.nodes[viewer].holes(true), 0);
    assert!(got.len() as u32 >= next + 40, "{}", got.len());
}

#[test]
fn without_the_cache_the_picture_comes_with_the_next_keyframe() {
    let mut net = Net::new(1);
    net.shards[0].disable_cache();
    let publisher = net.publisher(0);
    frames(&mut net, publisher, 0..200);
    let viewer = net.viewer(0);
    let start = net.now;
    frames(&mut net, publisher, 200..GOP + 10);
    let got = seen(&net.nodes[viewer]);
    let first = got.values().next().unwrap();
    assert_eq!(*got.keys().next().unwrap(), GOP);
    assert!(first.at - start > CATCH_UP_TIME);
}
