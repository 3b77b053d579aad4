//! Which layer of the video a viewer should get, from what its network carries and what the layers
//! cost, without going back and forth.
//!
//! Down at once when the layer is far too much, after a moment when it is somewhat too much; up
//! only when a better layer has fitted with headroom for a while. Who had to come down soon after
//! going up waits longer the next time. When not even the cheapest layer gets through, video is
//! held back so that sound arrives, and tried again from time to time.

use std::time::{Duration, Instant};

/// One layer that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) layer: u8,
    /// Bits a second; 0 when that is not known yet.
    pub(crate) bitrate: u64,
}

/// What to do with a viewer's video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) layer: u8,
    /// What is sent now only makes it worse: stop until the layer begins.
    pub(crate) stop: bool,
    /// Nothing gets through: send no video at all.
    pub(crate) hold: bool,
    /// To go up, the network would have to carry so many bits a second.
    pub(crate) wish: Option<u64>,
}

/// In percent of what a layer costs: below the first it is somewhat, below the second far too much.
const TOO_MUCH: (u64, u64) = (75, 50);
/// How long it has to be somewhat too much.
const TOO_MUCH_FOR: Duration = Duration::from_millis(400);
/// Percent of what a better layer costs that the network has to carry, and for how long.
const HEADROOM: u64 = 115;
const HEADROOM_FOR: Duration = Duration::from_millis(800);
/// Percent of what the present layer costs from which another one counts as better: bitrates of
/// layers that are nearly the same change places every second.
const BETTER: u64 = 120;
/// How long even the cheapest layer is far too much before video is held back.
const HOPELESS_FOR: Duration = Duration::from_secs(3);
/// How long a layer may be silent before a viewer gets one that is too much for its network.
const SILENT_FOR: Duration = Duration::from_secs(3);
/// Time from going down to going up again, and from holding back to trying again.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));
/// Going down so soon after going up was a mistake; after so long in peace it is forgotten.
const MISTAKE: Duration = Duration::from_secs(10);
const PEACE: Duration = Duration::from_secs(60);

/// See the module header.
#[derive(Debug)]
pub(crate) struct Choice {
    current: Option<u8>,
    too_much: Option<Instant>,
    hopeless: Option<Instant>,
    silent: Option<Instant>,
    fits: Option<Instant>,
    went_up: Option<Instant>,
    went_down: Option<Instant>,
    held: Option<Instant>,
    pause: Duration,
}

impl Choice {
    pub(crate) fn new() -> Self {
        Self {
            current: None,
            too_much: None,
            hopeless: None,
            silent: None,
            fits: None,
            went_up: None,
            went_down: None,
            held: None,
            pause: PAUSE.0,
        }
    }

    /// Decides at `now` for a network that carries `budget` bits a second of video. `rungs` are
    /// best first. `None` when there is nothing to choose from.
    pub(crate) fn decide(&mut self, now: Instant, budget: u64, rungs: &[Rung]) -> Option<Verdict> {
        let fitting = rungs.iter().find(|rung| rung.bitrate <= budget);
        let fitting = *fitting.or(rungs.last())?;
        let known = |rung: &&Rung| Some(rung.layer) == self.current;
        let present = rungs.iter().find(known).copied();
        let silent = self.current.is_some() && present.is_none();
        let waits = !lasted(&mut self.silent, silent, now, SILENT_FOR);
        let Some(current) = present else {
            // An encoder that has spent its bits on a keyframe pauses; what does not get through is
            // no better than that.
            if silent && waits && fitting.bitrate > budget {
                return None;
            }
            // The first choice, or the layer fell silent.
            self.move_to(fitting.layer);
            return Some(self.verdict(false, fitting, budget, rungs));
        };
        if rungs.iter().any(|rung| rung.bitrate == 0) {
            return Some(self.verdict(false, current, budget, rungs));
        }
        if self.settle_hold(now, budget, rungs) {
            return Some(self.verdict(false, current, budget, rungs));
        }
        let far = budget < part(current.bitrate, TOO_MUCH.1);
        let somewhat = budget < part(current.bitrate, TOO_MUCH.0);
        let lasts = lasted(&mut self.too_much, somewhat, now, TOO_MUCH_FOR);
        if (far || lasts) && fitting.bitrate < current.bitrate {
            self.note_down(now);
            self.move_to(fitting.layer);
            return Some(self.verdict(far, fitting, budget, rungs));
        }
        let better = rungs
            .iter()
            .find(|rung| part(rung.bitrate, HEADROOM) <= budget)
            .filter(|rung| rung.bitrate > part(current.bitrate, BETTER))
            .copied();
        let rested = self.went_down.is_none_or(|at| now >= at + self.pause);
        let fits = lasted(&mut self.fits, better.is_some(), now, HEADROOM_FOR);
        if let Some(better) = better.filter(|_| fits && rested) {
            self.went_up = Some(now);
            self.move_to(better.layer);
            return Some(self.verdict(false, better, budget, rungs));
        }
        Some(self.verdict(false, current, budget, rungs))
    }

    fn move_to(&mut self, layer: u8) {
        self.current = Some(layer);
        (self.too_much, self.fits) = (None, None);
    }

    fn note_down(&mut self, now: Instant) {
        let mistake = self.went_up.is_some_and(|at| now < at + MISTAKE);
        let peace = self.went_down.is_none_or(|at| now >= at + PEACE);
        if mistake {
            self.pause = (self.pause * 2).min(PAUSE.1);
        } else if peace {
            self.pause = PAUSE.0;
        }
        self.went_down = Some(now);
    }

    /// Begins and ends holding back. Returns whether video is held back.
    fn settle_hold(&mut self, now: Instant, budget: u64, rungs: &[Rung]) -> bool {
        let Some(cheapest) = rungs.last() else {
            return false;
        };
        let far = budget < part(cheapest.bitrate, TOO_MUCH.1);
        let hopeless = lasted(&mut self.hopeless, far, now, HOPELESS_FOR);
        match self.held {
            None if hopeless => {
                self.note_down(now);
                self.move_to(cheapest.layer);
                self.held = Some(now);
            }
            Some(since) if budget >= cheapest.bitrate || now >= since + 2 * self.pause => {
                self.held = None;
                self.hopeless = None;
                self.went_up = Some(now);
            }
            _ => {}
        }
        self.held.is_some()
    }

    fn verdict(&self, stop: bool, rung: Rung, budget: u64, rungs: &[Rung]) -> Verdict {
        let held = self.held.is_some();
        let better = |next: &&Rung| held || next.bitrate > part(rung.bitrate, BETTER);
        let next = rungs.iter().rev().find(better);
        let wish = next
            .map(|next| part(next.bitrate, HEADROOM + 5))
            .filter(|wish| *wish > budget);
        Verdict {
            layer: rung.layer,
            stop,
            hold: held,
            wish,
        }
    }
}

fn part(bitrate: u64, percent: u64) -> u64 {
    bitrate * percent / 100
}

/// Whether `holds` has been true for `long` now.
fn lasted(since: &mut Option<Instant>, holds: bool, now: Instant, long: Duration) -> bool {
    if !holds {
        *since = None;
        return false;
    }
    now >= *since.get_or_insert(now) + long
}

#[cfg(test)]
mod tests;
