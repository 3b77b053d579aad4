//! One m-line of an offer as plain facts, session-level defaults applied (RFC 8866 section 5.13).

use rtc_sdp::MediaDescription;
use rtc_sdp::description::common::Attribute;

use super::codec::{OfferedFormat, formats};
use super::{OfferError, is_credential, is_token};
use crate::limits::MAX_LAYERS;
use crate::peer::certificate::{Fingerprint, FingerprintError};

pub(in crate::peer) const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
pub(in crate::peer) const RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
pub(in crate::peer) const REPAIRED_RID_URI: &str =
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
pub(in crate::peer) const TWCC_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
pub(in crate::peer) const DEPENDENCY_URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// What a section carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::peer) enum Kind {
    Audio,
    Video,
    Data,
}

/// `a=sendrecv` and its kin, as the offerer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::peer) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// Facts of one m-line. Missing things are `None`; whether they are needed is the answer's matter.
#[derive(Debug)]
pub(in crate::peer) struct OfferedSection {
    pub(in crate::peer) kind: Kind,
    /// The port is 0: rejected, when it stands in an answer.
    pub(in crate::peer) rejected: bool,
    /// Transport and formats of the m-line as offered.
    pub(in crate::peer) protocol: String,
    pub(in crate::peer) mid: Option<String>,
    pub(in crate::peer) direction: Direction,
    pub(in crate::peer) ufrag: Option<String>,
    pub(in crate::peer) pwd: Option<String>,
    pub(in crate::peer) fingerprint: Result<Fingerprint, OfferError>,
    pub(in crate::peer) setup: Option<String>,
    pub(in crate::peer) rtcp_mux: bool,
    pub(in crate::peer) rtcp_rsize: bool,
    /// `a=extmap-allow-mixed` of the section itself (RFC 8285 section 4.1.2).
    pub(in crate::peer) mixed_extensions: bool,
    pub(in crate::peer) formats: Vec<OfferedFormat>,
    pub(in crate::peer) mid_ext: Option<u8>,
    pub(in crate::peer) rid_ext: Option<u8>,
    pub(in crate::peer) repaired_rid_ext: Option<u8>,
    pub(in crate::peer) twcc_ext: Option<u8>,
    pub(in crate::peer) dd_ext: Option<u8>,
    /// `b=` of the section, in bits a second.
    pub(in crate::peer) bitrate: Option<u64>,
    /// Simulcast layers that the offerer sends, best first; empty without simulcast.
    pub(in crate::peer) layers: Vec<String>,
    pub(in crate::peer) ssrc: Option<u32>,
    pub(in crate::peer) rtx_ssrc: Option<u32>,
    /// Media stream ids of `a=msid`.
    pub(in crate::peer) streams: Vec<String>,
}

impl OfferedSection {
    /// Reads one section.
    pub(super) fn read(
        media: &MediaDescription,
        session: &[Attribute],
    ) -> Result<Self, OfferError> {
        let name = &media.media_name;
        let protocol = name.protos.join("/");
        let kind = match name.media.as_str() {
            "audio" => Kind::Audio,
            "video" => Kind::Video,
            "application" => Kind::Data,
            _ => return Err(OfferError::TooManySections),
        };
        let known = match kind {
            Kind::Data => matches!(protocol.as_str(), "UDP/DTLS/SCTP" | "DTLS/SCTP"),
            _ => matches!(protocol.as_str(), "UDP/TLS/RTP/SAVPF" | "RTP/SAVPF"),
        };
        if !known || (kind == Kind::Data && name.formats != ["webrtc-datachannel"]) {
            return Err(OfferError::Malformed(
                "the transport of a section is unknown",
            ));
        }
        let attributes = Attributes {
            media: &media.attributes,
            session,
        };
        let values = |name: &str| attributes.all(name);
        let group = attributes.all("ssrc-group").into_iter().find_map(fid);
        let ssrc = attributes
            .all("ssrc")
            .into_iter()
            .find_map(|ssrc| number(ssrc.split(' ').next()?));
        Ok(Self {
            kind,
            rejected: name.port.value == 0,
            protocol,
            mid: attributes
                .own("mid")
                .filter(|mid| is_token(mid, 16))
                .map(str::to_owned),
            direction: attributes.direction(),
            ufrag: attributes.credential("ice-ufrag", 4),
            pwd: attributes.credential("ice-pwd", 22),
            fingerprint: attributes.fingerprint(),
            setup: attributes.first("setup").map(str::to_owned),
            rtcp_mux: attributes.has("rtcp-mux"),
            rtcp_rsize: attributes.has("rtcp-rsize"),
            mixed_extensions: attributes.has("extmap-allow-mixed"),
            formats: formats(&name.formats, &values),
            mid_ext: attributes.extension(MID_URI),
            rid_ext: attributes.extension(RID_URI),
            repaired_rid_ext: attributes.extension(REPAIRED_RID_URI),
            twcc_ext: attributes.extension(TWCC_URI),
            dd_ext: attributes.extension(DEPENDENCY_URI),
            bitrate: bitrate(media),
            layers: attributes.layers()?,
            ssrc: group.map(|group| group.0).or(ssrc),
            rtx_ssrc: group.map(|group| group.1),
            streams: attributes.streams(),
        })
    }
}

