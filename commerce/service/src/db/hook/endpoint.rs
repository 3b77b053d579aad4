//! Table `webhook_endpoint`. What was taken away is there for [`retire`] alone.

pub(crate) mod retire;

use commerce_core::hook::{DisabledReason, EndpointState, Filter, Health};
use commerce_store::{
    StoreError, clock,
    sql::{self, Conn, On, Reader, Row},
};
use signaling_wire::{SellerId, UserId, WebhookId};

use crate::{
    Webhook,
    db::{json, optional, parsed, word},
};

/// An endpoint with what only its sender needs.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: WebhookId,
    pub(crate) seller: Option<SellerId>,
    pub(crate) url: String,
    pub(crate) description: String,
    pub(crate) filter: Filter,
    pub(crate) state: EndpointState,
    pub(crate) reason: Option<DisabledReason>,
    /// Sealed.
    pub(crate) secret: String,
    /// Sealed, and until when it signs as well.
    pub(crate) previous: Option<(String, i64)>,
    pub(crate) health: Health,
    /// Whether it took the last one, and fast.
    pub(crate) brisk: bool,
    pub(crate) delivered_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl Endpoint {
    /// As its owner sees it.
    pub(crate) fn view(self, now: i64) -> Webhook {
        let previous = self.previous.filter(|(_, until)| *until > now);
        Webhook {
            id: self.id,
            seller_id: self.seller,
            url: self.url,
            description: self.description,
            events: self.filter.entries().to_vec(),
            status: self.state,
            disabled_reason: self.reason,
            failing_since_ms: self.health.failing_since.map(clock::us_to_ms),
            delivered_ms: self.delivered_at.map(clock::us_to_ms),
            previous_secret_until_ms: previous.map(|(_, until)| clock::us_to_ms(until)),
            created_ms: clock::us_to_ms(self.created_at),
            updated_ms: clock::us_to_ms(self.updated_at),
        }
    }
}

macro_rules! select {
    ($rest:literal) => {
        sql::query(concat!(
            "SELECT id, seller_id, url, description, events, status, disabled_reason, secret,
                    previous_secret, previous_until, failing_since, brisk, not_before, delivered_at,
                    created_at, updated_at FROM webhook_endpoint ",
            $rest
        ))
    };
}

fn of(row: &Row) -> Result<Endpoint, StoreError> {
    let events: String = row.get("events")?;
    let reason: Option<String> = row.get("disabled_reason")?;
    let previous: (Option<String>, Option<i64>) =
        (row.get("previous_secret")?, row.get("previous_until")?);
    Ok(Endpoint {
        id: parsed(row, "id")?,
        seller: optional(row, "seller_id")?,
        url: row.get("url")?,
        description: row.get("description")?,
        filter: serde_json::from_str(&events).map_err(StoreError::invalid)?,
        state: word(row, "status", EndpointState::parse)?,
        reason: reason.as_deref().and_then(DisabledReason::parse),
        secret: row.get("secret")?,
        previous: previous.0.zip(previous.1),
        health: Health {
            failing_since: row.get("failing_since")?,
            not_before: row.get("not_before")?,
        },
        brisk: row.get("brisk")?,
        delivered_at: row.get("delivered_at")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
    })
}

/// Endpoints of a seller, or those for every seller.
pub(crate) async fn count(conn: &mut Conn, seller: Option<SellerId>) -> Result<i64, StoreError> {
    let query = match seller {
        Some(seller) => sql::query(
            "SELECT COUNT(*) FROM webhook_endpoint WHERE deleted_at IS NULL AND seller_id = ?",
        )
        .bind(seller.to_string()),
        None => sql::query(
            "SELECT COUNT(*) FROM webhook_endpoint WHERE deleted_at IS NULL AND seller_id IS NULL",
        ),
    };
    query.fetch_value(conn).await
}

