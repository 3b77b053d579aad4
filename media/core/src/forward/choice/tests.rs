#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use super::*;

const KBIT: u64 = 1_000;
/// OBS counts its layers from the best one.
const LADDER: [Rung; 3] = [
    Rung {
        layer: 0,
        bitrate: 4_000 * KBIT,
    },
    Rung {
        layer: 1,
        bitrate: 1_200 * KBIT,
    },
    Rung {
        layer: 2,
        bitrate: 350 * KBIT,
    },
];

struct Viewer {
    now: Instant,
    choice: Choice,
    switches: u32,
    last: Verdict,
}

impl Viewer {
    fn new(budget: u64) -> Self {
        let (now, mut choice) = (Instant::now(), Choice::new());
        let last = choice.decide(now, budget, &LADDER).unwrap();
        Self {
            now,
            choice,
            switches: 0,
            last,
        }
    }

    /// Decides ten times a second for so many milliseconds.
    fn run(&mut self, millis: u64, budget: impl Fn(u8) -> u64) -> u8 {
        for _ in 0..millis / 100 {
            self.now += Duration::from_millis(100);
            let budget = budget(self.last.layer);
            let verdict = self.choice.decide(self.now, budget, &LADDER).unwrap();
            self.switches += u32::from(verdict.layer != self.last.layer);
            self.last = verdict;
        }
        self.last.layer
    }
}

#[test]
fn the_first_layer_is_the_best_that_fits() {
    assert_eq!(Viewer::new(2_500 * KBIT).last.layer, 1);
    assert_eq!(Viewer::new(9_000 * KBIT).last.layer, 0);
    assert_eq!(Viewer::new(10 * KBIT).last.layer, 2);
    assert_eq!(Choice::new().decide(Instant::now(), 1, &[]), None);
}

#[test]
fn far_too_much_ends_at_once_and_a_short_dip_does_nothing() {
    let mut viewer = Viewer::new(9_000 * KBIT);
    assert_eq!(viewer.run(300, |_| 2_900 * KBIT), 0);
    assert_eq!(viewer.run(1_000, |_| 3_500 * KBIT), 0);
    assert_eq!(viewer.run(600, |_| 2_900 * KBIT), 1);
    assert!(!viewer.last.stop);
    assert_eq!(viewer.run(100, |_| 500 * KBIT), 2);
    assert!(viewer.last.stop, "what was sent does not get through");
    assert_eq!(viewer.switches, 2);
}

#[test]
fn going_up_takes_headroom_and_time_and_may_skip_a_layer() {
    let mut viewer = Viewer::new(500 * KBIT);
    assert_eq!(viewer.last.wish, Some(1_440 * KBIT));
    assert_eq!(viewer.run(5_000, |_| 1_300 * KBIT), 2, "no headroom");
    assert_eq!(viewer.run(600, |_| 9_000 * KBIT), 2, "too soon");
    assert_eq!(viewer.run(600, |_| 9_000 * KBIT), 0);
    assert_eq!(viewer.last.wish, None);
}

/// A network that seems to carry the next layer until it is used.
#[test]
fn a_network_that_promises_too_much_is_believed_less_and_less() {
    let mut viewer = Viewer::new(1_300 * KBIT);
    let promise = |layer: u8| {
        if layer == 0 {
            1_500 * KBIT
        } else {
            5_000 * KBIT
        }
    };
    viewer.run(60_000, promise);
    assert!(viewer.switches <= 14, "{}", viewer.switches);
    let before = viewer.switches;
    viewer.run(120_000, promise);
    assert!(viewer.switches - before <= 10, "{}", viewer.switches);
}

#[test]
fn video_is_held_back_when_nothing_gets_through_and_tried_again() {
    let mut viewer = Viewer::new(1_300 * KBIT);
    viewer.run(2_000, |_| 50 * KBIT);
    assert!(!viewer.last.hold, "it may pass");
    viewer.run(2_000, |_| 50 * KBIT);
    assert!(viewer.last.hold);
    viewer.run(5_000, |_| 50 * KBIT);
    assert!(!viewer.last.hold, "another try");
    viewer.run(4_000, |_| 50 * KBIT);
    assert!(viewer.last.hold);
    viewer.run(100, |_| 400 * KBIT);
    assert!(!viewer.last.hold);
    assert_eq!(viewer.last.layer, 2);
}

#[test]
fn a_layer_that_falls_silent_is_left() {
    let mut viewer = Viewer::new(9_000 * KBIT);
    let verdict = viewer.choice.decide(viewer.now, 9_000 * KBIT, &LADDER[1..]);
    assert_eq!(verdict.unwrap().layer, 1);
}

#[test]
fn layers_of_unknown_cost_are_not_compared() {
    let mut viewer = Viewer::new(9_000 * KBIT);
    let unknown = LADDER.map(|rung| Rung { bitrate: 0, ..rung });
    for _ in 0..50 {
        viewer.now += Duration::from_millis(100);
        let verdict = viewer.choice.decide(viewer.now, KBIT, &unknown).unwrap();
        assert_eq!((verdict.layer, verdict.hold), (0, false));
    }
}

/// Layers that cost nearly the same change places with every look; viewers do not follow that.
#[test]
fn layers_of_nearly_one_bitrate_do_not_take_turns() {
    let (mut now, mut choice) = (Instant::now(), Choice::new());
    let mut seen = Vec::new();
    for look in 0..600u64 {
        now += Duration::from_millis(100);
        let ahead = look / 12 % 2;
        let rung = |layer: u8, bitrate| Rung { layer, bitrate };
        let costs = [700 + 80 * ahead, 780 - 80 * ahead].map(|cost| cost * KBIT);
        let mut rungs = [rung(0, costs[0]), rung(1, costs[1])];
        rungs.sort_by_key(|rung| std::cmp::Reverse(rung.bitrate));
        let verdict = choice.decide(now, 9_000 * KBIT, &rungs).unwrap();
        seen.push(verdict.layer);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn a_layer_that_pauses_is_not_left_for_one_that_does_not_get_through() {
    let mut viewer = Viewer::new(500 * KBIT);
    assert_eq!(viewer.last.layer, 2);
    let top = &LADDER[..1];
    let mut decide = |millis: u64, budget: u64, rungs: &[Rung]| {
        viewer.now += Duration::from_millis(millis);
        let verdict = viewer.choice.decide(viewer.now, budget, rungs);
        verdict.map(|verdict| verdict.layer)
    };
    assert_eq!(decide(100, 500 * KBIT, top), None);
    assert_eq!(decide(900, 500 * KBIT, top), None);
    assert_eq!(decide(100, 500 * KBIT, &LADDER), Some(2), "it goes on");
    assert_eq!(decide(100, 500 * KBIT, top), None, "and pauses again");
    assert_eq!(decide(2_900, 500 * KBIT, top), None);
    assert_eq!(
        decide(100, 500 * KBIT, top),
        Some(0),
        "there is nothing else"
    );
}

#[test]
fn a_silent_layer_is_left_at_once_for_one_that_fits() {
    let mut viewer = Viewer::new(1_500 * KBIT);
    assert_eq!(viewer.last.layer, 1);
    let rest = [LADDER[0], LADDER[2]];
    let verdict = viewer.choice.decide(viewer.now, 1_500 * KBIT, &rest);
    assert_eq!(verdict.map(|verdict| verdict.layer), Some(2));
}
