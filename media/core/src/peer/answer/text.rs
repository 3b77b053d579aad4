//! Writing the answer. Only checked values and our own facts get into it.

use std::fmt::Write as _;

use super::LocalFacts;
use crate::peer::Role;
use crate::peer::format::{Codec, Section};
use crate::peer::limits::MAX_LANE_MESSAGE;
use crate::peer::sdp::{
    DEPENDENCY_URI, Kind, MID_URI, Offer, OfferedFormat, OfferedSection, REPAIRED_RID_URI, RID_URI,
    TWCC_URI, parameter,
};

/// What was settled about the media sections.
pub(super) struct Sections<'a> {
    pub(super) role: Role,
    pub(super) audio: Option<&'a Section>,
    pub(super) video: Option<&'a Section>,
}

/// The answer to `offer`, with CRLF line ends. With `setup` as `actpass` it is an offer to
/// somebody who wants just what `offer` says.
pub(super) fn write(
    offer: &Offer,
    settled: &Sections<'_>,
    local: &LocalFacts<'_>,
    setup: &str,
) -> String {
    let mut sdp = Text(String::with_capacity(2048));
    sdp.line(format_args!("v=0"));
    sdp.line(format_args!(
        "o=- {} 1 IN IP4 127.0.0.1",
        local.session_id >> 1
    ));
    sdp.line(format_args!("s=-"));
    sdp.line(format_args!("t=0 0"));
    sdp.line(format_args!("a=ice-lite"));
    if !offer.bundle.is_empty() {
        let mids: Vec<&str> = offer
            .sections
            .iter()
            .filter_map(|it| it.mid.as_deref())
            .collect();
        sdp.line(format_args!("a=group:BUNDLE {}", mids.join(" ")));
    }
    if offer.mixed_extensions {
        sdp.line(format_args!("a=extmap-allow-mixed"));
    }
    if settled.role == Role::Viewer {
        sdp.line(format_args!("a=msid-semantic:WMS {}", local.cname));
    }
    let transport = transport(local, setup);
    for offered in &offer.sections {
        let section = match offered.kind {
            Kind::Audio => settled.audio,
            Kind::Video => settled.video,
            Kind::Data => None,
        };
        match section {
            Some(section) => media(&mut sdp, offered, section, settled.role, &transport),
            None => data(&mut sdp, offered, &transport),
        }
    }
    sdp.0
}

fn media(sdp: &mut Text, offered: &OfferedSection, section: &Section, role: Role, transport: &str) {
    let kind = if offered.kind == Kind::Audio {
        "audio"
    } else {
        "video"
    };
    let formats = section.formats.iter();
    let pts: Vec<String> = formats
        .flat_map(|format| [Some(format.pt), format.rtx])
        .flatten()
        .map(|pt| pt.to_string())
        .collect();
    sdp.line(format_args!(
        "m={kind} 9 {} {}",
        offered.protocol,
        pts.join(" ")
    ));
    within(sdp, &section.mid, transport);
    let viewer = role == Role::Viewer;
    sdp.line(format_args!(
        "a={}",
        if viewer { "sendonly" } else { "recvonly" }
    ));
    sdp.line(format_args!("a=rtcp-mux"));
    if offered.rtcp_rsize {
        sdp.line(format_args!("a=rtcp-rsize"));
    }
    if offered.mixed_extensions {
        sdp.line(format_args!("a=extmap-allow-mixed"));
    }
    let extensions = [
        (section.mid_ext, MID_URI),
        (section.rid_ext, RID_URI),
        (section.repaired_rid_ext, REPAIRED_RID_URI),
        (section.twcc_ext, TWCC_URI),
        (section.dd_ext, DEPENDENCY_URI),
    ];
    for (id, uri) in extensions {
        if let Some(id) = id {
            sdp.line(format_args!("a=extmap:{id} {uri}"));
        }
    }
    self::formats(sdp, offered, section, role);
    for layer in &section.layers {
        sdp.line(format_args!("a=rid:{layer} recv"));
    }
    if !section.layers.is_empty() {
        let layers = section.layers.join(";");
        sdp.line(format_args!("a=simulcast:recv {layers}"));
    }
    if viewer {
        streams(sdp, kind, section);
    }
}

