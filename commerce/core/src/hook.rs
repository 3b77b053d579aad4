//! Outbound webhooks: what may be told, to which addresses, and when it is tried again.
//!
//! The rules only. What is sent, and over what, is the service's; the wire is Standard Webhooks.

pub mod address;
pub mod course;
pub mod event;

pub use address::{Allowances, Forbidden, Range};
pub use course::{
    DeliveryState, DisabledReason, EndpointEvent, EndpointState, Health, Next, Outcome,
};
pub use event::{EventType, Filter};
