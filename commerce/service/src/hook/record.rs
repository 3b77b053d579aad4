//! What came of tries, written in one transaction: the log, what is tried again and when, and how
//! the endpoint fares.

use commerce_core::hook::{DeliveryState, DisabledReason, EndpointEvent, Next, Outcome, course};
use commerce_store::{
    audit::{self, Entry},
    sql::Conn,
};
use serde_json::json;
use signaling_wire::WebhookId;

use crate::{
    ServiceError,
    db::hook::{
        delivery::{self, Made},
        endpoint::{self, Endpoint},
    },
};

/// A try, and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) made: Made,
    /// Its number since the delivery was last asked for.
    pub(super) of_these: u32,
    pub(super) outcome: Outcome,
    /// Whether the answer came fast.
    pub(super) fast: bool,
    pub(super) chance: u32,
}

/// Counts of what was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) delivered: u64,
    pub(super) again: u64,
    pub(super) given_up: u64,
}

/// Writes what came of tries; nothing for an endpoint that is gone.
pub(super) async fn write(
    conn: &mut Conn,
    id: WebhookId,
    tried: &[Tried],
    now: i64,
) -> Result<Written, ServiceError> {
    let mut written = Written::default();
    let Some(mut endpoint) = endpoint::lock(conn, id, None).await? else {
        return Ok(written);
    };
    let mut off = None;
    for one in tried {
        let ended = one.made.at + one.made.took_us;
        let (state, next_at, count) = match course::next(one.outcome, one.of_these, one.chance) {
            Next::Done => (DeliveryState::Delivered, None, &mut written.delivered),
            Next::GiveUp => (DeliveryState::Failed, None, &mut written.given_up),
            Next::Again { wait_us } => {
                let at = ended.saturating_add(wait_us);
                (DeliveryState::Pending, Some(at), &mut written.again)
            }
        };
        if !delivery::note(conn, &one.made, (state, next_at), now).await? {
            continue;
        }
        *count += 1;
        let (health, reason) = endpoint.health.after(one.outcome, ended);
        endpoint.health = health;
        endpoint.brisk = one.outcome == Outcome::Taken && one.fast;
        if one.outcome == Outcome::Taken {
            endpoint.delivered_at = Some(ended);
        }
        off = off.or(reason);
    }
    match off {
        Some(reason) => turn_off(conn, endpoint, reason, now).await?,
        None => endpoint::update(conn, &endpoint).await?,
    }
    Ok(written)
}

/// Turns an endpoint off that is locked, for a reason of the shop's.
pub(super) async fn turn_off(
    conn: &mut Conn,
    mut endpoint: Endpoint,
    reason: DisabledReason,
    now: i64,
) -> Result<(), ServiceError> {
    endpoint.state = endpoint.state.on(EndpointEvent::Disable)?;
    endpoint.reason = endpoint.reason.or(Some(reason));
    endpoint.updated_at = now;
    endpoint::update(conn, &endpoint).await?;
    let entry = Entry {
        actor: "system".to_owned(),
        action: "webhook.disabled",
        object: endpoint.id.to_string(),
        detail: json!({ "reason": reason }),
    };
    Ok(audit::record(conn, &entry, now).await?)
}
