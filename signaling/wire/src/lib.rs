//! The language that Souk's server and its clients speak: ids, lanes, frames, problems.
//!
//! Everything here is a border type: plain data with a stable JSON form, shared by the data
//! channels, the WebSocket, the server-sent events and the HTTP API. Encoding and decoding live in
//! [`codec`]; the golden vectors in `vectors/` are read by the tests of this crate and by those of
//! the front end. No IO, no clock, no randomness: those are arguments.
#![forbid(unsafe_code)]

pub mod codec;
pub mod frame;
pub mod id;
pub mod lane;
pub mod limits;
pub mod money;
pub mod position;
pub mod postal;
pub mod problem;

pub use codec::{DecodeError, decode_client, decode_server, encode_client, encode_server};
pub use frame::{ClientFrame, ServerFrame};
pub use id::{
    AddressId, CardId, CartId, CategoryId, ChatMessageId, ClaimId, CouponId, DeliveryId, EventId,
    LocationId, OrderGroupId, OrderId, OrderLineId, PaymentId, ProductId, PromotionId, RefundId,
    ReservationId, ReviewId, SaleId, SellerId, ShipmentId, StreamId, UserId, VariantId, WebhookId,
};
pub use lane::{Lane, LaneSpec};
pub use money::{Currency, Money};
pub use position::{Epoch, Position};
pub use postal::PostalAddress;
pub use problem::{Code, Problem};
