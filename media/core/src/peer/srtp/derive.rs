//! From master key and salt to session keys: the AES counter mode PRF (RFC 3711 section 4.3).
//!
//! The key derivation rate is zero, as DTLS-SRTP says, so each key is derived once. AEAD profiles
//! pad their 12-byte salt to 14 bytes on the right (RFC 7714 section 11).

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};

use super::Profile;
use super::cipher::Cipher;

const LABEL_KEY: u8 = 0;
const LABEL_AUTH: u8 = 1;
const LABEL_SALT: u8 = 2;
/// Added to a label for SRTCP.
const RTCP: u8 = 3;

/// Derives the cipher for RTP or RTCP of one direction.
pub(super) fn derive(profile: Profile, key: &[u8], salt: &[u8], rtcp: bool) -> Option<Cipher> {
    let offset = if rtcp { RTCP } else { 0 };
    let prf = Prf::new(key, salt)?;
    let (mut session_key, mut session_salt) = ([0; 32], [0; 14]);
    let session_key = &mut session_key[..profile.key_len()];
    let session_salt = &mut session_salt[..profile.salt_len()];
    prf.fill(LABEL_KEY + offset, session_key);
    prf.fill(LABEL_SALT + offset, session_salt);
    match profile {
        Profile::Gcm128 | Profile::Gcm256 => Cipher::gcm(session_key, session_salt),
        Profile::Sha1 => {
            let mut auth = [0; 20];
            prf.fill(LABEL_AUTH + offset, &mut auth);
            Cipher::cm(session_key, session_salt, &auth)
        }
    }
}

enum Block {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

/// The pseudo-random function keyed with one master key.
pub(super) struct Prf {
    block: Block,
    salt: [u8; 14],
}

impl Prf {
    pub(super) fn new(key: &[u8], salt: &[u8]) -> Option<Self> {
        let block = match key.len() {
            16 => Block::Short(Box::new(Aes128::new_from_slice(key).ok()?)),
            32 => Block::Long(Box::new(Aes256::new_from_slice(key).ok()?)),
            _ => return None,
        };
        let mut padded = [0; 14];
        padded.get_mut(..salt.len())?.copy_from_slice(salt);
        Some(Self {
            block,
            salt: padded,
        })
    }

    /// Fills `out` with the key stream of `label`.
    pub(super) fn fill(&self, label: u8, out: &mut [u8]) {
        for (counter, chunk) in out.chunks_mut(16).enumerate() {
            let mut input = [0u8; 16];
            input[..14].copy_from_slice(&self.salt);
            input[7] ^= label;
            input[14..].copy_from_slice(&(counter as u16).to_be_bytes());
            let mut output = input.into();
            match &self.block {
                Block::Short(aes) => aes.encrypt_block(&mut output),
                Block::Long(aes) => aes.encrypt_block(&mut output),
            }
            chunk.copy_from_slice(&output[..chunk.len()]);
        }
    }
}
