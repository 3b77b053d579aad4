//! What a host could do better, told from the packets that come in: one [`Finding`] per thing.
//!
//! Looks every two seconds at measures over about ten; speaks only when something changed. A
//! finding names a layer and has the number that was seen and the one that would be right; words
//! are the business of whoever shows them.

mod drift;
mod layer;

use std::time::{Duration, Instant};

use crate::border::{Kind, Packet};
use crate::keyframe::Sps;
use crate::limits::{LINT_INTERVAL, MAX_LAYERS};
use crate::peer::{Codec, Format, Section};
use layer::Layer;

/// One thing that the host should know.
///
/// | code | `seen` and `wanted` |
/// |---|---|
/// | `keyframe_interval_long` | milliseconds between keyframes, when none is made on request |
/// | `no_keyframes` | milliseconds without any keyframe so far |
/// | `b_frames` | B slices in ten seconds, or pictures that wait for a later one (H.265); 0 |
/// | `profile_mismatch` | H.264 `profile-level-id` in the stream, and in the offer |
/// | `rtx_missing` | thousandths of the packets lost for good without RTX; 0 when nothing can be asked for again at all |
/// | `layer_missing` | simulcast layers that arrive, and that were offered; `layer` does not |
/// | `layer_ladder` | percent of the bitrate of the next better layer |
/// | `clock_drift` | millionths by which media time runs too fast (above 0) or too slow |
/// | `audio_missing`, `video_missing` | milliseconds of silence; -1 when the track was not offered |
/// | `packet_loss` | thousandths of the packets that did not come the first time |
/// | `bitrate_high` | kbit/s of everything that comes in |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A word from the table above.
    pub code: &'static str,
    /// Simulcast layer that it is about; 0 when it is about no layer.
    pub layer: u8,
    /// What was measured.
    pub seen: i64,
    /// What would be good: a limit that `seen` is beyond.
    pub wanted: i64,
}

/// Keyframes further apart than this are told.
const LONG_INTERVAL: Duration = Duration::from_secs(4);
const GOOD_INTERVAL: Duration = Duration::from_secs(2);
/// Time that a track or layer may take to begin, or pause.
const PATIENCE: Duration = Duration::from_secs(5);
const LOSS_PER_MILLE: i64 = 20;
const LOST_FOR_GOOD_PER_MILLE: i64 = 5;
/// Fewer packets say nothing about loss.
const LOSS_SAMPLE: u64 = 200;
const LADDER_PERCENT: i64 = 80;
const HIGH_KBITS: i64 = 10_000;
const DRIFT_PER_MILLION: i64 = 1_000;

/// Totals of one video track since its beginning, and what its stream says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) sps: Option<Sps>,
    pub(crate) b_slices: u64,
    /// Packets asked for again, each once.
    pub(crate) requested: u64,
    /// Packets given up.
    pub(crate) lost: u64,
}

/// See the module header.
pub(crate) struct Lint {
    has_audio: bool,
    has_video: bool,
    offered: usize,
    nack: bool,
    pli: bool,
    rtx: bool,
    begun: Option<Instant>,
    audio: Option<Instant>,
    video: Option<Instant>,
    layers: Vec<Layer>,
    next: Instant,
    told: Vec<Finding>,
}

impl Lint {
    pub(crate) fn new(now: Instant, has_audio: bool, video: Option<&Section>) -> Self {
        let any = |with: fn(&Format) -> bool| {
            video.is_some_and(|section| section.formats.iter().any(with))
        };
        let offered = video.map_or(0, |section| section.layers.len().clamp(1, MAX_LAYERS));
        Self {
            has_audio,
            has_video: video.is_some(),
            offered,
            nack: any(|format| format.nack),
            pli: any(|format| format.pli),
            rtx: any(|format| format.rtx.is_some()),
            begun: None,
            audio: None,
            video: None,
            layers: (0..offered).map(|_| Layer::default()).collect(),
            next: now,
            told: Vec::new(),
        }
    }

    /// A packet of the publisher came.
    pub(crate) fn packet(&mut self, now: Instant, kind: Kind, packet: &Packet<'_>) {
        self.begun.get_or_insert(now);
        match kind {
            Kind::Audio => self.audio = Some(now),
            Kind::Video => {
                self.video = Some(now);
                let layer = usize::from(packet.source.layer);
                if let Some(layer) = self.layers.get_mut(layer) {
                    layer.packet(now, packet);
                }
            }
        }
    }

    /// A keyframe of a layer was asked for.
    pub(crate) fn asked(&mut self, now: Instant, layer: u8) {
        if let Some(layer) = self.layers.get_mut(usize::from(layer)) {
            layer.asked(now);
        }
    }

    /// The layers (a bit each) whose keyframes are far apart and that were never asked for one:
    /// browsers make them on request only, and are right to.
    pub(crate) fn untried(&self, now: Instant) -> u8 {
        let mut set = 0;
        for (at, layer) in self.layers.iter().enumerate().filter(|_| self.pli) {
            let long = layer.key_interval(now).is_some_and(|i| i > LONG_INTERVAL);
            set |= u8::from(long && layer.answers(now).is_none()) << at;
        }
        set
    }

