//! Repair, feedback and layers: accepted where they were offered, and nowhere else.

use super::*;

const TWCC: &str =
    "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const DEPENDENCY: &str = "a=extmap:12 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

#[test]
fn a_viewer_gets_rtx_with_an_ssrc_of_its_own() {
    let (text, config) = reply(Role::Viewer, CHROMIUM).unwrap();
    let video = part(&text, 2);
    has(&video, &["a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96"]);
    has(
        &video,
        &[
            "a=ssrc-group:FID 1002 1003",
            "a=ssrc:1003 cname:soukcname",
            "a=ssrc:1003 msid:soukcname video",
        ],
    );
    let section = config.video.unwrap();
    assert_eq!((section.local_ssrc, section.local_rtx_ssrc), (1002, 1003));
    assert_eq!(section.format(96).unwrap().rtx, Some(97));
    assert!(section.format(97).is_none());
    let audio = config.audio.unwrap();
    assert_eq!((audio.local_ssrc, audio.local_rtx_ssrc), (1001, 0));
    assert!(!part(&text, 1).iter().any(|line| line.contains("FID")));
}

#[test]
fn rtx_is_off_where_it_was_not_offered_or_belongs_to_nothing() {
    let no_nack = without(
        &without(CHROMIUM, "a=rtcp-fb:96 nack\r"),
        "a=rtcp-fb:45 nack\r",
    );
    let (text, config) = reply(Role::Viewer, &no_nack).unwrap();
    assert!(!text.contains("apt=96\r") && !text.contains("apt=45\r") && text.contains("apt=98\r"));
    assert_eq!(config.video.unwrap().format(96).unwrap().rtx, None);

    for none in [
        CHROMIUM.replace(" rtx/90000", " rtx/48000"),
        CHROMIUM.replace(" apt=", " apt=7"),
        CHROMIUM.replace(
            "97 103 104 107 108 109 114 98 99 39 40 45 46",
            "103 107 109 98 39 45",
        ),
    ] {
        let (text, config) = reply(Role::Viewer, &none).unwrap();
        assert!(!text.contains("rtx") && !text.contains("FID"));
        let video = config.video.unwrap();
        assert_eq!(video.local_rtx_ssrc, 0);
        assert!(video.formats.iter().all(|format| format.rtx.is_none()));
    }
}

#[test]
fn transport_wide_feedback_needs_extension_and_rtcp_fb_and_remb_stands_alone() {
    let (text, config) = reply(Role::Viewer, CHROMIUM).unwrap();
    has(&part(&text, 1), &[TWCC, "a=rtcp-fb:111 transport-cc"]);
    has(
        &part(&text, 2),
        &[TWCC, "a=rtcp-fb:96 transport-cc", "a=rtcp-fb:45 goog-remb"],
    );
    has(&part(&text, 0), &["a=extmap-allow-mixed"]);
    let (audio, video) = (config.audio.unwrap(), config.video.unwrap());
    assert_eq!((audio.twcc_ext, video.twcc_ext), (Some(3), Some(3)));
    assert!(video.remb && !audio.remb);

    let no_extension = CHROMIUM.replace("draft-holmer", "draft-other");
    let (text, config) = reply(Role::Viewer, &no_extension).unwrap();
    assert!(!text.contains("transport-cc") && text.contains("goog-remb"));
    assert_eq!(config.video.unwrap().twcc_ext, None);

    let no_feedback = CHROMIUM.replace(" transport-cc", " x");
    let (text, config) = reply(Role::Viewer, &no_feedback).unwrap();
    assert!(!text.contains("transport-wide") && text.contains("goog-remb"));
    assert_eq!(config.audio.unwrap().twcc_ext, None);
}

#[test]
fn a_browser_publisher_gets_feedback_repaired_layers_and_the_dependency_descriptor() {
    let offer = CHROMIUM.replace("a=recvonly", "a=sendonly").replace(
        "a=rtpmap:96 VP8",
        &format!(
            "{DEPENDENCY}\r\na=rid:q send\r\na=rid:h send\r\na=rid:f send\r\n\
                 a=simulcast:send q;h;f\r\na=rtpmap:96 VP8"
        ),
    );
    let (text, config) = reply(Role::Publisher, &offer).unwrap();
    let video = part(&text, 2);
    has(
        &video,
        &[
            TWCC,
            DEPENDENCY,
            "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            "a=rid:f recv",
            "a=simulcast:recv q;h;f",
        ],
    );
    let section = config.video.unwrap();
    assert_eq!(section.layers, ["q", "h", "f"]);
    assert_eq!(
        (section.rid_ext, section.repaired_rid_ext),
        (Some(10), Some(11))
    );
    assert_eq!((section.dd_ext, section.local_rtx_ssrc), (Some(12), 0));
    assert!(!text.contains("FID"));
}

