//! What is known of the way to one viewer: what was sent over it, what came back about that, which
//! layer follows from it, and when to find out whether it bears more.
//!
//! A viewer with transport-wide feedback has a history of what was sent and an estimate; one
//! without is judged by its receiver's estimate (REMB), else by its loss reports.

use std::time::{Duration, Instant};

use super::blind::Blind;
use super::choice::{Choice, Rung, Verdict};
use super::estimate::{Estimate, Probe};
use super::history::History;
use crate::limits::{PROBE_BYTES, PROBE_PAUSE, PROBE_TIME, REMB_EXPIRY};
use crate::peer::PeerConfig;
use crate::rtcp::{Block, Feedback};

/// No probe for so long after a sign of too high a rate.
const CALM_US: i64 = 1_500_000;
/// Feedback that has been silent so long tells nothing any more.
const SILENCE: Duration = Duration::from_secs(3);
/// Time between two decisions.
const LOOK: Duration = Duration::from_millis(100);
/// Least time between a probe that succeeded and the next one.
const NEXT_STEP: Duration = Duration::from_millis(100);

/// See the module header.
pub(crate) struct Network {
    origin: Instant,
    transport: Option<Box<Transport>>,
    remb: Option<(u64, Instant)>,
    blind: Blind,
    choice: Choice,
    next_look: Instant,
    probing: Probing,
    pub(crate) figures: Figures,
}

struct Transport {
    history: History,
    estimate: Estimate,
    told: Option<Instant>,
}

/// When the next probe may be sent, and what for.
struct Probing {
    /// Bits a second that a probe should show; it is sent with the next packets.
    wanted: Option<u64>,
    next: Instant,
    pause: Duration,
    number: u8,
}

/// What people ask about the way to one viewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Measured round-trip time; `None` before the first report.
    pub(crate) rtt: Option<Duration>,
    /// Estimated bitrate in bits a second; `None` when nobody told anything.
    pub(crate) estimate: Option<u64>,
}

impl Network {
    /// Nothing sent and nothing known yet.
    pub(crate) fn new(now: Instant, config: &PeerConfig) -> Self {
        let mut sections = [&config.audio, &config.video].into_iter().flatten();
        let told = sections.any(|section| section.twcc_ext.is_some());
        let transport = || Transport {
            history: History::new(config.seed as u16),
            estimate: Estimate::new(),
            told: None,
        };
        Self {
            origin: now,
            transport: told.then(|| Box::new(transport())),
            remb: None,
            blind: Blind::new(),
            choice: Choice::new(),
            next_look: now,
            probing: Probing {
                wanted: None,
                next: now,
                pause: PROBE_PAUSE.0,
                number: 0,
            },
            figures: Figures::default(),
        }
    }

