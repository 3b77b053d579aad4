//! The counter-offer of a WHEP server (draft-ietf-wish-whep-03 section 4.2) and the player's answer.
//!
//! When a player's offer cannot be satisfied, the server offers what it has: as DTLS `actpass`,
//! with the codecs of the source and nothing else. The answer is held to the rules of an offer,
//! and to what was offered. Pure: whoever keeps the [`Counter`] lets it run out.

use super::text::Sections;
use super::{LocalFacts, check_sections, section, settle, text};
use crate::peer::certificate::Certificate;
use crate::peer::format::{Codec, Format};
use crate::peer::sdp::{Direction, Kind, Offer, OfferError, OfferedFormat, OfferedSection};
use crate::peer::{Candidates, PeerConfig, Role};

const AUDIO_PT: u8 = 111;
const FIRST_VIDEO_PT: u8 = 96;
/// Room for pairs of format and RTX from 96 to 110.
const MAX_VIDEO: usize = 7;
const MID_EXT: u8 = 1;
const TWCC_EXT: u8 = 2;
const DEPENDENCY_EXT: u8 = 3;
const FIT: OfferError = OfferError::Malformed("the answer does not fit the counter-offer");

/// A counter-offer that waits for its answer.
pub struct Counter {
    text: String,
    wish: Offer,
    facts: Facts,
}

/// Our side, kept until the answer comes.
struct Facts {
    certificate: Certificate,
    ufrag: String,
    pwd: String,
    audio_ssrc: u32,
    video_ssrc: u32,
    video_rtx_ssrc: u32,
    cname: String,
    session_id: u64,
    seed: u64,
}

/// Offers a player the `codecs` of the source, and a data section when `lanes`. The payload types
/// are ours; of video codecs the first seven are offered.
pub fn counter_offer(local: &LocalFacts<'_>, codecs: &[Codec], lanes: bool) -> Counter {
    let wish = wish(codecs, lanes);
    let settled = |kind| {
        let offered = wish.sections.iter().find(|offered| offered.kind == kind)?;
        Some(section(Role::Viewer, offered, local, wish.mixed_extensions))
    };
    let (audio, video) = (settled(Kind::Audio), settled(Kind::Video));
    let sections = Sections {
        role: Role::Viewer,
        audio: audio.as_ref(),
        video: video.as_ref(),
    };
    Counter {
        text: text::write(&wish, &sections, local, "actpass"),
        facts: Facts {
            certificate: local.certificate.clone(),
            ufrag: local.ufrag.to_owned(),
            pwd: local.pwd.to_owned(),
            audio_ssrc: local.audio_ssrc,
            video_ssrc: local.video_ssrc,
            video_rtx_ssrc: local.video_rtx_ssrc,
            cname: local.cname.to_owned(),
            session_id: local.session_id,
            seed: local.seed,
        },
        wish,
    }
}

impl Counter {
    /// The SDP offer.
    pub fn offer(&self) -> &str {
        &self.text
    }

    /// What the player's answer settles.
    ///
    /// # Errors
    /// An [`OfferError`] as for offers: all or nothing, only a data section may be rejected.
    pub fn accept(&self, answer: &str) -> Result<PeerConfig, OfferError> {
        let mut given = Offer::parse(answer)?;
        if given.sections.len() != self.wish.sections.len() {
            return Err(FIT);
        }
        for (given, wished) in given.sections.iter_mut().zip(&self.wish.sections) {
            if given.kind != wished.kind || given.mid != wished.mid {
                return Err(FIT);
            }
            if given.kind != Kind::Data && given.rejected {
                return Err(OfferError::NoCommonCodec);
            }
            restrict(given, wished);
        }
        given.sections.retain(|given| !given.rejected);
        check_sections(Role::Viewer, &given)?;
        let chosen = |given: &OfferedSection| given.setup.as_deref() != Some("actpass");
        if !given.sections.iter().all(chosen) {
            return Err(OfferError::BadSetup);
        }
        let facts = &self.facts;
        let local = LocalFacts {
            candidates: Candidates::default(),
            certificate: &facts.certificate,
            ufrag: &facts.ufrag,
            pwd: &facts.pwd,
            audio_ssrc: facts.audio_ssrc,
            video_ssrc: facts.video_ssrc,
            video_rtx_ssrc: facts.video_rtx_ssrc,
            cname: &facts.cname,
            session_id: facts.session_id,
            seed: facts.seed,
        };
        settle(Role::Viewer, &given, &local)
    }
}

