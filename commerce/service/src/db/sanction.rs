//! Table `chat_sanction`: whom the hosts of a show muted or banned.

use commerce_store::{
    StoreError,
    clock::us_to_ms,
    sql::{self, Conn, Reader, Row},
};
use signaling_wire::{
    StreamId, UserId,
    frame::control::{Sanction, SanctionKind},
};

use super::{maybe_ms, ms, parsed, word};
use crate::SanctionView;

/// The stored name; a lifted one is not stored.
const fn name(kind: SanctionKind) -> &'static str {
    match kind {
        SanctionKind::Mute => "mute",
        SanctionKind::Ban => "ban",
        SanctionKind::Lifted => "lifted",
    }
}

fn parse(text: &str) -> Option<SanctionKind> {
    [SanctionKind::Mute, SanctionKind::Ban]
        .into_iter()
        .find(|kind| name(*kind) == text)
}

/// Writes a decision in place of the one before.
pub(crate) async fn put(
    conn: &mut Conn,
    stream: StreamId,
    user: UserId,
    (kind, until): (SanctionKind, Option<i64>),
    by: UserId,
    now: i64,
) -> Result<(), StoreError> {
    lift(&mut *conn, stream, user, None).await?;
    sql::query(
        "INSERT INTO chat_sanction (stream_id, user_id, kind, until_at, by_user, created_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(stream.to_string())
    .bind(user.to_string())
    .bind(name(kind))
    .bind(until)
    .bind(by.to_string())
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a decision of this kind (or any) back; whether there was one.
pub(crate) async fn lift(
    conn: &mut Conn,
    stream: StreamId,
    user: UserId,
    kind: Option<SanctionKind>,
) -> Result<bool, StoreError> {
    let kind = kind.map(name);
    let done = sql::query(
        "DELETE FROM chat_sanction
         WHERE stream_id = ? AND user_id = ? AND (? IS NULL OR kind = ?)",
    )
    .bind(stream.to_string())
    .bind(user.to_string())
    .bind(kind)
    .bind(kind)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The decisions of a show that hold, about one account or all, the newest first.
pub(crate) async fn in_force(
    pool: &Reader,
    stream: StreamId,
    user: Option<UserId>,
    now: i64,
    limit: u32,
) -> Result<Vec<SanctionView>, StoreError> {
    let user = user.map(|user| user.to_string());
    let rows = sql::query(
        "SELECT c.user_id, u.display_name, c.kind, c.until_at, c.by_user, c.created_at
         FROM chat_sanction c JOIN users u ON u.id = c.user_id
         WHERE c.stream_id = ? AND (? IS NULL OR c.user_id = ?)
           AND (c.until_at IS NULL OR c.until_at > ?)
         ORDER BY c.created_at DESC, c.user_id LIMIT ?",
    )
    .bind(stream.to_string())
    .bind(&user)
    .bind(&user)
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(view).collect()
}

fn view(row: &Row) -> Result<SanctionView, StoreError> {
    Ok(SanctionView {
        user_id: parsed(row, "user_id")?,
        name: row.get("display_name")?,
        sanction: Sanction {
            kind: word(row, "kind", parse)?,
            until_ms: maybe_ms(row, "until_at")?,
        },
        by_user_id: parsed(row, "by_user")?,
        since_ms: ms(row, "created_at")?,
    })
}

/// A wire time of a stored one.
pub(crate) fn wire(kind: SanctionKind, until: Option<i64>) -> Sanction {
    let until_ms = until.map(us_to_ms);
    Sanction { kind, until_ms }
}
