//! The messages as the database keeps them. A message's key is unique per room and account.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Field, Reader, Row, Rows},
};
use serde_json::json;
use signaling_wire::{
    ChatMessageId, StreamId,
    frame::chat::{Badge, Message},
};

const MESSAGES: Rows = Rows::objects(&[
    ("id", Field::Id),
    ("stream_id", Field::Id),
    ("user_id", Field::Id),
    ("name", Field::Text),
    ("body", Field::Text),
    ("badge", Field::Id),
    ("key", Field::Text),
    ("at_us", Field::Int),
]);

/// Keeps messages in one statement. Returns the ids of those that were not kept before.
pub(crate) async fn insert(
    conn: &mut Conn,
    messages: &[(StreamId, Message)],
) -> Result<Vec<ChatMessageId>, StoreError> {
    let rows: Vec<_> = messages
        .iter()
        .map(|(stream, message)| row_of(*stream, message))
        .collect();
    // A message that was kept before stays as it is.
    sql::either(
        "INSERT INTO chat_message (id, stream_id, user_id, name, body, badge, \"key\", at_us)
         SELECT j.id, j.stream_id, j.user_id, j.name, j.body, j.badge, j.\"key\", j.at_us
         FROM {rows} WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO chat_message (id, stream_id, user_id, name, body, badge, \"key\", at_us)
         SELECT j.id, j.stream_id, j.user_id, j.name, j.body, j.badge, j.\"key\", j.at_us
         FROM {rows} ON DUPLICATE KEY UPDATE id = chat_message.id",
    )
    .bind_rows(&MESSAGES, &rows)
    .execute(&mut *conn)
    .await?;
    let kept = sql::query("SELECT id FROM chat_message WHERE id IN ({list})")
        .bind_list(messages.iter().map(|(_, message)| message.id.to_string()))
        .fetch_all(conn)
        .await?;
    kept.iter().map(|row| parsed(row, "id")).collect()
}

/// The last messages of a room, oldest first.
pub(crate) async fn last(
    pool: &Reader,
    stream: StreamId,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let query = sql::query(
        "SELECT id, user_id, name, body, badge, \"key\", at_us FROM chat_message
         WHERE stream_id = ? ORDER BY id DESC LIMIT ?",
    )
    .bind(stream.to_string())
    .bind(limit);
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

fn message_of(row: &Row) -> Result<Message, StoreError> {
    let badge = match row.get::<Option<String>>("badge")?.as_deref() {
        None => None,
        Some("host") => Some(Badge::Host),
        Some("admin") => Some(Badge::Admin),
        Some(other) => return Err(StoreError::invalid(format_args!("badge {other:?}"))),
    };
    Ok(Message {
        id: parsed(row, "id")?,
        user_id: parsed(row, "user_id")?,
        name: row.get("name")?,
        badge,
        body: row.get("body")?,
        at_ms: u64::try_from(row.get::<i64>("at_us")?).unwrap_or(0) / 1_000,
        key: row.get("key")?,
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &Row,
    column: &str,
) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    text.parse().map_err(StoreError::invalid)
}
