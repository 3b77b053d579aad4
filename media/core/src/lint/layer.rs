//! What is measured of one video layer.

use std::time::{Duration, Instant};

use super::Told;
use super::drift::Drift;
use crate::border::{Packet, Source};
use crate::keyframe::Key;
use crate::limits::LINT_INTERVAL;
use crate::peer::Codec;

/// Looks that the window reaches back.
const LOOKS: usize = 5;

/// A keyframe that comes so soon after it was asked for is the answer.
const ANSWER: Duration = Duration::from_millis(700);

/// Sums between two looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) requested: u64,
    pub(super) lost: u64,
    b_slices: u64,
    /// Frames whose timestamp is before that of an earlier one.
    backwards: u64,
}

impl Window {
    fn add(&mut self, other: &Window) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.requested += other.requested;
        self.lost += other.lost;
        self.b_slices += other.b_slices;
        self.backwards += other.backwards;
    }
}

/// One keyframe.
#[derive(Clone, Copy, Debug)]
struct Keyframe {
    at: Instant,
    timestamp: u32,
    /// Time since the one before, once there was one.
    interval: Option<Duration>,
}

/// See the module header.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) codec: Option<Codec>,
    pub(super) heard: Option<Instant>,
    pub(super) told: Told,
    pub(super) drift: Drift,
    first: Option<Instant>,
    key: Option<Keyframe>,
    /// When a keyframe was asked for, and whether the last request was answered.
    asked: Option<Instant>,
    answers: Option<bool>,
    /// Source, index and timestamp of the newest packet.
    newest: Option<(Source, u64, u32)>,
    open: Window,
    closed: [Window; LOOKS],
    /// How many of `closed` count, and which is the next one.
    looks: usize,
}

impl Layer {
    pub(super) fn packet(&mut self, now: Instant, packet: &Packet<'_>) {
        self.first.get_or_insert(now);
        self.heard = Some(now);
        self.codec = Some(packet.codec);
        self.open.packets += 1;
        self.open.bytes += packet.payload.len() as u64;
        let known = self.newest.filter(|(source, ..)| *source == packet.source);
        if known.is_some_and(|(_, index, _)| packet.index <= index) {
            return;
        }
        let ahead = known.map(|(.., timestamp)| packet.timestamp.wrapping_sub(timestamp) as i32);
        self.open.backwards += u64::from(ahead.is_some_and(|ahead| ahead < 0));
        self.newest = Some((packet.source, packet.index, packet.timestamp));
        if known.is_none() {
            self.drift = Drift::default();
        }
        if ahead.is_none_or(|ahead| ahead > 0) {
            let rate = packet.codec.clock_rate();
            self.drift.frame(now, packet.timestamp, rate);
        }
        let same = |key: &Keyframe| key.timestamp == packet.timestamp;
        if packet.key != Key::No && !self.key.as_ref().is_some_and(same) {
            if let Some(asked) = self.asked.take() {
                self.answers = Some(now.saturating_duration_since(asked) <= ANSWER);
            }
            self.key = Some(Keyframe {
                at: now,
                timestamp: packet.timestamp,
                interval: self.key.map(|key| now.saturating_duration_since(key.at)),
            });
        }
    }

    /// A keyframe was asked for.
    pub(super) fn asked(&mut self, now: Instant) {
        self.asked.get_or_insert(now);
    }

    /// Whether the encoder makes a keyframe when it is asked for one, once that was tried.
    pub(super) fn answers(&self, now: Instant) -> Option<bool> {
        let ignored = |asked: Instant| now.saturating_duration_since(asked) > ANSWER;
        match self.asked.is_some_and(ignored) {
            true => Some(false),
            false => self.answers,
        }
    }

    /// Closes the present look.
    pub(super) fn turn(&mut self, now: Instant, told: Told) {
        let before = std::mem::replace(&mut self.told, told);
        self.open.requested = told.requested.saturating_sub(before.requested);
        self.open.lost = told.lost.saturating_sub(before.lost);
        self.open.b_slices = told.b_slices.saturating_sub(before.b_slices);
        if self.first.is_none() {
            return;
        }
        self.closed[self.looks % LOOKS] = std::mem::take(&mut self.open);
        self.looks += 1;
        self.drift.turn(now);
    }

    /// Sums over the last looks.
    pub(super) fn window(&self) -> Window {
        let mut sum = Window::default();
        self.closed.iter().for_each(|window| sum.add(window));
        sum
    }

    /// Bits of payload a second over the window.
    pub(super) fn bitrate(&self) -> u64 {
        let looks = self.looks.clamp(1, LOOKS) as u64;
        self.window().bytes * 8_000 / (LINT_INTERVAL.as_millis() as u64 * looks)
    }

    /// The present distance of keyframes: of the last two, or since the last one if that is more.
    /// `None` while the layer pauses, and before the first.
    pub(super) fn key_interval(&self, now: Instant) -> Option<Duration> {
        let key = self.key?;
        let heard = self.heard?.min(now);
        let since = heard.saturating_duration_since(key.at);
        Some(key.interval.unwrap_or_default().max(since))
    }

    /// Time since the first packet, if there never was a keyframe.
    pub(super) fn never_key(&self, now: Instant) -> Option<Duration> {
        let first = self.first.filter(|_| self.key.is_none())?;
        Some(now.saturating_duration_since(first))
    }

    /// Signs of B-frames: slices, timestamps that go back, or (H.265) what the sequence set says.
    pub(super) fn reordered(&self) -> u64 {
        let window = self.window();
        let said = match self.codec {
            Some(Codec::H265 { .. }) => self.told.sps.and_then(|sps| sps.reorder),
            _ => None,
        };
        window.b_slices + window.backwards + u64::from(said.unwrap_or(0))
    }
}
