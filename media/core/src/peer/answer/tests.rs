//! Answers to what real clients offer, and refusals of what they should not.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::peer::format::Codec;

mod clients;
mod counter;
mod feedback;

const FFMPEG: &str = include_str!("../../../tests/fixtures/ffmpeg-9.0.2-offer.captured.sdp");
const LIBDATACHANNEL: &str =
    include_str!("../../../tests/fixtures/libdatachannel-0.24.5-offer.captured.sdp");
const OBS: &str = include_str!("../../../tests/fixtures/obs-32.2-h264-single.reconstructed.sdp");
const OBS_SIMULCAST: &str =
    include_str!("../../../tests/fixtures/obs-32.2-h264-simulcast3.reconstructed.sdp");
const CHROMIUM: &str = include_str!("../../../tests/fixtures/chromium-viewer.reconstructed.sdp");

fn reply(role: Role, offer: &str) -> Result<(String, PeerConfig), OfferError> {
    static CERTIFICATE: std::sync::LazyLock<Certificate> =
        std::sync::LazyLock::new(|| Certificate::generate().unwrap());
    let candidates = [
        "[2001:db8::1]:5000".parse().unwrap(),
        "192.0.2.10:5000".parse().unwrap(),
        "0.0.0.0:5000".parse().unwrap(),
    ];
    let local = LocalFacts {
        candidates: Candidates {
            udp: &candidates,
            tcp: &[],
        },
        certificate: &CERTIFICATE,
        ufrag: "ourUfrag",
        pwd: "ourPasswordOf24Charactrs",
        audio_ssrc: 1001,
        video_ssrc: 1002,
        video_rtx_ssrc: 1003,
        cname: "soukcname",
        session_id: 77,
        seed: 5,
    };
    let result = answer(role, offer, &local);
    if let Ok((text, _)) = &result {
        assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
        let sections = |sdp: &str| sdp.lines().filter(|line| line.starts_with("m=")).count();
        assert_eq!(sections(text), sections(offer));
        Offer::parse(text).unwrap();
    }
    result
}

/// Lines of the n-th section of an answer (0 is the session part).
fn part(answer: &str, number: usize) -> Vec<&str> {
    let mut parts = vec![Vec::new()];
    for line in answer.lines() {
        if line.starts_with("m=") {
            parts.push(Vec::new());
        }
        parts.last_mut().unwrap().push(line);
    }
    parts.swap_remove(number)
}

fn has(lines: &[&str], wanted: &[&str]) {
    for line in wanted {
        assert!(lines.contains(line), "{line} is missing in {lines:#?}");
    }
}

#[test]
fn w11_ffmpeg_offers_passive_and_gets_an_active_answer_with_an_ipv4_candidate_first() {
    let (text, config) = reply(Role::Publisher, FFMPEG).unwrap();
    has(&part(&text, 0), &["a=ice-lite", "a=group:BUNDLE 0 1"]);
    let audio = part(&text, 1);
    has(
        &audio,
        &[
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "a=setup:active",
            "a=recvonly",
            "a=mid:0",
        ],
    );
    let video = part(&text, 2);
    has(
        &video,
        &[
            "m=video 9 UDP/TLS/RTP/SAVPF 106 105",
            "a=rtcp-mux",
            "a=rtcp-rsize",
        ],
    );
    has(&video, &["a=rtcp-fb:106 nack", "a=end-of-candidates"]);
    has(&video, &["a=rtpmap:105 rtx/90000", "a=fmtp:105 apt=106"]);
    has(
        &video,
        &["a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42000d"],
    );
    assert!(!text.contains("a=extmap:") && !text.contains("nack pli") && !text.contains("FID"));
    let candidates: Vec<_> = video
        .iter()
        .filter(|line| line.contains("candidate:"))
        .collect();
    assert_eq!(
        candidates.len(),
        2,
        "the unspecified address is not a candidate"
    );
    assert!(candidates[0].contains(" 192.0.2.10 5000 typ host"));
    assert!(config.dtls_client && !config.lanes && !config.rtcp_rsize);
    assert_eq!(config.ice.remote_ufrag, "02807b85");
    let video = config.video.unwrap();
    assert_eq!(
        (video.remote_ssrc, video.remote_rtx_ssrc),
        (Some(3379437361), Some(3379437362))
    );
    let codec = Codec::H264 {
        profile_level_id: 0x42000d,
        packetization_mode: 1,
    };
    let format = video.formats[0];
    assert_eq!(
        (format.pt, format.codec, format.rtx),
        (106, codec, Some(105))
    );
    assert!(format.nack && !format.pli && video.mid_ext.is_none());
}

