//! The offer that a test client makes and what it reads from the answer.
//!
//! The shape is that of a browser (viewer) or encoder (publisher): BUNDLE, rtcp-mux, one section
//! per kind, payload types 111 and 96 onwards, `sdes:mid` as extension 1, no candidates.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::{ClientConfig, Setup};
use crate::peer::{Codec, Fingerprint, OfferError, Role};

/// Payload type of Opus.
pub(super) const OPUS: u8 = 111;
/// Payload type of the first video codec.
pub(super) const FIRST_VIDEO: u8 = 96;

/// Facts of the answer.
pub(super) struct Settled {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) dtls_client: bool,
    pub(super) remote: SocketAddr,
    pub(super) lanes: bool,
}

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
    let codecs: Vec<(u8, Codec)> = match kind {
        "audio" => vec![(OPUS, Codec::Opus)],
        _ => (FIRST_VIDEO..).zip(config.video.iter().copied()).collect(),
    };
    let pts: Vec<String> = codecs.iter().map(|(pt, _)| pt.to_string()).collect();
    let _ = write!(
        sdp,
        "m={kind} 9 UDP/TLS/RTP/SAVPF {}\r\n{transport}a=mid:{mid}\r\na={direction}\r\n\
         a=rtcp-mux\r\na=rtcp-rsize\r\na=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
        pts.join(" ")
    );
    for (pt, codec) in codecs {
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
        if codec.is_video() {
            let _ = write!(sdp, "a=rtcp-fb:{pt} nack\r\na=rtcp-fb:{pt} nack pli\r\n");
        }
    }
    if publisher {
        let ssrc = if kind == "audio" {
            config.audio_ssrc
        } else {
            config.video_ssrc
        };
        let _ = write!(
            sdp,
            "a=ssrc:{ssrc} cname:client\r\na=msid:client {kind}\r\n"
        );
    }
}

/// Reads the answer: credentials, fingerprint, role, first candidate.
pub(super) fn read_answer(answer: &str) -> Result<Settled, OfferError> {
    let value = |name: &str| {
        answer
            .lines()
            .find_map(|line| line.trim_end().strip_prefix(name))
            .map(str::to_owned)
    };
    let fingerprint = value("a=fingerprint:").ok_or(OfferError::NoFingerprint)?;
    let fingerprint =
        Fingerprint::parse(&fingerprint).map_err(|_| OfferError::Malformed("fingerprint"))?;
    let candidate = value("a=candidate:").ok_or(OfferError::Malformed("no candidate"))?;
    let mut fields = candidate.split(' ').skip(4);
    let (ip, port) = (fields.next(), fields.next());
    let ip: Option<IpAddr> = ip.and_then(|ip| ip.parse().ok());
    let port: Option<u16> = port.and_then(|port| port.parse().ok());
    let remote = ip.zip(port).ok_or(OfferError::Malformed("candidate"))?;
    let lanes = answer
        .lines()
        .any(|line| line.starts_with("m=application ") && !line.starts_with("m=application 0 "));
    Ok(Settled {
        ufrag: value("a=ice-ufrag:").ok_or(OfferError::NoIce)?,
        pwd: value("a=ice-pwd:").ok_or(OfferError::NoIce)?,
        fingerprint,
        dtls_client: value("a=setup:").as_deref() == Some("passive"),
        remote: remote.into(),
        lanes,
    })
}
