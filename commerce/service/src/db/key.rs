//! Table `idempotency_key`: who asked for what under which key, and what came of it. A row is
//! written with its effect, in the same transaction, and never without one.

use commerce_core::Refusal;
use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use sha2::{Digest as _, Sha256};
use signaling_wire::UserId;

use crate::ServiceError;

/// A key and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) scope: UserId,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
}

impl Key {
    /// The key of a request, whose kind and canonical body tell it from others.
    pub(crate) fn new(scope: UserId, key: String, request: &str) -> Self {
        let digest = Sha256::digest(request.as_bytes());
        let fingerprint = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            scope,
            key,
            fingerprint,
        }
    }
}

/// What came of an earlier request with the key, if there was one.
///
/// # Errors
/// [`Refusal::KeyReused`] if that was another request.
pub(crate) async fn known(conn: &mut Conn, key: &Key) -> Result<Option<String>, ServiceError> {
    let row = sql::query(
        "SELECT fingerprint, effect_id FROM idempotency_key WHERE scope = ? AND idem_key = ?",
    )
    .bind(key.scope.to_string())
    .bind(&key.key)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.get::<String>("fingerprint")? != key.fingerprint {
        return Err(Refusal::KeyReused.into());
    }
    metrics::counter!("souk_idempotency_replays_total").increment(1);
    Ok(Some(row.get("effect_id")?))
}

/// Keeps the key with what came of it.
pub(crate) async fn keep(
    conn: &mut Conn,
    key: &Key,
    effect: &str,
    now: i64,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO idempotency_key (scope, idem_key, fingerprint, effect_id, created_at)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(key.scope.to_string())
    .bind(&key.key)
    .bind(&key.fingerprint)
    .bind(effect)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}
