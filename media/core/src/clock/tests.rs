#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use super::*;

const SECOND: u64 = 1 << 32;

#[test]
fn wall_clock_counts_from_1900() {
    let start = Instant::now();
    let clock = WallClock::new(start, Duration::from_secs(10));
    assert_eq!(clock.ntp(start) >> 32, UNIX_IN_NTP + 10);
    assert_eq!(
        clock.ntp(start + Duration::from_millis(1_500)) >> 32,
        UNIX_IN_NTP + 11
    );
}

#[test]
fn mapping_extrapolates_both_ways_and_wraps() {
    let mapping = Mapping {
        ntp: 100 * SECOND,
        rtp: 10,
    };
    assert_eq!(mapping.rtp_at(101 * SECOND, 90_000), 90_010);
    assert_eq!(
        mapping.rtp_at(99 * SECOND, 90_000),
        10u32.wrapping_sub(90_000)
    );
}

#[test]
fn arrival_follows_the_smallest_delay() {
    let mut clock = Clock::default();
    for frame in 0..100u32 {
        let jitter = u64::from(frame % 5) * SECOND / 100;
        let ntp = 1_000 * SECOND + u64::from(frame) * SECOND / 50 + jitter;
        clock.arrived(ntp, frame * 1_800, 90_000);
    }
    let mapping = clock.mapping(Offset::default()).unwrap();
    let at = mapping.rtp_at(1_000 * SECOND, 90_000) as i32;
    assert!(at.abs() < 90 * 10, "{at} ticks off");
}

#[test]
fn reports_of_two_tracks_share_one_offset() {
    let (mut audio, mut video, mut offset) =
        (Clock::default(), Clock::default(), Offset::default());
    let remote = 5_000 * SECOND;
    assert!(audio.reported(remote, 480, 9_000 * SECOND, 48_000));
    offset.learn(remote, 9_000 * SECOND);
    assert!(video.reported(remote, 900, 9_000 * SECOND + SECOND / 5, 90_000));
    offset.learn(remote, 9_000 * SECOND + SECOND / 5);
    let (audio, video) = (
        audio.mapping(offset).unwrap(),
        video.mapping(offset).unwrap(),
    );
    assert_eq!(audio.ntp, video.ntp);
}

#[test]
fn absurd_reports_are_ignored() {
    let mut clock = Clock::default();
    clock.arrived(1_000 * SECOND, 0, 90_000);
    assert!(!clock.reported(0, 0, 1_000 * SECOND, 90_000));
    assert!(!clock.reported(7, 90_000 * 60, 1_000 * SECOND, 90_000));
    assert!(clock.reported(7, 90_000, 1_001 * SECOND, 90_000));
}
