//! SRTP and SRTCP of one peer: sealing what we send, opening what arrives (RFC 3711, RFC 7714).
//!
//! One [`Session`] owns the keys of one DTLS handshake in both directions, and nobody else has
//! them: a second owner would repeat AES-GCM nonces. Packets are changed in place and nothing is
//! allocated once an SSRC is known. Opening checks authentication first, replay included, and
//! creates state for an SSRC only after its first packet proved genuine.

use super::event::DropReason;
use super::limits::{MAX_SSRCS, SRTP_OVERHEAD};

mod cipher;
mod derive;
mod packet;
mod replay;
mod trial;

use cipher::Cipher;
use derive::derive;
pub(crate) use packet::is_rtcp_type;
use replay::Replay;

/// SSRCs that one peer can send with; more is a mistake of ours.
const MAX_SEND_SSRCS: usize = 8;
/// Highest SRTCP index (31 bits); the session is over before it repeats.
const MAX_RTCP_INDEX: u32 = (1 << 31) - 1;
/// Flag in the SRTCP index word: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// SRTP protection profiles (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// AEAD_AES_128_GCM, our first choice.
    Gcm128,
    /// AEAD_AES_256_GCM.
    Gcm256,
    /// AES_CM_128_HMAC_SHA1_80.
    Sha1,
}

impl Profile {
    /// All profiles, best first.
    pub const ALL: [Profile; 3] = [Profile::Gcm128, Profile::Gcm256, Profile::Sha1];

    /// The number in the `use_srtp` extension.
    pub fn id(self) -> u16 {
        match self {
            Profile::Gcm128 => 0x0007,
            Profile::Gcm256 => 0x0008,
            Profile::Sha1 => 0x0001,
        }
    }

    fn key_len(self) -> usize {
        if self == Profile::Gcm256 { 32 } else { 16 }
    }

    fn salt_len(self) -> usize {
        if self == Profile::Sha1 { 14 } else { 12 }
    }

    /// Bytes to export from the handshake: both keys and both salts.
    pub(crate) fn keying_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }
}

/// Both directions of one SRTP session.
pub(crate) struct Session {
    profile: Profile,
    send_rtp: Cipher,
    send_rtcp: Cipher,
    recv_rtp: Cipher,
    recv_rtcp: Cipher,
    sending: Senders,
    rtcp_index: u32,
    receiving: Vec<Receiving>,
    receiving_rtcp: Vec<Receiving>,
}

/// What we send with, kept in place: one access to memory less for every packet.
#[derive(Default)]
struct Senders {
    all: [Sending; MAX_SEND_SSRCS],
    count: usize,
}

/// Extended sequence number of one SSRC that we send with.
#[derive(Clone, Copy, Default)]
struct Sending {
    ssrc: u32,
    highest: u64,
}

/// Replay state of one SSRC that we receive.
struct Receiving {
    ssrc: u32,
    replay: Replay,
}

impl Session {
    /// Splits exported keying material (client key, server key, client salt, server salt; RFC 5764
    /// section 4.2) and derives the session keys. `None` when the length is wrong.
    pub(crate) fn new(profile: Profile, material: &[u8], dtls_client: bool) -> Option<Self> {
        if material.len() != profile.keying_len() {
            return None;
        }
        let (keys, salts) = material.split_at(2 * profile.key_len());
        let (client_key, server_key) = keys.split_at(profile.key_len());
        let (client_salt, server_salt) = salts.split_at(profile.salt_len());
        let (client, server) = ((client_key, client_salt), (server_key, server_salt));
        let (ours, theirs) = if dtls_client {
            (client, server)
        } else {
            (server, client)
        };
        Some(Self {
            profile,
            send_rtp: derive(profile, ours.0, ours.1, false)?,
            send_rtcp: derive(profile, ours.0, ours.1, true)?,
            recv_rtp: derive(profile, theirs.0, theirs.1, false)?,
            recv_rtcp: derive(profile, theirs.0, theirs.1, true)?,
            sending: Senders::default(),
            rtcp_index: 0,
            receiving: Vec::with_capacity(2),
            receiving_rtcp: Vec::with_capacity(2),
        })
    }