/// Takes out of an answer what was not offered (RFC 3264 section 6.1).
fn restrict(given: &mut OfferedSection, wished: &OfferedSection) {
    given.formats.retain(|format| {
        let offered = wished.formats.iter().map(|offered| offered.format);
        let mut same = offered.filter(|offered| offered.pt == format.format.pt);
        same.any(|offered| offered.codec.same(&format.format.codec))
    });
    for (given, wished) in [
        (&mut given.mid_ext, wished.mid_ext),
        (&mut given.twcc_ext, wished.twcc_ext),
        (&mut given.dd_ext, wished.dd_ext),
    ] {
        *given = given.filter(|id| Some(*id) == wished);
    }
    given.rtcp_rsize &= wished.rtcp_rsize;
}

/// The offer of a player that wants exactly this.
fn wish(codecs: &[Codec], lanes: bool) -> Offer {
    let audio = codecs.iter().filter(|codec| !codec.is_video()).take(1);
    let audio = audio.map(|codec| format(AUDIO_PT, *codec)).collect();
    let video = codecs.iter().filter(|codec| codec.is_video());
    let numbers = (FIRST_VIDEO_PT..).step_by(2);
    let video = numbers.zip(video.take(MAX_VIDEO));
    let video = video.map(|(pt, codec)| format(pt, *codec)).collect();
    let media = [(Kind::Audio, audio), (Kind::Video, video)];
    let media = media
        .into_iter()
        .filter(|(_, formats): &(_, Vec<_>)| !formats.is_empty());
    let data = lanes.then(|| (Kind::Data, Vec::new()));
    let sections: Vec<OfferedSection> = media
        .chain(data)
        .enumerate()
        .map(|(mid, (kind, formats))| wished(mid.to_string(), kind, formats))
        .collect();
    let mids = sections.iter().filter_map(|wished| wished.mid.clone());
    Offer {
        bundle: mids.collect(),
        mixed_extensions: codecs
            .iter()
            .any(|codec| matches!(codec, Codec::Av1 { .. })),
        sections,
    }
}

fn wished(mid: String, kind: Kind, formats: Vec<OfferedFormat>) -> OfferedSection {
    let media = kind != Kind::Data;
    let is_av1 = |offered: &OfferedFormat| matches!(offered.format.codec, Codec::Av1 { .. });
    OfferedSection {
        kind,
        rejected: false,
        protocol: if media {
            "UDP/TLS/RTP/SAVPF".to_owned()
        } else {
            "UDP/DTLS/SCTP".to_owned()
        },
        mid: Some(mid),
        direction: Direction::RecvOnly,
        ufrag: None,
        pwd: None,
        fingerprint: Err(OfferError::NoFingerprint),
        setup: None,
        rtcp_mux: media,
        rtcp_rsize: media,
        mixed_extensions: false,
        mid_ext: media.then_some(MID_EXT),
        rid_ext: None,
        repaired_rid_ext: None,
        twcc_ext: media.then_some(TWCC_EXT),
        dd_ext: formats.iter().any(is_av1).then_some(DEPENDENCY_EXT),
        bitrate: None,
        formats,
        layers: Vec::new(),
        ssrc: None,
        rtx_ssrc: None,
        streams: Vec::new(),
    }
}

fn format(pt: u8, codec: Codec) -> OfferedFormat {
    let video = codec.is_video();
    OfferedFormat {
        format: Format {
            pt,
            codec,
            nack: video,
            pli: video,
            rtx: video.then_some(pt + 1),
        },
        rtpmap: match codec {
            Codec::Opus => "opus/48000/2".to_owned(),
            _ => format!("{}/90000", codec.name()),
        },
        fmtp: match codec {
            Codec::H264 {
                profile_level_id,
                packetization_mode,
            } => Some(format!(
                "level-asymmetry-allowed=1;packetization-mode={packetization_mode};\
                 profile-level-id={profile_level_id:06x}"
            )),
            Codec::H265 {
                profile_id,
                tier,
                level_id,
            } => Some(format!(
                "level-id={level_id};profile-id={profile_id};tier-flag={tier};tx-mode=SRST"
            )),
            Codec::Vp9 { profile } => Some(format!("profile-id={profile}")),
            Codec::Av1 { profile } => Some(format!("profile={profile}")),
            Codec::Opus => Some("minptime=10;useinbandfec=1".to_owned()),
            Codec::Vp8 => None,
        },
        twcc: true,
        remb: video,
    }
}
