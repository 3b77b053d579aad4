//! Table `webhook_event`, and the deliveries that come with an event.

use commerce_core::hook::EventType;
use commerce_store::{
    StoreError,
    sql::{self, Conn, Field, Reader, Rows},
};
use serde::Serialize;
use signaling_wire::{DeliveryId, EventId, SellerId, WebhookId};

use crate::db::{json, parsed};

const EVENTS: Rows = Rows::objects(&[
    ("id", Field::Id),
    ("seller", Field::Id),
    ("kind", Field::Id),
    ("body", Field::Text),
]);
const DELIVERIES: Rows = Rows::objects(&[
    ("id", Field::Id),
    ("endpoint", Field::Id),
    ("event", Field::Id),
]);

/// Something to tell.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct New {
    pub(crate) id: EventId,
    pub(crate) seller: Option<SellerId>,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

/// Whom to tell it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct To {
    pub(crate) id: DeliveryId,
    pub(crate) endpoint: WebhookId,
    pub(crate) event: EventId,
}

/// Writes events, then [`send`]s them.
pub(crate) async fn insert(
    conn: &mut Conn,
    events: &[New],
    to: &[To],
    now: i64,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    sql::query(
        "INSERT INTO webhook_event (id, seller_id, type, body, created_at)
         SELECT j.id, j.seller, j.kind, j.body, ? FROM {rows}",
    )
    .bind(now)
    .bind_rows(&EVENTS, events)
    .execute(&mut *conn)
    .await?;
    send(conn, to, now).await
}

/// Puts events on their way; an endpoint that is gone gets nothing.
pub(crate) async fn send(conn: &mut Conn, to: &[To], now: i64) -> Result<(), StoreError> {
    if to.is_empty() {
        return Ok(());
    }
    sql::query(
        "INSERT INTO webhook_delivery
             (id, endpoint_id, event_id, state, next_at, created_at, updated_at)
         SELECT j.id, e.id, j.event, 'pending', ?, ?, ?
         FROM {rows} JOIN webhook_endpoint e ON e.id = j.endpoint
         WHERE e.deleted_at IS NULL",
    )
    .bind(now)
    .bind(now)
    .bind(now)
    .bind_json(&DELIVERIES, json(&to)?)
    .execute(conn)
    .await?;
    Ok(())
}

/// Which events are asked for again.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) endpoint: WebhookId,
    /// Whose; `None`: every seller's.
    pub(crate) seller: Option<SellerId>,
    pub(crate) kinds: Vec<EventType>,
    /// Microseconds since 1970; the end is left out.
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// Those behind this one.
    pub(crate) behind: Option<(i64, EventId)>,
    /// Also those that were delivered.
    pub(crate) all: bool,
}

/// An event of the past, and its delivery to the endpoint if there is one.
pub(crate) struct Found {
    pub(crate) id: EventId,
    pub(crate) at: i64,
    pub(crate) delivery: Option<DeliveryId>,
}

/// Events of the past, the oldest first.
pub(crate) async fn past(
    conn: &mut Conn,
    past: &Past,
    limit: u32,
) -> Result<Vec<Found>, StoreError> {
    let (at, id) = match past.behind {
        Some((at, id)) => (at, id.to_string()),
        None => (past.from, String::new()),
    };
    let mut query = sql::query(
        "SELECT v.id, v.created_at, d.id AS delivery
         FROM webhook_event v
         LEFT JOIN webhook_delivery d ON d.event_id = v.id AND d.endpoint_id = ?
         WHERE v.created_at >= ? AND v.created_at < ?
           AND (v.created_at > ? OR v.id > ?)",
    )
    .bind(past.endpoint.to_string())
    .bind(at)
    .bind(past.until)
    .bind(at)
    .bind(id);
    if let Some(seller) = past.seller {
        query = query.and("AND v.seller_id = ?").bind(seller.to_string());
    }
    if !past.all {
        query = query.and("AND (d.state IS NULL OR d.state <> 'delivered')");
    }
    let query = query
        .and("AND v.type IN ({list}) ORDER BY v.created_at, v.id LIMIT ?")
        .bind_list(past.kinds.iter().map(|kind| kind.name()))
        .bind(limit);
    let rows = query.fetch_all(conn).await?;
    let found = |row| {
        Ok(Found {
            id: parsed(row, "id")?,
            at: row.get("created_at")?,
            delivery: crate::db::optional(row, "delivery")?,
        })
    };
    rows.iter().map(found).collect()
}

/// Whether any event is older.
pub(crate) async fn has_old(pool: &Reader, before: i64) -> Result<bool, StoreError> {
    let found: Option<i64> = sql::query("SELECT 1 FROM webhook_event WHERE created_at < ? LIMIT 1")
        .bind(before)
        .fetch_value_optional(pool)
        .await?;
    Ok(found.is_some())
}

/// Forgets the oldest events before a time with their deliveries; returns how many.
pub(crate) async fn forget(conn: &mut Conn, before: i64, limit: u32) -> Result<u64, StoreError> {
    let old: Vec<String> =
        sql::query("SELECT id FROM webhook_event WHERE created_at < ? ORDER BY created_at LIMIT ?")
            .bind(before)
            .bind(limit)
            .fetch_values(&mut *conn)
            .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let done = sql::query("DELETE FROM webhook_event WHERE id IN ({list})")
        .bind_list(old)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}
