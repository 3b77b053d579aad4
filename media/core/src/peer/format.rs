//! What an offer and its answer settled about one m-line: codecs, payload types, extensions.
//!
//! Plain data, made by `answer` and read on the media path. A [`Codec`] says what is inside the
//! packets; payload types are numbers of one peer only, so forwarding maps codec to payload type
//! with [`Section::format_for`].

/// What a packet carries, independent of any peer's payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 6184.
    H264 {
        /// The 24 bits of `profile-level-id`.
        profile_level_id: u32,
        /// 0 (single NAL units) or 1 (non-interleaved, with STAP-A and FU-A).
        packetization_mode: u8,
    },
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9 {
        /// `profile-id`, 0 when absent.
        profile: u8,
    },
    /// RFC 7798, with one stream per SSRC (SRST).
    H265 {
        /// `profile-id`, 1 (Main) when absent.
        profile_id: u8,
        /// `tier-flag`: 0 (Main) or 1 (High).
        tier: u8,
        /// `level-id`: 30 times the level, 93 (3.1) when absent.
        level_id: u8,
    },
    /// The RTP payload format of the Alliance for Open Media.
    Av1 {
        /// `profile`: 0 (Main), 1 (High) or 2 (Professional).
        profile: u8,
    },
    /// RFC 7587.
    Opus,
}

impl Codec {
    /// Whether packets of `self` can be given to someone who announced `other`. H.264 compares
    /// the packetization mode only: encoders announce profiles that they do not keep to. H.265
    /// compares profile and tier, VP9 and AV1 the profile; levels never decide.
    pub fn same(&self, other: &Codec) -> bool {
        match (self, other) {
            (
                Codec::H264 {
                    packetization_mode: one,
                    ..
                },
                Codec::H264 {
                    packetization_mode: two,
                    ..
                },
            ) => one == two,
            (
                Codec::H265 {
                    profile_id: one,
                    tier: high,
                    ..
                },
                Codec::H265 {
                    profile_id: two,
                    tier,
                    ..
                },
            ) => (one, high) == (two, tier),
            _ => self == other,
        }
    }

    /// Name as it stands in `a=rtpmap`, for people and events.
    pub fn name(&self) -> &'static str {
        match self {
            Codec::H264 { .. } => "H264",
            Codec::Vp8 => "VP8",
            Codec::Vp9 { .. } => "VP9",
            Codec::H265 { .. } => "H265",
            Codec::Av1 { .. } => "AV1",
            Codec::Opus => "opus",
        }
    }

    /// RTP clock rate in Hz.
    pub fn clock_rate(&self) -> u32 {
        match self {
            Codec::Opus => 48_000,
            _ => 90_000,
        }
    }

    /// Whether this is video.
    pub fn is_video(&self) -> bool {
        !matches!(self, Codec::Opus)
    }
}

/// One payload type of one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// RTP payload type, 0 to 127.
    pub pt: u8,
    /// What it carries.
    pub codec: Codec,
    /// `a=rtcp-fb:… nack` was offered and answered.
    pub nack: bool,
    /// `a=rtcp-fb:… nack pli` was offered and answered.
    pub pli: bool,
    /// Payload type of RFC 4588 retransmissions of this video format, offered and answered; only
    /// together with `nack`.
    pub rtx: Option<u8>,
}

