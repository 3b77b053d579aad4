//! Orders: buying in a timed sale, and looking at what became of it.

mod change;
mod party;
mod ship_to;

pub(crate) use self::change::check_reason;
pub use self::change::{Cancelled, StatusChange};

use commerce_core::Demand;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use signaling_wire::{
    OrderId, UserId,
    frame::shop::{self, Buy},
    limits::IDEMPOTENCY_KEY_CHARS_MAX,
};

use crate::{
    Actor, Commerce, Page, ServiceError, db, page, sequencer::Purchase, validation::Validation,
};

/// The answer to a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The order, as it is now.
    pub order: shop::Order,
    /// Whether an earlier request with the same key placed it.
    pub replayed: bool,
}

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OrderEvent {
    /// Order of happening.
    pub seq: u64,
    /// What, as in `placed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status before; absent for the first.
    pub from_status: Option<String>,
    /// The status after.
    pub to_status: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

impl Commerce {
    /// Buys: the one path of both `POST /api/orders` and the `buy` command. Answers after the
    /// order is durable. The same key gets the same order.
    ///
    /// # Errors
    /// A [`Refusal`](commerce_core::Refusal), validation, or [`ServiceError::Busy`]: after the
    /// latter, and after a lost answer, the buyer asks again with the same key.
    pub async fn buy(&self, buyer: UserId, buy: Buy) -> Result<Placed, ServiceError> {
        let begun = std::time::Instant::now();
        let placed = self.buy_unmeasured(buyer, buy).await;
        let result = match &placed {
            Ok(Placed { replayed: true, .. }) => "replayed",
            Ok(_) => "placed",
            Err(ServiceError::Refused(refusal)) => refusal.code().key(),
            Err(ServiceError::Busy) => "busy",
            Err(_) => "error",
        };
        metrics::counter!("souk_orders_total", "result" => result).increment(1);
        metrics::histogram!("souk_order_seconds").record(begun.elapsed().as_secs_f64());
        placed
    }

    async fn buy_unmeasured(&self, buyer: UserId, buy: Buy) -> Result<Placed, ServiceError> {
        let mut validation = Validation::default();
        let bounded = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&buy.key.len());
        validation.check(bounded, "/key", "range", "must be 1 to 255 characters");
        let printable = buy.key.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        validation.check(printable, "/key", "format", "must be printable ASCII");
        validation.done()?;
        let fingerprint = fingerprint(&buy);
        let demand = Demand {
            buyer,
            product: buy.product_id,
            variant: buy.variant_id,
            quantity: buy.quantity,
            expected: buy.expected_unit_price,
            promised: None,
        };
        let purchase = Purchase {
            demand,
            lease: self.presented(buy.lease.as_deref()),
            key: buy.key,
            fingerprint,
        };
        self.sequence(buy.sale_id, purchase).await
    }

    /// A buyer's orders, the newest first.
    ///
    /// # Errors
    /// The database, or a cursor that is none.
    pub async fn orders(
        &self,
        buyer: UserId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<shop::Order>, ServiceError> {
        let after = page::after::<OrderId>(cursor)?;
        let limit = page::clamp(limit);
        self.caught_up().await?;
        let rows = db::order::list(self.store().reader(), buyer, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |order| order.id.to_string()))
    }

    /// An order as its buyer, a member of its seller or an administrator sees it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for everybody else.
    pub async fn order_for(&self, actor: Actor, id: OrderId) -> Result<shop::Order, ServiceError> {
        self.authorize_reading(actor, id).await?;
        let found = db::order::by_ids(self.store().reader(), &[id]).await?.pop();
        found.ok_or(ServiceError::NotFound("order"))
    }

    /// A buyer's order.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for an order of somebody else.
    pub async fn order(&self, buyer: UserId, id: OrderId) -> Result<shop::Order, ServiceError> {
        self.caught_up().await?;
        let found = db::order::of_buyer(self.store().reader(), buyer, id).await?;
        found.ok_or(ServiceError::NotFound("order"))
    }

    /// What happened to an order, in order.
    ///
    /// # Errors
    /// As [`Commerce::order_for`].
    pub async fn order_events(
        &self,
        actor: Actor,
        id: OrderId,
    ) -> Result<Vec<OrderEvent>, ServiceError> {
        self.authorize_reading(actor, id).await?;
        Ok(db::order::events(self.store().reader(), id).await?)
    }
}

/// What a key stands for: another command under the same key is refused.
fn fingerprint(buy: &Buy) -> String {
    let price = match buy.expected_unit_price {
        Some(money) => format!("{}{}", money.amount, money.currency.code()),
        None => String::new(),
    };
    let variant = buy.variant_id.map(|id| id.to_string()).unwrap_or_default();
    let text = format!(
        "buy|{}|{}|{variant}|{}|{price}",
        buy.sale_id, buy.product_id, buy.quantity
    );
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
