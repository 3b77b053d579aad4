//! Selling in shows: sellers, streams, products, cards, sales, orders and payments.
//!
//! [`Commerce`] is the handle that the edge calls; every method checks by itself what the caller
//! may do. A sequencer per running sale gathers purchases into one transaction: commit, then
//! acknowledge, then tick. Everything else that follows from a commit goes through the outbox. The
//! rules are in commerce-core, the SQL in `db`, the provider behind `provider`.
#![forbid(unsafe_code)]

mod actor;
mod audit;
mod card;
mod commerce;
mod config;
mod courier;
mod db;
mod error;
mod inbound;
mod inbox;
pub mod limits;
mod mint;
mod order;
mod page;
mod payment;
mod product;
mod provider;
mod sale;
mod seller;
mod sequencer;
mod settle;
mod shelf;
mod stream;
mod sweeper;
mod validation;

pub use actor::Actor;
pub use audit::{AuditEntry, AuditVerdict};
pub use commerce::{Commerce, start};
pub use commerce_core::MemberRole;
pub use config::{Clock, CommerceConfig, PaymentConfig, PaymentKind, Secret};
pub use error::ServiceError;
pub use inbox::WebhookOutcome;
pub use order::{OrderEvent, Placed};
pub use page::Page;
pub use payment::PaymentView;
pub use product::{NewProduct, Product, ProductFilter, ShelfStock};
pub use sale::{NewSale, NewSaleItem, SaleView};
pub use seller::{Membership, Seller};
pub use stream::{NewStream, Stream, StreamEvent, StreamFilter, StreamStatus};
