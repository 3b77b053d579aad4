//! Prefixed ULIDs: what every aggregate is called outside its own table.
//!
//! An id is 128 bits (48 bits of milliseconds, 80 random bits), written as a prefix and 26
//! characters of Crockford base 32, as in `ord_01J9Z0…`. It is text in JSON and in both databases.
//! The time and the randomness are arguments, so that this crate needs neither.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use ulid::Ulid;

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `{prefix}` followed by 26 characters of base 32")]
pub struct ParseIdError {
    /// The prefix that the wanted kind of id carries.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// What the text form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id from a wall clock in milliseconds since 1970 and 80 random bits
            /// (the upper 48 bits of `random` are ignored).
            pub const fn from_parts(unix_ms: u64, random: u128) -> Self {
                Self(Ulid::from_parts(unix_ms, random))
            }

            /// Milliseconds since 1970 at which the id was made.
            pub const fn unix_ms(self) -> u64 {
                self.0.timestamp_ms()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let refused = ParseIdError { prefix: $prefix };
                let digits = text.strip_prefix($prefix).ok_or(refused)?;
                let id = Ulid::from_string(digits).map_err(|_| refused)?;
                // One id has one spelling: lower case and overflowing forms are refused.
                if id.to_string() == digits { Ok(Self(id)) } else { Err(refused) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                const PATTERN: &str = concat!("^", $prefix, "[0-7][0-9A-HJKMNP-TV-Z]{25}$");
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(PATTERN))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// An account.
    UserId = "usr_";
    /// A shop that sells; users act for it by membership.
    SellerId = "slr_";
    /// A show of a seller: what is published, watched and sold in.
    StreamId = "str_";
    /// A product of a seller.
    ProductId = "prd_";
    /// One way in which a product can be bought: a size, a colour; what has a price and a stock.
    VariantId = "var_";
    /// A place in the tree of categories.
    CategoryId = "cat_";
    /// Where a seller keeps goods.
    LocationId = "loc_";
    /// What a buyer says about a product.
    ReviewId = "rev_";
    /// What somebody means to buy.
    CartId = "crt_";
    /// An offer of a discount.
    PromotionId = "prm_";
    /// A code that asks for the discount of a promotion.
    CouponId = "cpn_";
    /// A product in the queue of a stream; at most one is pinned.
    CardId = "crd_";
    /// A timed sale with stock of its own.
    SaleId = "sal_";
    /// Stock held for one buyer until payment or expiry.
    ReservationId = "rsv_";
    /// A buyer's checkout: one order per seller, one payment for all of them.
    OrderGroupId = "grp_";
    /// A buyer's order with one seller.
    OrderId = "ord_";
    /// One line of an order.
    OrderLineId = "oln_";
    /// A parcel of an order.
    ShipmentId = "shp_";
    /// A buyer's wish to call off, send back or exchange lines of an order.
    ClaimId = "clm_";
    /// Money that goes back for lines of an order.
    RefundId = "rfd_";
    /// A payment, as the provider knows it: letters and digits only, 27 characters, because some
    /// payment gateways take nothing else.
    PaymentId = "p";
    /// A chat message.
    ChatMessageId = "msg_";
    /// A postal address that a person keeps.
    AddressId = "adr_";
    /// An address elsewhere that events of the shop are sent to.
    WebhookId = "whk_";
    /// Something that happened, as it is told elsewhere.
    EventId = "evt_";
    /// One event on its way to one webhook.
    DeliveryId = "dlv_";
}
