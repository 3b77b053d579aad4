#![allow(clippy::disallowed_methods)]

use super::*;
use crate::border::{PeerId, Source, Svc};
use crate::keyframe::Key;

const H264: Codec = Codec::H264 {
    profile_level_id: 0x42_e0_1f,
    packetization_mode: 1,
};
const FRAME: Duration = Duration::from_millis(33);

/// A publisher of video frames that are all alike.
struct Bench {
    lint: Lint,
    now: Instant,
    index: u64,
    told: Vec<Told>,
    /// The latest findings that were told.
    findings: Vec<Finding>,
    times_told: u32,
    /// A keyframe was asked for.
    wanted: bool,
}

/// How the frames of one stretch are made.
#[derive(Clone, Copy)]
struct Style {
    key_every: u64,
    bytes: [usize; 3],
    audio: bool,
    video: bool,
    /// Ticks from frame to frame.
    step: u32,
    shuffled: bool,
    /// Keyframes are made on request.
    answers: bool,
}

const GOOD: Style = Style {
    key_every: 60,
    bytes: [1_000, 0, 0],
    audio: true,
    video: true,
    step: 2_970,
    shuffled: false,
    answers: false,
};

fn section(layers: usize, nack: bool, rtx: bool) -> Section {
    Section {
        mid: "1".into(),
        formats: vec![Format {
            pt: 96,
            codec: H264,
            nack,
            pli: true,
            rtx: rtx.then_some(97),
        }],
        mid_ext: None,
        rid_ext: None,
        repaired_rid_ext: None,
        twcc_ext: None,
        dd_ext: None,
        bitrate: None,
        remb: false,
        layers: (0..layers).map(|layer| layer.to_string()).collect(),
        remote_ssrc: None,
        remote_rtx_ssrc: None,
        local_ssrc: 1,
        local_rtx_ssrc: 0,
        cname: "c".into(),
    }
}

impl Bench {
    fn new(section: Option<&Section>) -> Self {
        let now = Instant::now();
        Self {
            lint: Lint::new(now, true, section),
            now,
            index: 1 << 32,
            told: vec![Told::default(); 3],
            findings: Vec::new(),
            times_told: 0,
            wanted: false,
        }
    }

    fn packet(&mut self, kind: Kind, layer: u8, key: Key, timestamp: u32, bytes: usize) {
        let payload = vec![0; bytes];
        let source = Source {
            publisher: PeerId(1),
            generation: 1,
            layer,
        };
        let packet = Packet {
            source,
            codec: if kind == Kind::Video {
                H264
            } else {
                Codec::Opus
            },
            index: self.index,
            timestamp,
            marker: true,
            key,
            svc: Svc::default(),
            descriptor: &[],
            payload: &payload,
        };
        self.lint.packet(self.now, kind, &packet);
    }

    fn run(&mut self, seconds: u64, style: Style) {
        let end = self.now + Duration::from_secs(seconds);
        while self.now < end {
            self.now += FRAME;
            self.index += 1;
            let number = self.index - (1 << 32);
            let order = if style.shuffled { number ^ 1 } else { number };
            let timestamp = (order as u32).wrapping_mul(style.step);
            let asked = std::mem::take(&mut self.wanted) && style.answers;
            let key = if asked || number.is_multiple_of(style.key_every) {
                Key::Start
            } else {
                Key::No
            };
            if style.audio {
                self.packet(Kind::Audio, 0, Key::No, timestamp, 100);
            }
            for (layer, bytes) in style.bytes.into_iter().enumerate() {
                if style.video && bytes > 0 {
                    self.packet(Kind::Video, layer as u8, key, timestamp, bytes);
                }
            }
            if self.lint.is_due(self.now) && self.lint.untried(self.now) != 0 {
                self.lint.asked(self.now, 0);
                self.wanted = true;
            }
            if let Some(findings) = self.lint.look(self.now, self.told.iter().copied()) {
                self.findings = findings;
                self.times_told += 1;
            }
        }
    }

    fn codes(&self) -> Vec<(&'static str, u8)> {
        self.findings.iter().map(|f| (f.code, f.layer)).collect()
    }
}

#[test]
fn a_good_publisher_hears_nothing() {
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(120, GOOD);
    assert_eq!(bench.times_told, 0, "{:?}", bench.findings);
}

#[test]
fn o3_long_keyframe_intervals_are_told_once_and_taken_back() {
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(
        40,
        Style {
            key_every: 250,
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("keyframe_interval_long", 0)]);
    let finding = bench.findings[0];
    assert!((4_000..=8_300).contains(&finding.seen), "{finding:?}");
    assert_eq!(finding.wanted, 2_000);
    let told = bench.times_told;
    assert!(told <= 4, "not every two seconds: {told}");
    bench.run(30, GOOD);
    assert_eq!(bench.codes(), []);
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(
        12,
        Style {
            key_every: 100_000,
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("no_keyframes", 0)]);
}

