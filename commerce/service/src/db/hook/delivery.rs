//! Tables `webhook_delivery` and `webhook_try`.

use commerce_core::hook::DeliveryState;
use commerce_store::{
    StoreError,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{DeliveryId, EventId, WebhookId};

use crate::{
    WebhookDelivery, WebhookTry,
    db::{count, maybe_count, maybe_ms, ms, parsed, word},
};

/// Something to send.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) id: DeliveryId,
    pub(crate) event: EventId,
    /// Tries so far, and how many of them were before it was asked for anew.
    pub(crate) tries: u32,
    pub(crate) tries_before: u32,
    pub(crate) body: String,
}

/// What is due for an endpoint, the longest overdue first.
pub(crate) async fn due(
    pool: &Reader,
    endpoint: WebhookId,
    now: i64,
    limit: u32,
) -> Result<Vec<Due>, StoreError> {
    let rows = sql::query(
        "SELECT d.id, d.event_id, d.tries, d.tries_before, v.body
         FROM webhook_delivery d JOIN webhook_event v ON v.id = d.event_id
         WHERE d.endpoint_id = ? AND d.next_at <= ? ORDER BY d.next_at, d.id LIMIT ?",
    )
    .bind(endpoint.to_string())
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let due = |row: &Row| {
        Ok(Due {
            id: parsed(row, "id")?,
            event: parsed(row, "event_id")?,
            tries: count(row, "tries")?,
            tries_before: count(row, "tries_before")?,
            body: row.get("body")?,
        })
    };
    rows.iter().map(due).collect()
}

/// A try that was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) delivery: DeliveryId,
    /// Its number, 1 and up.
    pub(crate) no: u32,
    pub(crate) at: i64,
    pub(crate) took_us: i64,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<&'static str>,
}

/// Notes a try and what follows; nothing if it was noted before or the delivery is gone.
pub(crate) async fn note(
    conn: &mut Conn,
    made: &Made,
    (state, next_at): (DeliveryState, Option<i64>),
    now: i64,
) -> Result<bool, StoreError> {
    let done = sql::query(
        "UPDATE webhook_delivery
         SET state = ?, next_at = ?, tries = ?, last_status = ?, last_error = ?, updated_at = ?
         WHERE id = ? AND state = 'pending' AND tries = ?",
    )
    .bind(state.name())
    .bind(next_at)
    .bind(made.no)
    .bind(made.status.map(i64::from))
    .bind(made.error)
    .bind(now)
    .bind(made.delivery.to_string())
    .bind(made.no - 1)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sql::query(
        "INSERT INTO webhook_try (delivery_id, no, at, took_us, status, error)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(made.delivery.to_string())
    .bind(made.no)
    .bind(made.at)
    .bind(made.took_us)
    .bind(made.status.map(i64::from))
    .bind(made.error)
    .execute(conn)
    .await?;
    Ok(true)
}

/// Starts deliveries over: they are due at once and have all their tries before them.
pub(crate) async fn again(
    conn: &mut Conn,
    deliveries: &[DeliveryId],
    now: i64,
) -> Result<u64, StoreError> {
    let done = sql::query(
        "UPDATE webhook_delivery
         SET state = 'pending', next_at = ?, tries_before = tries, updated_at = ?
         WHERE id IN ({list})",
    )
    .bind(now)
    .bind(now)
    .bind_list(deliveries.iter().map(DeliveryId::to_string))
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

macro_rules! select {
    ($rest:literal) => {
        sql::query(concat!(
            "SELECT d.id, d.endpoint_id, d.event_id, v.type, d.state, d.next_at, d.tries,
                    d.last_status, d.last_error, d.created_at, d.updated_at
             FROM webhook_delivery d JOIN webhook_event v ON v.id = d.event_id ",
            $rest
        ))
    };
}

/// The log of an endpoint, the newest first.
pub(crate) async fn list(
    pool: &Reader,
    endpoint: WebhookId,
    state: Option<DeliveryState>,
    after: Option<DeliveryId>,
    limit: u32,
) -> Result<Vec<WebhookDelivery>, StoreError> {
    let after = after.map_or_else(|| "dlv_~".to_owned(), |id| id.to_string());
    let mut query = select!("WHERE d.endpoint_id = ? AND d.id < ?")
        .bind(endpoint.to_string())
        .bind(after);
    if let Some(state) = state {
        query = query.and("AND d.state = ?").bind(state.name());
    }
    let query = query.and("ORDER BY d.id DESC LIMIT ?").bind(limit);
    query.fetch_all(pool).await?.iter().map(of).collect()
}

/// One of an endpoint's.
pub(crate) async fn find<'e>(
    on: impl Into<On<'e>>,
    endpoint: WebhookId,
    id: DeliveryId,
) -> Result<Option<WebhookDelivery>, StoreError> {
    let query = select!("WHERE d.id = ? AND d.endpoint_id = ?")
        .bind(id.to_string())
        .bind(endpoint.to_string());
    let row = query.fetch_optional(on).await?;
    row.as_ref().map(of).transpose()
}

fn of(row: &Row) -> Result<WebhookDelivery, StoreError> {
    Ok(WebhookDelivery {
        id: parsed(row, "id")?,
        webhook_id: parsed(row, "endpoint_id")?,
        event_id: parsed(row, "event_id")?,
        event_type: row.get("type")?,
        state: word(row, "state", DeliveryState::parse)?,
        tries: count(row, "tries")?,
        last_status: maybe_count(row, "last_status")?,
        last_error: row.get("last_error")?,
        next_ms: maybe_ms(row, "next_at")?,
        created_ms: ms(row, "created_at")?,
        updated_ms: ms(row, "updated_at")?,
    })
}

/// What was sent, as it was signed.
pub(crate) async fn body(pool: &Reader, event: EventId) -> Result<String, StoreError> {
    sql::query("SELECT body FROM webhook_event WHERE id = ?")
        .bind(event.to_string())
        .fetch_value(pool)
        .await
}

/// The tries of a delivery, the newest first.
pub(crate) async fn tries(
    pool: &Reader,
    id: DeliveryId,
    limit: u32,
) -> Result<Vec<WebhookTry>, StoreError> {
    let rows = sql::query(
        "SELECT no, at, took_us, status, error FROM webhook_try
         WHERE delivery_id = ? ORDER BY no DESC LIMIT ?",
    )
    .bind(id.to_string())
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let of = |row: &Row| {
        Ok(WebhookTry {
            no: count(row, "no")?,
            at_ms: ms(row, "at")?,
            took_ms: row.get::<u64>("took_us")? / 1_000,
            status: maybe_count(row, "status")?,
            error: row.get("error")?,
        })
    };
    rows.iter().map(of).collect()
}

/// Tests of an endpoint that wait, at most so many.
pub(crate) async fn tests_waiting(conn: &mut Conn, endpoint: WebhookId) -> Result<i64, StoreError> {
    sql::query(
        "SELECT COUNT(*) FROM webhook_delivery d JOIN webhook_event v ON v.id = d.event_id
         WHERE d.endpoint_id = ? AND d.next_at > -1 AND v.type = 'webhook.test'",
    )
    .bind(endpoint.to_string())
    .fetch_value(conn)
    .await
}
