//! What the way to one viewer carries, estimated by the sender from transport-wide feedback.
//!
//! In the manner of Google congestion control (draft-ietf-rmcat-gcc-02 and what browsers made of
//! it): the trend of the delay between groups of packets says whether a queue builds up
//! (`trend.rs`), a rate follows it (`rate.rs`), loss bounds it (`loss.rs`), and trains of extra
//! packets find out what a way bears that is not used fully (`probe.rs`). Pure: times are
//! microseconds given by the caller. Works once per feedback, never per packet sent.

mod acked;
mod loss;
mod probe;
mod rate;
mod trend;

use acked::Acked;
use loss::Loss;
use rate::Rate;
use trend::{Trend, Usage};

pub(crate) use probe::{Outcome, Probe};

use super::history::{History, Sent};
use crate::limits::{MAX_BITRATE, MIN_ESTIMATE, START_ESTIMATE};

/// A probe fills queues; that is no sign of too high a rate for so long after it.
const AFTER_PROBE_US: i64 = 400_000;

/// See the module header.
pub(crate) struct Estimate {
    trend: Trend,
    acked: Acked,
    rate: Rate,
    loss: Loss,
    probe: Option<Probe>,
    last_probe: i64,
    last_decrease: i64,
    /// Microseconds.
    rtt: i64,
    /// The last time of the receiver's clock, which wraps, without wraps.
    clock: Option<i64>,
}

/// How a probe ended, for who sent it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) probe: Option<Outcome>,
}

impl Estimate {
    /// Begins with [`START_ESTIMATE`].
    pub(crate) fn new() -> Self {
        Self {
            trend: Trend::new(),
            acked: Acked::new(),
            rate: Rate::new(START_ESTIMATE),
            loss: Loss::new(),
            probe: None,
            last_probe: i64::MIN / 2,
            last_decrease: i64::MIN / 2,
            rtt: 100_000,
            clock: None,
        }
    }

    /// Bits a second.
    pub(crate) fn bitrate(&self) -> u64 {
        let bound = self.loss.bound().unwrap_or(MAX_BITRATE);
        self.rate.bitrate().min(bound).max(MIN_ESTIMATE)
    }

    /// From sending to the arrival of feedback, in microseconds, smoothed.
    pub(crate) fn rtt(&self) -> i64 {
        self.rtt
    }

    /// Whether nothing has spoken for a lower rate since `since` microseconds.
    pub(crate) fn calm_since(&self, since: i64) -> bool {
        self.last_decrease < since
    }

    /// Believes in `bitrate` without a proof; what comes of it will tell.
    pub(crate) fn trust(&mut self, now: i64, bitrate: u64) {
        self.rate.raise(now, bitrate);
        self.loss.raise(bitrate);
    }

    /// Whether a probe is under way.
    pub(crate) fn is_probing(&self) -> bool {
        self.probe.is_some()
    }

    /// A probe was sent at `now`.
    pub(crate) fn probing(&mut self, now: i64, probe: Probe) {
        self.last_probe = now;
        self.probe = Some(probe);
    }

    /// Takes one feedback that came at `now`: sequence numbers in ascending order with the
    /// receiver's time of arrival.
    pub(crate) fn feedback(
        &mut self,
        now: i64,
        history: &mut History,
        statuses: impl Iterator<Item = (u16, Option<i64>)>,
    ) -> News {
        let (mut newest, mut usage) = (None, Usage::Normal);
        for (sequence, arrival) in statuses {
            let arrival = arrival.map(|arrival| self.unwrap(arrival));
            let Some(sent) = history.told(now, sequence, arrival.is_some()) else {
                continue;
            };
            self.loss.note(&sent, arrival.is_some());
            let Some(arrival) = arrival else { continue };
            newest = newest.max(Some(sent.at));
            self.arrived(&sent, arrival, &mut usage);
        }
        if let Some(newest) = newest {
            let rtt = (now - newest).clamp(1_000, 2_000_000);
            self.rtt += (rtt - self.rtt) / 8;
        }
        if now < self.last_probe + AFTER_PROBE_US && usage == Usage::Over {
            usage = Usage::Normal;
        }
        let acked = self.acked.bitrate();
        let busiest = self.acked.busiest();
        let lowered = self.rate.update(now, usage, (acked, busiest), self.rtt);
        let lost = self.loss.update(now, self.bitrate(), acked);
        if lowered || lost {
            self.last_decrease = now;
        }
        let outcome = self.probe.as_ref().and_then(|probe| probe.outcome(now));
        if let Some(outcome) = outcome {
            self.probe = None;
            if let Some(bitrate) = outcome.bitrate {
                self.trust(now, bitrate);
            }
        }
        News { probe: outcome }
    }

    fn arrived(&mut self, sent: &Sent, arrival: i64, usage: &mut Usage) {
        self.acked.note(arrival, sent.size);
        match (&mut self.probe, sent.probe) {
            // What probes do to the delay is their own doing.
            (Some(probe), number) if number == probe.number() => probe.arrived(arrival, sent.size),
            (_, 0) => {
                if let Some(now) = self.trend.note(sent.at, arrival) {
                    *usage = if *usage == Usage::Over { *usage } else { now };
                }
            }
            _ => {}
        }
    }

    /// The reference time has 24 bits of 64 ms.
    fn unwrap(&mut self, arrival: i64) -> i64 {
        const CYCLE: i64 = 64_000 << 24;
        let clock = self.clock.unwrap_or(arrival);
        let ahead = (arrival - clock + CYCLE / 2).rem_euclid(CYCLE) - CYCLE / 2;
        let unwrapped = clock + ahead;
        self.clock = Some(clock.max(unwrapped));
        unwrapped
    }
}

#[cfg(test)]
mod tests;
