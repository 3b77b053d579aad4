//! Payloads of the `shop` and `stock` lanes, also used by the HTTP API.

use serde::{Deserialize, Serialize};

use crate::{
    CardId, Money, OrderGroupId, OrderId, OrderLineId, PaymentId, ProductId, SaleId, SellerId,
    StreamId, VariantId,
};

/// What is sold in a room: the state that a snapshot carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shelf {
    /// The queue of cards, by `no`.
    pub cards: Vec<Card>,
    /// The pinned card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<CardId>,
    /// The running or next sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Sale>,
    /// Stock of the sale's items.
    pub stock: Vec<Stock>,
}

/// A text in the two languages of the front end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Localized {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

/// A product as a card shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CardProduct))]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name.
    pub title: Localized,
    /// Path or address of its picture.
    pub image_url: String,
    /// Lowest list price; the sale's price is in [`SaleItem`].
    pub price: Money,
    /// Its only variant; absent when there is something to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<VariantId>,
}

/// A product in the queue of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// "No. 3" as the host says it; 1 and up, unique in the stream.
    pub no: u32,
    /// What it shows.
    pub product: Product,
    /// Whether it was or is pinned.
    pub state: CardState,
    /// Whether it is shown as a chip beside the pinned one; at most two in a stream.
    #[serde(default, skip_serializing_if = "is_false")]
    pub highlighted: bool,
    /// Place in the queue, when the host put it in an order; cards without one stand by `no`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<u32>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Where a card stands in the show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Not shown so far.
    Queued,
    /// Over the video; at most one in a stream.
    Pinned,
    /// Was pinned.
    Shown,
    /// Taken out of the queue; lists and snapshots leave it out.
    Hidden,
}

/// A card was pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pinned {
    /// The whole card, so that a reader needs nothing else to show it.
    pub card: Card,
    /// When the pin was committed, milliseconds since 1970.
    pub at_ms: u64,
}

/// The pinned card was taken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unpinned {
    /// Which.
    pub card_id: CardId,
}

/// A timed sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sale {
    /// Its id.
    pub id: SaleId,
    /// In which stream.
    pub stream_id: StreamId,
    /// Where it stands.
    pub state: SaleState,
    /// Opens or opened, server clock, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_ms: Option<u64>,
    /// Closes or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_ms: Option<u64>,
    /// Seconds for which a purchase is held until paid.
    pub hold_seconds: u32,
    /// What is on sale.
    pub items: Vec<SaleItem>,
}

/// Where a sale stands. `sold_out` is not a state: the stock says it, and it ends when holds return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SaleState {
    /// Being prepared.
    Draft,
    /// Takes orders.
    Open,
    /// Takes none for the moment; holds stay valid.
    Paused,
    /// Over.
    Closed,
}

/// Terms of one variant in a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaleItem {
    /// Which product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: VariantId,
    /// What was chosen, as in "M / black"; absent when there is nothing to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Localized>,
    /// Price in the sale.
    pub price: Money,
    /// Most units that one buyer may have, over all their orders in the sale.
    pub max_per_buyer: u32,
}

/// Stock levels of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StockBatch {
    /// At most one per variant of the sale.
    pub levels: Vec<Stock>,
}

/// The stock of one variant in a sale, never ahead of the commit behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stock {
    /// Which sale.
    pub sale_id: SaleId,
    /// Which product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: VariantId,
    /// Sequence of the stock ledger whose commit made this true; newest wins.
    pub ledger_seq: u64,
    /// Units given to the sale.
    pub allocated: u32,
    /// Units that may be bought now.
    pub available: u32,
    /// Units held by buyers who are paying.
    pub held: u32,
    /// Units sold and paid.
    pub sold: u32,
}

/// Buys. The body of `POST /api/orders` is the same without `key`, which is the
/// `Idempotency-Key` header there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Buy {
    /// Made by the buyer's device; a repeat gets the first answer.
    pub key: String,
    /// Which sale.
    pub sale_id: SaleId,
    /// Which product of it.
    pub product_id: ProductId,
    /// Which variant of the product; needed only where the sale has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<VariantId>,
    /// Units, 1 and up.
    pub quantity: u32,
    /// The price per unit that the buyer saw; refused with `price_changed` if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_unit_price: Option<Money>,
    /// The lease of a price: while it holds, that is the price. A repeat may carry another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
}

/// Says that the viewer saw or opened a card; counted once a connection, never answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Glance {
    /// Which card.
    pub card_id: CardId,
    /// What happened.
    pub what: GlanceKind,
}

