//! What a client is like: what it offers, how it answers, how it sends.
//!
//! Plain data. [`ClientConfig::new`] is modest (no RTX, no TWCC, nothing automatic), so that a
//! test turns on what it is about; [`ClientConfig::browser`] has all that a browser does.

use std::time::Duration;

use crate::peer::{Certificate, Codec, Profile, Role};

/// DTLS role that the offer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The answerer chooses (browsers, OBS).
    ActPass,
    /// The client starts the handshake.
    Active,
    /// The server starts the handshake (FFmpeg).
    Passive,
}

/// What a viewer reports on its own, once media keys are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Transport-wide arrival times this often, when they were negotiated.
    pub twcc: Option<Duration>,
    /// Receiver reports this often.
    pub reports: Option<Duration>,
    /// Whether missing packets are asked for, and a key frame when that was in vain. Light clients
    /// never ask: they could not read what comes.
    pub nacks: bool,
    /// How long a gap may be reordering before it is asked for.
    pub patience: Duration,
}

impl Default for Feedback {
    /// As browsers: TWCC ten times a second, a report every second, NACKs.
    fn default() -> Self {
        Self {
            twcc: Some(Duration::from_millis(100)),
            reports: Some(Duration::from_secs(1)),
            nacks: true,
            patience: Duration::from_millis(10),
        }
    }
}

/// How a publisher answers NACKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Not at all.
    None,
    /// RFC 4588 where it was negotiated, else the same packet again, by SSRC.
    BySsrc,
    /// As libdatachannel in OBS: one store for all layers, keyed by sequence number alone, the
    /// first stored wins; only compounds that name the first video SSRC get that far; the same
    /// packet is sent again.
    BySequence,
}

/// What a publisher does on its own, for media that is sent by `Client::send_media`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// How NACKs are answered.
    pub repair: Repair,
    /// Sender reports this often for each SSRC; `None`: never.
    pub reports: Option<Duration>,
}

/// What a client is like.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Publisher (WHIP, `sendonly`) or viewer (WHEP, `recvonly`).
    pub role: Role,
    /// DTLS role of the offer.
    pub setup: Setup,
    /// SRTP profiles in the order in which they are offered.
    pub profiles: Vec<Profile>,
    /// Whether Opus is offered (payload type 111).
    pub audio: bool,
    /// Video codecs in the order of the offer (payload types from 96 on); none: no video section.
    pub video: Vec<Codec>,
    /// Whether every video codec is offered with RFC 4588 retransmission.
    pub rtx: bool,
    /// Whether transport-wide congestion control is offered.
    pub twcc: bool,
    /// Whether `goog-remb` is offered.
    pub remb: bool,
    /// Publishers: simulcast layers by rid, in the order of the offer; none: no simulcast. Video
    /// is not announced by SSRC then.
    pub rids: Vec<String>,
    /// Whether a data section is offered.
    pub lanes: bool,
    /// Viewers only: count packets by their clear header, do not decrypt media.
    pub light: bool,
    /// Viewers: what is reported automatically; `None`: the owner does it.
    pub feedback: Option<Feedback>,
    /// Publishers: what is sent automatically.
    pub sending: Sending,
    /// SSRC that a publisher sends audio with.
    pub audio_ssrc: u32,
    /// SSRC that a publisher sends video with; layer `i` has `video_ssrc + i`.
    pub video_ssrc: u32,
    /// The identity of this client; may be shared by many.
    pub certificate: Certificate,
    /// Whether the certificate is withheld in the handshake.
    pub anonymous: bool,
    /// Seed of ICE credentials, transaction ids and the tie breaker.
    pub seed: u64,
}

impl ClientConfig {
    /// A client that offers what a browser does at least: `actpass`, all profiles with SHA-1
    /// first, H.264, VP8 and VP9, Opus; lanes for viewers. Nothing is reported or repaired.
    pub fn new(role: Role, certificate: Certificate, seed: u64) -> Self {
        Self {
            role,
            setup: Setup::ActPass,
            profiles: vec![Profile::Sha1, Profile::Gcm256, Profile::Gcm128],
            audio: true,
            video: vec![
                Codec::H264 {
                    profile_level_id: 0x42_e0_1f,
                    packetization_mode: 1,
                },
                Codec::Vp8,
                Codec::Vp9 { profile: 0 },
            ],
            rtx: false,
            twcc: false,
            remb: false,
            rids: Vec::new(),
            lanes: role == Role::Viewer,
            light: false,
            feedback: None,
            sending: Sending {
                repair: Repair::None,
                reports: None,
            },
            audio_ssrc: (seed as u32) | 1,
            video_ssrc: (seed as u32 | 1).wrapping_add(2),
            certificate,
            anonymous: false,
            seed,
        }
    }

    /// A client that does what a browser does: RTX, TWCC, reports, NACKs and their answers.
    pub fn browser(role: Role, certificate: Certificate, seed: u64) -> Self {
        Self {
            rtx: true,
            twcc: true,
            remb: true,
            feedback: (role == Role::Viewer).then(Feedback::default),
            sending: Sending {
                repair: Repair::BySsrc,
                reports: Some(Duration::from_secs(1)),
            },
            ..Self::new(role, certificate, seed)
        }
    }

    /// SSRC of retransmissions of simulcast layer `layer`.
    pub(super) fn rtx_ssrc(&self, layer: u8) -> u32 {
        self.video_ssrc.wrapping_add(0x100 + u32::from(layer))
    }
}
