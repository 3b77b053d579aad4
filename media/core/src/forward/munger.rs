//! One viewer's sequence numbers and timestamps over all sources that it is given.
//!
//! A viewer sees one SSRC whose numbers never jump, while publishers come and go. What it follows
//! is cut into segments, each with a fixed rule for numbers and timestamps, so a resend is byte for
//! byte what was sent before (AES-GCM must never seal two different packets with one number). A
//! segment may let time pass faster or slower by a fixed ratio: that is how a viewer that begins
//! in the past catches up. The last segments are kept to answer NACKs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::skips::Skips;
use crate::border::Source;

/// Segments that are remembered: one join is up to three.
const SEGMENTS: usize = 4;
/// What the clock moves on by at least when the source changes, as a part of a second.
const MIN_STEP: u32 = 50;

/// See the module header.
#[derive(Debug)]
pub(crate) struct Munger {
    segments: VecDeque<Segment>,
    next: u64,
    last: Option<(u32, Instant)>,
    /// Once something was left out of a scalable stream.
    skips: Option<Box<Skips>>,
    /// The highest frame number in a descriptor that was sent.
    frame: Option<u16>,
}

/// A ratio of the viewer's time to the source's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    /// The viewer's time.
    pub(crate) out: u32,
    /// The source's time that passes meanwhile; not 0.
    pub(crate) of: u32,
}

impl Scale {
    /// Both alike.
    pub(crate) const ONE: Scale = Scale { out: 1, of: 1 };

    /// What `ticks` of the source are to the viewer.
    fn apply(self, ticks: i32) -> u32 {
        if self.out == self.of {
            return ticks as u32;
        }
        (i64::from(ticks) * i64::from(self.out)).div_euclid(i64::from(self.of)) as u32
    }
}

/// A stretch of one source as the viewer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) source: Source,
    pub(crate) pt: u8,
    /// Numbers go on as in the segment before; only the timestamps have another rule.
    continues: bool,
    first_index: u64,
    first_out: u64,
    /// A timestamp of the source and what it is to the viewer.
    origin: (u32, u32),
    scale: Scale,
    /// What is added to the frame numbers of descriptors.
    pub(crate) frames: u16,
}

impl Segment {
    /// The first packet of the source that belongs to it.
    pub(crate) fn first_index(&self) -> u64 {
        self.first_index
    }

    /// What a packet of this segment looks like to the viewer.
    pub(crate) fn timestamp(&self, timestamp: u32) -> u32 {
        let ticks = timestamp.wrapping_sub(self.origin.0) as i32;
        self.origin.1.wrapping_add(self.scale.apply(ticks))
    }
}

fn ticks(duration: Duration, clock_rate: u32) -> u32 {
    (duration.as_micros() * u128::from(clock_rate) / 1_000_000) as u32
}

impl Munger {
    /// `seed` chooses the first sequence number.
    pub(crate) fn new(seed: u64) -> Self {
        // Below 2^15, so that receivers cannot mistake an early loss for a wrap-around.
        let next = (1 << 32) | (seed & 0x7fff);
        Self {
            segments: VecDeque::with_capacity(SEGMENTS),
            next,
            last: None,
            skips: None,
            frame: None,
        }
    }

