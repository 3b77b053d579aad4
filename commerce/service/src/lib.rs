//! Selling in shows: sellers, streams, products, cards, sales, orders and payments.
//!
//! [`Commerce`] is the handle that the edge calls; every method checks by itself what the caller
//! may do. A sequencer per running sale gathers purchases into one transaction: commit, then
//! acknowledge, then tick. Everything else that follows from a commit goes through the outbox. The
//! rules are in commerce-core, the SQL in `db`, the provider behind `provider`.
#![forbid(unsafe_code)]

mod actor;
mod admin;
mod audit;
mod card;
mod cart;
mod category;
mod checkout;
mod claim;
mod commerce;
mod config;
mod coupon;
mod courier;
mod db;
mod error;
mod hook;
mod inbound;
mod inbox;
mod inventory;
mod lease;
pub mod limits;
mod metrics;
mod mint;
mod moderation;
mod order;
mod page;
mod payment;
mod product;
mod provider;
mod reconcile;
mod refund;
mod review;
mod sale;
mod seller;
mod sequencer;
mod settle;
mod settlement;
mod shelf;
mod shipping;
mod signature;
mod statistics;
mod stream;
mod sweeper;
mod validation;
mod vigil;
mod wishlist;

pub use actor::Actor;
pub use admin::{
    AdminProductFilter, AttemptRecord, BookCheck, Books, Comparison, Difference, OrderFilter,
    OrderRecord, PaymentDetail, PaymentFilter, PaymentRecord, ProviderReport, Reconciliation,
    SellerChange, SellerDetail, SellerMember, SellerRecord, SellerStatus,
};
pub use audit::{AuditEntry, AuditVerdict};
pub use cart::{Cart, CartCoupon, CartItem, CartItemState, CartOwner};
pub use category::{Category, EditCategory, NewCategory};
pub use checkout::{Checkout, CheckoutItem, CheckoutSource, NewCheckout};
pub use claim::{Claim, Decision, NewClaim};
pub use commerce::{Commerce, start};
pub use commerce_core::{
    MemberRole,
    catalog::{Choice, ProductStatus, VariantStatus},
    claim::{ClaimEvent, ClaimKind, FeeBearer},
    day::Day,
    hook::{Allowances, DeliveryState, DisabledReason, EndpointState},
};
pub use config::{
    Clock, CommerceConfig, PayMethod, PaymentConfig, PaymentKind, Secret, refund_second_person,
};
pub use coupon::{Coupon, NewCoupon};
pub use error::ServiceError;
pub use hook::{
    EditWebhook, Names, NewWebhook, ReplayRange, Replayed, RotateSecret, Webhook, WebhookConfig,
    WebhookDelivery, WebhookDeliveryDetail, WebhookTry, WebhookWithSecret,
};
pub use inbox::WebhookOutcome;
pub use inventory::{AdjustReason, Adjustment, LevelView, Location, MovementView};
pub use lease::LeaseKey;
pub use metrics::{CardMetrics, StreamMetrics};
pub use moderation::{Audience, SanctionView, ViewerView};
pub use order::{Cancelled, OrderEvent, Placed, StatusChange};
pub use page::Page;
pub use payment::{PaymentView, Prepared};
pub use product::{
    EditProduct, EditVariant, Media, NewProduct, NewVariant, Product, ProductFilter, ProductOption,
    ProductSort, ProductSummary, RatingView, ShelfStock, Variant,
};
pub use refund::{LineUnits, NewRefund, RefundApproval, RefundLine, RefundView, Refunded};
pub use review::{NewReview, Review};
pub use sale::{NewSale, NewSaleItem, SaleView};
pub use seller::{Membership, Seller};
pub use settlement::LedgerEntry;
pub use shipping::{NewShipment, NewTracking, Shipment, TrackingEvent};
pub use signature::is_webhook_secret;
pub use statistics::{Group, Statistic, StatisticsFilter};
pub use stream::{NewStream, Stream, StreamEvent, StreamFilter, StreamStatus};
pub use wishlist::Wish;
