//! SDP: offers of publishers and viewers, and fragments of a PATCH.

use media_core::peer::{Candidates, Codec, LocalFacts, Role, answer, counter_offer, parse_sdpfrag};

use super::{Kind, Target};
use crate::stage::{FFMPEG, OBS, PASSWORD, SERVER, here};

pub const KIND: Kind = Kind {
    name: "sdp",
    make: || Box::new(Sdp),
    seeds,
    words: &[
        b"\r\n",
        b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        b"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",
        b"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        b"a=mid:0\r\n",
        b"a=group:BUNDLE 0 1\r\n",
        b"a=rtpmap:96 H264/90000\r\n",
        b"a=rtpmap:96 AV1/90000\r\n",
        b"a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n",
        b"a=rtpmap:96 H265/90000\r\n",
        b"a=fmtp:96 profile-level-id=42e01f;packetization-mode=1\r\n",
        b"a=simulcast:send 0;1;~2\r\n",
        b"a=rid:0 send\r\n",
        b"a=ssrc-group:FID 1 2\r\n",
        b"a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n",
        b"a=rtcp-fb:* nack pli\r\n",
        b"a=rtcp-fb:96 goog-remb\r\n",
        b"a=setup:actpass\r\n",
        b"a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n",
        b"a=end-of-candidates\r\n",
        b"4294967296",
        b"-1",
    ],
};

struct Sdp;

impl Target for Sdp {
    fn feed(&mut self, input: &[u8]) {
        let Ok(text) = std::str::from_utf8(input) else {
            return;
        };
        let local = LocalFacts {
            candidates: Candidates {
                udp: &[here()],
                tcp: &[here()],
            },
            certificate: &SERVER,
            ufrag: "ufrag",
            pwd: PASSWORD,
            audio_ssrc: 10_000,
            video_ssrc: 10_001,
            video_rtx_ssrc: 20_001,
            cname: "cname",
            session_id: 9,
            seed: 9,
        };
        for role in [Role::Publisher, Role::Viewer] {
            if let Ok((answer, _)) = answer(role, text, &local) {
                check(text, &answer);
            }
        }
        let counter = counter_offer(&local, &[Codec::Vp8, Codec::Opus], true);
        let _ = counter.accept(text);
        if let Ok(frag) = parse_sdpfrag(text) {
            let answer = frag.restart_answer("ufrag", PASSWORD, &local.candidates);
            assert!(
                answer
                    .split_terminator("\r\n")
                    .all(|line| !line.contains('\n'))
            );
        }
    }
}

/// An answer is lines that end properly, with as many sections as the offer, and nothing in it
/// came in through a value.
fn check(offer: &str, answer: &str) {
    assert!(answer.ends_with("\r\n"), "the last line ends: {answer:?}");
    for line in answer.split_terminator("\r\n") {
        let mut bytes = line.bytes();
        let (kind, equals) = (bytes.next(), bytes.next());
        let fine = kind.is_some_and(|kind| kind.is_ascii_lowercase()) && equals == Some(b'=');
        assert!(fine, "no SDP line: {line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let sections = |text: &str| {
        let lines = text.lines().map(str::trim_start);
        lines.filter(|line| line.starts_with("m=")).count()
    };
    assert_eq!(sections(answer), sections(offer), "{answer:?}");
    for line in [
        "a=ice-lite\r\n",
        "a=ice-pwd:server-password-of-32-characters\r\n",
    ] {
        assert!(answer.contains(line), "{answer:?}");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let frag = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\n\
                a=mid:0\r\na=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r\n\
                a=end-of-candidates\r\n";
    let chromium = include_str!("../../fixtures/chromium-viewer.reconstructed.sdp");
    let libdatachannel = include_str!("../../fixtures/libdatachannel-0.24.5-offer.captured.sdp");
    let single = include_str!("../../fixtures/obs-32.2-h264-single.reconstructed.sdp");
    [OBS, FFMPEG, frag, chromium, libdatachannel, single]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}
