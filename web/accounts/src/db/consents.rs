//! Rows of `consent`: what a person agreed to, in which wording, and until when.

use commerce_store::{
    StoreError,
    sql::{self, Conn, On},
};
use serde::Serialize;
use signaling_wire::UserId;

use crate::clock::Now;

/// One consent, as the person's export shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Consent {
    pub(crate) kind: String,
    pub(crate) wording: String,
    pub(crate) granted_us: i64,
    pub(crate) revoked_us: Option<i64>,
}

/// Notes a consent from now on.
pub(crate) async fn grant(
    conn: &mut Conn,
    user: UserId,
    (kind, wording): (&str, &str),
    now: Now,
) -> Result<(), StoreError> {
    sql::query("INSERT INTO consent (user_id, kind, granted_at, wording) VALUES (?, ?, ?, ?)")
        .bind(user.to_string())
        .bind(kind)
        .bind(now.db())
        .bind(wording)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a consent, or with `None` all of them.
pub(crate) async fn revoke(
    conn: &mut Conn,
    user: UserId,
    kind: Option<&str>,
    now: Now,
) -> Result<(), StoreError> {
    let all =
        sql::query("UPDATE consent SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL")
            .bind(now.db())
            .bind(user.to_string());
    match kind {
        Some(kind) => all.and(" AND kind = ?").bind(kind),
        None => all,
    }
    .execute(conn)
    .await?;
    Ok(())
}

/// Every consent that a person ever gave.
pub(crate) async fn list<'e>(
    on: impl Into<On<'e>>,
    user: UserId,
) -> Result<Vec<Consent>, StoreError> {
    let rows = sql::query(
        "SELECT kind, wording, granted_at, revoked_at FROM consent WHERE user_id = ? \
         ORDER BY granted_at, kind",
    )
    .bind(user.to_string())
    .fetch_all(on)
    .await?;
    let consents = rows.iter().map(|row| {
        Ok(Consent {
            kind: row.get("kind")?,
            wording: row.get("wording")?,
            granted_us: row.get("granted_at")?,
            revoked_us: row.get("revoked_at")?,
        })
    });
    consents.collect()
}
