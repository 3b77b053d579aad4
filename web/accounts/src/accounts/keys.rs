//! Stream keys: one per stream, shown once, replaced by issuing the next.
//!
//! Whether the caller may ask for one is for the caller to check (commerce-service knows who hosts).

use signaling_wire::StreamId;

use super::Accounts;
use crate::{db::stream_keys, error::AccountError, secret::StreamKey};

impl Accounts {
    /// Makes a key for a stream; the one before stops to work with this commit.
    ///
    /// # Errors
    /// The database's.
    pub async fn issue_stream_key(&self, stream: StreamId) -> Result<StreamKey, AccountError> {
        let key = StreamKey::generate();
        let (hash, hint) = (StreamKey::hash_of(key.expose()), key.hint());
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move { stream_keys::replace(conn, stream, (&hash, &hint), now).await })
        });
        write.await?;
        Ok(key)
    }

    /// The stream that a key publishes into; `None` for a key that never was or is no longer one.
    ///
    /// # Errors
    /// The database's.
    pub async fn resolve_stream_key(&self, key: &str) -> Result<Option<StreamId>, AccountError> {
        if !StreamKey::has_shape(key) {
            return Ok(None);
        }
        let hash = StreamKey::hash_of(key);
        Ok(stream_keys::stream_of(self.shared.store.reader(), &hash).await?)
    }

    /// The last four characters of a stream's key.
    ///
    /// # Errors
    /// The database's.
    pub async fn stream_key_hint(&self, stream: StreamId) -> Result<Option<String>, AccountError> {
        Ok(stream_keys::hint_of(self.shared.store.reader(), stream).await?)
    }
}
