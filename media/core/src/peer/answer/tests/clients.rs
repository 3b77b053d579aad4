//! Answers to real clients: bytes for OBS and libdatachannel, quirks of the others (offers that
//! were not recorded are reconstructed from what is known of them, as their names say).

use super::*;

const FIREFOX: &str = include_str!("../../../../tests/fixtures/firefox-viewer.reconstructed.sdp");
const SAFARI: &str = include_str!("../../../../tests/fixtures/safari-viewer.reconstructed.sdp");
const GSTREAMER: &str =
    include_str!("../../../../tests/fixtures/gstreamer-publisher.reconstructed.sdp");
const CHROMIUM_SIMULCAST: &str =
    include_str!("../../../../tests/fixtures/chromium-simulcast3-publisher.reconstructed.sdp");

/// The answer with our fingerprint, which every run makes anew, taken out.
fn bytes(role: Role, offer: &str) -> String {
    let (text, config) = reply(role, offer).unwrap();
    text.replace(config.certificate.fingerprint(), "OURS")
}

const TRANSPORT: &str = "a=ice-ufrag:ourUfrag\r\na=ice-pwd:ourPasswordOf24Charactrs\r\n\
    a=fingerprint:sha-256 OURS\r\na=setup:passive\r\n\
    a=candidate:1 1 udp 2130706431 192.0.2.10 5000 typ host\r\n\
    a=candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host\r\na=end-of-candidates\r\n\
    a=recvonly\r\na=rtcp-mux\r\n";
const HEAD: &str = "v=0\r\no=- 38 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n\
    a=group:BUNDLE 0 1\r\n";

#[test]
fn o5_o6_o15_the_answer_to_obs_with_layers_is_this_to_the_byte() {
    let expected = format!(
        "{HEAD}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n{TRANSPORT}\
         a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;\
         sprop-stereo=1;useinbandfec=1\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n{TRANSPORT}\
         a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
         a=rtpmap:96 H264/90000\r\n\
         a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1\r\n\
         a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 goog-remb\r\n\
         a=rid:0 recv\r\na=rid:1 recv\r\na=rid:2 recv\r\na=simulcast:recv 0;1;2\r\n"
    );
    assert_eq!(bytes(Role::Publisher, OBS_SIMULCAST), expected);
}

#[test]
fn o5_o15_the_answers_to_obs_and_libdatachannel_without_layers_differ_only_in_extensions() {
    let single = bytes(Role::Publisher, OBS);
    let simulcast = bytes(Role::Publisher, OBS_SIMULCAST);
    let less = without(&without(&simulcast, "a=rid"), "a=simulcast");
    assert_eq!(single, without(&less, "a=extmap:2"));
    let plain = bytes(Role::Publisher, LIBDATACHANNEL);
    assert!(plain.starts_with("v=0\r\n") && !plain.contains("extmap"));
    // No candidates and no rtcp-rsize came, and none of the latter goes back.
    for offer in [OBS, OBS_SIMULCAST, LIBDATACHANNEL] {
        assert!(!offer.contains("a=candidate") && !offer.contains("rsize"));
        let (text, config) = reply(Role::Publisher, offer).unwrap();
        assert!(!text.contains("rsize") && !config.rtcp_rsize && !config.dtls_client);
    }
}

