//! Whether a packet from an unknown address is the next one of this session. Nothing is noted: a
//! trial changes no replay window and makes no state.
//!
//! What is readable sorts out nearly all: the SSRC has to be known here, and the index has to be
//! ahead of all that came, by what may have been lost at most. So a packet that was seen is none.

use super::{ENCRYPTED, Session, nearest_index, packet};

/// How far ahead of the highest index a packet may be.
const AHEAD_RTP: u64 = 8_192;
const AHEAD_RTCP: u64 = 256;

/// What opening takes.
enum Place {
    Rtp {
        header: usize,
        ssrc: u32,
        index: u64,
    },
    Rtcp {
        ssrc: u32,
        word: u32,
    },
}

impl Session {
    /// Whether this may be the next packet, by its clear fields.
    pub(crate) fn may_be_next(&self, packet: &[u8]) -> bool {
        self.place(packet).is_some()
    }

    /// Whether it is. The content of `packet` is lost.
    pub(crate) fn is_next(&self, packet: &mut [u8]) -> bool {
        let opened = match self.place(packet) {
            Some(Place::Rtp {
                header,
                ssrc,
                index,
            }) => self.recv_rtp.open_rtp(packet, header, ssrc, index),
            Some(Place::Rtcp { ssrc, word }) => self.recv_rtcp.open_rtcp(packet, ssrc, word),
            None => None,
        };
        opened.is_some()
    }

    fn place(&self, packet: &[u8]) -> Option<Place> {
        if packet::is_rtcp_type(packet) {
            let whole = packet.len() >= packet::RTCP_HEADER + self.rtcp_trailer();
            if !packet::is_rtcp(packet) || !whole {
                return None;
            }
            let ssrc = packet::rtcp_ssrc(packet);
            let word = self.recv_rtcp.rtcp_index_word(packet);
            let mut known = self.receiving_rtcp.iter();
            let highest = known.find(|stream| stream.ssrc == ssrc)?.replay.highest();
            let ahead = u64::from(word & !ENCRYPTED).checked_sub(highest)?;
            let next = word & ENCRYPTED != 0 && (1..=AHEAD_RTCP).contains(&ahead);
            return next.then_some(Place::Rtcp { ssrc, word });
        }
        let header = packet::rtp_header_len(packet)?;
        let ssrc = packet::ssrc(packet);
        let mut known = self.receiving.iter();
        let highest = known.find(|stream| stream.ssrc == ssrc)?.replay.highest();
        let index = nearest_index(highest, packet::sequence(packet));
        let ahead = index.checked_sub(highest)?;
        (1..=AHEAD_RTP).contains(&ahead).then_some(Place::Rtp {
            header,
            ssrc,
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Profile, SRTP_OVERHEAD};
    use super::*;

    fn pair(profile: Profile) -> (Session, Session) {
        let material = vec![7; profile.keying_len()];
        let side = |client| Session::new(profile, &material, client).unwrap();
        (side(true), side(false))
    }

    /// The packet number `number`, sealed: RTCP or RTP of SSRC 5.
    fn sealed(session: &mut Session, rtcp: bool, number: u16) -> Vec<u8> {
        let mut packet = vec![0x81, 205, 0, 5, 0, 0, 0, 5];
        if !rtcp {
            packet = vec![0x80, 96, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5];
            packet[2..4].copy_from_slice(&number.to_be_bytes());
        }
        packet.resize(24, 9);
        packet.resize(24 + SRTP_OVERHEAD, 0);
        let sealed = match rtcp {
            true => session.seal_rtcp(&mut packet, 24),
            false => session.seal_rtp(&mut packet, 24),
        };
        packet.truncate(sealed.unwrap());
        packet
    }

    #[test]
    fn only_what_comes_next_is_genuine_and_a_trial_changes_nothing() {
        for (profile, rtcp) in Profile::ALL
            .into_iter()
            .flat_map(|it| [(it, true), (it, false)])
        {
            let (mut client, mut server) = pair(profile);
            let open = |server: &mut Session, mut packet: Vec<u8>| match rtcp {
                true => server.open_rtcp(&mut packet).is_ok(),
                false => server.open_rtp(&mut packet).is_ok(),
            };
            let all: Vec<_> = (1..9)
                .map(|number| sealed(&mut client, rtcp, number))
                .collect();
            let is_next = |server: &Session, at: usize| server.is_next(&mut all[at].clone());
            assert!(!is_next(&server, 0), "nothing is known of this SSRC");
            assert!(open(&mut server, all[2].clone()));
            assert!(!is_next(&server, 2), "it was seen");
            assert!(!is_next(&server, 1), "it is older, though it was not seen");
            for _ in 0..3 {
                assert!(is_next(&server, 3) && is_next(&server, 7));
            }
            for at in 0..all[4].len() {
                let mut broken = all[4].clone();
                broken[at] ^= 1;
                assert!(!server.is_next(&mut broken), "{profile:?} {rtcp} byte {at}");
                assert!(!server.is_next(&mut all[4][..at].to_vec()));
            }
            assert!(open(&mut server, all[1].clone()) && open(&mut server, all[3].clone()));
            assert!(!is_next(&server, 3));
        }
    }

    #[test]
    fn what_is_too_far_ahead_is_not_tried() {
        let (mut client, mut server) = pair(Profile::Gcm128);
        assert!(server.open_rtcp(&mut sealed(&mut client, true, 0)).is_ok());
        let ahead: Vec<_> = (0..=AHEAD_RTCP)
            .map(|_| sealed(&mut client, true, 0))
            .collect();
        let tried = ahead.iter().map(|packet| server.may_be_next(packet));
        assert_eq!(tried.filter(|tried| *tried).count() as u64, AHEAD_RTCP);
        assert!(!server.may_be_next(ahead.last().unwrap()));
    }
}