    /// See `ahead.rs`.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        u64::from(self.transport.is_some()) ^ self.probing.wanted.unwrap_or(0)
    }

    /// See `ahead.rs`.
    #[inline]
    pub(super) fn touch_transport(&self) -> u64 {
        let transport = self.transport.as_ref();
        transport.map_or(0, |transport| u64::from(transport.history.next()))
    }

    /// See `ahead.rs`.
    #[inline]
    pub(super) fn touch_history(&self) -> u64 {
        let transport = self.transport.as_ref();
        transport.map_or(0, |transport| transport.history.touch())
    }

    fn micros(&self, now: Instant) -> i64 {
        let passed = now.saturating_duration_since(self.origin);
        passed.as_secs() as i64 * 1_000_000 + i64::from(passed.subsec_micros())
    }

    /// The transport-wide number of the next packet.
    #[inline]
    pub(super) fn next_number(&self) -> u16 {
        self.transport
            .as_ref()
            .map_or(0, |transport| transport.history.next())
    }

    /// A packet of `size` bytes went out with [`Network::next_number`].
    #[inline]
    pub(super) fn sent(&mut self, now: Instant, size: usize, probe: u8) {
        let at = self.micros(now);
        if let Some(transport) = &mut self.transport {
            transport.history.push(at, size, probe);
        }
    }

    /// Transport-wide feedback came.
    pub(crate) fn feedback(&mut self, now: Instant, feedback: &Feedback<'_>) {
        let at = self.micros(now);
        let Some(transport) = &mut self.transport else {
            return;
        };
        let Transport {
            history,
            estimate,
            told,
        } = &mut **transport;
        *told = Some(now);
        let statuses = feedback
            .statuses()
            .map(|status| (status.sequence, status.arrival));
        let news = estimate.feedback(at, history, statuses);
        self.figures.estimate = Some(estimate.bitrate());
        self.figures.rtt = Some(Duration::from_micros(estimate.rtt() as u64));
        if let Some(outcome) = news.probe {
            let pause = match outcome.reached {
                true => {
                    self.probing.pause = PROBE_PAUSE.0;
                    NEXT_STEP
                }
                false => {
                    let pause = self.probing.pause;
                    self.probing.pause = (pause * 2).min(PROBE_PAUSE.1);
                    pause
                }
            };
            self.probing.next = now + pause;
        }
    }

    /// The receiver's own estimate came.
    pub(crate) fn remb(&mut self, now: Instant, bitrate: u64) {
        self.remb = Some((bitrate, now));
        if self.transport.is_none() {
            self.figures.estimate = Some(bitrate);
        }
    }

    /// A report block about `sent` bits a second came; `ntp` is our time. Returns the round-trip
    /// time, if it tells one.
    pub(crate) fn reported(
        &mut self,
        now: Instant,
        block: &Block,
        sent: u64,
        ntp: u64,
    ) -> Option<Duration> {
        if sent > 0 {
            self.blind.reported(now, block.fraction_lost, sent);
        }
        let middle = (ntp >> 16) as u32;
        let rtt = middle
            .wrapping_sub(block.last_sr)
            .wrapping_sub(block.delay_since_last_sr);
        // Negative round trips come from rounding or from nonsense.
        if block.last_sr == 0 || rtt >= 1 << 31 {
            return None;
        }
        let rtt = Duration::from_micros(u64::from(rtt) * 1_000_000 / 65_536);
        self.figures.rtt = Some(rtt);
        Some(rtt)
    }

    /// Bits a second that the way carries, by the best witness there is.
    fn bitrate(&self, now: Instant) -> u64 {
        if let Some(transport) = self.transport.as_ref().filter(|t| t.is_told(now)) {
            return transport.estimate.bitrate();
        }
        match self.remb {
            Some((bitrate, at)) if now < at + REMB_EXPIRY => bitrate,
            _ => self.blind.bitrate(),
        }
    }

    /// Whether it is time for the next [`Network::choose`].
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.next_look <= now
    }

    /// Decides what video to send besides `audio` bits a second. `repeats`: probes can be made of
    /// packets sent before.
    pub(crate) fn choose(
        &mut self,
        now: Instant,
        audio: u64,
        rungs: &[Rung],
        repeats: bool,
    ) -> Option<Verdict> {
        self.next_look = now + LOOK;
        let budget = self.bitrate(now).saturating_sub(audio);
        let verdict = self.choice.decide(now, budget, rungs)?;
        self.probing.wanted = None;
        if let Some(wish) = verdict.wish {
            self.plan_probe(now, wish + audio, repeats);
        }
        Some(verdict)
    }

    /// Plans a probe for `wish` bits a second, in steps that double, if the network is calm. Where
    /// none can be made, the better layer itself is the probe, more rarely.
    fn plan_probe(&mut self, now: Instant, wish: u64, repeats: bool) {
        let at = self.micros(now);
        let Some(transport) = self.transport.as_mut().filter(|t| t.is_told(now)) else {
            return;
        };
        let estimate = &mut transport.estimate;
        if now < self.probing.next || estimate.is_probing() || !estimate.calm_since(at - CALM_US) {
            return;
        }
        let target = wish.min(2 * estimate.bitrate());
        if repeats {
            self.probing.wanted = Some(target);
        } else if estimate.bitrate() > wish * 2 / 3 || now >= self.probing.next + PROBE_PAUSE.1 {
            estimate.trust(at, wish);
            self.probing.next = now + 2 * PROBE_PAUSE.1;
        }
    }

    /// Whether a probe is wanted now.
    #[inline]
    pub(super) fn is_probe_wanted(&self) -> bool {
        self.probing.wanted.is_some()
    }

    /// The number that packets of a probe get and how many bytes they should have, if one is
    /// wanted now.
    pub(super) fn wants_probe(&self) -> Option<(u8, usize)> {
        let target = self.probing.wanted?;
        let bytes = target as usize / 8 * PROBE_TIME.as_millis() as usize / 1_000;
        let number = self.probing.number % u8::MAX + 1;
        Some((number, bytes.clamp(PROBE_BYTES.0, PROBE_BYTES.1)))
    }

    /// A probe of so many packets was sent, or none could be.
    pub(super) fn probed(&mut self, now: Instant, packets: u32) {
        let at = self.micros(now);
        let (Some(target), Some(transport)) = (self.probing.wanted.take(), &mut self.transport)
        else {
            return;
        };
        self.probing.next = now + self.probing.pause;
        if packets > 0 {
            self.probing.number = self.probing.number % u8::MAX + 1;
            let probe = Probe::new(at, self.probing.number, target, packets);
            transport.estimate.probing(at, probe);
        }
    }
}

impl Transport {
    fn is_told(&self, now: Instant) -> bool {
        self.told.is_some_and(|at| now < at + SILENCE)
    }
}