/// What we send: one SSRC, and one for its retransmissions where they were agreed.
fn streams(sdp: &mut Text, kind: &str, section: &Section) {
    let (main, rtx, cname) = (section.local_ssrc, section.local_rtx_ssrc, &section.cname);
    sdp.line(format_args!("a=msid:{cname} {kind}"));
    if rtx != 0 {
        sdp.line(format_args!("a=ssrc-group:FID {main} {rtx}"));
    }
    for ssrc in [main, rtx].into_iter().filter(|ssrc| *ssrc != 0) {
        sdp.line(format_args!("a=ssrc:{ssrc} cname:{cname}"));
        sdp.line(format_args!("a=ssrc:{ssrc} msid:{cname} {kind}"));
    }
}

fn formats(sdp: &mut Text, offered: &OfferedSection, section: &Section, role: Role) {
    let accepted = offered
        .formats
        .iter()
        .filter(|it| section.formats.contains(&it.format));
    for offered in accepted {
        let format = offered.format;
        sdp.line(format_args!("a=rtpmap:{} {}", format.pt, offered.rtpmap));
        let fmtp = fmtp(offered, role);
        if let Some(fmtp) = fmtp {
            sdp.line(format_args!("a=fmtp:{} {fmtp}", format.pt));
        }
        if format.nack {
            sdp.line(format_args!("a=rtcp-fb:{} nack", format.pt));
        }
        if format.pli {
            sdp.line(format_args!("a=rtcp-fb:{} nack pli", format.pt));
        }
        if offered.twcc && section.twcc_ext.is_some() {
            sdp.line(format_args!("a=rtcp-fb:{} transport-cc", format.pt));
        }
        if offered.remb {
            sdp.line(format_args!("a=rtcp-fb:{} goog-remb", format.pt));
        }
        if let Some(rtx) = format.rtx {
            sdp.line(format_args!("a=rtpmap:{rtx} rtx/90000"));
            sdp.line(format_args!("a=fmtp:{rtx} apt={}", format.pt));
        }
    }
}

/// The parameters as they were offered. What we send may be stereo, and browsers mix it down when
/// nobody says so.
fn fmtp(offered: &OfferedFormat, role: Role) -> Option<String> {
    let mut fmtp = offered.fmtp.clone();
    if offered.format.codec == Codec::Opus && role == Role::Viewer {
        let fmtp = fmtp.get_or_insert_default();
        for name in ["stereo", "sprop-stereo"] {
            if parameter(fmtp, name).is_none() {
                let separator = if fmtp.is_empty() { "" } else { ";" };
                // Writing to a String cannot fail.
                let _ = write!(fmtp, "{separator}{name}=1");
            }
        }
    }
    fmtp
}

fn data(sdp: &mut Text, offered: &OfferedSection, transport: &str) {
    sdp.line(format_args!(
        "m=application 9 {} webrtc-datachannel",
        offered.protocol
    ));
    within(sdp, offered.mid.as_deref().unwrap_or(""), transport);
    sdp.line(format_args!("a=sctp-port:5000"));
    sdp.line(format_args!("a=max-message-size:{MAX_LANE_MESSAGE}"));
}

fn within(sdp: &mut Text, mid: &str, transport: &str) {
    sdp.line(format_args!("c=IN IP4 0.0.0.0"));
    sdp.line(format_args!("a=mid:{mid}"));
    sdp.0.push_str(transport);
}

/// The lines that are the same in every section.
fn transport(local: &LocalFacts<'_>, setup: &str) -> String {
    let mut sdp = Text(String::with_capacity(512));
    sdp.line(format_args!("a=ice-ufrag:{}", local.ufrag));
    sdp.line(format_args!("a=ice-pwd:{}", local.pwd));
    let fingerprint = local.certificate.fingerprint();
    sdp.line(format_args!("a=fingerprint:sha-256 {fingerprint}"));
    sdp.line(format_args!("a=setup:{setup}"));
    for candidate in local.candidates.lines() {
        sdp.line(format_args!("a=candidate:{candidate}"));
    }
    sdp.line(format_args!("a=end-of-candidates"));
    sdp.0
}

struct Text(String);

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.0.write_fmt(line);
        self.0.push_str("\r\n");
    }
}