#[test]
fn libdatachannel_and_obs_get_passive_answers_with_the_session_fingerprint_taken() {
    for offer in [LIBDATACHANNEL, OBS] {
        let (text, config) = reply(Role::Publisher, offer).unwrap();
        let video = part(&text, 2);
        has(
            &video,
            &["a=setup:passive", "a=recvonly", "a=rtcp-fb:96 nack pli"],
        );
        has(
            &part(&text, 1),
            &[
                "a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1",
            ],
        );
        assert!(!config.dtls_client && !text.contains("simulcast") && !text.contains("rtx"));
        let video = config.video.unwrap();
        assert!(video.layers.is_empty() && video.rid_ext.is_none());
        assert!(video.remote_ssrc.is_some());
    }
    let (text, config) = reply(Role::Publisher, OBS).unwrap();
    has(
        &part(&text, 2),
        &["a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"],
    );
    assert!(!part(&text, 1).iter().any(|line| line.contains("extmap")));
    assert_eq!(config.video.unwrap().mid_ext, Some(1));
}

#[test]
fn w17_o6_obs_simulcast_is_answered_layer_by_layer() {
    let (text, config) = reply(Role::Publisher, OBS_SIMULCAST).unwrap();
    let video = part(&text, 2);
    has(
        &video,
        &[
            "a=rid:0 recv",
            "a=rid:1 recv",
            "a=rid:2 recv",
            "a=simulcast:recv 0;1;2",
        ],
    );
    has(
        &video,
        &["a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"],
    );
    assert!(text.contains("a=simulcast:recv 0;1;2\r\n"));
    let video = config.video.unwrap();
    assert_eq!(
        (video.layers.join(" "), video.rid_ext),
        ("0 1 2".to_owned(), Some(2))
    );
    assert_eq!(video.remote_ssrc, None);
}

#[test]
fn a_browser_gets_every_codec_that_both_know_and_its_lanes() {
    let (text, config) = reply(Role::Viewer, CHROMIUM).unwrap();
    has(
        &part(&text, 0),
        &["a=group:BUNDLE 0 1 2", "a=msid-semantic:WMS soukcname"],
    );
    let audio = part(&text, 1);
    has(
        &audio,
        &[
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "a=sendonly",
            "a=setup:passive",
        ],
    );
    has(
        &audio,
        &[
            "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1",
            "a=ssrc:1001 cname:soukcname",
        ],
    );
    has(
        &audio,
        &[
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=rtcp-rsize",
        ],
    );
    let video = part(&text, 2);
    has(
        &video,
        &[
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 107 108 109 114 98 99 39 40 45 46",
            "a=msid:soukcname video",
        ],
    );
    for refused in [
        "red",
        "ulpfec",
        "G722",
        "ccm fir",
        "abs-send-time",
        "toffset",
        "simulcast",
    ] {
        assert!(!text.contains(refused), "{refused}");
    }
    let data = part(&text, 3);
    has(
        &data,
        &[
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "a=sctp-port:5000",
        ],
    );
    has(&data, &["a=max-message-size:16384", "a=mid:2"]);
    assert!(config.lanes && config.rtcp_rsize);
    let video = config.video.unwrap();
    assert_eq!(video.formats.len(), 7);
    assert!(video.formats.iter().all(|format| format.nack && format.pli));
    assert!(video.formats.iter().all(|format| format.rtx.is_some()));
    assert_eq!((video.local_ssrc, video.remote_ssrc), (1002, None));
}

#[test]
fn e9_stereo_is_kept_as_it_was_offered_and_declared_to_viewers_who_say_nothing() {
    let offer = CHROMIUM.replace("useinbandfec=1", "useinbandfec=1;stereo=1;sprop-stereo=1");
    let (text, _) = reply(Role::Viewer, &offer).unwrap();
    assert!(text.contains("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n"));
    let mono = CHROMIUM.replace("useinbandfec=1", "useinbandfec=1;stereo=0");
    let (text, _) = reply(Role::Viewer, &mono).unwrap();
    assert!(text.contains("a=fmtp:111 minptime=10;useinbandfec=1;stereo=0;sprop-stereo=1\r\n"));
    let bare = CHROMIUM.replace("a=fmtp:111 minptime=10;useinbandfec=1\r\n", "");
    let (text, _) = reply(Role::Viewer, &bare).unwrap();
    assert!(text.contains("a=fmtp:111 stereo=1;sprop-stereo=1\r\n"));
    let (text, _) = reply(Role::Publisher, &CHROMIUM.replace("recvonly", "sendonly")).unwrap();
    assert!(text.contains("a=fmtp:111 minptime=10;useinbandfec=1\r\n"));
}

