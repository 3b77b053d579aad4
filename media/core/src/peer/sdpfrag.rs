//! The body of a trickle PATCH and of an ICE restart (RFC 8840, RFC 9725 sections 4.3.2, 4.3.3).
//!
//! Read and checked; candidates are counted and not used. The answer to a restart is written from
//! our own facts and from values that were checked to be tokens.

use super::candidates::Candidates;
use super::limits::MAX_SECTIONS;
use super::sdp::{OfferError, check_text, is_credential, is_token};

/// What a fragment says about the ICE session that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdpFrag {
    /// The first `a=ice-ufrag`, when present.
    pub ufrag: Option<String>,
    /// The first `a=ice-pwd`, when present.
    pub pwd: Option<String>,
    /// Number of `a=candidate` lines; they are never contacted.
    pub candidates: usize,
    /// Whether `a=end-of-candidates` was there.
    pub end_of_candidates: bool,
    /// The mids of `a=group:BUNDLE`; empty when there is none, or an odd one.
    bundle: Vec<String>,
    /// Kind and mid of the first section, when both are there.
    section: Option<(&'static str, String)>,
}

/// Reads a fragment. Whether its user name is the current one is the caller's question.
///
/// # Errors
/// When it is too large or not a fragment.
pub fn parse_sdpfrag(body: &str) -> Result<SdpFrag, OfferError> {
    check_text(body)?;
    let mut frag = SdpFrag {
        ufrag: None,
        pwd: None,
        candidates: 0,
        end_of_candidates: false,
        bundle: Vec::new(),
        section: None,
    };
    let mut kind = None;
    for line in body
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
    {
        let bytes = line.as_bytes();
        if bytes.len() < 2 || !bytes[0].is_ascii_lowercase() || bytes[1] != b'=' {
            return Err(OfferError::Malformed(
                "a line of the fragment cannot be read",
            ));
        }
        if let Some(ufrag) = line.strip_prefix("a=ice-ufrag:") {
            let ufrag = credential(ufrag, 4)?;
            frag.ufrag.get_or_insert(ufrag);
        } else if let Some(pwd) = line.strip_prefix("a=ice-pwd:") {
            let pwd = credential(pwd, 22)?;
            frag.pwd.get_or_insert(pwd);
        } else if line.starts_with("a=candidate:") {
            frag.candidates += 1;
        } else if line == "a=end-of-candidates" {
            frag.end_of_candidates = true;
        } else if let Some(mids) = line.strip_prefix("a=group:BUNDLE ") {
            frag.bundle = bundle(mids);
        } else if let Some(media) = line.strip_prefix("m=") {
            kind = section_kind(media);
        } else if let (Some(mid), Some(kind), None) =
            (line.strip_prefix("a=mid:"), kind, &frag.section)
        {
            frag.section = is_token(mid, 16).then(|| (kind, mid.to_owned()));
        }
    }
    Ok(frag)
}

impl SdpFrag {
    /// User name fragment and password, when it brings both, as a restart must.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.ufrag.as_deref().zip(self.pwd.as_deref())
    }

    /// The body of the 200 to an ICE restart (RFC 9725 section 4.3.3): our new user name fragment
    /// and password and all candidates, under the first section that the request named.
    pub fn restart_answer(&self, ufrag: &str, pwd: &str, candidates: &Candidates<'_>) -> String {
        let mut lines = vec!["a=ice-lite".to_owned()];
        if !self.bundle.is_empty() {
            lines.push(format!("a=group:BUNDLE {}", self.bundle.join(" ")));
        }
        if let Some((kind, mid)) = &self.section {
            // RFC 8840 section 4.4: only the kind of this line means anything.
            lines.push(format!("m={kind} 9 UDP/TLS/RTP/SAVPF 0"));
            lines.push(format!("a=mid:{mid}"));
        }
        lines.push(format!("a=ice-ufrag:{ufrag}"));
        lines.push(format!("a=ice-pwd:{pwd}"));
        lines.extend(candidates.lines().map(|line| format!("a=candidate:{line}")));
        lines.push("a=end-of-candidates\r\n".to_owned());
        lines.join("\r\n")
    }
}

