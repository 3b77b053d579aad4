//! Percentiles and the JSON form of a run.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Percentiles of a set of samples, in milliseconds. All are `null` when there was no sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: Option<f64>,
    /// 95 of 100 are at or below.
    pub p95: Option<f64>,
    /// 99 of 100 are at or below.
    pub p99: Option<f64>,
    /// Largest sample.
    pub max: Option<f64>,
}

/// Samples of one duration, kept to the microsecond.
#[derive(Debug, Clone)]
pub struct Samples(Histogram<u64>);

/// Longer samples count as this long: ten minutes in microseconds.
const LONGEST_US: u64 = 600_000_000;

impl Default for Samples {
    fn default() -> Self {
        Self(Histogram::new_with_max(LONGEST_US, 3).expect("a valid range and precision"))
    }
}

impl Samples {
    /// Adds a sample in microseconds.
    pub fn add_us(&mut self, us: u64) {
        self.0.saturating_record(us);
    }

    /// Adds all samples of another set.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all sets have one range");
    }

    /// Number of samples.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The percentiles, in milliseconds.
    pub fn percentiles(&self) -> Percentiles {
        let at = |us: u64| (!self.0.is_empty()).then_some(us as f64 / 1000.0);
        Percentiles {
            p50: at(self.0.value_at_quantile(0.50)),
            p95: at(self.0.value_at_quantile(0.95)),
            p99: at(self.0.value_at_quantile(0.99)),
            max: at(self.0.max()),
        }
    }
}

/// What `swarm` saw in its measuring window.
#[derive(Debug, Clone, Serialize)]
pub struct Swarm {
    /// Viewers that were connected throughout the window.
    pub viewers: usize,
    /// Viewers that could not join.
    pub failed: usize,
    /// Length of the window.
    pub seconds: f64,
    /// RTP packets that arrived at viewers.
    pub packets_forwarded: u64,
    /// Megabits per second that arrived at all viewers together.
    pub mbit_per_s: f64,
    /// Processor time of the server per packet that arrived; `null` without `--pid`.
    pub cpu_us_per_packet: Option<f64>,
    /// Share of one core that the server used; `null` without `--pid`.
    pub server_cores: Option<f64>,
    /// Packets missing by sequence number, as a share of those sent.
    pub loss: f64,
    /// Resident memory of the server at the end; `null` without `--pid`.
    pub server_rss_kb: Option<u64>,
    /// From sending the offer to media keys.
    pub connect_ms: Percentiles,
    /// From sending the offer to the last packet of the first whole key frame (full viewers).
    pub first_frame_ms: Percentiles,
    /// From the publisher's send to the viewer's receive of a packet (full viewers).
    pub forward_delay_ms: Percentiles,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_in_milliseconds_and_absent_without_samples() {
        let mut samples = Samples::default();
        assert_eq!(samples.percentiles().p50, None);
        (1..=100u64).for_each(|ms| samples.add_us(ms * 1000));
        let mut other = Samples::default();
        other.add_us(u64::MAX);
        samples.merge(&other);
        let seen = samples.percentiles();
        assert!(
            seen.p50.is_some_and(|ms| (50.0..=52.0).contains(&ms)),
            "{seen:?}"
        );
        assert!(
            seen.p95.is_some_and(|ms| (95.0..=97.0).contains(&ms)),
            "{seen:?}"
        );
        assert!(
            seen.max.is_some_and(|ms| ms >= LONGEST_US as f64 / 1000.0),
            "{seen:?}"
        );
    }
}
