//! What a viewer misses: which numbers to ask for again, and when to ask for a keyframe instead.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A gap that has not been filled for so long is given up.
const GIVE_UP: Duration = Duration::from_secs(2);

/// Missing packets of all tracks, by SSRC and extended sequence number, since when.
#[derive(Default)]
pub struct Gaps {
    missing: BTreeMap<(u32, u32), Instant>,
    next: Option<Instant>,
    last_pli: Option<Instant>,
}

/// What to send now.
#[derive(Default)]
pub struct Wishes {
    /// Numbers to ask for, as they are on the wire.
    pub nacks: Vec<(u32, u16)>,
    /// SSRCs that need a keyframe.
    pub plis: Vec<u32>,
}

impl Gaps {
    /// `sequence` came where `newest` was the highest one so far.
    pub fn arrived(&mut self, ssrc: u32, newest: u32, sequence: u32, at: Instant, every: Duration) {
        self.missing.remove(&(ssrc, sequence));
        for lost in newest.saturating_add(1)..sequence {
            self.missing.insert((ssrc, lost), at);
        }
        if !self.missing.is_empty() {
            self.next.get_or_insert(at + every);
        }
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        self.next
    }

    /// What is wanted at `now`, if it is time.
    pub fn ask(&mut self, now: Instant, every: Duration, pli_after: Option<Duration>) -> Wishes {
        let mut wishes = Wishes::default();
        if self.next.is_none_or(|next| next > now) {
            return wishes;
        }
        self.missing.retain(|_, since| now - *since < GIVE_UP);
        wishes.nacks = self
            .missing
            .keys()
            .map(|(ssrc, at)| (*ssrc, *at as u16))
            .collect();
        let ready = self
            .last_pli
            .is_none_or(|last| now - last >= Duration::from_millis(500));
        if let Some(after) = pli_after.filter(|_| ready) {
            let old = self
                .missing
                .iter()
                .filter(|(_, since)| now - **since >= after);
            wishes.plis = old.map(|((ssrc, _), _)| *ssrc).collect();
            wishes.plis.dedup();
            self.last_pli = Some(now)
                .filter(|_| !wishes.plis.is_empty())
                .or(self.last_pli);
        }
        self.next = (!self.missing.is_empty()).then_some(now + every);
        wishes
    }
}