pub(crate) async fn insert(
    conn: &mut Conn,
    endpoint: &Endpoint,
    by: UserId,
) -> Result<(), StoreError> {
    sql::query(
        "INSERT INTO webhook_endpoint (id, seller_id, url, description, events, status, secret,
                                       created_by, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(endpoint.id.to_string())
    .bind(endpoint.seller.map(|seller| seller.to_string()))
    .bind(&endpoint.url)
    .bind(&endpoint.description)
    .bind(json(&endpoint.filter)?)
    .bind(endpoint.state.name())
    .bind(&endpoint.secret)
    .bind(by.to_string())
    .bind(endpoint.created_at)
    .bind(endpoint.updated_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// One of a seller's, or any.
pub(crate) async fn find<'e>(
    on: impl Into<On<'e>>,
    id: WebhookId,
    of_seller: Option<SellerId>,
) -> Result<Option<Endpoint>, StoreError> {
    let mut query = select!("WHERE id = ? AND deleted_at IS NULL").bind(id.to_string());
    if let Some(seller) = of_seller {
        query = query.and("AND seller_id = ?").bind(seller.to_string());
    }
    let row = query.fetch_optional(on).await?;
    row.as_ref().map(of).transpose()
}

/// As [`find`], locked.
pub(crate) async fn lock(
    conn: &mut Conn,
    id: WebhookId,
    of_seller: Option<SellerId>,
) -> Result<Option<Endpoint>, StoreError> {
    let mut query = select!("WHERE id = ? AND deleted_at IS NULL").bind(id.to_string());
    if let Some(seller) = of_seller {
        query = query.and("AND seller_id = ?").bind(seller.to_string());
    }
    let row = query.and("{for update}").fetch_optional(conn).await?;
    row.as_ref().map(of).transpose()
}

/// A seller's, or all, the newest first.
pub(crate) async fn list(
    pool: &Reader,
    of_seller: Option<SellerId>,
    after: Option<WebhookId>,
    limit: u32,
) -> Result<Vec<Endpoint>, StoreError> {
    let after = after.map_or_else(|| "whk_~".to_owned(), |id| id.to_string());
    let mut query = select!("WHERE id < ? AND deleted_at IS NULL").bind(after);
    if let Some(seller) = of_seller {
        query = query.and("AND seller_id = ?").bind(seller.to_string());
    }
    let query = query.and("ORDER BY id DESC LIMIT ?").bind(limit);
    query.fetch_all(pool).await?.iter().map(of).collect()
}

/// Writes everything that may change, of one that is locked.
pub(crate) async fn update(conn: &mut Conn, endpoint: &Endpoint) -> Result<(), StoreError> {
    let (previous, until) = endpoint.previous.clone().unzip();
    sql::query(
        "UPDATE webhook_endpoint
         SET url = ?, description = ?, events = ?, status = ?, disabled_reason = ?, secret = ?,
             previous_secret = ?, previous_until = ?, failing_since = ?, brisk = ?, not_before = ?,
             delivered_at = ?, updated_at = ?
         WHERE id = ?",
    )
    .bind(&endpoint.url)
    .bind(&endpoint.description)
    .bind(json(&endpoint.filter)?)
    .bind(endpoint.state.name())
    .bind(endpoint.reason.map(DisabledReason::name))
    .bind(&endpoint.secret)
    .bind(previous)
    .bind(until)
    .bind(endpoint.health.failing_since)
    .bind(endpoint.brisk)
    .bind(endpoint.health.not_before)
    .bind(endpoint.delivered_at)
    .bind(endpoint.updated_at)
    .bind(endpoint.id.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether there is any endpoint: most shops have none, and nothing is made for nobody.
pub(crate) async fn any(pool: &Reader) -> Result<bool, StoreError> {
    let found: Option<i64> =
        sql::query("SELECT 1 FROM webhook_endpoint WHERE deleted_at IS NULL LIMIT 1")
            .fetch_value_optional(pool)
            .await?;
    Ok(found.is_some())
}

/// Somebody who may want to hear of something.
pub(crate) struct Listener {
    pub(crate) id: WebhookId,
    pub(crate) seller: Option<SellerId>,
    pub(crate) filter: Filter,
    pub(crate) active: bool,
}

/// Who may want to hear of these sellers, in whatever state.
pub(crate) async fn listening(
    pool: &Reader,
    sellers: &[SellerId],
) -> Result<Vec<Listener>, StoreError> {
    let rows = sql::query(
        "SELECT id, seller_id, events, status FROM webhook_endpoint
         WHERE deleted_at IS NULL AND (seller_id IS NULL OR seller_id IN ({list})) ORDER BY id",
    )
    .bind_list(sellers.iter().map(SellerId::to_string))
    .fetch_all(pool)
    .await?;
    let listener = |row: &Row| {
        let events: String = row.get("events")?;
        Ok(Listener {
            id: parsed(row, "id")?,
            seller: optional(row, "seller_id")?,
            filter: serde_json::from_str(&events).map_err(StoreError::invalid)?,
            active: word(row, "status", EndpointState::parse)? == EndpointState::Active,
        })
    };
    rows.iter().map(listener).collect()
}

/// Active endpoints behind an id that something is due for, and whether each is brisk.
pub(crate) async fn due(
    pool: &Reader,
    behind: Option<WebhookId>,
    now: i64,
    limit: u32,
) -> Result<Vec<(WebhookId, bool)>, StoreError> {
    let rows = sql::query(
        "SELECT e.id, e.brisk FROM webhook_endpoint e
         WHERE e.status = 'active' AND e.id > ? AND e.not_before <= ?
           AND EXISTS (SELECT 1 FROM webhook_delivery d
                       WHERE d.endpoint_id = e.id AND d.next_at <= ?)
         ORDER BY e.id LIMIT ?",
    )
    .bind(behind.map_or_else(String::new, |id| id.to_string()))
    .bind(now)
    .bind(now)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| Ok((parsed(row, "id")?, row.get("brisk")?)))
        .collect()
}

/// How an endpoint stands, for the counters.
pub(crate) struct Standing {
    pub(crate) id: WebhookId,
    pub(crate) state: EndpointState,
    pub(crate) failing: bool,
    /// Deliveries that wait.
    pub(crate) waiting: u64,
}

/// How every endpoint stands.
pub(crate) async fn standings(pool: &Reader) -> Result<Vec<Standing>, StoreError> {
    let rows = sql::query(
        "SELECT e.id, e.status, e.failing_since,
                (SELECT COUNT(*) FROM webhook_delivery d
                 WHERE d.endpoint_id = e.id AND d.next_at > -1) AS waiting
         FROM webhook_endpoint e WHERE e.deleted_at IS NULL ORDER BY e.id",
    )
    .fetch_all(pool)
    .await?;
    let standing = |row: &Row| {
        Ok(Standing {
            id: parsed(row, "id")?,
            state: word(row, "status", EndpointState::parse)?,
            failing: row.get::<Option<i64>>("failing_since")?.is_some(),
            waiting: row.get("waiting")?,
        })
    };
    rows.iter().map(standing).collect()
}