/// What a section announces: bits a second (TIAS, RFC 3890), or kilobits (AS).
fn bitrate(media: &MediaDescription) -> Option<u64> {
    let of = |name: &str| {
        let mut lines = media.bandwidth.iter();
        let line = lines.find(|line| !line.experimental && line.bandwidth_type == name);
        line.map(|line| line.bandwidth)
    };
    of("TIAS").or_else(|| of("AS").map(|kilobits| kilobits.saturating_mul(1_000)))
}

/// Attributes of a section with those of the session behind them.
struct Attributes<'a> {
    media: &'a [Attribute],
    session: &'a [Attribute],
}

impl<'a> Attributes<'a> {
    fn all(&self, name: &str) -> Vec<&'a str> {
        let named = self.media.iter().filter(|attribute| attribute.key == name);
        named
            .filter_map(|attribute| attribute.value.as_deref())
            .map(str::trim)
            .collect()
    }

    fn own(&self, name: &str) -> Option<&'a str> {
        self.all(name).into_iter().next()
    }

    fn first(&self, name: &str) -> Option<&'a str> {
        let session = Attributes {
            media: self.session,
            session: &[],
        };
        self.own(name).or_else(|| session.own(name))
    }

    fn has(&self, name: &str) -> bool {
        self.media.iter().any(|attribute| attribute.key == name)
    }

    fn direction(&self) -> Direction {
        let named = |attribute: &Attribute| match attribute.key.as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        };
        let found = self.media.iter().chain(self.session).find_map(named);
        found.unwrap_or(Direction::SendRecv)
    }

    fn credential(&self, name: &str, min: usize) -> Option<String> {
        let value = self.first(name)?;
        is_credential(value, min).then(|| value.to_owned())
    }

    /// The first fingerprint that we can check; weak ones beside it do no harm (RFC 8122).
    fn fingerprint(&self) -> Result<Fingerprint, OfferError> {
        let mut values = self.all("fingerprint");
        if values.is_empty() {
            values = Attributes {
                media: self.session,
                session: &[],
            }
            .all("fingerprint");
        }
        let mut error = OfferError::NoFingerprint;
        for value in values {
            match Fingerprint::parse(value) {
                Ok(fingerprint) => return Ok(fingerprint),
                Err(FingerprintError::Weak) => error = OfferError::WeakFingerprint,
                Err(FingerprintError::Malformed) => {
                    return Err(OfferError::Malformed("a fingerprint cannot be read"));
                }
            }
        }
        Err(error)
    }

    /// Id of a header extension, if it fits the one-byte form (RFC 8285).
    fn extension(&self, uri: &str) -> Option<u8> {
        self.all("extmap").into_iter().find_map(|value| {
            let mut fields = value.split_whitespace();
            let id = fields.next()?.split('/').next()?;
            let id = id.parse().ok().filter(|id| (1..=14).contains(id))?;
            (fields.next()? == uri).then_some(id)
        })
    }

    /// The send list of `a=simulcast` (RFC 8853): layers by `;`, of alternatives the first.
    fn layers(&self) -> Result<Vec<String>, OfferError> {
        let Some(value) = self.own("simulcast") else {
            return Ok(Vec::new());
        };
        let mut fields = value.split_whitespace();
        let Some(list) = fields
            .find(|field| *field == "send")
            .and_then(|_| fields.next())
        else {
            return Ok(Vec::new());
        };
        let mut layers = Vec::new();
        for layer in list.split(';') {
            let rid = layer
                .split(',')
                .next()
                .unwrap_or("")
                .trim_start_matches('~');
            if !rid.bytes().all(|byte| byte.is_ascii_alphanumeric()) || !is_token(rid, 16) {
                return Err(OfferError::Malformed("a simulcast layer cannot be read"));
            }
            layers.push(rid.to_owned());
        }
        if layers.len() > MAX_LAYERS {
            Err(OfferError::TooComplex)
        } else {
            Ok(layers)
        }
    }

    fn streams(&self) -> Vec<String> {
        let ids = self
            .all("msid")
            .into_iter()
            .filter_map(|msid| msid.split(' ').next());
        ids.filter(|id| *id != "-").map(str::to_owned).collect()
    }
}

/// The two SSRCs of `FID <media> <rtx>` (RFC 5576).
fn fid(value: &str) -> Option<(u32, u32)> {
    let mut fields = value.split_whitespace();
    (fields.next()? == "FID").then_some(())?;
    Some((number(fields.next()?)?, number(fields.next()?)?))
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}
