#![allow(clippy::unwrap_used)]

use super::*;

const MS: i64 = 1_000;
const PACKET: usize = 1_200;
/// With this a viewer keeps a layer of 2.4 Mbit/s.
const KEEPS_A_LAYER: u64 = 2_400_000 * 3 / 4;
const FRAME_US: i64 = 33_333;

/// A way with one bottleneck, a sender of frames behind it and a receiver that tells every 50 ms.
struct Way {
    now: i64,
    history: History,
    estimate: Estimate,
    /// Bits a second.
    capacity: u64,
    /// Longest queue in microseconds; what does not fit is dropped.
    queue: i64,
    delay: i64,
    jitter: i64,
    /// Percent.
    loss: u64,
    free_at: i64,
    /// What was sent since the last feedback, with its arrival.
    told: Vec<(u16, Option<i64>)>,
    next_feedback: i64,
    random: u64,
    next_probe: u8,
    outcomes: Vec<Outcome>,
}

impl Way {
    fn new(capacity: u64) -> Self {
        Self {
            now: 0,
            history: History::new(65_000),
            estimate: Estimate::new(),
            capacity,
            queue: 500 * MS,
            delay: 20 * MS,
            jitter: 0,
            loss: 0,
            free_at: 0,
            told: Vec::new(),
            next_feedback: 0,
            random: 1,
            next_probe: 0,
            outcomes: Vec::new(),
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) % below.max(1)
    }

    fn packet(&mut self, size: usize, probe: u8) {
        let sequence = self.history.next();
        self.history.push(self.now, size, probe);
        let starts = self.free_at.max(self.now);
        let lost = self.random(100) < self.loss || starts - self.now > self.queue;
        if lost {
            self.told.push((sequence, None));
            return;
        }
        self.free_at = starts + (size as u64 * 8_000_000 / self.capacity) as i64;
        let jitter = self.random(self.jitter as u64 + 1) as i64;
        let arrival = self.free_at + self.delay + jitter;
        self.told.push((sequence, Some(arrival)));
    }

    fn frame(&mut self, bitrate: u64) {
        let bytes = (bitrate as i64 * FRAME_US / 8_000_000) as usize;
        for at in (0..bytes).step_by(PACKET) {
            self.packet((bytes - at).min(PACKET), 0);
        }
    }

    fn probe(&mut self, target: u64) {
        self.next_probe = self.next_probe % 255 + 1;
        let packets = (target as usize / 80 / PACKET).max(5);
        for _ in 0..packets {
            self.packet(PACKET, self.next_probe);
        }
        let probe = Probe::new(self.now, self.next_probe, target, packets as u32);
        self.estimate.probing(self.now, probe);
    }

    /// The receiver tells what arrived by now, with holes before it as lost.
    fn feedback(&mut self) {
        let limit = self.now - self.delay;
        let newest = self
            .told
            .iter()
            .rposition(|(_, at)| at.is_some_and(|at| at <= limit));
        let Some(newest) = newest else { return };
        let known: Vec<_> = self
            .told
            .iter()
            .take(newest + 1)
            .map(|(sequence, at)| (*sequence, at.filter(|at| *at <= limit)))
            .map(|(sequence, at)| (sequence, at.map(|at| at / 250 * 250 + 5_000_000_000)))
            .collect();
        // Overtaken ones are told again when they are there.
        let mut late = Vec::new();
        for (at, told) in self.told.drain(..).enumerate() {
            if at > newest || told.1.is_some_and(|arrival| arrival > limit) {
                late.push(told);
            }
        }
        self.told = late;
        let news = self
            .estimate
            .feedback(self.now, &mut self.history, known.into_iter());
        self.outcomes.extend(news.probe);
    }

    /// Frames of `rate(estimate)` for so many milliseconds.
    fn run(&mut self, millis: i64, rate: impl Fn(u64) -> u64) {
        let end = self.now + millis * MS;
        while self.now < end {
            self.frame(rate(self.estimate.bitrate()));
            let next = self.now + FRAME_US;
            while self.next_feedback < next {
                self.now = self.now.max(self.next_feedback);
                self.feedback();
                self.next_feedback += 50 * MS;
            }
            self.now = next;
        }
    }
}

/// A sender that follows the estimate, as an encoder does.
fn follow(estimate: u64) -> u64 {
    estimate.min(4_000_000)
}

