//! Outbound webhooks: what happens in the shop is told to addresses that sellers name.
//!
//! [`news`] makes events of what the courier takes out of the outbox, in the transaction that takes
//! it; [`sender`] sends each to each endpoint that wants it, at least once, whatever the others do;
//! [`post`] is the only place that connects, and connects to checked addresses alone. The rules are
//! in `commerce_core::hook`, the wire is Standard Webhooks.

mod config;
mod log;
pub(crate) mod low;
mod manage;
pub(crate) mod news;
mod post;
mod record;
mod retire;
mod sender;
mod tend;

use commerce_core::hook::{DeliveryState, DisabledReason, EndpointState};
use serde::{Deserialize, Serialize};
use signaling_wire::{DeliveryId, EventId, SellerId, WebhookId};

pub use config::{Names, WebhookConfig};
pub(crate) use post::Poster;

/// An address that events are sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose events; absent: those of every seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<SellerId>,
    /// Where to.
    pub url: String,
    /// What it is for, in the owner's words.
    pub description: String,
    /// Which events: types, `order.*`, or `*`.
    pub events: Vec<String>,
    /// Whether it gets them.
    pub status: EndpointState,
    /// Why the shop turned it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    /// Since when it has taken nothing, milliseconds since 1970; absent when the last was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since_ms: Option<u64>,
    /// When it last took something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_ms: Option<u64>,
    /// Until when the secret before the current one signs as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_secret_until_ms: Option<u64>,
    /// When it was made.
    pub created_ms: u64,
    /// When it last changed.
    pub updated_ms: u64,
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    pub webhook: Webhook,
    /// Signs what is sent: `whsec_…`. Keep it; it is not shown again.
    pub secret: String,
}

/// A webhook to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Whose events; absent is everybody's, which only those who run the site may have.
    #[serde(default)]
    pub seller_id: Option<SellerId>,
    /// Where to: an https address.
    pub url: String,
    /// Which events: types, `order.*`, or `*`.
    pub events: Vec<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

/// Changes of a webhook; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditWebhook {
    /// Where to.
    #[serde(default)]
    pub url: Option<String>,
    /// Which events.
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// `false` turns it off, `true` on, also after the shop turned it off.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// How a secret is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecret {
    /// Hours for which the secret that is replaced signs as well, 0 to 168; 24 if absent.
    #[serde(default)]
    pub overlap_hours: Option<u32>,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WebhookDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// What is sent as `webhook-id`, and as `id` in the body.
    pub event_id: EventId,
    /// As in `order.paid`.
    pub event_type: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// Status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u32>,
    /// Why there was no answer: `timeout`, `connect`, `tls`, `forbidden_address`, `url` or `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it is tried next, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<u64>,
    /// When it was made.
    pub created_ms: u64,
    /// When it last changed.
    pub updated_ms: u64,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WebhookTry {
    /// Its number, 1 and up.
    pub no: u32,
    /// When it began, milliseconds since 1970.
    pub at_ms: u64,
    /// How long it took, milliseconds.
    pub took_ms: u64,
    /// Status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
    /// Why there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A delivery with what was sent and how it went.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct WebhookDeliveryDetail {
    /// The delivery.
    pub delivery: WebhookDelivery,
    /// What is sent.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
    /// The last tries, the newest first.
    pub tries: Vec<WebhookTry>,
}

/// Which events of the past are sent again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRange {
    /// First time, milliseconds since 1970.
    pub from_ms: u64,
    /// First time that is left out.
    pub until_ms: u64,
    /// Also what was delivered; otherwise only what was not, or never sent.
    #[serde(default)]
    pub all: bool,
    /// Where the last answer said that more is.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What is sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Replayed {
    /// How many events.
    pub queued: u32,
    /// Where the next part starts, if there is more.
    pub next_cursor: Option<String>,
}