#[test]
fn a_browser_that_makes_keyframes_on_request_is_told_nothing() {
    let mut bench = Bench::new(Some(&section(0, true, true)));
    let style = Style {
        key_every: 100_000,
        answers: true,
        ..GOOD
    };
    bench.packet(Kind::Video, 0, Key::Start, 0, 1_000);
    bench.run(60, style);
    assert_eq!(bench.times_told, 0, "{:?}", bench.findings);
    bench.run(
        20,
        Style {
            answers: false,
            ..style
        },
    );
    assert_eq!(bench.times_told, 0, "it was not asked again");
    bench.lint.asked(bench.now, 0);
    bench.run(
        4,
        Style {
            answers: false,
            ..style
        },
    );
    assert_eq!(bench.codes(), [("keyframe_interval_long", 0)]);
}

#[test]
fn o12_b_frames_are_told_by_slices_or_timestamps() {
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(
        8,
        Style {
            shuffled: true,
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("b_frames", 0)]);
    // Timestamps of OBS are decoding times and never go back.
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(4, GOOD);
    bench.told[0].b_slices = 40;
    bench.run(4, GOOD);
    assert_eq!(bench.codes(), [("b_frames", 0)]);
    assert_eq!(bench.findings[0].seen, 40);
    bench.run(12, GOOD);
    assert_eq!(bench.codes(), []);
}

#[test]
fn o11_a_profile_beyond_the_announced_one_is_told() {
    let sps = |profile| {
        Some(Sps {
            profile,
            width: 1280,
            height: 720,
            reorder: Some(0),
        })
    };
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.told[0].sps = sps(0x64_00_1f);
    bench.run(8, GOOD);
    assert_eq!(bench.codes(), [("profile_mismatch", 0)]);
    assert_eq!(bench.findings[0].seen, 0x64_00_1f);
    assert_eq!(bench.findings[0].wanted, 0x42_e0_1f);
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.told[0].sps = sps(0x42_c0_28);
    bench.run(8, GOOD);
    assert_eq!(bench.codes(), []);
}

#[test]
fn silent_tracks_and_layers_are_told() {
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(
        8,
        Style {
            audio: false,
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("audio_missing", 0)]);
    assert!(bench.findings[0].seen >= 5_000);
    bench.run(8, GOOD);
    assert_eq!(bench.codes(), []);
    bench.run(
        8,
        Style {
            video: false,
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("video_missing", 0)]);
    let mut bench = Bench::new(None);
    bench.run(
        8,
        Style {
            video: false,
            ..GOOD
        },
    );
    assert_eq!(bench.findings[0], finding("video_missing", 0, -1, 0));

    let mut bench = Bench::new(Some(&section(3, true, true)));
    bench.run(
        14,
        Style {
            bytes: [1_000, 600, 0],
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("layer_missing", 2)]);
    assert_eq!((bench.findings[0].seen, bench.findings[0].wanted), (2, 3));
    bench.run(
        14,
        Style {
            bytes: [1_000, 950, 300],
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("layer_ladder", 1)]);
    bench.run(
        14,
        Style {
            bytes: [1_000, 660, 330],
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [], "the ladder of OBS");
}

#[test]
fn loss_and_what_cannot_be_repaired_are_told() {
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(10, GOOD);
    for _ in 0..5 {
        bench.told[0].requested += 5;
        bench.run(2, GOOD);
    }
    assert_eq!(bench.codes(), [("packet_loss", 0)]);
    assert!(bench.findings[0].seen > 20);
    let mut bench = Bench::new(Some(&section(0, true, false)));
    bench.run(10, GOOD);
    bench.told[0].lost += 20;
    bench.run(4, GOOD);
    assert_eq!(bench.codes(), [("rtx_missing", 0)]);
    let mut bench = Bench::new(Some(&section(0, false, false)));
    bench.run(8, GOOD);
    assert_eq!(bench.codes(), [("rtx_missing", 0)]);
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(
        14,
        Style {
            bytes: [60_000, 0, 0],
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("bitrate_high", 0)]);
}

#[test]
fn clock_drift_is_told_and_jitter_is_not() {
    // 0.5 percent too fast.
    let mut bench = Bench::new(Some(&section(0, true, true)));
    bench.run(
        60,
        Style {
            step: 2_985,
            ..GOOD
        },
    );
    assert_eq!(bench.codes(), [("clock_drift", 0)]);
    let seen = bench.findings[0].seen;
    assert!((4_000..=6_000).contains(&seen), "{seen}");
    let mut bench = Bench::new(Some(&section(0, true, true)));
    for at in 0..40 {
        bench.run(2, GOOD);
        // A network that delays everything by 99 ms for two seconds out of four.
        match at % 2 {
            0 => bench.now += 3 * FRAME,
            _ => bench.index += 3,
        }
    }
    assert_eq!(bench.codes(), []);
}
