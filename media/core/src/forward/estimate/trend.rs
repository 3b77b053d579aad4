//! Whether the queue on the way grows: the slope of the delay over the last groups of packets,
//! against a threshold that adapts to how much the delay varies anyway.
//!
//! draft-ietf-rmcat-gcc-02 sections 4.2 to 4.4 with the trendline filter of browsers in place of
//! the Kalman filter. Times are microseconds outside and milliseconds in the filter.

/// Packets sent within this time are one group.
const GROUP_US: i64 = 5_000;
/// Groups in the line.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
const GAIN: f64 = 4.0;
/// The trend counts fully after so many groups.
const FULL_GROUPS: u32 = 60;
/// Bounds of the threshold, and how fast it follows upwards and downwards, per millisecond.
const THRESHOLD: (f64, f64) = (6.0, 600.0);
const FIRST_THRESHOLD: f64 = 12.5;
const FOLLOW: (f64, f64) = (0.008_7, 0.039);
/// A trend so far beyond the threshold is a leap that the threshold does not follow.
const LEAP: f64 = 15.0;
/// A trend beyond the threshold has to last so long.
const LASTS_MS: f64 = 10.0;
/// A receiver whose clock jumps by more began anew.
const JUMP_US: i64 = 3_000_000;

/// What the trend says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Normal,
    Over,
    Under,
}

#[derive(Clone, Copy)]
struct Group {
    begins: i64,
    sent: i64,
    arrived: i64,
}

/// See the module header.
pub(super) struct Trend {
    group: Option<Group>,
    before: Option<Group>,
    first_arrival: i64,
    delay: f64,
    smoothed: f64,
    /// Arrival and smoothed delay in milliseconds, oldest first from `next` on.
    line: [(f64, f64); WINDOW],
    groups: u32,
    threshold: f64,
    updated: f64,
    over_ms: f64,
    over_groups: u32,
    slope: f64,
}

impl Trend {
    pub(super) fn new() -> Self {
        Self {
            group: None,
            before: None,
            first_arrival: 0,
            delay: 0.0,
            smoothed: 0.0,
            line: [(0.0, 0.0); WINDOW],
            groups: 0,
            threshold: FIRST_THRESHOLD,
            updated: 0.0,
            over_ms: -1.0,
            over_groups: 0,
            slope: 0.0,
        }
    }

    /// One packet arrived. A verdict comes with the first packet after each group.
    pub(super) fn note(&mut self, sent: i64, arrived: i64) -> Option<Usage> {
        let fresh = Group {
            begins: sent,
            sent,
            arrived,
        };
        let Some(group) = &mut self.group else {
            self.group = Some(fresh);
            return None;
        };
        if sent < group.begins {
            // Overtaken by a later group.
            return None;
        }
        if sent - group.begins <= GROUP_US {
            group.sent = group.sent.max(sent);
            group.arrived = group.arrived.max(arrived);
            return None;
        }
        let done = *group;
        self.group = Some(fresh);
        let before = self.before.replace(done)?;
        let (sent, arrived) = (done.sent - before.sent, done.arrived - before.arrived);
        if (arrived - sent).abs() > JUMP_US {
            let threshold = self.threshold;
            *self = Self::new();
            self.threshold = threshold;
            return None;
        }
        Some(self.group_done(sent as f64 / 1e3, arrived as f64 / 1e3, done.arrived))
    }

    fn group_done(&mut self, sent: f64, arrived: f64, at: i64) -> Usage {
        if self.groups == 0 {
            self.first_arrival = at;
        }
        let now = (at - self.first_arrival) as f64 / 1e3;
        self.delay += arrived - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.delay;
        self.line[self.groups as usize % WINDOW] = (now, self.smoothed);
        self.groups = self.groups.saturating_add(1);
        let slope = if self.groups as usize >= WINDOW {
            self.fit().unwrap_or(self.slope)
        } else {
            self.slope
        };
        self.detect(slope, sent, now)
    }

    /// Least squares.
    fn fit(&self) -> Option<f64> {
        let count = WINDOW as f64;
        let sums = self
            .line
            .iter()
            .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sums.0 / count, sums.1 / count);
        let (mut top, mut bottom) = (0.0, 0.0);
        for (x, y) in self.line {
            top += (x - mean_x) * (y - mean_y);
            bottom += (x - mean_x) * (x - mean_x);
        }
        (bottom > 0.0).then(|| top / bottom)
    }

    fn detect(&mut self, slope: f64, sent: f64, now: f64) -> Usage {
        let trend = f64::from(self.groups.min(FULL_GROUPS)) * slope * GAIN;
        let usage = if trend > self.threshold {
            self.over_ms = if self.over_ms < 0.0 {
                sent / 2.0
            } else {
                self.over_ms + sent
            };
            self.over_groups += 1;
            if self.over_ms > LASTS_MS && self.over_groups > 1 && slope >= self.slope {
                (self.over_ms, self.over_groups) = (0.0, 0);
                Usage::Over
            } else {
                Usage::Normal
            }
        } else {
            (self.over_ms, self.over_groups) = (-1.0, 0);
            if trend < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            }
        };
        self.slope = slope;
        self.adapt(trend.abs(), now);
        usage
    }

    fn adapt(&mut self, trend: f64, now: f64) {
        let passed = (now - self.updated).clamp(0.0, 100.0);
        self.updated = now;
        if trend > self.threshold + LEAP {
            return;
        }
        let follow = if trend < self.threshold {
            FOLLOW.1
        } else {
            FOLLOW.0
        };
        self.threshold += follow * (trend - self.threshold) * passed;
        self.threshold = self.threshold.clamp(THRESHOLD.0, THRESHOLD.1);
    }
}
