//! E2: an offer of our own for a player whose offer could not be satisfied, and its answer.

use super::*;

const HIGH: Codec = Codec::H264 {
    profile_level_id: 0x64_00_1f,
    packetization_mode: 1,
};

fn counter(codecs: &[Codec], lanes: bool) -> Counter {
    let certificate = Certificate::generate().unwrap();
    let udp = ["192.0.2.10:5000".parse().unwrap()];
    let local = LocalFacts {
        candidates: Candidates {
            udp: &udp,
            tcp: &[],
        },
        certificate: &certificate,
        ufrag: "ourUfrag",
        pwd: "ourPasswordOf24Charactrs",
        audio_ssrc: 1001,
        video_ssrc: 1002,
        video_rtx_ssrc: 1003,
        cname: "soukcname",
        session_id: 77,
        seed: 5,
    };
    counter_offer(&local, codecs, lanes)
}

/// What a player makes of the offer: the same sections, received, with its own transport.
fn player_answer(offer: &str, setup: &str) -> String {
    let mut answer = String::new();
    for line in offer.split_inclusive("\r\n") {
        let line = line.trim_end();
        let line = match line.split(':').next().unwrap() {
            "a=ice-lite"
            | "a=msid-semantic"
            | "a=candidate"
            | "a=ssrc"
            | "a=ssrc-group"
            | "a=msid"
            | "a=end-of-candidates" => continue,
            "a=sendonly" => "a=recvonly".to_owned(),
            "a=setup" => format!("a=setup:{setup}"),
            "a=ice-ufrag" => "a=ice-ufrag:player".to_owned(),
            "a=ice-pwd" => "a=ice-pwd:passwordOfThePlayer123".to_owned(),
            _ => line.to_owned(),
        };
        answer.push_str(&line);
        answer.push_str("\r\n");
    }
    answer
}

#[test]
fn e2_the_counter_offer_holds_what_the_source_has_and_nothing_else() {
    let counter = counter(&[HIGH, Codec::Opus], true);
    let text = counter.offer();
    has(&part(text, 0), &["a=ice-lite", "a=group:BUNDLE 0 1 2"]);
    let audio = part(text, 1);
    has(
        &audio,
        &[
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "a=sendonly",
            "a=setup:actpass",
            "a=ice-ufrag:ourUfrag",
            "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1",
        ],
    );
    let video = part(text, 2);
    has(
        &video,
        &[
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            "a=rtpmap:96 H264/90000",
            "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
            "a=rtcp-fb:96 transport-cc",
            "a=ssrc-group:FID 1002 1003",
            "a=candidate:1 1 udp 2130706431 192.0.2.10 5000 typ host",
        ],
    );
    has(&part(text, 3), &["a=sctp-port:5000", "a=mid:2"]);
    let hevc = Codec::H265 {
        profile_id: 1,
        tier: 0,
        level_id: 93,
    };
    let every = [
        Codec::Av1 { profile: 0 },
        Codec::Vp8,
        Codec::Vp9 { profile: 2 },
        hevc,
    ];
    let text = self::counter(&every, false).offer().to_owned();
    has(
        &part(&text, 1),
        &["m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 103"],
    );
    assert!(text.contains("dependency-descriptor") && !text.contains("m=audio"));
    // Our own offer is one that we would take in turn, as a publisher's.
    assert!(reply(Role::Publisher, &text).is_ok());
}

#[test]
fn e2_the_players_answer_settles_a_session_in_either_dtls_role() {
    for (setup, dtls_client) in [("active", false), ("passive", true)] {
        let counter = counter(&[HIGH, Codec::Opus], true);
        let config = counter
            .accept(&player_answer(counter.offer(), setup))
            .unwrap();
        assert_eq!(
            (config.role, config.dtls_client),
            (Role::Viewer, dtls_client)
        );
        assert_eq!(config.ice.local_ufrag, "ourUfrag");
        assert_eq!(config.ice.remote_ufrag, "player");
        assert!(config.lanes && config.rtcp_rsize);
        let video = config.video.unwrap();
        let format = *video.format_for(&HIGH).unwrap();
        assert_eq!((format.pt, format.rtx, format.nack), (96, Some(97), true));
        assert_eq!((video.local_ssrc, video.local_rtx_ssrc), (1002, 1003));
        assert_eq!(video.twcc_ext, Some(2));
        assert_eq!(config.audio.unwrap().local_ssrc, 1001);
    }
}

#[test]
fn e2_an_answer_may_leave_things_out_but_brings_in_nothing_new() {
    let counter = counter(&[HIGH, Codec::Opus], true);
    let answer = player_answer(counter.offer(), "active");
    let less = without(&without(&answer, "a=rtcp-fb"), "a=extmap");
    let video = counter.accept(&less).unwrap().video.unwrap();
    assert_eq!((video.twcc_ext, video.local_rtx_ssrc), (None, 0));
    let no_lanes = answer
        .replace("m=application 9", "m=application 0")
        .replace("BUNDLE 0 1 2", "BUNDLE 0 1");
    assert!(!counter.accept(&no_lanes).unwrap().lanes);
    let more = answer.replace("a=extmap:2 ", "a=extmap:7 ");
    assert_eq!(counter.accept(&more).unwrap().video.unwrap().twcc_ext, None);
}

#[test]
fn e2_answers_that_do_not_fit_are_refused() {
    let counter = counter(&[HIGH, Codec::Opus], false);
    let answer = player_answer(counter.offer(), "active");
    assert!(counter.accept(&answer).is_ok());
    let cut = answer[..answer.find("m=video").unwrap()].replace("BUNDLE 0 1", "BUNDLE 0");
    for (wrong, code) in [
        (String::new(), "malformed"),
        (cut, "malformed"),
        (answer.replace("a=mid:1", "a=mid:7"), "malformed"),
        (answer.replace("m=video 9", "m=video 0"), "no_common_codec"),
        (answer.replace("H264", "VP8"), "no_common_codec"),
        (
            answer
                .replace(":96 ", ":98 ")
                .replace("SAVPF 96", "SAVPF 98"),
            "no_common_codec",
        ),
        (answer.replace("setup:active", "setup:actpass"), "bad_setup"),
        (
            answer.replace("setup:active", "setup:holdconn"),
            "bad_setup",
        ),
        (
            answer.replace("a=recvonly", "a=sendonly"),
            "wrong_direction",
        ),
        (answer.replace("sha-256", "sha-1"), "weak_fingerprint"),
        (without(&answer, "a=ice-pwd"), "no_ice"),
        (without(&answer, "a=group"), "no_bundle"),
    ] {
        assert_eq!(counter.accept(&wrong).unwrap_err().code(), code, "{wrong}");
    }
}
