//! One file per noun. A handler extracts, asks the part that owns the noun, and answers; it holds
//! no rule of its own.
// `#[utoipa::path(params(…))]` names a type of its own file with a path.
#![allow(unused_qualifications)]

pub(crate) mod admin;
pub(crate) mod auth;
pub(crate) mod cards;
pub(crate) mod cart;
pub(crate) mod categories;
pub(crate) mod coupons;
pub(crate) mod credentials;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod inventory;
pub(crate) mod mailbox;
pub(crate) mod members;
pub(crate) mod offer;
pub(crate) mod orders;
pub(crate) mod page;
pub(crate) mod payments;
pub(crate) mod products;
pub(crate) mod refund_approvals;
pub(crate) mod reviews;
pub(crate) mod sales;
pub(crate) mod second_factor;
pub(crate) mod selling;
pub(crate) mod session;
pub(crate) mod streams;
pub(crate) mod table;
pub(crate) mod users;
pub(crate) mod variants;
pub(crate) mod webhooks;
pub(crate) mod whep;
pub(crate) mod whep_extensions;
pub(crate) mod whip;
pub(crate) mod wishlist;
