//! Rows of `stream_key`: at most one key per stream, hashed.

use signaling_wire::StreamId;
use sqlx::{SqliteConnection, SqlitePool};

use crate::clock::Now;

/// Puts a key in the place of the one before.
pub(crate) async fn replace(
    conn: &mut SqliteConnection,
    stream: StreamId,
    (hash, hint): (&str, &str),
    now: Now,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM stream_key WHERE stream_id = ?")
        .bind(stream.to_string())
        .execute(&mut *conn)
        .await?;
    sqlx::query("INSERT INTO stream_key (stream_id, hash, hint, created_at) VALUES (?, ?, ?, ?)")
        .bind(stream.to_string())
        .bind(hash)
        .bind(hint)
        .bind(now.db())
        .execute(conn)
        .await?;
    Ok(())
}

/// The stream that a key publishes into.
pub(crate) async fn stream_of(
    pool: &SqlitePool,
    hash: &str,
) -> Result<Option<StreamId>, sqlx::Error> {
    let id: Option<String> = sqlx::query_scalar("SELECT stream_id FROM stream_key WHERE hash = ?")
        .bind(hash)
        .fetch_optional(pool)
        .await?;
    id.map(|id| {
        id.parse()
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))
    })
    .transpose()
}

/// The last characters of a stream's key.
pub(crate) async fn hint_of(
    pool: &SqlitePool,
    stream: StreamId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT hint FROM stream_key WHERE stream_id = ?")
        .bind(stream.to_string())
        .fetch_optional(pool)
        .await
}
