//! The answer to an offer (RFC 8829, RFC 9725): offer text in, answer text and settled facts out.
//!
//! Pure. All or nothing: an offer with one section that cannot be served is refused as a whole.
//! One transport carries everything (BUNDLE, rtcp-mux), ICE is lite, every codec that both sides
//! know is accepted with the parameters that were offered, with NACK, RTX, PLI, transport-wide
//! feedback and REMB where they were offered. Simulcast is accepted in full.

use super::candidates::Candidates;
use super::certificate::{Certificate, Fingerprint};
use super::format::{Codec, Format, Section};
use super::sdp::{Direction, Kind, Offer, OfferError, OfferedSection};
use super::{IceCredentials, PeerConfig, Role};

mod counter;
mod text;

pub use counter::{Counter, counter_offer};

/// What this side puts into an answer. All randomness comes from the caller.
#[derive(Clone, Debug)]
pub struct LocalFacts<'a> {
    /// Where the peer is reached.
    pub candidates: Candidates<'a>,
    /// The identity of this process.
    pub certificate: &'a Certificate,
    /// ICE user name fragment: 4 to 256 ice-chars, unique among the peers of the shard.
    pub ufrag: &'a str,
    /// ICE password: 22 to 256 ice-chars.
    pub pwd: &'a str,
    /// SSRC for audio that we send or report from.
    pub audio_ssrc: u32,
    /// SSRC for video that we send or report from.
    pub video_ssrc: u32,
    /// SSRC for RFC 4588 retransmissions of video that we send; not 0.
    pub video_rtx_ssrc: u32,
    /// CNAME and media stream id of what we send: token characters.
    pub cname: &'a str,
    /// `o=` session id.
    pub session_id: u64,
    /// Seed for what the peer must make up later.
    pub seed: u64,
}

/// Answers `offer` for `role`.
///
/// # Errors
/// An [`OfferError`] with a stable code when the offer cannot be served; all or nothing.
pub fn answer(
    role: Role,
    offer: &str,
    local: &LocalFacts<'_>,
) -> Result<(String, PeerConfig), OfferError> {
    let offer = Offer::parse(offer)?;
    check_sections(role, &offer)?;
    let config = settle(role, &offer, local)?;
    let setup = if config.dtls_client {
        "active"
    } else {
        "passive"
    };
    let sections = text::Sections {
        role,
        audio: config.audio.as_ref(),
        video: config.video.as_ref(),
    };
    Ok((text::write(&offer, &sections, local, setup), config))
}

/// What a checked offer, and our answer to it, settle.
fn settle(role: Role, offer: &Offer, local: &LocalFacts<'_>) -> Result<PeerConfig, OfferError> {
    let transport = transport(offer)?;
    let mut config = PeerConfig {
        role,
        ice: IceCredentials {
            local_ufrag: local.ufrag.to_owned(),
            local_pwd: local.pwd.to_owned(),
            remote_ufrag: transport.ufrag,
            remote_pwd: transport.pwd,
        },
        dtls_client: transport.dtls_client,
        remote_fingerprint: transport.fingerprint,
        audio: None,
        video: None,
        lanes: false,
        rtcp_rsize: true,
        certificate: local.certificate.clone(),
        seed: local.seed,
    };
    for offered in &offer.sections {
        let mixed = offer.mixed_extensions || offered.mixed_extensions;
        match offered.kind {
            Kind::Audio => config.audio = Some(section(role, offered, local, mixed)),
            Kind::Video => config.video = Some(section(role, offered, local, mixed)),
            Kind::Data => config.lanes = true,
        }
        config.rtcp_rsize &= offered.kind == Kind::Data || offered.rtcp_rsize;
    }
    Ok(config)
}