/// What a viewer did with a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GlanceKind {
    /// It was on the screen for a second.
    Shown,
    /// It was opened.
    Clicked,
}

/// Asks for the lease of a price. The body of `POST /api/sales/{id}/leases` is the same without
/// `key` and `sale_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// By which the sender recognises the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which sale.
    pub sale_id: SaleId,
    /// Which product of it.
    pub product_id: ProductId,
    /// Which variant of the product; needed only where the sale has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<VariantId>,
}

/// A price that holds for a moment, whatever happens to it: no stock is held by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lease {
    /// `key` of the `quote` that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which sale.
    pub sale_id: SaleId,
    /// Which product of it.
    pub product_id: ProductId,
    /// Which variant of the product.
    pub variant_id: VariantId,
    /// What one unit costs with it.
    pub unit_price: Money,
    /// Until when, milliseconds since 1970.
    pub expires_ms: u64,
    /// For `lease` of a purchase; opaque, signed by the server.
    pub lease: String,
}

/// An order of this viewer, after it was placed or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderUpdate {
    /// `key` of the `buy` that this answers, if it answers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The order.
    pub order: Box<Order>,
}

/// An order as its buyer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Short number for people, as in `20261122-7F3K9Q`.
    pub number: String,
    /// The checkout that it belongs to; one payment funds all orders of a group.
    pub group_id: OrderGroupId,
    /// Who sells.
    pub seller_id: SellerId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// Where its goods stand.
    pub fulfillment_status: FulfillmentStatus,
    /// The stream it was bought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_id: Option<StreamId>,
    /// The timed sale it was bought in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// What the lines cost before discounts.
    pub items_total: Money,
    /// What coupons take off.
    pub discount: Money,
    /// What sending costs.
    pub shipping: Money,
    /// Value added tax that is contained in the total.
    pub tax: Money,
    /// What is to be paid.
    pub total: Money,
    /// The payment that is open or done.
    pub payment: OrderPayment,
    /// Sequence of the stock ledger whose commit holds the order.
    pub ledger_seq: u64,
    /// When it was placed, milliseconds since 1970.
    pub placed_ms: u64,
    /// Until when it must be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_due_ms: Option<u64>,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_ms: Option<u64>,
    /// When all of it had arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_ms: Option<u64>,
    /// When the purchase was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_ms: Option<u64>,
}

/// What the buyer's page needs to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderPayment {
    /// The id that the provider knows.
    pub id: PaymentId,
    /// `sandbox`, `portone_v2` or `portone_v1`.
    pub provider: String,
    /// What it takes: the total of all orders of the group.
    pub amount: Money,
}

/// One product of an order, as it was at the time of sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderLine {
    /// Its id.
    pub id: OrderLineId,
    /// Which product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: VariantId,
    /// What was chosen, as it was called then; absent when there was nothing to choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Localized>,
    /// Name at the time of sale.
    pub title: Localized,
    /// Units.
    pub quantity: u32,
    /// Price of one.
    pub unit_price: Money,
    /// What coupons take off this line.
    pub discount: Money,
    /// What is paid for the line: price times units, less the discount.
    pub total: Money,
    /// Units called off before they were sent.
    #[serde(default)]
    pub quantity_cancelled: u32,
    /// Units that came back.
    #[serde(default)]
    pub quantity_returned: u32,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Stock is held; the buyer has until `payment_due_ms`.
    PendingPayment,
    /// Paid; the stock is the buyer's.
    Paid,
    /// The seller is getting it ready.
    Preparing,
    /// A part is on its way.
    PartiallyShipped,
    /// All of it is on its way.
    Shipped,
    /// All of it has arrived.
    Delivered,
    /// The buyer confirmed the purchase, or the time to object is over.
    Completed,
    /// Not paid in time.
    Expired,
    /// Called off before it was sent; money that came goes back.
    Cancelled,
    /// Everything was given back after it had been sent or accepted.
    Refunded,
}

/// Where an order's goods stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentStatus {
    /// Nothing has been sent.
    Unfulfilled,
    /// A part has been sent.
    Partial,
    /// All of it has been sent.
    Fulfilled,
    /// All of it has arrived.
    Delivered,
    /// All of it came back.
    Returned,
}

/// Where an order's money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing has been paid.
    None,
    /// The provider is being asked; the outcome is not known.
    Pending,
    /// All of it.
    Paid,
    /// Declined; another try is possible while the hold lasts.
    Failed,
    /// The provider reports what the order does not; money goes back.
    IntegrityFailure,
    /// Some of it was given back.
    PartiallyRefunded,
    /// Given back.
    Refunded,
}
