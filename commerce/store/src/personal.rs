//! Personal data: sealed under a key per user, which withdrawal destroys.
//!
//! Each user has a data key (AES-256-GCM). The database holds it wrapped by a master key, and what
//! it seals as text: nonce, ciphertext and tag in base64url. The master key comes from outside the
//! database, so a copy of the database alone tells nothing, and once a user's key is deleted
//! nothing that it sealed can be read again, not even from what stays for the law. What is sealed
//! is bound to its user and its place: moved to another row or column it does not open.

mod rows;
mod seal;
mod secret;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, sync::Arc};

use aws_lc_rs::hmac;
use serde::{Serialize, de::DeserializeOwned};
use signaling_wire::UserId;

use crate::{
    StoreError,
    sql::{Conn, Reader},
};
use seal::Key;

/// Seals and opens personal data; clones share the master keys.
#[derive(Clone)]
pub struct PersonalData {
    masters: Arc<Vec<Master>>,
}

/// A key that wraps keys.
struct Master {
    /// Tells it from others without telling it.
    id: String,
    key: Key,
}

/// A user's data key, unwrapped.
pub struct UserKey {
    user: UserId,
    key: Key,
}

impl PersonalData {
    /// `current` wraps new keys; `previous` may still unwrap what it wrapped before the last
    /// rotation. Each is a secret of 256 bits or more, in any form.
    pub fn new(current: &[u8], previous: Option<&[u8]>) -> Self {
        let secrets = [Some(current), previous];
        let masters = secrets.into_iter().flatten().map(Master::derive).collect();
        Self {
            masters: Arc::new(masters),
        }
    }

    /// Whether every key in the database can be unwrapped. Asked at start: with a wrong master key
    /// all personal data would be unreadable, one row at a time.
    ///
    /// # Errors
    /// [`StoreError::Config`] when some cannot; the database's.
    pub async fn check(&self, pool: &Reader) -> Result<(), StoreError> {
        let known = |id: &String| self.masters.iter().any(|master| master.id == *id);
        if rows::masters(pool).await?.iter().all(known) {
            return Ok(());
        }
        let text = "the database holds personal data under another master key than the configured";
        Err(StoreError::Config(text.to_owned()))
    }

    /// A user's key in a transaction that writes; made there if there is none yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a user who has withdrawn or never was; the database's.
    pub async fn key(
        &self,
        conn: &mut Conn,
        user: UserId,
        now_us: i64,
    ) -> Result<UserKey, StoreError> {
        if let Some((wrapped, master)) = rows::wrapped(&mut *conn, user).await? {
            return self.unwrap(user, &wrapped, &master);
        }
        let fresh: [u8; 32] = seal::random()?;
        let master = &self.masters[0];
        let wrapped = master.key.seal(&wrapping(user), &fresh)?;
        if !rows::insert(conn, user, &wrapped, &master.id, now_us).await? {
            return Err(StoreError::invalid("personal data of nobody"));
        }
        Ok(UserKey {
            user,
            key: Key::new(fresh),
        })
    }

    /// A user's key for reading; `None` once they have withdrawn.
    ///
    /// # Errors
    /// The database's, or a key that does not unwrap.
    pub async fn find(&self, pool: &Reader, user: UserId) -> Result<Option<UserKey>, StoreError> {
        let found = rows::wrapped(pool, user).await?;
        let key = found.map(|(wrapped, master)| self.unwrap(user, &wrapped, &master));
        key.transpose()
    }

    /// The keys of several users, for lists; those who have withdrawn are missing.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn find_all(
        &self,
        pool: &Reader,
        users: &[UserId],
    ) -> Result<HashMap<UserId, UserKey>, StoreError> {
        let mut keys = HashMap::with_capacity(users.len());
        for user in users {
            if !keys.contains_key(user)
                && let Some(key) = self.find(pool, *user).await?
            {
                keys.insert(*user, key);
            }
        }
        Ok(keys)
    }

    /// Destroys a user's key, in the transaction of their withdrawal.
    ///
    /// # Errors
    /// The database's.
    pub async fn destroy(conn: &mut Conn, user: UserId) -> Result<(), StoreError> {
        rows::delete(conn, user).await
    }

    fn unwrap(&self, user: UserId, wrapped: &str, master: &str) -> Result<UserKey, StoreError> {
        let master = self.masters.iter().find(|known| known.id == master);
        let master = master.ok_or_else(|| StoreError::invalid("an unknown master key"))?;
        let bytes = master.key.open(&wrapping(user), wrapped)?;
        let bytes: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::invalid("a data key of the wrong length"))?;
        Ok(UserKey {
            user,
            key: Key::new(bytes),
        })
    }
}

impl Master {
    fn derive(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let id = hmac::sign(&secret, b"souk personal data: name of the master key");
        let key = hmac::sign(&secret, b"souk personal data: master key");
        let mut bytes = [0; 32];
        bytes.copy_from_slice(key.as_ref());
        Self {
            id: id.as_ref()[..6]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            key: Key::new(bytes),
        }
    }
}

/// What a wrapped key is bound to.
fn wrapping(user: UserId) -> String {
    format!("personal_key/{user}")
}

impl UserKey {
    /// Seals a text for one place, such as `address/adr_…`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`], if the machine has no randomness.
    pub fn seal(&self, place: &str, text: &str) -> Result<String, StoreError> {
        self.key.seal(&self.bound(place), text.as_bytes())
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for anything else.
    pub fn open(&self, place: &str, sealed: &str) -> Result<String, StoreError> {
        let bytes = self.key.open(&self.bound(place), sealed)?;
        String::from_utf8(bytes.to_vec()).map_err(StoreError::invalid)
    }

    /// Seals a value as JSON.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_json(&self, place: &str, value: &impl Serialize) -> Result<String, StoreError> {
        self.seal(
            place,
            &serde_json::to_string(value).map_err(StoreError::invalid)?,
        )
    }

    /// Opens a value that was sealed as JSON.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_json<T: DeserializeOwned>(
        &self,
        place: &str,
        sealed: &str,
    ) -> Result<T, StoreError> {
        // Neither the text nor what is wrong with it belongs into an error.
        serde_json::from_str(&self.open(place, sealed)?)
            .map_err(|_| StoreError::invalid("sealed data of another shape"))
    }

    fn bound(&self, place: &str) -> String {
        format!("{}/{place}", self.user)
    }
}

impl fmt::Debug for PersonalData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalData(redacted)")
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey(redacted)")
    }
}