/// Counts, names, directions, codecs: what every section must satisfy by itself.
fn check_sections(role: Role, offer: &Offer) -> Result<(), OfferError> {
    let sections = &offer.sections;
    for (at, section) in sections.iter().enumerate() {
        if sections[..at]
            .iter()
            .any(|other| other.kind == section.kind)
        {
            return Err(OfferError::TooManySections);
        }
        if section.mid.is_none() || sections[..at].iter().any(|other| other.mid == section.mid) {
            return Err(OfferError::BadMid);
        }
    }
    let media = || sections.iter().filter(|section| section.kind != Kind::Data);
    if media().next().is_none() {
        return Err(OfferError::NoMedia);
    }
    let bundled = |section: &OfferedSection| {
        section
            .mid
            .as_ref()
            .is_some_and(|mid| offer.bundle.contains(mid))
    };
    let alone = sections.len() == 1 && offer.bundle.is_empty();
    if !(alone || sections.iter().all(bundled)) || !media().all(|section| section.rtcp_mux) {
        return Err(OfferError::NoBundle);
    }
    let fits = |section: &OfferedSection| match role {
        Role::Publisher => matches!(section.direction, Direction::SendOnly | Direction::SendRecv),
        Role::Viewer => matches!(section.direction, Direction::RecvOnly | Direction::SendRecv),
    };
    if !media().all(fits) {
        return Err(OfferError::WrongDirection);
    }
    let usable = |section: &OfferedSection| {
        let video = section.kind == Kind::Video;
        section
            .formats
            .iter()
            .any(|offered| offered.format.codec.is_video() == video)
    };
    if !media().all(usable) {
        return Err(OfferError::NoCommonCodec);
    }
    let mut streams: Vec<&String> = media().flat_map(|section| &section.streams).collect();
    streams.sort_unstable();
    streams.dedup();
    if role == Role::Publisher && streams.len() > 1 {
        return Err(OfferError::TooManyStreams);
    }
    Ok(())
}

/// Transport facts of the bundle: those of its first section (RFC 8843 section 7.2).
struct Transport {
    ufrag: String,
    pwd: String,
    fingerprint: Fingerprint,
    dtls_client: bool,
}

fn transport(offer: &Offer) -> Result<Transport, OfferError> {
    let named = offer.bundle.first().and_then(|mid| {
        offer
            .sections
            .iter()
            .find(|section| section.mid.as_ref() == Some(mid))
    });
    let section = named
        .or(offer.sections.first())
        .ok_or(OfferError::NoMedia)?;
    let (ufrag, pwd) = section
        .ufrag
        .clone()
        .zip(section.pwd.clone())
        .ok_or(OfferError::NoIce)?;
    let fingerprint = section.fingerprint.clone()?;
    let dtls_client = match section.setup.as_deref() {
        Some("actpass" | "active") => false,
        Some("passive") => true,
        _ => return Err(OfferError::BadSetup),
    };
    Ok(Transport {
        ufrag,
        pwd,
        fingerprint,
        dtls_client,
    })
}

/// `mixed`: header extensions may have the two-byte form.
fn section(role: Role, offered: &OfferedSection, local: &LocalFacts<'_>, mixed: bool) -> Section {
    let video = offered.kind == Kind::Video;
    let publisher = role == Role::Publisher;
    let accepted = || {
        let formats = offered.formats.iter();
        formats.filter(|offered| offered.format.codec.is_video() == video)
    };
    let formats: Vec<Format> = accepted().map(|offered| offered.format).collect();
    // Long descriptors need the two-byte form; short ones alone are of no use.
    let is_av1 = |format: &Format| matches!(format.codec, Codec::Av1 { .. });
    let described = formats.iter().any(is_av1) && (publisher || mixed);
    // Without the rid extension nothing would tell the layers apart.
    let simulcast = publisher && !offered.layers.is_empty() && offered.rid_ext.is_some();
    let repairs = video && formats.iter().any(|format| format.rtx.is_some());
    let sends_rtx = repairs && !publisher;
    Section {
        mid: offered.mid.clone().unwrap_or_default(),
        mid_ext: offered.mid_ext,
        rid_ext: offered.rid_ext.filter(|_| simulcast),
        repaired_rid_ext: offered.repaired_rid_ext.filter(|_| simulcast && repairs),
        twcc_ext: offered.twcc_ext.filter(|_| accepted().any(|it| it.twcc)),
        dd_ext: offered.dd_ext.filter(|_| described),
        bitrate: offered.bitrate,
        remb: accepted().any(|it| it.remb),
        layers: offered
            .layers
            .iter()
            .filter(|_| simulcast)
            .cloned()
            .collect(),
        remote_ssrc: offered.ssrc.filter(|_| publisher),
        remote_rtx_ssrc: offered.rtx_ssrc.filter(|_| publisher && repairs),
        local_ssrc: if video {
            local.video_ssrc
        } else {
            local.audio_ssrc
        },
        local_rtx_ssrc: if sends_rtx { local.video_rtx_ssrc } else { 0 },
        formats,
        cname: local.cname.to_owned(),
    }
}

#[cfg(test)]
mod tests;