#[test]
fn it_falls_to_a_narrower_way_within_three_seconds() {
    let mut way = Way::new(10_000_000);
    way.run(10_000, follow);
    let before = way.estimate.bitrate();
    assert!(before > 3_500_000, "{before}");
    way.capacity = 500_000;
    way.run(3_000, follow);
    let after = way.estimate.bitrate();
    assert!((250_000..=600_000).contains(&after), "{after}");
    way.run(10_000, follow);
    let later = way.estimate.bitrate();
    assert!((350_000..=600_000).contains(&later), "{later}");
}

/// The same with layers: the sender can only choose between two rates.
#[test]
fn it_falls_below_a_rate_that_the_way_does_not_carry() {
    for queue in [50, 300, 1_500] {
        let mut way = Way::new(10_000_000);
        way.queue = queue * MS;
        way.run(5_000, |_| 4_000_000);
        way.capacity = 500_000;
        way.run(3_000, |_| 4_000_000);
        let after = way.estimate.bitrate();
        assert!(after < 800_000, "{queue}: {after}");
        way.run(5_000, |_| 350_000);
        let later = way.estimate.bitrate();
        assert!((350_000..=700_000).contains(&later), "{queue}: {later}");
    }
}

#[test]
fn probes_find_a_wider_way_and_stay_below_a_narrow_one() {
    let mut way = Way::new(500_000);
    way.run(4_000, |_| 4_000_000);
    way.run(5_000, |_| 350_000);
    let narrow = way.estimate.bitrate();
    assert!(narrow < 700_000, "{narrow}");
    way.probe(2 * narrow);
    way.run(2_000, |_| 350_000);
    assert!(!way.outcomes[0].reached, "{:?}", way.outcomes);
    assert!(
        way.estimate.bitrate() < 700_000,
        "{}",
        way.estimate.bitrate()
    );
    way.capacity = 4_500_000;
    for _ in 0..4 {
        let estimate = way.estimate.bitrate();
        way.probe((2 * estimate).min(4_000_000));
        way.run(600, |_| 350_000);
    }
    assert!(way.estimate.bitrate() > 3_500_000, "{:?}", way.outcomes);
}

#[test]
fn random_loss_with_a_low_delay_does_not_stop_it() {
    let mut way = Way::new(10_000_000);
    way.run(5_000, |_| 2_400_000);
    way.loss = 10;
    let mut least = u64::MAX;
    for _ in 0..60 {
        way.run(500, |_| 2_400_000);
        least = least.min(way.estimate.bitrate());
    }
    assert!(least > KEEPS_A_LAYER, "{least}");
}

#[test]
fn a_way_that_drops_what_is_too_much_is_noticed_without_any_delay() {
    let mut way = Way::new(10_000_000);
    way.run(5_000, |_| 4_000_000);
    (way.capacity, way.queue) = (500_000, 30 * MS);
    way.run(3_000, |_| 4_000_000);
    assert!(
        way.estimate.bitrate() < 1_000_000,
        "{}",
        way.estimate.bitrate()
    );
}

#[test]
fn jitter_is_no_queue() {
    let mut way = Way::new(10_000_000);
    way.run(5_000, |_| 2_400_000);
    way.jitter = 50 * MS;
    let mut least = u64::MAX;
    for _ in 0..60 {
        way.run(500, |_| 2_400_000);
        least = least.min(way.estimate.bitrate());
    }
    assert!(least > KEEPS_A_LAYER, "{least}");
}

#[test]
fn the_receivers_clock_may_wrap_and_feedback_may_be_nonsense() {
    let mut way = Way::new(10_000_000);
    way.run(1_000, follow);
    let cycle = 64_000i64 << 24;
    let first = way.estimate.unwrap(cycle - 10);
    assert_eq!(way.estimate.unwrap(5), first + 15);
    assert_eq!(way.estimate.unwrap(cycle - 3), first + 7);
    let before = way.estimate.bitrate();
    let statuses = (0..4_096u16).map(|at| (at.wrapping_mul(31), Some(i64::from(at) << 20)));
    way.estimate.feedback(way.now, &mut way.history, statuses);
    assert!(way.estimate.bitrate() <= before + 100_000);
    assert!(way.estimate.bitrate() >= MIN_ESTIMATE);
}
