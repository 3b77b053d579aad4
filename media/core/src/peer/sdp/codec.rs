//! Payload types of an m-line: `rtpmap`, `fmtp` and `rtcp-fb` joined per number (RFC 8866 6.6).
//!
//! Only codecs that can be forwarded are kept, each with its parameters as they were offered,
//! which is how stereo and packetization modes get into the answer unchanged.

use super::is_plain;
use crate::peer::format::{Codec, Format};
use crate::peer::limits::MAX_FORMATS;

/// One usable payload type of an offer.
#[derive(Clone, Debug)]
pub(in crate::peer) struct OfferedFormat {
    pub(in crate::peer) format: Format,
    /// Value of `a=rtpmap` behind the payload type.
    pub(in crate::peer) rtpmap: String,
    /// Value of `a=fmtp` behind the payload type.
    pub(in crate::peer) fmtp: Option<String>,
    /// `a=rtcp-fb:… transport-cc`.
    pub(in crate::peer) twcc: bool,
    /// `a=rtcp-fb:… goog-remb`.
    pub(in crate::peer) remb: bool,
}

/// Attributes of one section by name, in order.
pub(super) type Values<'a> = dyn Fn(&str) -> Vec<&'a str> + 'a;

/// Reads the payload types of an m-line in their order. Unknown codecs are left out.
pub(super) fn formats<'a>(pts: &[String], values: &Values<'a>) -> Vec<OfferedFormat> {
    let rtpmaps = values("rtpmap");
    let fmtps = values("fmtp");
    let feedback = values("rtcp-fb");
    let mut formats: Vec<OfferedFormat> = Vec::new();
    for pt in pts.iter().take(MAX_FORMATS) {
        let Some(pt) = pt.parse::<u8>().ok().filter(|pt| is_usable(*pt)) else {
            continue;
        };
        if formats.iter().any(|known| known.format.pt == pt) {
            continue;
        }
        let Some(rtpmap) = of_pt(&rtpmaps, pt).filter(|map| is_plain(map)) else {
            continue;
        };
        let fmtp = of_pt(&fmtps, pt).filter(|fmtp| is_plain(fmtp));
        let Some(codec) = codec(rtpmap, fmtp.unwrap_or("")) else {
            continue;
        };
        let has = |wanted: &str| {
            feedback
                .iter()
                .filter_map(|line| line.split_once(' '))
                .any(|(number, kind)| {
                    (number == "*" || number.parse() == Ok(pt)) && kind.trim() == wanted
                })
        };
        let nack = has("nack");
        let repairs = nack && codec.is_video();
        let rtx = rtx(pt, pts, &rtpmaps, &fmtps).filter(|_| repairs);
        let format = Format {
            pt,
            codec,
            nack,
            pli: has("nack pli"),
            rtx,
        };
        formats.push(OfferedFormat {
            format,
            rtpmap: rtpmap.to_owned(),
            fmtp: fmtp.map(str::to_owned),
            twcc: has("transport-cc"),
            remb: has("goog-remb"),
        });
    }
    formats
}

/// 7 bits, and not a number that looks like RTCP when multiplexed (RFC 5761 section 4).
fn is_usable(pt: u8) -> bool {
    pt < 64 || (96..128).contains(&pt)
}

/// The value for this payload type, without it.
fn of_pt<'a>(values: &[&'a str], pt: u8) -> Option<&'a str> {
    values.iter().find_map(|value| {
        let (number, rest) = value.split_once(' ')?;
        (number.parse() == Ok(pt)).then_some(rest.trim())
    })
}

fn codec(rtpmap: &str, fmtp: &str) -> Option<Codec> {
    let lower = rtpmap.to_ascii_lowercase();
    match lower.as_str() {
        "opus/48000/2" => Some(Codec::Opus),
        "vp8/90000" => Some(Codec::Vp8),
        "vp9/90000" => {
            let profile = parameter(fmtp, "profile-id").unwrap_or("0").parse().ok()?;
            Some(Codec::Vp9 { profile })
        }
        "av1/90000" => {
            let profile = parameter(fmtp, "profile").unwrap_or("0").parse().ok()?;
            Some(Codec::Av1 { profile })
        }
        "h265/90000" => {
            // RFC 7798 section 7.1 for what is absent; several streams per layer are not known.
            let mode = parameter(fmtp, "tx-mode").unwrap_or("SRST");
            let number = |name, absent| parameter(fmtp, name).map_or(Ok(absent), str::parse);
            let (profile_id, tier) = (number("profile-id", 1).ok()?, number("tier-flag", 0).ok()?);
            let level_id = number("level-id", 93).ok()?;
            (mode == "SRST").then_some(Codec::H265 {
                profile_id,
                tier,
                level_id,
            })
        }
        "h264/90000" => {
            let mode = parameter(fmtp, "packetization-mode").unwrap_or("0");
            // RFC 6184 section 8.1: Baseline, level 1, when absent.
            let profile = parameter(fmtp, "profile-level-id").unwrap_or("42000a");
            let profile_level_id = u32::from_str_radix(profile, 16).ok()?;
            let packetization_mode = mode.parse().ok()?;
            let known = profile.len() == 6 && packetization_mode <= 1;
            known.then_some(Codec::H264 {
                profile_level_id,
                packetization_mode,
            })
        }
        _ => None,
    }
}

/// The value of a parameter of an `a=fmtp`.
pub(in crate::peer) fn parameter<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then_some(value.trim())
    })
}

/// The payload type of the m-line that is RTX with `pt` as its `apt` (RFC 4588 section 8.6).
fn rtx(pt: u8, pts: &[String], rtpmaps: &[&str], fmtps: &[&str]) -> Option<u8> {
    let numbers = pts
        .iter()
        .take(MAX_FORMATS)
        .filter_map(|rtx| rtx.parse().ok());
    numbers.filter(|rtx| is_usable(*rtx)).find(|rtx| {
        let is_rtx = of_pt(rtpmaps, *rtx).is_some_and(|map| map.eq_ignore_ascii_case("rtx/90000"));
        let apt = of_pt(fmtps, *rtx).and_then(|fmtp| parameter(fmtp, "apt"));
        is_rtx && apt.and_then(|apt| apt.parse().ok()) == Some(pt)
    })
}
