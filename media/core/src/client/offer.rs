//! The offer that a client makes.
//!
//! The shape is that of a browser (viewer) or encoder (publisher): BUNDLE, rtcp-mux, one section
//! per kind, payload types 111 and 96 onwards (their retransmissions 112 onwards), `sdes:mid` as
//! extension 1, `rtp-stream-id` 2, TWCC 3, `repaired-rtp-stream-id` 4, no candidates.

use std::fmt::Write as _;

use super::answer::{MID_URI, REPAIRED_RID_URI, RID_URI, TWCC_URI};
use super::config::{ClientConfig, Setup};
use crate::peer::{Codec, Role};

/// Payload type of Opus.
pub(super) const OPUS: u8 = 111;
/// Payload type of the first video codec.
pub(super) const FIRST_VIDEO: u8 = 96;
/// From a video codec's payload type to that of its retransmissions.
const RTX_OFFSET: u8 = 16;

/// Writes the offer.
pub(super) fn offer(config: &ClientConfig, ufrag: &str, pwd: &str) -> String {
    let kinds = [("audio", config.audio), ("video", !config.video.is_empty())];
    let count = kinds.iter().filter(|kind| kind.1).count() + usize::from(config.lanes);
    let mids: Vec<String> = (0..count).map(|mid| mid.to_string()).collect();
    let setup = match config.setup {
        Setup::ActPass => "actpass",
        Setup::Active => "active",
        Setup::Passive => "passive",
    };
    let mut sdp = format!(
        "v=0\r\no=- {} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
        config.seed >> 2,
        mids.join(" ")
    );
    let transport = format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n\
         a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\n",
        config.certificate.fingerprint()
    );
    let mut mid = 0;
    for (kind, wanted) in kinds {
        if wanted {
            media_section(&mut sdp, config, kind, mid, &transport);
            mid += 1;
        }
    }
    if config.lanes {
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            sdp,
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{transport}a=mid:{mid}\r\n\
             a=sctp-port:5000\r\na=max-message-size:262144\r\n"
        );
    }
    sdp
}

fn media_section(sdp: &mut String, config: &ClientConfig, kind: &str, mid: u32, transport: &str) {
    let publisher = config.role == Role::Publisher;
    let direction = if publisher { "sendonly" } else { "recvonly" };
    let audio = kind == "audio";
    let codecs: Vec<(u8, Codec)> = match audio {
        true => vec![(OPUS, Codec::Opus)],
        false => (FIRST_VIDEO..).zip(config.video.iter().copied()).collect(),
    };
    let rtx = config.rtx && !audio;
    let repeats = codecs.iter().map(|(pt, _)| pt + RTX_OFFSET);
    let pts: Vec<String> = (codecs.iter().map(|(pt, _)| *pt))
        .chain(repeats.filter(|_| rtx))
        .map(|pt| pt.to_string())
        .collect();
    let _ = write!(
        sdp,
        "m={kind} 9 UDP/TLS/RTP/SAVPF {}\r\n{transport}a=mid:{mid}\r\na={direction}\r\n\
         a=rtcp-mux\r\na=rtcp-rsize\r\na=extmap:1 {MID_URI}\r\n",
        pts.join(" ")
    );
    let rids = publisher && !audio && !config.rids.is_empty();
    for (id, uri, wanted) in [
        (2, RID_URI, rids),
        (3, TWCC_URI, config.twcc),
        (4, REPAIRED_RID_URI, rids && config.rtx),
    ] {
        if wanted {
            let _ = write!(sdp, "a=extmap:{id} {uri}\r\n");
        }
    }
    for (pt, codec) in codecs {
        codec_lines(sdp, config, pt, &codec);
    }
    if rids {
        for rid in &config.rids {
            let _ = write!(sdp, "a=rid:{rid} send\r\n");
        }
        let _ = write!(sdp, "a=simulcast:send {}\r\n", config.rids.join(";"));
    } else if publisher {
        source_lines(sdp, config, audio);
    }
}

fn codec_lines(sdp: &mut String, config: &ClientConfig, pt: u8, codec: &Codec) {
    let _ = match codec {
        Codec::Opus => write!(
            sdp,
            "a=rtpmap:{pt} opus/48000/2\r\na=fmtp:{pt} minptime=10;useinbandfec=1;stereo=1\r\n"
        ),
        Codec::Vp8 => write!(sdp, "a=rtpmap:{pt} VP8/90000\r\n"),
        Codec::Vp9 { profile } => {
            write!(
                sdp,
                "a=rtpmap:{pt} VP9/90000\r\na=fmtp:{pt} profile-id={profile}\r\n"
            )
        }
        Codec::Av1 { profile } => {
            write!(
                sdp,
                "a=rtpmap:{pt} AV1/90000\r\na=fmtp:{pt} level-idx=5;profile={profile};tier=0\r\n"
            )
        }
        Codec::H265 {
            profile_id,
            tier,
            level_id,
        } => write!(
            sdp,
            "a=rtpmap:{pt} H265/90000\r\na=fmtp:{pt} level-id={level_id};\
             profile-id={profile_id};tier-flag={tier};tx-mode=SRST\r\n"
        ),
        Codec::H264 {
            profile_level_id,
            packetization_mode,
        } => write!(
            sdp,
            "a=rtpmap:{pt} H264/90000\r\na=fmtp:{pt} level-asymmetry-allowed=1;\
             packetization-mode={packetization_mode};profile-level-id={profile_level_id:06x}\r\n"
        ),
    };
    if config.twcc {
        let _ = write!(sdp, "a=rtcp-fb:{pt} transport-cc\r\n");
    }
    if codec.is_video() {
        if config.remb {
            let _ = write!(sdp, "a=rtcp-fb:{pt} goog-remb\r\n");
        }
        let _ = write!(
            sdp,
            "a=rtcp-fb:{pt} ccm fir\r\na=rtcp-fb:{pt} nack\r\na=rtcp-fb:{pt} nack pli\r\n"
        );
        if config.rtx {
            let rtx = pt + RTX_OFFSET;
            let _ = write!(sdp, "a=rtpmap:{rtx} rtx/90000\r\na=fmtp:{rtx} apt={pt}\r\n");
        }
    }
}

fn source_lines(sdp: &mut String, config: &ClientConfig, audio: bool) {
    let kind = if audio { "audio" } else { "video" };
    let ssrc = if audio {
        config.audio_ssrc
    } else {
        config.video_ssrc
    };
    if config.rtx && !audio {
        let rtx = config.rtx_ssrc(0);
        let _ = write!(
            sdp,
            "a=ssrc-group:FID {ssrc} {rtx}\r\na=ssrc:{rtx} cname:client\r\n"
        );
    }
    let _ = write!(
        sdp,
        "a=ssrc:{ssrc} cname:client\r\na=msid:client {kind}\r\n"
    );
}
