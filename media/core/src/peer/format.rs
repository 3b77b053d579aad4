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
    /// the packetization mode only: encoders announce profiles that they do not keep to. VP9 and
    /// AV1 compare the profile, H.265 profile and tier; levels never decide.
    pub fn same(&self, other: &Codec) -> bool {
        match (self, other) {
            (
                Codec::H264 {
                    packetization_mode: sent,
                    ..
                },
                Codec::H264 {
                    packetization_mode: taken,
                    ..
                },
                // Mode 1 has the packets of mode 0 among its own (RFC 6184 section 5.4).
            ) => sent <= taken,
            (
                Codec::H265 {
                    profile_id: sent,
                    tier: high,
                    ..
                },
                Codec::H265 {
                    profile_id: taken,
                    tier,
                    ..
                },
            ) => {
                // Main 10 decoders decode Main, decoders of the High tier the Main tier.
                (sent == taken || (*sent, *taken) == (1, 2)) && high <= tier
            }
            _ => self == other,
        }
    }

    /// Whether a decoder of `other` decodes `self` by what both announce: [`Codec::same`], and
    /// for H.264 a profile that contains the one of `self`.
    pub fn is_decoded_by(&self, other: &Codec) -> bool {
        let profiles = match (self, other) {
            (
                Codec::H264 {
                    profile_level_id: sent,
                    ..
                },
                Codec::H264 {
                    profile_level_id: taken,
                    ..
                },
            ) => Profile::of(*sent) <= Profile::of(*taken),
            _ => true,
        };
        profiles && self.same(other)
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

/// H.264 profiles, each of which contains those before it as far as live encoders use them: neither
/// the error resilience of Baseline nor interlacing, and no difference between High and its
/// constrained forms, whose tools decoders of either have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Profile {
    Baseline,
    Main,
    High,
    /// High 10 and above: nobody's decoder unless it says so itself.
    Beyond(u8),
}

impl Profile {
    fn of(profile_level_id: u32) -> Self {
        let [_, profile, constraints, _] = profile_level_id.to_be_bytes();
        match profile {
            0x42 => Profile::Baseline,
            // constraint_set0 and 1: also Baseline or Constrained Baseline (RFC 6184 table 5).
            0x4d if constraints & 0x80 != 0 => Profile::Baseline,
            0x58 if constraints & 0xc0 == 0xc0 => Profile::Baseline,
            0x4d => Profile::Main,
            0x64 => Profile::High,
            other => Profile::Beyond(other),
        }
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
    /// Bits a second that the offer announced for the section (`b=TIAS`, else `b=AS`).
    pub bitrate: Option<u64>,
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

    /// The format to send `codec` with: an exact match, else the same H.264 profile, else one whose
    /// profile contains it, else the first that [`Codec::same`] accepts, the packetization mode of
    /// `codec` preferred. `None` when this peer cannot take the codec. An H.264 profile alone is no
    /// reason: browsers decode more profiles than they announce.
    pub fn format_for(&self, codec: &Codec) -> Option<&Format> {
        let rank = |format: &&Format| {
            let (mode, profile) = match (codec, &format.codec) {
                (
                    Codec::H264 {
                        profile_level_id: one,
                        packetization_mode: sent,
                    },
                    Codec::H264 {
                        profile_level_id: two,
                        packetization_mode: taken,
                    },
                ) => (sent != taken, one >> 16 != two >> 16),
                _ => (false, false),
            };
            (
                format.codec != *codec,
                mode,
                profile,
                !codec.is_decoded_by(&format.codec),
            )
        };
        let formats = self.formats.iter();
        formats
            .filter(|format| codec.same(&format.codec))
            .min_by_key(rank)
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
            bitrate: None,
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
        let pt = |codec| section.format_for(&codec).map(|format| format.pt);
        assert_eq!(pt(h264(0x64_00_1f, 1)), Some(4));
        assert_eq!(pt(h264(0x64_00_2a, 1)), Some(4));
        assert_eq!(pt(h264(0x42_00_0d, 1)), Some(2));
        assert_eq!(pt(h264(0x7a_00_0d, 1)), Some(2));
        assert_eq!(pt(h264(0x42_00_0d, 0)), Some(1));
        assert_eq!(pt(h264(0x58_c0_0d, 1)), Some(2));
        assert_eq!(pt(Codec::Vp8), Some(0));
        assert_eq!(pt(Codec::Vp9 { profile: 0 }), None);
    }

    fn decodes(section: &Section, codec: &Codec) -> bool {
        let mut formats = section.formats.iter();
        formats.any(|format| codec.is_decoded_by(&format.codec))
    }

    #[test]
    fn packets_of_mode_0_fit_into_mode_1_and_not_the_other_way() {
        let one = section(&[h264(0x42_e0_1f, 1)]);
        let zero = section(&[h264(0x42_e0_1f, 0)]);
        assert!(one.format_for(&h264(0x42_e0_1f, 0)).is_some());
        assert!(zero.format_for(&h264(0x42_e0_1f, 1)).is_none());
        assert!(!decodes(&zero, &h264(0x42_e0_1f, 1)));
    }

    #[test]
    fn e10_a_viewer_decodes_its_profile_and_those_that_it_contains() {
        let (baseline, main, high) = (0x42_e0_1f, 0x4d_00_1f, 0x64_00_1f);
        let constrained_high = 0x64_0c_1f;
        for (offered, decoded, not) in [
            (
                baseline,
                vec![baseline, 0x42_00_28, 0x4d_80_1f],
                vec![main, high, 0x6e_00_1f],
            ),
            (
                main,
                vec![baseline, main, 0x4d_40_33],
                vec![high, constrained_high],
            ),
            (
                high,
                vec![baseline, main, high, constrained_high],
                vec![0x6e_00_1f, 0xf4_00_1f],
            ),
            (constrained_high, vec![baseline, high], vec![0x6e_00_1f]),
            (0x6e_00_1f, vec![high, 0x6e_00_1f], vec![0xf4_00_1f]),
        ] {
            let viewer = section(&[Codec::Vp8, h264(offered, 1)]);
            for codec in decoded {
                assert!(
                    decodes(&viewer, &h264(codec, 1)),
                    "{codec:06x} by {offered:06x}"
                );
            }
            for codec in not {
                assert!(
                    !decodes(&viewer, &h264(codec, 1)),
                    "{codec:06x} by {offered:06x}"
                );
            }
            assert!(decodes(&viewer, &Codec::Vp8) && !decodes(&viewer, &Codec::Av1 { profile: 0 }));
        }
    }

    #[test]
    fn e10_hevc_decoders_of_main_10_decode_main_and_tiers_are_kept() {
        let hevc = |profile_id, tier| Codec::H265 {
            profile_id,
            tier,
            level_id: 93,
        };
        let viewer = |codec| section(&[codec]);
        assert!(decodes(&viewer(hevc(2, 0)), &hevc(1, 0)));
        assert!(!decodes(&viewer(hevc(1, 0)), &hevc(2, 0)));
        assert!(decodes(&viewer(hevc(1, 1)), &hevc(1, 0)));
        assert!(!decodes(&viewer(hevc(1, 0)), &hevc(1, 1)));
    }
}