#[test]
fn sections_may_come_alone_and_in_any_direction_that_fits() {
    let only_video =
        LIBDATACHANNEL.find("m=audio").unwrap()..LIBDATACHANNEL.find("m=video").unwrap();
    let mut offer = LIBDATACHANNEL.to_owned();
    offer.replace_range(only_video, "");
    let (_, config) = reply(Role::Publisher, &offer.replace("BUNDLE 0 1", "BUNDLE 1")).unwrap();
    assert!(config.audio.is_none() && config.video.is_some());
    assert!(reply(Role::Publisher, &OBS.replace("a=sendonly", "a=sendrecv")).is_ok());
    assert!(reply(Role::Viewer, &CHROMIUM.replace("a=recvonly", "a=sendrecv")).is_ok());
    let active = OBS.replace("setup:actpass", "setup:active");
    assert!(!reply(Role::Publisher, &active).unwrap().1.dtls_client);
}

fn fails(role: Role, offer: &str, code: &str) {
    match reply(role, offer) {
        Err(error) => assert_eq!(error.code(), code, "{error}"),
        Ok(_) => panic!("accepted, expected {code}"),
    }
}

fn without(offer: &str, prefix: &str) -> String {
    offer
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with(prefix))
        .collect()
}

#[test]
fn b_p1_b_p2_offers_that_are_no_sdp_or_too_big_are_refused_before_they_are_parsed() {
    let viewer = Role::Viewer;
    fails(viewer, "", "malformed");
    fails(viewer, " \r\n", "malformed");
    fails(viewer, "{\"sdp\":1}", "malformed");
    fails(viewer, "v=0\r\n", "malformed");
    fails(
        viewer,
        &CHROMIUM.replace("a=mid:0", "a=mid:\0"),
        "malformed",
    );
    fails(
        viewer,
        &CHROMIUM.replace("a=mid:0\r\n", "a=mid:0\ra=x\r\n"),
        "malformed",
    );
    fails(
        viewer,
        &format!("{CHROMIUM}{}", "a=x:y\r\n".repeat(10_000)),
        "too_large",
    );
    fails(
        viewer,
        &format!("{CHROMIUM}{}", "a=x\r\n".repeat(3_000)),
        "too_complex",
    );
    fails(
        viewer,
        &format!("{CHROMIUM}a=x:{}\r\n", "y".repeat(5_000)),
        "too_complex",
    );
    let candidate = "a=candidate:1 1 udp 1 10.0.0.1 80 typ host\r\n";
    fails(
        viewer,
        &format!("{CHROMIUM}{}", candidate.repeat(1_000)),
        "too_complex",
    );
    let section = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
    fails(
        viewer,
        &format!("{CHROMIUM}{}", section.repeat(200)),
        "too_many_sections",
    );
    fails(
        viewer,
        &CHROMIUM.replace("m=application 9", "m=video 9"),
        "malformed",
    );
    fails(
        viewer,
        &CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        "malformed",
    );
}

#[test]
fn b_p3_b_d4_offers_that_lack_what_is_needed_are_refused_with_the_reason() {
    let publisher = Role::Publisher;
    fails(publisher, &without(OBS, "a=ice-ufrag"), "no_ice");
    fails(publisher, &without(OBS, "a=ice-pwd"), "no_ice");
    fails(publisher, &OBS.replace("ufrag:1tzd", "ufrag:1tz"), "no_ice");
    let long = format!("ufrag:{}", "a".repeat(257));
    fails(publisher, &OBS.replace("ufrag:1tzd", &long), "no_ice");
    fails(
        publisher,
        &OBS.replace("a=ice-pwd:Q0393oaBjpSijHbKslDOnw", "a=ice-pwd:short"),
        "no_ice",
    );
    fails(publisher, &without(OBS, "a=fingerprint"), "no_fingerprint");
    fails(
        publisher,
        &OBS.replace("sha-256", "sha-1"),
        "weak_fingerprint",
    );
    fails(
        publisher,
        &OBS.replace("sha-256", "md5"),
        "weak_fingerprint",
    );
    fails(
        publisher,
        &OBS.replace("sha-256 1A:", "sha-256 "),
        "malformed",
    );
    fails(publisher, &without(OBS, "a=setup"), "bad_setup");
    fails(publisher, &OBS.replace("actpass", "holdconn"), "bad_setup");
    fails(publisher, &without(OBS, "a=mid"), "bad_mid");
    fails(publisher, &OBS.replace("a=mid:1", "a=mid:0"), "bad_mid");
    fails(publisher, &without(OBS, "a=rtcp-mux"), "no_bundle");
    fails(publisher, &without(OBS, "a=group:BUNDLE"), "no_bundle");
    fails(
        publisher,
        &OBS.replace("BUNDLE 0 1", "BUNDLE 0"),
        "no_bundle",
    );
}

