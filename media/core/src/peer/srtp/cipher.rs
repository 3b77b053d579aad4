//! One session key at work: AES-GCM (RFC 7714) or AES counter mode with HMAC-SHA1 (RFC 3711).
//!
//! Key schedules are expanded once and kept. Works in place on one packet; the caller chooses the
//! index and checks the header. GCM is by `aws-lc-rs`, counter mode and HMAC by RustCrypto, which
//! measured faster here than any other choice.

use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ctr::{CtrCore, flavors};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::ENCRYPTED;
use super::packet::RTCP_HEADER;

const GCM_TAG: usize = 16;
const SHA1_TAG: usize = 10;
const INDEX: usize = 4;

/// A keyed transform for RTP or for RTCP of one direction.
pub(super) enum Cipher {
    Gcm {
        key: Box<LessSafeKey>,
        salt: Salt,
    },
    Cm {
        aes: Box<Aes128>,
        salt: [u8; 14],
        mac: Box<Hmac<Sha1>>,
    },
}

impl Cipher {
    /// AES-GCM with a key of 16 or 32 bytes.
    pub(super) fn gcm(key: &[u8], salt: &[u8]) -> Option<Self> {
        let algorithm = if key.len() == 32 {
            &AES_256_GCM
        } else {
            &AES_128_GCM
        };
        let key = Box::new(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?));
        Some(Self::Gcm {
            key,
            salt: Salt::new(salt.try_into().ok()?),
        })
    }

    /// AES-128 counter mode and HMAC-SHA1.
    pub(super) fn cm(key: &[u8], salt: &[u8], auth: &[u8]) -> Option<Self> {
        Some(Self::Cm {
            aes: Box::new(Aes128::new_from_slice(key).ok()?),
            salt: salt.try_into().ok()?,
            mac: Box::new(<Hmac<Sha1> as KeyInit>::new_from_slice(auth).ok()?),
        })
    }

    /// Reads what sealing reads first.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        match self {
            Self::Gcm { salt, .. } => salt.tail,
            Self::Cm { salt, .. } => u64::from(salt[0]),
        }
    }

    /// Reads what that points to.
    #[inline]
    pub(super) fn touch_key(&self) -> u64 {
        match self {
            Self::Gcm { key, .. } => key.algorithm().key_len() as u64,
            Self::Cm { .. } => 0,
        }
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => GCM_TAG,
            Self::Cm { .. } => SHA1_TAG,
        }
    }

    /// Seals `buf[..len]`, whose header has `header` bytes. The caller checked the room.
    pub(super) fn seal_rtp(
        &self,
        buf: &mut [u8],
        header: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Option<usize> {
        match self {
            Self::Gcm { key, salt } => {
                let (clear, rest) = buf.split_at_mut(header);
                let (payload, room) = rest.split_at_mut(len - header);
                let nonce = salt.nonce(ssrc, index);
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(clear), payload)
                    .ok()?;
                room[..GCM_TAG].copy_from_slice(tag.as_ref());
                Some(len + GCM_TAG)
            }
            Self::Cm { aes, salt, mac } => {
                counter_mode(aes, salt, ssrc, index, &mut buf[header..len]);
                let roc = ((index >> 16) as u32).to_be_bytes();
                let tag = sha1_tag(mac, &buf[..len], &roc);
                buf[len..len + SHA1_TAG].copy_from_slice(&tag);
                Some(len + SHA1_TAG)
            }
        }
    }

    /// Opens a whole SRTP packet; the plaintext length, or `None` when it is not genuine.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Option<usize> {
        let end = packet
            .len()
            .checked_sub(self.tag_len())
            .filter(|&end| end >= header)?;
        match self {
            Self::Gcm { key, salt } => {
                let (clear, sealed) = packet.split_at_mut(header);
                let nonce = salt.nonce(ssrc, index);
                key.open_in_place(nonce, Aad::from(clear), sealed).ok()?;
            }
            Self::Cm { aes, salt, mac } => {
                let roc = ((index >> 16) as u32).to_be_bytes();
                let tag = sha1_tag(mac, &packet[..end], &roc);
                if !bool::from(tag.ct_eq(&packet[end..])) {
                    return None;
                }
                counter_mode(aes, salt, ssrc, index, &mut packet[header..end]);
            }
        }
        Some(end)
    }

    /// Seals the RTCP packet `buf[..len]` and appends tag and index in the profile's order.
    pub(super) fn seal_rtcp(
        &self,
        buf: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Option<usize> {
        let word = (index | ENCRYPTED).to_be_bytes();
        match self {
            Self::Gcm { key, salt } => {
                let aad = gcm_rtcp_aad(buf, &word);
                let (payload, room) = buf[RTCP_HEADER..].split_at_mut(len - RTCP_HEADER);
                let nonce = salt.nonce(ssrc, u64::from(index));
                let tag = key
                    .seal_in_place_separate_tag(nonce, Aad::from(aad), payload)
                    .ok()?;
                room[..GCM_TAG].copy_from_slice(tag.as_ref());
                room[GCM_TAG..GCM_TAG + INDEX].copy_from_slice(&word);
                Some(len + GCM_TAG + INDEX)
            }
            Self::Cm { aes, salt, mac } => {
                counter_mode(
                    aes,
                    salt,
                    ssrc,
                    u64::from(index),
                    &mut buf[RTCP_HEADER..len],
                );
                let tag = sha1_tag(mac, &buf[..len], &word);
                buf[len..len + INDEX].copy_from_slice(&word);
                buf[len + INDEX..len + INDEX + SHA1_TAG].copy_from_slice(&tag);
                Some(len + INDEX + SHA1_TAG)
            }
        }
    }

    /// The index word of a whole SRTCP packet (flag in the top bit). The caller checked the length.
    pub(super) fn rtcp_index_word(&self, packet: &[u8]) -> u32 {
        let end = match self {
            Self::Gcm { .. } => packet.len(),
            Self::Cm { .. } => packet.len() - SHA1_TAG,
        };
        let word = &packet[end - INDEX..end];
        u32::from_be_bytes([word[0], word[1], word[2], word[3]])
    }

    /// Opens a whole SRTCP packet whose length and flag the caller checked.
    pub(super) fn open_rtcp(&self, packet: &mut [u8], ssrc: u32, word: u32) -> Option<usize> {
        let end = packet.len() - self.tag_len() - INDEX;
        let index = u64::from(word & !ENCRYPTED);
        let word = word.to_be_bytes();
        match self {
            Self::Gcm { key, salt } => {
                let aad = gcm_rtcp_aad(packet, &word);
                let sealed = &mut packet[RTCP_HEADER..end + GCM_TAG];
                let nonce = salt.nonce(ssrc, index);
                key.open_in_place(nonce, Aad::from(aad), sealed).ok()?;
            }
            Self::Cm { aes, salt, mac } => {
                let tag = sha1_tag(mac, &packet[..end], &word);
                if !bool::from(tag.ct_eq(&packet[end + INDEX..])) {
                    return None;
                }
                counter_mode(aes, salt, ssrc, index, &mut packet[RTCP_HEADER..end]);
            }
        }
        Some(end)
    }
}