    /// See `ahead.rs`.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        let segment = self.segments.back();
        self.next ^ segment.map_or(0, |segment| segment.first_out ^ u64::from(segment.pt))
    }

    /// The highest number that was used.
    pub(crate) fn newest(&self) -> Option<u16> {
        self.last.map(|_| (self.next - 1) as u16)
    }

    /// The timestamp of the newest packet.
    pub(crate) fn last_timestamp(&self) -> u32 {
        self.last.map_or(0, |(timestamp, _)| timestamp)
    }

    /// The source that is followed now.
    pub(crate) fn current(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// When the latest packet was sent for the first time.
    pub(crate) fn last_sent(&self) -> Option<Instant> {
        self.last.map(|(_, at)| at)
    }

    /// Follows `source` from its packet `index` with `timestamp` on. The viewer's time goes on by
    /// what has passed since its last packet.
    pub(crate) fn anchor(
        &mut self,
        now: Instant,
        source: Source,
        index: u64,
        timestamp: u32,
        clock_rate: u32,
        pt: u8,
    ) {
        let out = match (self.last, self.expected(now, clock_rate)) {
            (Some((last, _)), Some(expected)) => {
                let passed = expected.wrapping_sub(last);
                last.wrapping_add(passed.max(clock_rate / MIN_STEP))
            }
            _ => timestamp,
        };
        self.anchor_at(source, index, timestamp, out, pt);
    }

    /// What the viewer's clock shows at `now`, if it began.
    pub(crate) fn expected(&self, now: Instant, clock_rate: u32) -> Option<u32> {
        let (last, at) = self.last?;
        let passed = ticks(now.saturating_duration_since(at), clock_rate);
        Some(last.wrapping_add(passed))
    }

    /// Follows `source` from its packet `index` on, whose `timestamp` is `out` to the viewer. The
    /// viewer's time moves on by at least one tick.
    pub(crate) fn anchor_at(
        &mut self,
        source: Source,
        index: u64,
        timestamp: u32,
        out: u32,
        pt: u8,
    ) {
        let out = match self.last {
            Some((last, _)) if (out.wrapping_sub(last) as i32) <= 0 => last.wrapping_add(1),
            _ => out,
        };
        self.push(Segment {
            source,
            pt,
            continues: false,
            first_index: index,
            first_out: self.next,
            origin: (timestamp, out),
            scale: Scale::ONE,
            frames: 0,
        });
    }

    /// From packet `index` of the current source on, time passes by `scale`: `timestamp` stays
    /// what it was, moved on by `pause`. No packet from `index` on may have been sent.
    pub(crate) fn rescale(&mut self, index: u64, timestamp: u32, pause: u32, scale: Scale) {
        let Some(before) = self.segments.back().copied() else {
            return;
        };
        self.push(Segment {
            continues: true,
            first_index: index,
            first_out: before.first_out + index.saturating_sub(before.first_index),
            origin: (timestamp, before.timestamp(timestamp).wrapping_add(pause)),
            scale,
            ..before
        });
    }

    fn push(&mut self, segment: Segment) {
        if let Some(skips) = self.skips.as_mut().filter(|_| !segment.continues) {
            skips.restart();
        }
        if self.segments.len() == SEGMENTS {
            self.segments.pop_front();
        }
        self.segments.push_back(segment);
    }

    /// Sequence number and timestamp of a packet of the current source. `None` when it lies before
    /// the place where the viewer began to follow.
    pub(crate) fn map(&mut self, now: Instant, index: u64, timestamp: u32) -> Option<(u16, u32)> {
        let segment = self.segments.back()?;
        if self.skips.is_some() {
            return self.map_skipping(now, index, timestamp);
        }
        if index < segment.first_index {
            return self.map_back(now, index, timestamp);
        }
        let out = segment.first_out + (index - segment.first_index);
        let timestamp = segment.timestamp(timestamp);
        Some(self.used(now, out, timestamp))
    }

    /// Whether everything from `index` of the current source on has not been sent yet.
    pub(crate) fn is_front(&self, index: u64) -> bool {
        self.front().is_some_and(|expected| index >= expected)
    }

    /// The index of the current source that follows what was sent or left out last.
    fn front(&self) -> Option<u64> {
        let segment = self.segments.back()?;
        let skipped = self.skips.as_ref().map_or(0, |skips| skips.count());
        Some(segment.first_index + self.next - segment.first_out + skipped)
    }

    /// Leaves packet `index` of the current source out, which [`Munger::is_front`]: numbers go on
    /// without it.
    pub(crate) fn skip(&mut self, index: u64) {
        self.skips
            .get_or_insert_with(|| Box::new(Skips::new(self.next)));
        self.reserve(index);
        if let Some(skips) = &mut self.skips {
            skips.leave_out(index);
        }
    }

    /// Gives numbers to what is missing before `index`; it may still come.
    fn reserve(&mut self, index: u64) -> Option<()> {
        let expected = self.front()?;
        let skips = self.skips.as_mut()?;
        for missing in expected..index {
            skips.give(missing, self.next);
            self.next += 1;
        }
        Some(())
    }

    /// As [`Munger::map`], where something was left out.
    fn map_skipping(&mut self, now: Instant, index: u64, timestamp: u32) -> Option<(u16, u32)> {
        let segment = *self.segment_of(index)?;
        let expected = self.front()?;
        self.reserve(index);
        let skips = self.skips.as_mut()?;
        let before = match expected.checked_sub(index).filter(|back| *back > 0) {
            None => skips.count(),
            Some(back) => skips.before(index, back - 1)?,
        };
        let out = segment.first_out + (index - segment.first_index) - before;
        if index >= expected {
            skips.give(index, out);
        }
        let timestamp = segment.timestamp(timestamp);
        Some(self.used(now, out, timestamp))
    }

    /// The marker bit of `index`, which was mapped last and is the newest, was set for this viewer
    /// only.
    pub(crate) fn mark(&mut self, index: u64) {
        let out = self.next - 1;
        let skips = self.skips.get_or_insert_with(|| {
            let mut skips = Skips::new(out);
            skips.give(index, out);
            Box::new(skips)
        });
        skips.mark(out);
    }

    /// Whether the marker bit of what went out as `sequence` was set for this viewer only.
    pub(crate) fn is_marked(&self, sequence: u16) -> bool {
        let newest = self.next - 1;
        let back = u64::from((newest as u16).wrapping_sub(sequence));
        let (skips, out) = (self.skips.as_ref(), newest.checked_sub(back));
        skips
            .zip(out)
            .is_some_and(|(skips, out)| skips.is_marked(out, back))
    }

    /// The segment of the current source that `index` belongs to.
    fn segment_of(&self, index: u64) -> Option<&Segment> {
        let mut segments = self.segments.iter().rev();
        let mut segment = segments.next()?;
        while index < segment.first_index {
            let joined = segment.continues;
            segment = segments.next().filter(|_| joined)?;
        }
        Some(segment)
    }

    /// The source that is followed now begins with frame `first` of its descriptors, if it has any:
    /// to the viewer, whose decoder would take a smaller number for the past, it is the next one.
    pub(crate) fn anchor_frames(&mut self, first: Option<u16>) {
        let next = self.frame.map(|frame| frame.wrapping_add(1));
        if let (Some(first), Some(next), Some(segment)) = (first, next, self.segments.back_mut()) {
            segment.frames = next.wrapping_sub(first);
        }
    }

    /// What is added to the frame number of a packet of the current source that is sent now.
    #[cold]
    pub(crate) fn frames(&mut self, index: u64, frame: u16) -> u16 {
        let offset = self.segment_of(index).map_or(0, |segment| segment.frames);
        let out = frame.wrapping_add(offset);
        let newer = |last: u16| (out.wrapping_sub(last) as i16) > 0;
        if self.frame.is_none_or(newer) {
            self.frame = Some(out);
        }
        offset
    }

    /// As [`Munger::map`], for a packet that came too late for the current segment.
    #[cold]
    fn map_back(&mut self, now: Instant, index: u64, timestamp: u32) -> Option<(u16, u32)> {
        let segment = self.segment_of(index)?;
        let out = segment.first_out + (index - segment.first_index);
        let timestamp = segment.timestamp(timestamp);
        Some(self.used(now, out, timestamp))
    }

    fn used(&mut self, now: Instant, out: u64, timestamp: u32) -> (u16, u32) {
        if out >= self.next {
            self.next = out + 1;
            self.last = Some((timestamp, now));
        }
        (out as u16, timestamp)
    }

    /// The segment and source index of something sent before. `None` for a number that was never
    /// used or is forgotten.
    pub(crate) fn unmap(&self, sequence: u16) -> Option<(&Segment, u64)> {
        let newest = self.next.checked_sub(1)?;
        let back = u64::from((newest as u16).wrapping_sub(sequence));
        let out = newest.checked_sub(back).filter(|_| back < 1 << 15)?;
        let at = self
            .segments
            .iter()
            .rposition(|segment| segment.first_out <= out)?;
        let segment = &self.segments[at];
        let least = segment.first_index + (out - segment.first_out);
        let Some(skips) = &self.skips else {
            return Some((segment, least));
        };
        let index = skips.index_of(out, back, least)?;
        // A segment that goes on counts what was left out before it, and so begins later here.
        let more = self.segments.iter().skip(at + 1);
        let more = more.take_while(|next| next.continues && next.first_index <= index);
        let segment = more.last().unwrap_or(segment);
        Some((segment, index))
    }
}

#[cfg(test)]
mod tests;