#[test]
fn a_viewer_of_av1_gets_descriptors_if_extensions_may_be_long() {
    let offer = CHROMIUM.replace(
        "a=rtpmap:96 VP8",
        &format!("{DEPENDENCY}\r\na=rtpmap:96 VP8"),
    );
    let given = |offer: &str| {
        let (text, config) = reply(Role::Viewer, offer).unwrap();
        let given = config.video.unwrap().dd_ext;
        assert_eq!(text.contains(DEPENDENCY), given.is_some());
        given
    };
    assert_eq!(given(&offer), Some(12));
    assert_eq!(given(&offer.replace("a=extmap-allow-mixed\r\n", "")), None);
    assert_eq!(given(&offer.replace("AV1/", "AV0/")), None);
}

#[test]
fn simulcast_has_at_most_four_layers_and_needs_a_way_to_tell_them_apart() {
    let four = OBS_SIMULCAST.replace("send 0;1;2", "send 0;1;2;3");
    let (text, config) = reply(Role::Publisher, &four).unwrap();
    assert!(text.contains("a=rid:3 recv\r\n") && text.contains("a=simulcast:recv 0;1;2;3\r\n"));
    assert_eq!(
        config.video.unwrap().layers.len(),
        crate::limits::MAX_LAYERS
    );
    let five = OBS_SIMULCAST.replace("send 0;1;2", "send 0;1;2;3;4");
    fails(Role::Publisher, &five, "too_complex");
    let unnamed = OBS_SIMULCAST.replace("sdes:rtp-stream-id", "sdes:other");
    let (text, config) = reply(Role::Publisher, &unnamed).unwrap();
    assert!(!text.contains("simulcast") && config.video.unwrap().layers.is_empty());
}

#[test]
fn hevc_and_av1_are_passed_through_with_their_parameters() {
    let hevc = |fmtp: &str| {
        let offer = OBS.replace("H264/90000", "H265/90000");
        let old = "profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1";
        assert!(offer.contains(old));
        reply(Role::Publisher, &offer.replace(old, fmtp))
    };
    let (text, config) = hevc("level-id=120;profile-id=2;tier-flag=1;tx-mode=SRST").unwrap();
    assert!(text.contains("a=fmtp:96 level-id=120;profile-id=2;tier-flag=1;tx-mode=SRST\r\n"));
    let main = Codec::H265 {
        profile_id: 1,
        tier: 0,
        level_id: 93,
    };
    let high = Codec::H265 {
        profile_id: 2,
        tier: 1,
        level_id: 120,
    };
    assert_eq!(config.video.unwrap().formats[0].codec, high);
    let (_, config) = hevc("x=y").unwrap();
    assert_eq!(config.video.unwrap().formats[0].codec, main);
    assert!(
        !high.same(&main)
            && main.same(&Codec::H265 {
                profile_id: 1,
                tier: 0,
                level_id: 60
            })
    );
    assert_eq!(hevc("tx-mode=MRST").unwrap_err(), OfferError::NoCommonCodec);
    assert_eq!(
        hevc("profile-id=999").unwrap_err(),
        OfferError::NoCommonCodec
    );

    let (text, config) = reply(Role::Viewer, CHROMIUM).unwrap();
    assert!(text.contains("a=fmtp:45 level-idx=5;profile=0;tier=0\r\n"));
    let av1 = Codec::Av1 { profile: 0 };
    assert_eq!(config.video.unwrap().format_for(&av1).unwrap().pt, 45);
    assert!(!av1.same(&Codec::Av1 { profile: 1 }));
}

#[test]
fn b_r8_the_announced_bitrate_of_a_section_is_read() {
    let bitrate = |lines: &str| {
        let at = OBS.find("m=video").unwrap();
        let end = at + OBS[at..].find("a=").unwrap();
        let offer = format!("{}{lines}{}", &OBS[..end], &OBS[end..]);
        let (_, config) = reply(Role::Publisher, &offer).unwrap();
        config.video.unwrap().bitrate
    };
    assert_eq!(bitrate(""), None);
    assert_eq!(bitrate("b=AS:2500\r\n"), Some(2_500_000));
    let both = bitrate("b=AS:2500\r\nb=TIAS:2300000\r\n");
    assert_eq!(both, Some(2_300_000));
    assert_eq!(bitrate("b=X-YZ:9\r\nb=CT:1\r\n"), None);
    assert_eq!(bitrate("b=AS:18446744073709551615\r\n"), Some(u64::MAX));
}
