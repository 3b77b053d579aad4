//! AES-256-GCM with a random nonce per message, as text.
//!
//! A key seals far fewer messages than the 2³² after which random nonces of 96 bits would become a
//! risk (NIST SP 800-38D 8.3): a user's key some thousands, a master key one per user.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    rand,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize as _, Zeroizing};

use crate::StoreError;

pub(super) struct Key(RandomizedNonceKey);

impl Key {
    pub(super) fn new(mut bytes: [u8; 32]) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes);
        bytes.zeroize();
        Self(key.expect("AES-256 takes 32 bytes"))
    }

    pub(super) fn seal(&self, bound: &str, plain: &[u8]) -> Result<String, StoreError> {
        let mut message = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(bound.as_bytes()), &mut message)
            .map_err(|_| StoreError::invalid("cannot seal"))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut message);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(super) fn open(&self, bound: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let unreadable = || StoreError::invalid("sealed data that does not open");
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| unreadable())?;
        let (nonce, message) = bytes.split_at_checked(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut message = Zeroizing::new(message.to_vec());
        let plain = self
            .0
            .open_in_place(nonce, Aad::from(bound.as_bytes()), &mut message)
            .map_err(|_| unreadable())?;
        Ok(Zeroizing::new(plain.to_vec()))
    }
}

pub(super) fn random() -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| StoreError::invalid("no randomness"))?;
    Ok(bytes)
}