fn credential(value: &str, min: usize) -> Result<String, OfferError> {
    let usable = is_credential(value, min);
    usable.then(|| value.to_owned()).ok_or(OfferError::NoIce)
}

fn bundle(mids: &str) -> Vec<String> {
    let mids: Vec<String> = mids.split_whitespace().map(str::to_owned).collect();
    let usable = mids.len() <= MAX_SECTIONS && mids.iter().all(|mid| is_token(mid, 16));
    if usable { mids } else { Vec::new() }
}

fn section_kind(media: &str) -> Option<&'static str> {
    let named = media.split(' ').next()?;
    ["audio", "video", "application"]
        .into_iter()
        .find(|kind| *kind == named)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_trickle_fragment_is_read_and_its_candidates_are_only_counted() {
        let body = "a=group:BUNDLE 0\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n\
                    a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
                    a=candidate:1 1 udp 1 169.254.169.254 80 typ host\r\na=end-of-candidates\r\n";
        let frag = parse_sdpfrag(body).unwrap();
        assert_eq!(frag.ufrag.as_deref(), Some("EsAw"));
        assert_eq!(frag.pwd.as_deref(), Some("P2uYro0UCOQ4zxjKXaWCBui1"));
        assert!(frag.candidates == 1 && frag.end_of_candidates);
    }

    #[test]
    fn a_restart_is_answered_with_our_credentials_and_candidates_under_the_named_section() {
        let body = "a=ice-options:trickle ice2\r\na=group:BUNDLE 0 1\r\n\
                    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n\
                    a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=video 9 RTP/AVP 0\r\na=mid:1\r\n\
                    a=ice-ufrag:other\r\n";
        let frag = parse_sdpfrag(body).unwrap();
        let both = ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1");
        assert_eq!(frag.credentials(), Some(both));
        let udp = ["192.0.2.1:5000".parse().unwrap()];
        let candidates = Candidates {
            udp: &udp,
            tcp: &[],
        };
        let answer = frag.restart_answer("ourUfrag", "ourPasswordOf24Charactrs", &candidates);
        assert_eq!(
            answer,
            "a=ice-lite\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
             a=ice-ufrag:ourUfrag\r\na=ice-pwd:ourPasswordOf24Charactrs\r\n\
             a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\na=end-of-candidates\r\n"
        );
        assert_eq!(parse_sdpfrag(&answer).unwrap().candidates, 1);
    }

    #[test]
    fn b_p6_odd_values_of_a_fragment_are_not_copied() {
        let body = "a=group:BUNDLE 0 <x>\r\nm=audio 9 RTP/AVP 0\r\na=mid:0 \u{e9}\r\n\
                    m=evil 9 RTP/AVP 0\r\na=mid:2\r\n";
        let answer = parse_sdpfrag(body).unwrap();
        let answer = answer.restart_answer("u", "p", &Candidates::default());
        let expected = "a=ice-lite\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\na=end-of-candidates\r\n";
        assert_eq!(answer, expected);
        let body = "a=ice-ufrag:ab:cd\r\n";
        assert_eq!(parse_sdpfrag(body).unwrap_err().code(), "no_ice");
    }

    #[test]
    fn what_is_no_fragment_is_refused() {
        let many = "a=candidate:1 1 udp 1 10.0.0.1 80 typ host\r\n".repeat(101);
        for (body, code) in [
            ("", "malformed"),
            ("{\"candidate\":1}", "malformed"),
            ("a=ice-ufrag:abc\r\n", "no_ice"),
            ("a=ice-pwd:short\r\n", "no_ice"),
            ("a=ice-ufrag:ab\0d\r\n", "malformed"),
            (many.as_str(), "too_complex"),
            (&"a".repeat(70_000), "too_large"),
        ] {
            assert_eq!(
                parse_sdpfrag(body).unwrap_err().code(),
                code,
                "{:.20}",
                body
            );
        }
    }
}
