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

    /// Adds a sample.
    pub fn add(&mut self, time: std::time::Duration) {
        self.add_us(time.as_micros() as u64);
    }

    /// Adds all samples of another set.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all sets have one range");
    }

    /// The samples that came since `before`, an earlier state of the same set.
    pub fn since(&self, before: &Self) -> Self {
        let mut since = self.clone();
        // Cannot fail: all that was there before is there now.
        let _ = since.0.subtract(&before.0);
        since
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

/// Where the time of a join goes, each from sending the offer.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Phases {
    /// To the answer.
    pub post_ms: Percentiles,
    /// To the first answered connectivity check.
    pub ice_ms: Percentiles,
    /// To media keys.
    pub dtls_ms: Percentiles,
    /// To the first media packet.
    pub first_packet_ms: Percentiles,
    /// To the last packet of the first whole key frame (full viewers).
    pub first_key_ms: Percentiles,
}

/// What lanes brought in the measuring window.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Lanes {
    /// Messages at all viewers together.
    pub messages: u64,
    /// From the message's own `sent_us` to its receiving, since the beginning.
    pub delay_ms: Percentiles,
}

/// Many joins while others watch.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Storm {
    /// Viewers that joined (and, in a churn, left).
    pub joined: usize,
    /// Viewers that could not.
    pub failed: usize,
    /// From the first offer to the last session that stood.
    pub all_in_ms: f64,
    /// From each offer to its media keys.
    pub connect_ms: Percentiles,
    /// Where the time of these joins went.
    pub phases: Phases,
    /// Processor time of the server per join, media included; `null` without `--pid`.
    pub cpu_us_per_join: Option<f64>,
    /// Packets that the light viewers who watched before lost meanwhile.
    pub lost_by_others: u64,
    /// Resident memory of the server before.
    pub rss_before_kb: Option<u64>,
    /// Resident memory of the server after.
    pub rss_after_kb: Option<u64>,
    /// Share of a core that the server used before (a churn only).
    pub cores_before: Option<f64>,
    /// Share of a core that the server used after (a churn only).
    pub cores_after: Option<f64>,
}

/// What full viewers and the publisher did about loss.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Repairs {
    /// Numbers that full viewers asked for.
    pub nacked: u64,
    /// Packets that they got by RFC 4588.
    pub repaired_rtx: u64,
    /// Picture losses that they told.
    pub plis: u64,
    /// TWCC feedbacks that all viewers sent.
    pub feedbacks: u64,
    /// PLIs that reached the publisher.
    pub publisher_plis: u64,
    /// Numbers that the publisher was asked for.
    pub publisher_nacked: u64,
}

/// What `swarm` saw in its measuring window.
#[derive(Debug, Clone, Serialize)]
pub struct Swarm {
    /// Viewers that were connected throughout the window.
    pub viewers: usize,
    /// Those of them that had got media when the window began.
    pub watching: usize,
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
    /// Share of one core that this program used: near 1 it is itself the bottleneck.
    pub client_cores: f64,
    /// Packets missing by sequence number, as a share of those sent.
    pub loss: f64,
    /// Resident memory of the server before the first viewer; `null` without `--pid`.
    pub server_rss_before_kb: Option<u64>,
    /// Resident memory of the server at the end; `null` without `--pid`.
    pub server_rss_kb: Option<u64>,
    /// From sending the offer to media keys.
    pub connect_ms: Percentiles,
    /// From sending the offer to the last packet of the first whole key frame (full viewers).
    pub first_frame_ms: Percentiles,
    /// From the publisher's send to the arrival of a packet (full viewers).
    pub forward_delay_ms: Percentiles,
    /// How packets are received.
    pub receives_by: &'static str,
    /// Where the time of the joins went.
    pub phases: Phases,
    /// Loss and its repair, since the beginning.
    pub repairs: Repairs,
    /// Messages, if there were any.
    pub lanes: Option<Lanes>,
    /// The join storm, if one was asked for.
    pub burst: Option<Storm>,
    /// The churn, if one was asked for.
    pub churn: Option<Storm>,
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