    /// Whether [`Lint::look`] is due.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Judges, if it is time to: all findings when they are other than last time. `told` are the
    /// video tracks by layer.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        told: impl Iterator<Item = Told>,
    ) -> Option<Vec<Finding>> {
        if !self.is_due(now) {
            return None;
        }
        self.next = now + LINT_INTERVAL;
        for (layer, told) in self.layers.iter_mut().zip(told) {
            layer.turn(now, told);
        }
        let begun = self.begun?;
        if now < begun + PATIENCE {
            return None;
        }
        let mut findings = Vec::new();
        self.tracks(now, begun, &mut findings);
        self.pictures(now, &mut findings);
        self.network(&mut findings);
        if differ(&self.told, &findings) {
            self.told.clone_from(&findings);
            return Some(findings);
        }
        None
    }

    /// Tracks and layers that are not there.
    fn tracks(&self, now: Instant, begun: Instant, findings: &mut Vec<Finding>) {
        let silent = |heard: Option<Instant>| now.saturating_duration_since(heard.unwrap_or(begun));
        let tracks = [
            ("audio_missing", self.has_audio, self.audio),
            ("video_missing", self.has_video, self.video),
        ];
        for (code, offered, heard) in tracks {
            let silent = silent(heard);
            if !offered || silent >= PATIENCE {
                let seen = if offered { millis(silent) } else { -1 };
                findings.push(finding(code, 0, seen, 0));
            }
        }
        let quiet = |layer: &Layer| silent(layer.heard) >= PATIENCE;
        let living = self.layers.iter().filter(|layer| !quiet(layer)).count();
        if living == 0 || self.offered < 2 {
            return;
        }
        for (at, _) in self.layers.iter().enumerate().filter(|(_, l)| quiet(l)) {
            let (seen, wanted) = (living as i64, self.offered as i64);
            findings.push(finding("layer_missing", at as u8, seen, wanted));
        }
        let mut rates: Vec<_> = self.layers.iter().map(Layer::bitrate).enumerate().collect();
        rates.retain(|(_, rate)| *rate > 0);
        rates.sort_by_key(|(_, rate)| std::cmp::Reverse(*rate));
        for pair in rates.windows(2) {
            let percent = (pair[1].1 * 100 / pair[0].1) as i64;
            if percent > LADDER_PERCENT {
                let layer = pair[1].0 as u8;
                findings.push(finding("layer_ladder", layer, percent, LADDER_PERCENT));
            }
        }
    }

    /// What the encoder does.
    fn pictures(&self, now: Instant, findings: &mut Vec<Finding>) {
        for (at, layer) in self.layers.iter().enumerate() {
            let at = at as u8;
            if let Some(without) = layer.never_key(now).filter(|time| *time >= LONG_INTERVAL) {
                let (seen, wanted) = (millis(without), millis(GOOD_INTERVAL));
                findings.push(finding("no_keyframes", at, seen, wanted));
            }
            let ignores = !self.pli || layer.answers(now) == Some(false);
            let long = |interval: &Duration| ignores && *interval > LONG_INTERVAL;
            if let Some(interval) = layer.key_interval(now).filter(long) {
                let (seen, wanted) = (millis(interval), millis(GOOD_INTERVAL));
                findings.push(finding("keyframe_interval_long", at, seen, wanted));
            }
            let reordered = layer.reordered();
            if reordered > 0 {
                findings.push(finding("b_frames", at, reordered as i64, 0));
            }
            let announced = match layer.codec {
                Some(Codec::H264 {
                    profile_level_id, ..
                }) => Some(profile_level_id),
                _ => None,
            };
            if let (Some(sps), Some(announced)) = (layer.told.sps, announced)
                && rank(sps.profile) > rank(announced)
            {
                let (seen, wanted) = (i64::from(sps.profile), i64::from(announced));
                findings.push(finding("profile_mismatch", at, seen, wanted));
            }
            if let Some(drift) = layer.drift.per_million()
                && drift.abs() > DRIFT_PER_MILLION
            {
                findings.push(finding("clock_drift", at, drift, 0));
            }
        }
    }

    /// What the network and the bitrate do.
    fn network(&self, findings: &mut Vec<Finding>) {
        if self.has_video && !self.nack {
            findings.push(finding("rtx_missing", 0, 0, 1));
        }
        for (at, layer) in self.layers.iter().enumerate() {
            let window = layer.window();
            if window.packets < LOSS_SAMPLE {
                continue;
            }
            let per_mille = |part: u64| (part * 1_000 / window.packets) as i64;
            let (seen, wanted) = (per_mille(window.requested), LOSS_PER_MILLE);
            if seen > wanted {
                findings.push(finding("packet_loss", at as u8, seen, wanted));
            }
            let (seen, wanted) = (per_mille(window.lost), LOST_FOR_GOOD_PER_MILLE);
            if self.nack && !self.rtx && seen > wanted {
                findings.push(finding("rtx_missing", at as u8, seen, wanted));
            }
        }
        let kbits = self.layers.iter().map(Layer::bitrate).sum::<u64>() as i64 / 1_000;
        if kbits > HIGH_KBITS {
            findings.push(finding("bitrate_high", 0, kbits, HIGH_KBITS));
        }
    }
}

fn finding(code: &'static str, layer: u8, seen: i64, wanted: i64) -> Finding {
    Finding {
        code,
        layer,
        seen,
        wanted,
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// How much a decoder must know for an H.264 profile: Baseline, Main, High and beyond.
fn rank(profile_level_id: u32) -> u32 {
    match profile_level_id >> 16 {
        66 => 0,
        77 | 88 => 1,
        100 => 2,
        _ => 3,
    }
}

/// Whether there is news: another set of findings, or a number that moved by a half or more.
fn differ(old: &[Finding], new: &[Finding]) -> bool {
    let moved = |(old, new): (&Finding, &Finding)| {
        let name = |finding: &Finding| (finding.code, finding.layer);
        let far = old.seen.abs_diff(new.seen) * 2 > old.seen.unsigned_abs();
        name(old) != name(new) || far
    };
    old.len() != new.len() || old.iter().zip(new).any(moved)
}

#[cfg(test)]
mod tests;