#[test]
fn firefox_gets_the_session_fingerprint_taken_and_its_payload_types() {
    let (text, config) = reply(Role::Viewer, FIREFOX).unwrap();
    has(&part(&text, 0), &["a=group:BUNDLE 0 1 2"]);
    has(
        &part(&text, 2),
        &[
            "m=video 9 UDP/TLS/RTP/SAVPF 120 124 121 125 126 127 97 98",
            "a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1",
            "a=fmtp:98 apt=97",
            "a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        ],
    );
    assert!(!text.contains("ulpfec") && !text.contains("red/90000"));
    let video = config.video.unwrap();
    let h264 = |profile_level_id, packetization_mode| Codec::H264 {
        profile_level_id,
        packetization_mode,
    };
    assert_eq!(video.format_for(&h264(0x42_e0_1f, 1)).unwrap().pt, 126);
    assert_eq!(video.format_for(&h264(0x42_e0_1f, 0)).unwrap().pt, 97);
    // E10: it announces nothing but Baseline, and decodes High.
    assert!(video.format_for(&h264(0x64_00_1f, 1)).is_some());
    assert!(config.audio.unwrap().twcc_ext.is_none() && video.twcc_ext == Some(7));
    assert!(config.lanes);
}

#[test]
fn safari_gets_hevc_and_the_high_profile_where_it_decodes_them() {
    let (text, config) = reply(Role::Viewer, SAFARI).unwrap();
    has(
        &part(&text, 2),
        &[
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 122 127 121 125 107",
            "a=fmtp:100 level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST",
        ],
    );
    let video = config.video.unwrap();
    let high = Codec::H264 {
        profile_level_id: 0x64_00_28,
        packetization_mode: 1,
    };
    assert_eq!(video.format_for(&high).unwrap().pt, 96);
    assert!(video.format_for(&Codec::Vp9 { profile: 2 }).is_some());
    assert!(video.format_for(&Codec::Av1 { profile: 0 }).is_none());
}

#[test]
fn gstreamer_publishes_with_fec_ignored_and_rtx_taken() {
    let (text, config) = reply(Role::Publisher, GSTREAMER).unwrap();
    has(&part(&text, 0), &["a=group:BUNDLE video0 audio1"]);
    has(
        &part(&text, 1),
        &[
            "m=video 9 UDP/TLS/RTP/SAVPF 96 100 101",
            "a=mid:video0",
            "a=fmtp:100 apt=96",
            "a=rtcp-fb:96 transport-cc",
        ],
    );
    // bundle-only: port 0 in an offer rejects nothing (RFC 8843 section 7.2.1).
    has(
        &part(&text, 2),
        &[
            "m=audio 9 UDP/TLS/RTP/SAVPF 102",
            "a=rtpmap:102 OPUS/48000/2",
            "a=mid:audio1",
        ],
    );
    assert!(!text.contains("red") && !text.contains("ulpfec") && !text.contains("10.0.0.7"));
    let video = config.video.unwrap();
    let ssrcs = (video.remote_ssrc, video.remote_rtx_ssrc);
    assert_eq!(ssrcs, (Some(2710396143), Some(1089261554)));
    assert_eq!(
        (video.formats[0].rtx, video.formats[1].rtx),
        (Some(100), None)
    );
}

#[test]
fn web_senders_publish_what_their_browser_offers_with_layers_of_any_name() {
    // Broadcast Box, LiveKit and Eyevinn send the browser's own offer.
    let (text, config) = reply(Role::Publisher, CHROMIUM_SIMULCAST).unwrap();
    let video = part(&text, 2);
    has(
        &video,
        &[
            "a=rid:high recv",
            "a=simulcast:recv high;mid;low",
            "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        ],
    );
    for left_out in ["flexfec", "red/90000", "layers-allocation", "playout-delay"] {
        assert!(!text.contains(left_out), "{left_out}");
    }
    let section = config.video.unwrap();
    assert_eq!(section.layers, ["high", "mid", "low"]);
    assert_eq!((section.twcc_ext, section.dd_ext), (Some(3), Some(12)));
    assert!(section.formats.iter().all(|format| format.rtx.is_some()));
}

#[test]
#[allow(clippy::disallowed_methods)]
fn b_p5_candidates_of_an_offer_are_never_contacted() {
    let candidates: String = [
        "127.0.0.1 80 typ host",
        "169.254.169.254 80 typ host",
        "10.0.0.1 22 typ srflx raddr 0.0.0.0 rport 0",
        "224.0.0.251 5353 typ host",
        "ff02::1 80 typ host",
        "internal.example.net 80 typ host",
        "3f2a1b0c.local 80 typ relay raddr 0.0.0.0 rport 0",
    ]
    .map(|rest| format!("a=candidate:1 1 udp 2130706431 {rest}\r\n"))
    .concat();
    // Even as the DTLS client, who speaks first.
    for (role, offer) in [(Role::Publisher, FFMPEG), (Role::Viewer, CHROMIUM)] {
        let offer = offer.replace("a=mid:0\r\n", &format!("a=mid:0\r\n{candidates}"));
        let (text, config) = reply(role, &offer).unwrap();
        assert!(!text.contains("169.254") && !text.contains("internal"));
        let mut now = std::time::Instant::now();
        let mut out = crate::transmit::Transmits::new();
        let mut peer = crate::peer::Peer::new(config, now);
        while let Some(due) = peer.next_timeout() {
            now = due;
            peer.handle_timeout(now, &mut out);
        }
        assert!(peer.is_closed() && out.iter().count() == 0);
    }
}
