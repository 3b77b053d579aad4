//! Rows of `stream_key`: at most one key per stream, hashed.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::StreamId;

use crate::clock::Now;

/// Puts a key in the place of the one before.
pub(crate) async fn replace(
    conn: &mut Conn,
    stream: StreamId,
    (hash, hint): (&str, &str),
    now: Now,
) -> Result<(), StoreError> {
    sql::query("DELETE FROM stream_key WHERE stream_id = ?")
        .bind(stream.to_string())
        .execute(&mut *conn)
        .await?;
    sql::query("INSERT INTO stream_key (stream_id, hash, hint, created_at) VALUES (?, ?, ?, ?)")
        .bind(stream.to_string())
        .bind(hash)
        .bind(hint)
        .bind(now.db())
        .execute(conn)
        .await?;
    Ok(())
}

/// The stream that a key publishes into.
pub(crate) async fn stream_of(reader: &Reader, hash: &str) -> Result<Option<StreamId>, StoreError> {
    let id: Option<String> = sql::query("SELECT stream_id FROM stream_key WHERE hash = ?")
        .bind(hash)
        .fetch_value_optional(reader)
        .await?;
    id.map(|id| id.parse().map_err(StoreError::invalid))
        .transpose()
}

/// The last characters of a stream's key.
pub(crate) async fn hint_of(
    reader: &Reader,
    stream: StreamId,
) -> Result<Option<String>, StoreError> {
    sql::query("SELECT hint FROM stream_key WHERE stream_id = ?")
        .bind(stream.to_string())
        .fetch_value_optional(reader)
        .await
}

/// The streams that a user hosts and that have not ended.
pub(crate) async fn hosted(
    reader: &Reader,
    user: signaling_wire::UserId,
) -> Result<Vec<StreamId>, StoreError> {
    let ids: Vec<String> =
        sql::query("SELECT id FROM stream WHERE host_user_id = ? AND status <> 'ended'")
            .bind(user.to_string())
            .fetch_values(reader)
            .await?;
    ids.into_iter()
        .map(|id| id.parse().map_err(StoreError::invalid))
        .collect()
}