#[test]
fn b_p4_w3_w10_offers_of_the_wrong_kind_are_refused_as_a_whole() {
    for wrong in ["a=recvonly", "a=inactive"] {
        fails(
            Role::Publisher,
            &OBS.replace("a=sendonly", wrong),
            "wrong_direction",
        );
        let one = OBS.replacen("a=sendonly", wrong, 1);
        fails(Role::Publisher, &one, "wrong_direction");
    }
    for wrong in ["a=sendonly", "a=inactive"] {
        fails(
            Role::Viewer,
            &CHROMIUM.replace("a=recvonly", wrong),
            "wrong_direction",
        );
    }
    let old = OBS.replace("H264/90000", "H263/90000");
    fails(Role::Publisher, &old, "no_common_codec");
    fails(
        Role::Publisher,
        &OBS.replace("opus/48000/2", "PCMU/8000"),
        "no_common_codec",
    );
    let second = OBS.replace(
        "msid:A1b2C3d4E5f6G7h8 A1b2C3d4E5f6G7h8-video",
        "msid:other video",
    );
    fails(Role::Publisher, &second, "too_many_streams");
    let twice = OBS.replace("m=audio", "m=video");
    fails(Role::Publisher, &twice, "too_many_sections");
    fails(
        Role::Viewer,
        &CHROMIUM.replace("m=application", "m=text"),
        "too_many_sections",
    );
    let data = &CHROMIUM[CHROMIUM.find("m=application").unwrap()..];
    let head = &CHROMIUM[..CHROMIUM.find("m=audio").unwrap()];
    fails(
        Role::Viewer,
        &format!("{}{data}", head.replace("0 1 2", "2")),
        "no_media",
    );
}

#[test]
fn b_p5_b_p6_candidates_are_never_taken_and_odd_values_never_copied() {
    let candidate = "a=mid:0\r\na=candidate:1 1 udp 1 169.254.169.254 80 typ host\r\n";
    let (text, _) = reply(Role::Viewer, &CHROMIUM.replace("a=mid:0\r\n", candidate)).unwrap();
    assert!(!text.contains("169.254"));
    for odd in [
        "a=mid:0 x",
        "a=mid:\u{e9}",
        "a=mid:aaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let offer = CHROMIUM.replace("a=mid:0", odd);
        assert_eq!(
            reply(Role::Viewer, &offer).unwrap_err(),
            OfferError::BadMid,
            "{odd}"
        );
    }
    let odd = CHROMIUM.replace("minptime=10", "minptime=10\u{2028}a=evil");
    assert!(!reply(Role::Viewer, &odd).unwrap().0.contains("evil"));
    let odd = OBS_SIMULCAST.replace("send 0;1;2", "send 0;1;<x>");
    fails(Role::Publisher, &odd, "malformed");
}

#[test]
fn a_weak_fingerprint_beside_a_strong_one_does_no_harm() {
    let both = OBS.replace(
        "a=fingerprint:sha-256",
        "a=fingerprint:sha-1 AA:BB\r\na=fingerprint:sha-256",
    );
    assert!(reply(Role::Publisher, &both).is_ok());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn no_change_to_an_offer_makes_it_panic(
        which in 0usize..5,
        edits in proptest::collection::vec((0usize..4000, proptest::char::any(), 0u8..3), 1..12),
    ) {
        let offers = [FFMPEG, LIBDATACHANNEL, OBS, OBS_SIMULCAST, CHROMIUM];
        let mut text: Vec<char> = offers[which].chars().collect();
        for (at, with, how) in edits {
            let at = at % text.len();
            match how {
                0 => text[at] = with,
                1 => text.insert(at, with),
                _ => drop(text.drain(at..(at + 20).min(text.len()))),
            }
        }
        let text: String = text.into_iter().collect();
        let _ = reply(Role::Publisher, &text);
        let _ = reply(Role::Viewer, &text);
        let _ = crate::peer::parse_sdpfrag(&text);
    }
}
