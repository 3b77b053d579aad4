//! Reading of offers (RFC 8829, RFC 8866): limits first, then `rtc-sdp`, then plain facts.
//!
//! Nothing of an offer is believed to be harmless: sizes are checked before anything is parsed,
//! control characters are refused, and only values made of token characters are kept for use in an
//! answer. Candidates are counted and thrown away. It decides nothing about what we accept.

use super::limits::{MAX_CANDIDATES, MAX_SDP, MAX_SDP_LINE, MAX_SDP_LINES, MAX_SECTIONS};

mod codec;
mod section;

pub(super) use codec::{OfferedFormat, parameter};
pub(super) use section::{
    DEPENDENCY_URI, Direction, Kind, MID_URI, OfferedSection, REPAIRED_RID_URI, RID_URI, TWCC_URI,
};

/// Why an offer, answer or sdpfrag was refused. Texts are one line for the person at the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not SDP, or SDP that breaks its own rules (400).
    #[error("the SDP is malformed: {0}")]
    Malformed(&'static str),
    /// Longer than `MAX_SDP` (413).
    #[error("the SDP is too large")]
    TooLarge,
    /// A line, the number of lines, candidates or payload types is over its limit (422).
    #[error("the SDP has too many or too long lines")]
    TooComplex,
    /// More than one audio, video or data section, or a section of another kind (422).
    #[error("the offer may hold one audio, one video and one data section")]
    TooManySections,
    /// No audio or video section at all (422).
    #[error("the offer has no audio or video section")]
    NoMedia,
    /// A publisher that does not send, or a viewer that does not receive (422).
    #[error("the direction of the offer does not fit: a publisher sends, a viewer receives")]
    WrongDirection,
    /// No user name fragment or password, or one of a wrong length (422).
    #[error("the offer has no usable ICE user name and password")]
    NoIce,
    /// No DTLS fingerprint (422).
    #[error("the offer has no DTLS fingerprint")]
    NoFingerprint,
    /// A fingerprint by md5, sha-1 or an unknown hash (422).
    #[error("the fingerprint of the offer uses a weak hash; sha-256 or stronger is needed")]
    WeakFingerprint,
    /// `a=setup` is missing or unknown (422).
    #[error("the offer has no usable a=setup")]
    BadSetup,
    /// A section without `a=mid`, or two with the same (422).
    #[error("every section needs its own a=mid")]
    BadMid,
    /// Sections that are not bundled, or RTP without rtcp-mux (422).
    #[error("BUNDLE and rtcp-mux are needed")]
    NoBundle,
    /// A section whose payload types are all unknown here (422).
    #[error("no codec of the offer is supported: H264, H265, VP8, VP9, AV1 or Opus is needed")]
    NoCommonCodec,
    /// Several media streams in one offer (422).
    #[error("the offer holds more than one media stream")]
    TooManyStreams,
}

impl OfferError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            OfferError::Malformed(_) => "malformed",
            OfferError::TooLarge => "too_large",
            OfferError::TooComplex => "too_complex",
            OfferError::TooManySections => "too_many_sections",
            OfferError::NoMedia => "no_media",
            OfferError::WrongDirection => "wrong_direction",
            OfferError::NoIce => "no_ice",
            OfferError::NoFingerprint => "no_fingerprint",
            OfferError::WeakFingerprint => "weak_fingerprint",
            OfferError::BadSetup => "bad_setup",
            OfferError::BadMid => "bad_mid",
            OfferError::NoBundle => "no_bundle",
            OfferError::NoCommonCodec => "no_common_codec",
            OfferError::TooManyStreams => "too_many_streams",
        }
    }
}

/// An offer as plain facts.
pub(super) struct Offer {
    pub(super) sections: Vec<OfferedSection>,
    /// Mids of the first BUNDLE group.
    pub(super) bundle: Vec<String>,
    /// `a=extmap-allow-mixed` of the session: header extensions may have the two-byte form.
    pub(super) mixed_extensions: bool,
}

impl Offer {
    /// Reads an offer.
    pub(super) fn parse(text: &str) -> Result<Self, OfferError> {
        check_text(text)?;
        if !text.starts_with("v=0") {
            return Err(OfferError::Malformed("it does not begin with v=0"));
        }
        if text.lines().filter(|line| line.starts_with("m=")).count() > MAX_SECTIONS {
            return Err(OfferError::TooManySections);
        }
        let mut reader = std::io::Cursor::new(text.as_bytes());
        let session = rtc_sdp::SessionDescription::unmarshal(&mut reader)
            .map_err(|_| OfferError::Malformed("a line cannot be read"))?;
        let group = session.attributes.iter().find_map(|attribute| {
            let value = attribute
                .value
                .as_deref()
                .filter(|_| attribute.key == "group")?;
            value.trim().strip_prefix("BUNDLE")
        });
        let bundle = group
            .unwrap_or("")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let sections = session
            .media_descriptions
            .iter()
            .map(|media| OfferedSection::read(media, &session.attributes))
            .collect::<Result<_, _>>()?;
        let mut names = session.attributes.iter().map(|attribute| &attribute.key);
        let mixed_extensions = names.any(|name| name == "extmap-allow-mixed");
        Ok(Self {
            sections,
            bundle,
            mixed_extensions,
        })
    }
}

/// Limits that hold for every text of a client, before anything is parsed or stored.
pub(super) fn check_text(text: &str) -> Result<(), OfferError> {
    if text.len() > MAX_SDP {
        return Err(OfferError::TooLarge);
    }
    if text.trim().is_empty() {
        return Err(OfferError::Malformed("it is empty"));
    }
    let (mut lines, mut candidates) = (0, 0);
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.chars().any(char::is_control) {
            return Err(OfferError::Malformed("it holds control characters"));
        }
        lines += 1;
        candidates += usize::from(line.starts_with("a=candidate:"));
        if line.len() > MAX_SDP_LINE || lines > MAX_SDP_LINES || candidates > MAX_CANDIDATES {
            return Err(OfferError::TooComplex);
        }
    }
    Ok(())
}

/// Whether a value may stand in an answer as it is: visible ASCII and single blanks only.
pub(super) fn is_plain(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Whether this can be an ICE user name fragment or password of at least `min` characters (RFC
/// 8839 section 5.4). The colon is excluded: it parts the two halves of a user name.
pub(super) fn is_credential(value: &str, min: usize) -> bool {
    let fits = (min..=256).contains(&value.len());
    fits && value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b':')
}

/// Whether this is a token of letters, digits and a few signs, of at most `max` characters.
pub(super) fn is_token(value: &str, max: usize) -> bool {
    let sign = |byte: &u8| b"-_.+~!#$%&'*^`|/".contains(byte);
    !value.is_empty()
        && value.len() <= max
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || sign(&byte))
}
