//! What a shop tells others: event types with stable names, and which of them an endpoint wants.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use signaling_wire::frame::shop::SaleState;

/// Most entries of a filter.
pub const FILTER_ENTRIES_MAX: usize = 32;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $topic:expr;)*) => {
        /// Something that happened. Names are stable; new ones may be added.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {
            $($(#[$doc])* $name,)*
        }

        impl EventType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stored and wire name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The topic of the outbox that tells it, if it is one topic.
            const fn topic(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => $topic,)*
                }
            }
        }
    };
}

events! {
    /// An order was placed; its units are held until it is paid.
    OrderPlaced = "order.placed", Some("order.placed");
    /// It was paid.
    OrderPaid = "order.paid", Some("order.paid");
    /// The seller took it on.
    OrderPreparing = "order.preparing", Some("order.preparing");
    /// Some or all of it was sent.
    OrderShipped = "order.shipped", Some("order.shipped");
    /// All of it arrived.
    OrderDelivered = "order.delivered", Some("order.delivered");
    /// The purchase was confirmed.
    OrderCompleted = "order.completed", Some("order.completed");
    /// It was called off.
    OrderCancelled = "order.cancelled", Some("order.cancelled");
    /// It was not paid in time.
    OrderExpired = "order.expired", Some("order.expired");
    /// All of its money went back.
    OrderRefunded = "order.refunded", Some("order.refunded");
    /// Its payment changed otherwise, as by giving a part of it back.
    OrderPaymentUpdated = "order.payment_updated", Some("order.payment");
    /// A claim about it was made or decided.
    OrderClaimUpdated = "order.claim_updated", Some("order.claim");
    /// A sale takes orders, for the first time or again.
    SaleOpened = "sale.opened", None;
    /// A sale takes none for the moment.
    SalePaused = "sale.paused", None;
    /// A sale is over.
    SaleClosed = "sale.closed", None;
    /// The shelves have little left of a variant, and had more before.
    StockLow = "stock.low", Some("stock.low");
    /// Nothing happened: somebody tries an endpoint. Sent whatever the filter says.
    WebhookTest = "webhook.test", None;
}

impl EventType {
    /// What a topic of the outbox tells others, if anything.
    pub fn of_topic(topic: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.topic() == Some(topic))
    }

    /// What a sale's state tells others, if anything.
    pub const fn of_sale(state: SaleState) -> Option<Self> {
        match state {
            SaleState::Draft => None,
            SaleState::Open => Some(Self::SaleOpened),
            SaleState::Paused => Some(Self::SalePaused),
            SaleState::Closed => Some(Self::SaleClosed),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown event type")]
pub struct UnknownEvent;

impl FromStr for EventType {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        let found = Self::ALL.iter().copied().find(|kind| kind.name() == text);
        found.ok_or(UnknownEvent)
    }
}

/// Which events an endpoint wants: names, beginnings such as `order.*`, or `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Vec<String>);

/// Why a list is no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoFilter {
    /// Nothing is wanted.
    #[error("names no event")]
    Empty,
    /// Too many entries.
    #[error("has too many entries")]
    Long,
    /// An entry that fits nothing; its place.
    #[error("entry {0} fits no event")]
    Unknown(usize),
}

impl Filter {
    /// Reads the entries; the order and repeats mean nothing.
    ///
    /// # Errors
    /// [`NoFilter`].
    pub fn parse(entries: &[String]) -> Result<Self, NoFilter> {
        if entries.is_empty() {
            return Err(NoFilter::Empty);
        }
        if entries.len() > FILTER_ENTRIES_MAX {
            return Err(NoFilter::Long);
        }
        let fits = |entry: &String| Self::known().any(|kind| covers(entry, kind));
        if let Some(place) = entries.iter().position(|entry| !fits(entry)) {
            return Err(NoFilter::Unknown(place));
        }
        let mut sorted = entries.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        Ok(Self(sorted))
    }

    /// Whether an event of the type is wanted.
    pub fn wants(&self, kind: EventType) -> bool {
        kind != EventType::WebhookTest && self.0.iter().any(|entry| covers(entry, kind))
    }

    /// The types that are wanted.
    pub fn types(&self) -> Vec<EventType> {
        Self::known().filter(|kind| self.wants(*kind)).collect()
    }

    /// The entries.
    pub fn entries(&self) -> &[String] {
        &self.0
    }

    /// What can be asked for.
    fn known() -> impl Iterator<Item = EventType> {
        let all = EventType::ALL.iter().copied();
        all.filter(|kind| *kind != EventType::WebhookTest)
    }
}

fn covers(entry: &str, kind: EventType) -> bool {
    match entry.strip_suffix('*') {
        Some("") => true,
        // `order.*`, and not `ord*`.
        Some(start) => start.ends_with('.') && kind.name().starts_with(start),
        None => entry == kind.name(),
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What was parsed once is kept: a type that there is no more is wanted in vain.
        Vec::<String>::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn filter(entries: &[&str]) -> Result<Filter, NoFilter> {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        Filter::parse(&entries)
    }

    #[test]
    fn names_are_what_the_standard_allows_and_come_back() {
        for kind in EventType::ALL {
            let name = kind.name();
            assert_eq!(name.parse(), Ok(*kind));
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
            assert!(name.bytes().all(plain), "{name}");
            if let Some(topic) = kind.topic() {
                assert_eq!(EventType::of_topic(topic), Some(*kind));
            }
        }
        assert_eq!(EventType::of_topic("order.extended"), None);
        assert_eq!(EventType::of_topic("room.frame"), None);
    }

    #[test]
    fn a_filter_wants_what_it_names() {
        let orders = filter(&["order.*", "sale.closed"]).unwrap();
        assert!(orders.wants(EventType::OrderPaid));
        assert!(orders.wants(EventType::SaleClosed));
        assert!(!orders.wants(EventType::SaleOpened));
        let all = filter(&["*"]).unwrap();
        assert_eq!(all.types().len(), EventType::ALL.len() - 1);
        assert!(!all.wants(EventType::WebhookTest), "it is sent, not wanted");
    }

    #[test]
    fn what_fits_nothing_is_refused() {
        assert_eq!(filter(&[]), Err(NoFilter::Empty));
        assert_eq!(filter(&["*"; FILTER_ENTRIES_MAX + 1]), Err(NoFilter::Long));
        for entry in [
            "",
            "order",
            "ord*",
            "order.paid ",
            "Order.paid",
            "user.*",
            "webhook.test",
        ] {
            assert_eq!(filter(&["*", entry]), Err(NoFilter::Unknown(1)), "{entry}");
        }
        assert_eq!(
            filter(&["sale.*", "*", "sale.*"]).unwrap().entries(),
            ["*", "sale.*"]
        );
    }
}
