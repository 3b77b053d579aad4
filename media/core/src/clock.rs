//! Wall-clock time for RTCP, and how RTP timestamps map to it.
//!
//! [`WallClock`] turns the monotonic `now` of a call into NTP time (RFC 3550 section 4). [`Clock`]
//! learns a source's mapping: from its sender reports, moved to this process's time by the
//! smallest delay seen, or from the arrival of its packets alone when it sends none.

use std::time::{Duration, Instant};

use crate::border::Mapping;

/// Seconds from the NTP epoch (1900) to the Unix epoch.
const UNIX_IN_NTP: u64 = 2_208_988_800;
/// A clock that seems off by more than this has been set anew.
const LEAP: i64 = 10 << 32;

/// 32.32 fixed point seconds.
pub(crate) fn ntp_duration(duration: Duration) -> u64 {
    (duration.as_secs() << 32) | ((u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000)
}

/// `now` as NTP time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    start: Instant,
    ntp: u64,
}

impl WallClock {
    /// `unix` is the time since 1970 at `start`.
    pub(crate) fn new(start: Instant, unix: Duration) -> Self {
        Self {
            start,
            ntp: ntp_duration(unix).wrapping_add(UNIX_IN_NTP << 32),
        }
    }

    pub(crate) fn ntp(&self, now: Instant) -> u64 {
        self.ntp
            .wrapping_add(ntp_duration(now.saturating_duration_since(self.start)))
    }
}

/// RTP ticks as a signed NTP difference.
fn ticks_to_ntp(ticks: i32, rate: u32) -> i64 {
    (i64::from(ticks) << 32) / i64::from(rate.max(1))
}

impl Mapping {
    /// Our time when the source's RTP timestamp is `rtp`.
    pub(crate) fn ntp_at(&self, rtp: u32, rate: u32) -> u64 {
        let ticks = rtp.wrapping_sub(self.rtp) as i32;
        self.ntp.wrapping_add(ticks_to_ntp(ticks, rate) as u64)
    }

    /// The source's RTP timestamp at `ntp`.
    pub(crate) fn rtp_at(&self, ntp: u64, rate: u32) -> u32 {
        let elapsed = i128::from(ntp.wrapping_sub(self.ntp) as i64);
        self.rtp
            .wrapping_add(((elapsed * i128::from(rate)) >> 32) as u32)
    }
}

/// The clock of one publisher against ours, learnt from all its sender reports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offset(Option<i64>);

impl Offset {
    /// A sender report with the publisher's time `remote` arrived at `local`.
    pub(crate) fn learn(&mut self, remote: u64, local: u64) {
        let seen = local.wrapping_sub(remote) as i64;
        self.0 = Some(match self.0 {
            // The smallest delay is the truest; drift is followed slowly.
            Some(offset) if seen >= offset && seen - offset < LEAP => offset + (seen - offset) / 64,
            _ => seen,
        });
    }
}

/// See the module header.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    reported: Option<(u64, u32)>,
    arrival: Option<Mapping>,
}

impl Clock {
    /// A packet with this timestamp arrived at `ntp`.
    pub(crate) fn arrived(&mut self, ntp: u64, rtp: u32, rate: u32) {
        let Some(known) = &mut self.arrival else {
            self.arrival = Some(Mapping { ntp, rtp });
            return;
        };
        let ticks = rtp.wrapping_sub(known.rtp) as i32;
        let expected = known.ntp.wrapping_add(ticks_to_ntp(ticks, rate) as u64);
        let late = ntp.wrapping_sub(expected) as i64;
        if !(0..=LEAP).contains(&late) {
            *known = Mapping { ntp, rtp };
        } else {
            *known = Mapping {
                ntp: expected.wrapping_add((late / 256) as u64),
                rtp,
            };
        }
    }

    /// A sender report pairs the publisher's `ntp` with `rtp`; it arrived at `local`. Returns
    /// whether it can be true.
    pub(crate) fn reported(&mut self, ntp: u64, rtp: u32, local: u64, rate: u32) -> bool {
        let plausible = ntp != 0
            && self.arrival.is_none_or(|known| {
                let off = rtp.wrapping_sub(known.rtp_at(local, rate)) as i32;
                ticks_to_ntp(off, rate).abs() < LEAP
            });
        if plausible {
            self.reported = Some((ntp, rtp));
        }
        plausible
    }

    /// What is known so far, in our time.
    pub(crate) fn mapping(&self, offset: Offset) -> Option<Mapping> {
        match (self.reported, offset.0) {
            (Some((ntp, rtp)), Some(offset)) => Some(Mapping {
                ntp: ntp.wrapping_add(offset as u64),
                rtp,
            }),
            _ => self.arrival,
        }
    }
}

#[cfg(test)]
mod tests;
