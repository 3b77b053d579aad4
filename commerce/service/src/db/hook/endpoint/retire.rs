//! Endpoints that are taken away or gave up: their deliveries may be very many, so they go in
//! portions, each in a transaction of its own, and nobody waits for the last of them.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Reader},
};
use signaling_wire::WebhookId;

use crate::db::parsed;

/// Hides an endpoint from everybody and forgets its secrets.
pub(crate) async fn hide(conn: &mut Conn, id: WebhookId, now: i64) -> Result<(), StoreError> {
    sql::query(
        "UPDATE webhook_endpoint
         SET deleted_at = ?, status = 'paused', disabled_reason = NULL, secret = '',
             previous_secret = NULL, previous_until = NULL, updated_at = ?
         WHERE id = ?",
    )
    .bind(now)
    .bind(now)
    .bind(id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// One that is hidden and not gone yet.
pub(crate) async fn hidden(pool: &Reader) -> Result<Option<WebhookId>, StoreError> {
    let query = sql::query("SELECT id FROM webhook_endpoint WHERE deleted_at > -1 LIMIT 1");
    let row = query.fetch_optional(pool).await?;
    row.as_ref().map(|row| parsed(row, "id")).transpose()
}

/// Takes some of the deliveries of an endpoint that is hidden away, and with the last of them the
/// endpoint itself.
pub(crate) async fn forget(conn: &mut Conn, id: WebhookId, limit: u32) -> Result<(), StoreError> {
    let some: Vec<String> =
        sql::query("SELECT id FROM webhook_delivery WHERE endpoint_id = ? ORDER BY id LIMIT ?")
            .bind(id.to_string())
            .bind(limit)
            .fetch_values(&mut *conn)
            .await?;
    let last = some.len() < limit as usize;
    if !some.is_empty() {
        sql::query("DELETE FROM webhook_delivery WHERE id IN ({list})")
            .bind_list(some)
            .execute(&mut *conn)
            .await?;
    }
    if last {
        sql::query("DELETE FROM webhook_endpoint WHERE id = ? AND deleted_at > -1")
            .bind(id.to_string())
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// One that was turned off for its backlog and that something still waits for.
pub(crate) async fn backlogged(pool: &Reader) -> Result<Option<WebhookId>, StoreError> {
    let query = sql::query(
        "SELECT e.id FROM webhook_endpoint e
         WHERE e.status = 'disabled' AND e.disabled_reason = 'backlog'
           AND EXISTS (SELECT 1 FROM webhook_delivery d
                       WHERE d.endpoint_id = e.id AND d.next_at > -1)
         LIMIT 1",
    );
    let row = query.fetch_optional(pool).await?;
    row.as_ref().map(|row| parsed(row, "id")).transpose()
}

/// Gives up some of what waits for an endpoint; returns how many.
pub(crate) async fn give_up(
    conn: &mut Conn,
    id: WebhookId,
    limit: u32,
    now: i64,
) -> Result<u64, StoreError> {
    let some: Vec<String> = sql::query(
        "SELECT id FROM webhook_delivery WHERE endpoint_id = ? AND next_at > -1
         ORDER BY next_at LIMIT ?",
    )
    .bind(id.to_string())
    .bind(limit)
    .fetch_values(&mut *conn)
    .await?;
    if some.is_empty() {
        return Ok(0);
    }
    let done = sql::query(
        "UPDATE webhook_delivery SET state = 'failed', next_at = NULL, updated_at = ?
         WHERE id IN ({list}) AND next_at > -1",
    )
    .bind(now)
    .bind_list(some)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