/// The salt of an AES-GCM key, as the first 4 and the last 8 of its 12 bytes.
#[derive(Clone, Copy)]
pub(super) struct Salt {
    head: u32,
    tail: u64,
}

impl Salt {
    fn new(salt: [u8; 12]) -> Self {
        let [a, b, c, d, tail @ ..] = salt;
        Self {
            head: u32::from_be_bytes([a, b, c, d]),
            tail: u64::from_be_bytes(tail),
        }
    }

    /// RFC 7714 sections 8.1 and 9.1: two zero bytes, SSRC, 48-bit index, exclusive-or the salt.
    /// Made of whole words: single bytes, read back as words at once, stall the processor.
    fn nonce(self, ssrc: u32, index: u64) -> Nonce {
        let head = self.head ^ (ssrc >> 16);
        let tail = self.tail ^ (u64::from(ssrc) << 48 | index & ((1 << 48) - 1));
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&head.to_be_bytes());
        nonce[4..].copy_from_slice(&tail.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

fn gcm_rtcp_aad(packet: &[u8], word: &[u8; INDEX]) -> [u8; RTCP_HEADER + INDEX] {
    let mut aad = [0; RTCP_HEADER + INDEX];
    aad[..RTCP_HEADER].copy_from_slice(&packet[..RTCP_HEADER]);
    aad[RTCP_HEADER..].copy_from_slice(word);
    aad
}

/// RFC 3711 section 4.1.1: salt, SSRC and index make the initial counter.
fn counter_mode(aes: &Aes128, salt: &[u8; 14], ssrc: u32, index: u64, data: &mut [u8]) {
    let mut iv = [0u8; 16];
    iv[..14].copy_from_slice(salt);
    xor(&mut iv[4..8], &ssrc.to_be_bytes());
    xor(&mut iv[8..14], &index.to_be_bytes()[2..]);
    let core = CtrCore::<&Aes128, flavors::Ctr128BE>::inner_iv_init(aes, &iv.into());
    StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
}

fn sha1_tag(mac: &Hmac<Sha1>, message: &[u8], suffix: &[u8; 4]) -> [u8; SHA1_TAG] {
    let mut mac = mac.clone();
    mac.update(message);
    mac.update(suffix);
    let full = mac.finalize().into_bytes();
    let mut tag = [0; SHA1_TAG];
    tag.copy_from_slice(&full[..SHA1_TAG]);
    tag
}

fn xor(target: &mut [u8], mask: &[u8]) {
    for (byte, mask) in target.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