    /// Reads what sealing reads; see `forward/ahead.rs`.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        let first = self.sending.all[0];
        self.send_rtp.touch() ^ first.highest ^ u64::from(first.ssrc) ^ self.sending.count as u64
    }

    /// See [`Session::touch`].
    #[inline]
    pub(crate) fn touch_key(&self) -> u64 {
        self.send_rtp.touch_key()
    }

    /// The profile that was negotiated.
    pub(crate) fn profile(&self) -> Profile {
        self.profile
    }

    /// Seals `buf[..len]` in place; see `Peer::seal_rtp`.
    pub(crate) fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        if buf.len() < len + SRTP_OVERHEAD {
            return None;
        }
        let header = packet::rtp_header_len(&buf[..len])?;
        let (sequence, ssrc) = (packet::sequence(buf), packet::ssrc(buf));
        let index = self.send_index(ssrc, sequence)?;
        self.send_rtp.seal_rtp(buf, header, len, ssrc, index)
    }

    /// Seals `buf[..len]` in place; see `Peer::seal_rtcp`.
    pub(crate) fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        let room = buf.len() >= len + SRTP_OVERHEAD;
        if !room || !packet::is_rtcp(&buf[..len]) || self.rtcp_index >= MAX_RTCP_INDEX {
            return None;
        }
        self.rtcp_index += 1;
        let ssrc = packet::rtcp_ssrc(buf);
        self.send_rtcp.seal_rtcp(buf, len, ssrc, self.rtcp_index)
    }

    /// Opens an SRTP packet in place and returns the length of the plaintext.
    pub(crate) fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        let header = packet::rtp_header_len(packet).ok_or(DropReason::Malformed)?;
        let (sequence, ssrc) = (packet::sequence(packet), packet::ssrc(packet));
        let known = self.receiving.iter().position(|stream| stream.ssrc == ssrc);
        if known.is_none() && self.receiving.len() >= MAX_SSRCS {
            return Err(DropReason::SrtpAuth);
        }
        let index = match known {
            Some(at) => nearest_index(self.receiving[at].replay.highest(), sequence),
            None => u64::from(sequence),
        };
        if known.is_some_and(|at| !self.receiving[at].replay.is_new(index)) {
            return Err(DropReason::Replay);
        }
        let opened = self.recv_rtp.open_rtp(packet, header, ssrc, index);
        let len = opened.ok_or(DropReason::SrtpAuth)?;
        accept(&mut self.receiving, known, ssrc, index);
        packet::padding_fits(&packet[..len], header)
            .then_some(len)
            .ok_or(DropReason::Malformed)
    }

    /// Opens an SRTCP packet in place and returns the length of the plaintext.
    pub(crate) fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        if !packet::is_rtcp(packet) || packet.len() < packet::RTCP_HEADER + self.rtcp_trailer() {
            return Err(DropReason::Malformed);
        }
        let ssrc = packet::rtcp_ssrc(packet);
        let word = self.recv_rtcp.rtcp_index_word(packet);
        let index = u64::from(word & !ENCRYPTED);
        let known = self
            .receiving_rtcp
            .iter()
            .position(|stream| stream.ssrc == ssrc);
        if known.is_none() && self.receiving_rtcp.len() >= MAX_SSRCS {
            return Err(DropReason::SrtpAuth);
        }
        if known.is_some_and(|at| !self.receiving_rtcp[at].replay.is_new(index)) {
            return Err(DropReason::Replay);
        }
        if word & ENCRYPTED == 0 {
            return Err(DropReason::SrtpAuth);
        }
        let len = self
            .recv_rtcp
            .open_rtcp(packet, ssrc, word)
            .ok_or(DropReason::SrtpAuth)?;
        accept(&mut self.receiving_rtcp, known, ssrc, index);
        Ok(len)
    }

    fn rtcp_trailer(&self) -> usize {
        self.recv_rtcp.tag_len() + 4
    }

    fn send_index(&mut self, ssrc: u32, sequence: u16) -> Option<u64> {
        let Senders { all, count } = &mut self.sending;
        if let Some(stream) = all[..*count].iter_mut().find(|stream| stream.ssrc == ssrc) {
            let index = nearest_index(stream.highest, sequence);
            stream.highest = stream.highest.max(index);
            return Some(index);
        }
        let highest = u64::from(sequence);
        *all.get_mut(*count)? = Sending { ssrc, highest };
        *count += 1;
        Some(highest)
    }
}

fn accept(streams: &mut Vec<Receiving>, known: Option<usize>, ssrc: u32, index: u64) {
    match known {
        Some(at) => streams[at].replay.accept(index),
        None => streams.push(Receiving {
            ssrc,
            replay: Replay::new(index),
        }),
    }
}

/// The 48-bit index nearest to `highest` whose low bits are `sequence` (RFC 3711 section 3.3.1).
fn nearest_index(highest: u64, sequence: u16) -> u64 {
    const CYCLE: u64 = 1 << 16;
    let guess = (highest & !(CYCLE - 1)) | u64::from(sequence);
    if guess + CYCLE / 2 < highest {
        guess + CYCLE
    } else if guess > highest + CYCLE / 2 && guess >= CYCLE {
        guess - CYCLE
    } else {
        guess
    }
}

#[cfg(test)]
mod tests;
