//! The body of a trickle PATCH (RFC 8840): read and checked, its candidates are not used.

use super::sdp::{OfferError, check_text};

/// What a fragment says about the ICE session that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdpFrag {
    /// `a=ice-ufrag`, when present.
    pub ufrag: Option<String>,
    /// `a=ice-pwd`, when present.
    pub pwd: Option<String>,
    /// Number of `a=candidate` lines; they are never contacted.
    pub candidates: usize,
    /// Whether `a=end-of-candidates` was there.
    pub end_of_candidates: bool,
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
    };
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
            frag.ufrag = Some(credential(ufrag, 4)?);
        } else if let Some(pwd) = line.strip_prefix("a=ice-pwd:") {
            frag.pwd = Some(credential(pwd, 22)?);
        } else if line.starts_with("a=candidate:") {
            frag.candidates += 1;
        } else if line == "a=end-of-candidates" {
            frag.end_of_candidates = true;
        }
    }
    Ok(frag)
}

fn credential(value: &str, min: usize) -> Result<String, OfferError> {
    let fits = (min..=256).contains(&value.len());
    if fits && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(value.to_owned())
    } else {
        Err(OfferError::NoIce)
    }
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
