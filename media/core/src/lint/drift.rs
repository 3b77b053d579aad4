//! Whether media time runs as fast as ours.
//!
//! Delay varies, but its smallest value over some seconds is steady; when that moves in one
//! direction all the time, the clocks differ (or the encoder does not keep up).

use std::time::{Duration, Instant};

/// Points of the smallest delay that are remembered.
const POINTS: usize = 16;
/// Fewer looks say nothing: about half a minute.
const ENOUGH: usize = 13;
/// A step like this is another source, not drift.
const LEAP_MICROS: i64 = 3_000_000;

/// See the module header.
#[derive(Debug, Default)]
pub(super) struct Drift {
    /// Arrival and timestamp of the last frame, and its media time in microseconds so far.
    last: Option<(Instant, u32, i64)>,
    begun: Option<Instant>,
    smallest: Option<i64>,
    points: Vec<(Instant, i64)>,
}

impl Drift {
    /// A frame with a newer timestamp arrived.
    pub(super) fn frame(&mut self, now: Instant, timestamp: u32, rate: u32) {
        let begun = *self.begun.get_or_insert(now);
        let media = match self.last {
            None => 0,
            Some((_, before, media)) => {
                let ticks = i64::from(timestamp.wrapping_sub(before) as i32);
                media + ticks * 1_000_000 / i64::from(rate.max(1))
            }
        };
        let behind = micros(now.saturating_duration_since(begun)) - media;
        let known = self.smallest.or(self.points.last().map(|point| point.1));
        if known.is_some_and(|known| (behind - known).abs() > LEAP_MICROS) {
            *self = Self::default();
            (self.begun, self.last) = (Some(now), Some((now, timestamp, 0)));
            return;
        }
        self.last = Some((now, timestamp, media));
        self.smallest = Some(
            self.smallest
                .map_or(behind, |smallest| smallest.min(behind)),
        );
    }

    /// Notes the smallest delay since the last turn.
    pub(super) fn turn(&mut self, now: Instant) {
        let Some(smallest) = self.smallest.take() else {
            return;
        };
        if self.points.len() == POINTS {
            self.points.remove(0);
        }
        self.points.push((now, smallest));
    }

    /// Millionths by which media time is too fast; `None` while that cannot be told.
    pub(super) fn per_million(&self) -> Option<i64> {
        if self.points.len() < ENOUGH {
            return None;
        }
        let thirds = self.points.len() / 3;
        let least = |points: &[(Instant, i64)]| points.iter().map(|point| point.1).min();
        let (first, middle, last) = (
            least(&self.points[..thirds])?,
            least(&self.points[thirds..self.points.len() - thirds])?,
            least(&self.points[self.points.len() - thirds..])?,
        );
        // Only what moves in one direction is drift.
        if (middle - first).signum() != (last - middle).signum() {
            return Some(0);
        }
        // From the middle of the first third to that of the last one.
        let from = self.points[thirds / 2].0;
        let to = self.points[self.points.len() - 1 - thirds / 2].0;
        let span = micros(to.saturating_duration_since(from)).max(1);
        Some((first - last) * 1_000_000 / span)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
