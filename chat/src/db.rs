//! The messages as the database keeps them. A message's key is unique per room and account.

use commerce_store::{SqliteConnection, SqlitePool, StoreError};
use serde_json::json;
use signaling_wire::{
    ChatMessageId, StreamId,
    frame::chat::{Badge, Message},
};
use sqlx::{Row as _, sqlite::SqliteRow};

const INSERT: &str = "\
    INSERT INTO chat_message (id, stream_id, user_id, name, body, badge, key, at_us) \
    SELECT j.value ->> 'id', j.value ->> 'stream_id', j.value ->> 'user_id', j.value ->> 'name', \
           j.value ->> 'body', j.value ->> 'badge', j.value ->> 'key', j.value ->> 'at_us' \
    FROM json_each(?) AS j WHERE true \
    ON CONFLICT DO NOTHING RETURNING id";

const LAST: &str = "\
    SELECT id, user_id, name, body, badge, key, at_us FROM chat_message \
    WHERE stream_id = ? ORDER BY id DESC LIMIT ?";

/// Keeps messages in one statement. Returns the ids of those that were not kept before.
pub(crate) async fn insert(
    conn: &mut SqliteConnection,
    messages: &[(StreamId, Message)],
) -> Result<Vec<ChatMessageId>, StoreError> {
    let rows: Vec<_> = messages
        .iter()
        .map(|(stream, message)| row_of(*stream, message))
        .collect();
    let rows = serde_json::Value::from(rows).to_string();
    let kept = sqlx::query(INSERT).bind(rows).fetch_all(conn).await?;
    kept.iter().map(|row| parsed(row, "id")).collect()
}

/// The last messages of a room, oldest first.
pub(crate) async fn last(
    pool: &SqlitePool,
    stream: StreamId,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let query = sqlx::query(LAST).bind(stream.to_string()).bind(limit);
    let rows = query.fetch_all(pool).await?;
    rows.iter().rev().map(message_of).collect()
}

fn row_of(stream: StreamId, message: &Message) -> serde_json::Value {
    json!({
        "id": message.id,
        "stream_id": stream,
        "user_id": message.user_id,
        "name": message.name,
        "body": message.body,
        "badge": message.badge,
        "key": message.key,
        "at_us": message.at_ms.saturating_mul(1_000),
    })
}

fn message_of(row: &SqliteRow) -> Result<Message, StoreError> {
    let badge = match row.try_get::<Option<String>, _>("badge")?.as_deref() {
        None => None,
        Some("host") => Some(Badge::Host),
        Some("admin") => Some(Badge::Admin),
        Some(other) => return Err(StoreError::invalid(format_args!("badge {other:?}"))),
    };
    Ok(Message {
        id: parsed(row, "id")?,
        user_id: parsed(row, "user_id")?,
        name: row.try_get("name")?,
        badge,
        body: row.try_get("body")?,
        at_ms: u64::try_from(row.try_get::<i64, _>("at_us")?).unwrap_or(0) / 1_000,
        key: row.try_get("key")?,
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &SqliteRow,
    column: &str,
) -> Result<T, StoreError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(StoreError::invalid)
}
