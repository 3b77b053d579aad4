//! What a client reads from the answer: credentials, candidates, payload types, SSRCs, extensions.

use std::net::{IpAddr, SocketAddr};

use crate::peer::{Fingerprint, OfferError};

/// URI of the extension that carries transport-wide sequence numbers.
pub(super) const TWCC_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// URI of the section's name.
pub(super) const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// URI of the simulcast layer's name.
pub(super) const RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// URI of the layer that a retransmission belongs to.
pub(super) const REPAIRED_RID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";

/// Facts of the answer.
pub(super) struct Settled {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) dtls_client: bool,
    pub(super) remote: SocketAddr,
    pub(super) lanes: bool,
    pub(super) media: Media,
}

/// Facts about the media sections.
#[derive(Clone, Debug, Default)]
pub(super) struct Media {
    /// Payload type and clock rate.
    clocks: Vec<(u8, u32)>,
    /// Retransmission payload type and what it repeats.
    rtx: Vec<(u8, u8)>,
    /// Media SSRC and its retransmission SSRC.
    pairs: Vec<(u32, u32)>,
    /// SSRCs that were announced in the video section.
    video: Vec<u32>,
    pub(super) mid_ext: Option<u8>,
    pub(super) rid_ext: Option<u8>,
    pub(super) repaired_rid_ext: Option<u8>,
    pub(super) twcc_ext: Option<u8>,
    /// Mids of the audio and the video section.
    pub(super) mids: [Option<String>; 2],
    /// Rids that the answer takes.
    pub(super) rids: Vec<String>,
}

impl Media {
    pub(super) fn read(answer: &str) -> Self {
        let mut media = Self::default();
        let mut video = None;
        for line in answer.lines().map(str::trim_end) {
            if let Some(rest) = line.strip_prefix("m=") {
                video = match (rest.starts_with("audio"), rest.starts_with("video")) {
                    (true, _) => Some(false),
                    (_, true) => Some(true),
                    _ => None,
                };
            } else if let (Some(video), Some(rest)) = (video, line.strip_prefix("a=")) {
                // What does not parse is left out.
                let _ = media.attribute(video, rest);
            }
        }
        media
    }

    fn attribute(&mut self, video: bool, line: &str) -> Option<()> {
        let (name, value) = line.split_once(':')?;
        let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
        match name {
            "rtpmap" => {
                let rate = rest.split('/').nth(1)?.parse().ok()?;
                self.clocks.push((first.parse().ok()?, rate));
            }
            "fmtp" => {
                let apt = rest
                    .split(';')
                    .find_map(|part| part.trim().strip_prefix("apt="))?;
                self.rtx.push((first.parse().ok()?, apt.parse().ok()?));
            }
            "ssrc-group" if first == "FID" => {
                let (one, two) = rest.split_once(' ')?;
                self.pairs.push((one.parse().ok()?, two.parse().ok()?));
            }
            "ssrc" if video => {
                let ssrc = first.parse().ok()?;
                if !self.video.contains(&ssrc) {
                    self.video.push(ssrc);
                }
            }
            "mid" => self.mids[usize::from(video)] = Some(value.to_owned()),
            "rid" => self.rids.push(first.to_owned()),
            "extmap" => {
                let id = first.split('/').next()?.parse().ok()?;
                let slot = match rest.split(' ').next()? {
                    TWCC_URI => &mut self.twcc_ext,
                    MID_URI => &mut self.mid_ext,
                    RID_URI => &mut self.rid_ext,
                    REPAIRED_RID_URI => &mut self.repaired_rid_ext,
                    _ => return None,
                };
                *slot = Some(id);
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn clock_rate(&self, pt: u8) -> u32 {
        let found = self.clocks.iter().find(|(known, _)| *known == pt);
        found.map_or(90_000, |(_, rate)| *rate)
    }

    /// The retransmission payload type of `pt`, if it was accepted.
    pub(super) fn rtx_for(&self, pt: u8) -> Option<u8> {
        let found = self.rtx.iter().find(|(_, apt)| *apt == pt);
        found.map(|(rtx, _)| *rtx)
    }

    pub(super) fn is_rtx(&self, pt: u8) -> bool {
        self.rtx.iter().any(|(rtx, _)| *rtx == pt)
    }

    /// Payload type and SSRC of what a retransmission repeats; `None` for media itself.
    pub(super) fn original(&self, pt: u8, ssrc: u32) -> Option<(u8, u32)> {
        let (_, apt) = self.rtx.iter().find(|(rtx, _)| *rtx == pt)?;
        let (media, _) = self.pairs.iter().find(|(_, rtx)| *rtx == ssrc)?;
        Some((*apt, *media))
    }

    /// The SSRC of the video among those that were received.
    pub(super) fn video_ssrc(&self, mut received: impl Iterator<Item = u32>) -> Option<u32> {
        received.find(|ssrc| self.video.is_empty() || self.video.contains(ssrc))
    }
}

/// Reads the answer: credentials, fingerprint, role, first UDP candidate, media.
pub(super) fn read_answer(answer: &str) -> Result<Settled, OfferError> {
    let values = |name: &'static str| {
        answer
            .lines()
            .filter_map(move |line| line.trim_end().strip_prefix(name))
    };
    let value = |name| values(name).next().map(str::to_owned);
    let fingerprint = value("a=fingerprint:").ok_or(OfferError::NoFingerprint)?;
    let fingerprint =
        Fingerprint::parse(&fingerprint).map_err(|_| OfferError::Malformed("fingerprint"))?;
    let mut candidates = values("a=candidate:").filter_map(|candidate| {
        let fields: Vec<&str> = candidate.split(' ').collect();
        let udp = fields.get(2)?.eq_ignore_ascii_case("udp");
        let ip: IpAddr = fields.get(4)?.parse().ok()?;
        let port: u16 = fields.get(5)?.parse().ok()?;
        udp.then_some(SocketAddr::new(ip, port))
    });
    let remote = candidates
        .next()
        .ok_or(OfferError::Malformed("no candidate"))?;
    let lanes = answer
        .lines()
        .any(|line| line.starts_with("m=application ") && !line.starts_with("m=application 0 "));
    Ok(Settled {
        ufrag: value("a=ice-ufrag:").ok_or(OfferError::NoIce)?,
        pwd: value("a=ice-pwd:").ok_or(OfferError::NoIce)?,
        fingerprint,
        dtls_client: value("a=setup:").as_deref() == Some("passive"),
        remote,
        lanes,
        media: Media::read(answer),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn retransmissions_and_extensions_are_found() {
        let media = Media::read(
            "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n\
             a=ssrc:5 cname:x\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\n\
             a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
             a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
             a=ssrc-group:FID 7 8\r\na=ssrc:7 cname:x\r\na=ssrc:8 cname:x\r\n",
        );
        assert_eq!(media.original(97, 8), Some((96, 7)));
        assert_eq!(media.original(96, 7), None);
        assert_eq!(media.rtx_for(96), Some(97));
        assert_eq!((media.twcc_ext, media.clock_rate(111)), (Some(3), 48_000));
        assert_eq!(media.video_ssrc([5, 7].into_iter()), Some(7));
        assert_eq!(media.mids, [Some("0".to_owned()), Some("v".to_owned())]);
    }
}
