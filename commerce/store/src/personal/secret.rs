//! Secrets of the shop's own, which belong to no person: sealed under the master key itself.
//!
//! They are as few as what wraps the keys of people. The text names its master key, so that what
//! was sealed before a rotation opens as long as the previous key is configured.

use super::PersonalData;
use crate::StoreError;

impl PersonalData {
    /// Seals a secret for one place, such as `webhook/whk_…`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], if the machine has no randomness.
    pub fn seal_secret(&self, place: &str, text: &str) -> Result<String, StoreError> {
        let master = &self.masters[0];
        let sealed = master.key.seal(&bound(place), text.as_bytes())?;
        Ok(format!("{}.{sealed}", master.id))
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for anything else, and for a master key that is not configured.
    pub fn open_secret(&self, place: &str, sealed: &str) -> Result<String, StoreError> {
        let unknown = || StoreError::invalid("a secret under an unknown master key");
        let (id, sealed) = sealed.split_once('.').ok_or_else(unknown)?;
        let master = self.masters.iter().find(|known| known.id == id);
        let bytes = master
            .ok_or_else(unknown)?
            .key
            .open(&bound(place), sealed)?;
        String::from_utf8(bytes.to_vec()).map_err(StoreError::invalid)
    }
}

/// Never what a wrapped key of a person is bound to.
fn bound(place: &str) -> String {
    format!("secret/{place}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_secret_opens_in_its_place_and_after_one_rotation() {
        let old = PersonalData::new(b"the first master secret of a test", None);
        let sealed = old.seal_secret("webhook/a", "whsec_x").unwrap();
        assert!(!sealed.contains("whsec_x"));
        assert_eq!(old.open_secret("webhook/a", &sealed).unwrap(), "whsec_x");
        assert!(old.open_secret("webhook/b", &sealed).is_err());

        let next = b"the second master secret of a test";
        let rotated = PersonalData::new(next, Some(b"the first master secret of a test"));
        assert_eq!(
            rotated.open_secret("webhook/a", &sealed).unwrap(),
            "whsec_x"
        );
        let fresh = rotated.seal_secret("webhook/a", "whsec_y").unwrap();
        assert!(old.open_secret("webhook/a", &fresh).is_err());
        let forgotten = PersonalData::new(next, None);
        assert!(forgotten.open_secret("webhook/a", &sealed).is_err());
        assert!(forgotten.open_secret("webhook/a", "no dot").is_err());
    }
}
