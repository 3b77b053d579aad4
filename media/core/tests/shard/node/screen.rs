//! What a viewer would see: complete frames that a decoder can use, and the freezes between them.
//!
//! A frame is complete when all its packets are there, from the one that begins it to the marker.
//! It can be decoded when it is a keyframe, or when it follows the frame before it without a hole.
//! It is shown when its last packet is there and its predecessor has been shown. A freeze is what
//! a browser counts as one: a gap of three times the usual distance and 150 ms more than it.

use std::time::{Duration, Instant};

use super::{Node, Received};

/// One frame on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    pub at: Instant,
    pub key: bool,
    pub timestamp: u32,
    /// What the publisher wrote into the payload (`Node::send_frame`).
    pub publisher: u8,
    pub number: u32,
}

/// The freezes of some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Freezes {
    /// Frames shown.
    pub shown: usize,
    /// Number of freezes.
    pub count: usize,
    pub total: Duration,
    pub longest: Duration,
    /// Percent of the time.
    pub share: f64,
}

impl Node {
    /// The VP8 frames that were shown, in order.
    pub fn screen(&self) -> Vec<Shown> {
        let mut shown: Vec<Shown> = Vec::new();
        // Sequence number after the last usable frame, and when that one was shown.
        let mut last: Option<(u32, Instant)> = None;
        for frame in frames(&self.track(true)) {
            let follows = last.filter(|(next, _)| *next == frame.first);
            let Some(complete) = frame.complete else {
                last = follows
                    .filter(|_| frame.filler)
                    .map(|(_, at)| (frame.next, at));
                continue;
            };
            let at = match follows {
                _ if frame.key => complete,
                Some((_, before)) => complete.max(before),
                None => {
                    last = None;
                    continue;
                }
            };
            // A keyframe whose time has come makes predecessors that are not there yet useless.
            let due = shown
                .first()
                .map_or(at, |first| self.due(first, &frame.shown).max(at));
            while frame.key && shown.last().is_some_and(|earlier| earlier.at > due) {
                shown.pop();
            }
            last = Some((frame.next, at));
            shown.push(Shown { at, ..frame.shown });
        }
        shown
    }

    /// When a frame is shown if it is there: by its timestamp, [`Node::buffer`] after the first.
    fn due(&self, first: &Shown, frame: &Shown) -> Instant {
        if self.buffer.is_zero() {
            return first.at;
        }
        let ticks = u64::from(frame.timestamp.wrapping_sub(first.timestamp));
        first.at + self.buffer + Duration::from_micros(ticks * 100 / 9)
    }

    /// Freezes between `from` and `to`; before the first frame of that time nothing counts. A
    /// frame is shown by its timestamp, [`Node::buffer`] after the first one, or when it is there.
    pub fn freezes(&self, from: Instant, to: Instant) -> Freezes {
        let screen = self.screen();
        let first = screen.first();
        let time =
            |frame: &Shown| first.map_or(frame.at, |first| self.due(first, frame).max(frame.at));
        let times = screen.iter().map(time);
        let mut times: Vec<Instant> = times.filter(|at| (from..=to).contains(at)).collect();
        times.sort();
        let mut freezes = Freezes {
            shown: times.len(),
            ..Freezes::default()
        };
        let Some((first, newest)) = times.first().zip(times.last()) else {
            return Freezes {
                share: 100.0,
                ..freezes
            };
        };
        let usual = (*newest - *first) / times.len().max(1) as u32;
        let limit = (3 * usual).max(usual + Duration::from_millis(150));
        let ends = times.iter().copied().skip(1).chain([to]);
        for gap in times.iter().zip(ends).map(|(begin, end)| end - *begin) {
            if gap >= limit {
                freezes.count += 1;
                freezes.total += gap;
                freezes.longest = freezes.longest.max(gap);
            }
        }
        let whole = (to - *first).as_secs_f64().max(f64::MIN_POSITIVE);
        freezes.share = 100.0 * freezes.total.as_secs_f64() / whole;
        freezes
    }
}

struct Frame {
    first: u32,
    next: u32,
    key: bool,
    /// Nothing but padding.
    filler: bool,
    /// When its last packet came, if all are there.
    complete: Option<Instant>,
    shown: Shown,
}

/// Neighbouring packets of one timestamp, cut at holes.
fn frames(track: &[(u32, &Received)]) -> Vec<Frame> {
    let together = |one: &(u32, &Received), two: &(u32, &Received)| {
        let same = one.1.timestamp == two.1.timestamp
            && one.1.payload.is_empty() == two.1.payload.is_empty();
        one.0.wrapping_add(1) == two.0 && same && !one.1.marker
    };
    track.chunk_by(together).map(frame).collect()
}

fn frame(packets: &[(u32, &Received)]) -> Frame {
    let ((first, begin), (newest, end)) = (packets[0], packets[packets.len() - 1]);
    let payload = &begin.payload;
    let begins = payload.first().is_some_and(|byte| byte & 0x10 != 0);
    let key = begins && payload.get(1).is_some_and(|byte| byte & 1 == 0);
    let number = payload.get(4..8).and_then(|bytes| bytes.try_into().ok());
    let arrived = packets.iter().map(|(_, packet)| packet.at).max();
    Frame {
        first,
        next: newest.wrapping_add(1),
        key,
        filler: payload.is_empty(),
        complete: arrived.filter(|_| begins && end.marker),
        shown: Shown {
            at: begin.at,
            key,
            timestamp: begin.timestamp,
            publisher: payload.get(2).copied().unwrap_or(0),
            number: number.map_or(0, u32::from_be_bytes),
        },
    }
}
