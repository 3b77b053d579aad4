//! The SRTP profile of a ClientHello (RFC 5764 section 4.1.1), chosen by our order, not its.
//!
//! The engine would take the client's first common profile, which is the slow one with browsers;
//! so the whole hello is read here first and the engine is built with the one profile chosen.

use super::super::srtp::Profile;

/// What a ClientHello leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Our best profile among those offered.
    Profile(Profile),
    /// No SRTP, or no profile in common.
    NoProfile,
    /// DTLS 1.0 only.
    OldVersion,
    /// Not a ClientHello.
    Malformed,
}

const USE_SRTP: u16 = 14;

/// Reads the body of a ClientHello.
pub(super) fn choose(body: &[u8]) -> Choice {
    match offered(body) {
        None => Choice::Malformed,
        // Versions count downwards; 1.3 clients say 1.2 here.
        Some((version, _)) if version >> 8 != 0xfe || version & 0xff > 0xfd => Choice::OldVersion,
        Some((_, profiles)) => {
            let ours = |profile: &Profile| {
                profiles
                    .chunks_exact(2)
                    .any(|id| id == profile.id().to_be_bytes())
            };
            Profile::ALL
                .into_iter()
                .find(ours)
                .map_or(Choice::NoProfile, Choice::Profile)
        }
    }
}

/// Version and the list of profile ids; an absent extension is an empty list.
fn offered(body: &[u8]) -> Option<(u16, &[u8])> {
    let mut reader = Reader(body);
    let version = reader.u16()?;
    reader.take(32)?;
    for _ in ["session id", "cookie"] {
        let len = reader.u8()?;
        reader.take(len.into())?;
    }
    let suites = reader.u16()?;
    reader.take(suites.into())?;
    let compression = reader.u8()?;
    reader.take(compression.into())?;
    if reader.0.is_empty() {
        return Some((version, &[]));
    }
    let len = reader.u16()?;
    let mut extensions = Reader(reader.take(len.into())?);
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let len = extensions.u16()?;
        let mut value = Reader(extensions.take(len.into())?);
        if kind == USE_SRTP {
            let len = value.u16()?;
            return Some((version, value.take(len.into())?));
        }
    }
    Some((version, &[]))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)
            .map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hello(version: u16, profiles: Option<&[u16]>) -> Vec<u8> {
        let mut body = version.to_be_bytes().to_vec();
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0, 0, 2, 0xc0, 0x2b, 1, 0]);
        let mut extensions = vec![0, 23, 0, 0];
        if let Some(profiles) = profiles {
            let len = profiles.len() as u16 * 2;
            extensions.extend_from_slice(&USE_SRTP.to_be_bytes());
            extensions.extend_from_slice(&(len + 3).to_be_bytes());
            extensions.extend_from_slice(&len.to_be_bytes());
            extensions.extend(profiles.iter().flat_map(|id| id.to_be_bytes()));
            extensions.push(0);
        }
        body.extend_from_slice(&(extensions.len() as u16).to_be_bytes());
        body.extend_from_slice(&extensions);
        body
    }

    #[test]
    fn b_d5_our_order_decides_and_what_we_lack_is_refused() {
        for (offered, choice) in [
            (&[1u16, 8, 7][..], Choice::Profile(Profile::Gcm128)),
            (&[1, 8], Choice::Profile(Profile::Gcm256)),
            (&[2, 1], Choice::Profile(Profile::Sha1)),
            (&[2, 5], Choice::NoProfile),
            (&[], Choice::NoProfile),
        ] {
            assert_eq!(choose(&hello(0xfefd, Some(offered))), choice, "{offered:?}");
        }
        assert_eq!(choose(&hello(0xfefd, None)), Choice::NoProfile);
        assert_eq!(choose(&hello(0xfeff, Some(&[7]))), Choice::OldVersion);
    }

    #[test]
    fn every_cut_and_flipped_byte_is_survived() {
        let body = hello(0xfefd, Some(&[7, 1]));
        for cut in 0..body.len() {
            choose(&body[..cut]);
        }
        for at in 0..body.len() {
            for bit in 0..8 {
                let mut broken = body.clone();
                broken[at] ^= 1 << bit;
                choose(&broken);
            }
        }
        assert_eq!(choose(&body[..20]), Choice::Malformed);
    }
}