/// One accepted audio or video m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `a=mid`.
    pub mid: String,
    /// Accepted formats in the order of the offer; never empty.
    pub formats: Vec<Format>,
    /// Id of the `sdes:mid` header extension, if offered (1 to 14).
    pub mid_ext: Option<u8>,
    /// Id of the `sdes:rtp-stream-id` header extension, if simulcast was offered.
    pub rid_ext: Option<u8>,
    /// Id of the `sdes:repaired-rtp-stream-id` header extension (on RTX), with simulcast.
    pub repaired_rid_ext: Option<u8>,
    /// Id of the transport-wide sequence number, when `rtcp-fb transport-cc` was agreed as well.
    pub twcc_ext: Option<u8>,
    /// Id of the AV1 dependency descriptor.
    pub dd_ext: Option<u8>,
    /// `rtcp-fb goog-remb` was offered and answered.
    pub remb: bool,
    /// The rids of the simulcast layers, in the order of the offer; empty without simulcast. At
    /// most [`crate::limits::MAX_LAYERS`].
    pub layers: Vec<String>,
    /// SSRC that a publisher announced, if it did.
    pub remote_ssrc: Option<u32>,
    /// SSRC of RFC 4588 retransmissions that a publisher announced (`ssrc-group:FID`).
    pub remote_rtx_ssrc: Option<u32>,
    /// SSRC that we send with (viewers) or report from (publishers).
    pub local_ssrc: u32,
    /// SSRC that we send RFC 4588 retransmissions with (viewers whose formats have `rtx`), else 0.
    pub local_rtx_ssrc: u32,
    /// CNAME for what we send, the same for audio and video of one peer.
    pub cname: String,
}

impl Section {
    /// The format with this payload type.
    pub fn format(&self, pt: u8) -> Option<&Format> {
        self.formats.iter().find(|format| format.pt == pt)
    }

    /// The format to send `codec` with: an exact match, else the same H.264 profile, else the
    /// first that [`Codec::same`] accepts. `None` when this peer cannot take the codec.
    pub fn format_for(&self, codec: &Codec) -> Option<&Format> {
        let profile = |codec: &Codec| match codec {
            Codec::H264 {
                profile_level_id, ..
            } => Some(profile_level_id >> 16),
            _ => None,
        };
        let mut same = self
            .formats
            .iter()
            .filter(|format| codec.same(&format.codec));
        let first = same.clone().next();
        let exact = same.clone().find(|format| format.codec == *codec);
        exact
            .or_else(|| same.find(|f| profile(&f.codec) == profile(codec)))
            .or(first)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn h264(profile_level_id: u32, packetization_mode: u8) -> Codec {
        Codec::H264 {
            profile_level_id,
            packetization_mode,
        }
    }

    fn section(codecs: &[Codec]) -> Section {
        let format = |(pt, codec): (usize, &Codec)| Format {
            pt: pt as u8,
            codec: *codec,
            nack: true,
            pli: true,
            rtx: None,
        };
        Section {
            mid: "1".into(),
            formats: codecs.iter().enumerate().map(format).collect(),
            mid_ext: None,
            rid_ext: None,
            repaired_rid_ext: None,
            twcc_ext: None,
            dd_ext: None,
            remb: false,
            layers: Vec::new(),
            remote_ssrc: None,
            remote_rtx_ssrc: None,
            local_ssrc: 1,
            local_rtx_ssrc: 0,
            cname: "c".into(),
        }
    }

    #[test]
    fn the_closest_h264_profile_is_chosen_and_the_packetization_mode_is_binding() {
        let section = section(&[
            Codec::Vp8,
            h264(0x42_00_1f, 0),
            h264(0x42_e0_1f, 1),
            h264(0x4d_00_1f, 1),
            h264(0x64_00_1f, 1),
        ]);
        assert_eq!(section.format_for(&h264(0x64_00_1f, 1)).unwrap().pt, 4);
        assert_eq!(section.format_for(&h264(0x64_00_2a, 1)).unwrap().pt, 4);
        assert_eq!(section.format_for(&h264(0x42_00_0d, 1)).unwrap().pt, 2);
        assert_eq!(section.format_for(&h264(0x7a_00_0d, 1)).unwrap().pt, 2);
        assert_eq!(section.format_for(&h264(0x42_00_0d, 0)).unwrap().pt, 1);
        assert_eq!(section.format_for(&Codec::Vp8).unwrap().pt, 0);
        assert!(section.format_for(&Codec::Vp9 { profile: 0 }).is_none());
    }
}
