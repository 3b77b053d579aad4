//! Goods on their way: what an order's lines say about it, and the steps of a parcel.

use signaling_wire::frame::shop::FulfillmentStatus;

use crate::{
    refusal::Refusal,
    transition::{self, Step},
};

/// The units of one line, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Units {
    /// Ordered.
    pub quantity: u32,
    /// Called off before they were sent.
    pub cancelled: u32,
    /// Given to a courier.
    pub shipped: u32,
    /// Arrived.
    pub delivered: u32,
    /// Came back.
    pub returned: u32,
}

impl Units {
    /// Units that still can be sent.
    pub const fn to_ship(self) -> u32 {
        self.quantity
            .saturating_sub(self.cancelled)
            .saturating_sub(self.shipped)
    }

    /// Units that the buyer keeps so far.
    pub const fn kept(self) -> u32 {
        self.quantity
            .saturating_sub(self.cancelled)
            .saturating_sub(self.returned)
    }
}

/// Where the goods of an order stand, from its lines.
pub fn status(lines: &[Units]) -> FulfillmentStatus {
    let sum = |of: fn(&Units) -> u32| lines.iter().map(|units| u64::from(of(units))).sum::<u64>();
    let wanted = sum(|units| units.quantity - units.cancelled.min(units.quantity));
    let shipped = sum(|units| units.shipped);
    if shipped == 0 {
        FulfillmentStatus::Unfulfilled
    } else if sum(|units| units.returned) >= shipped && shipped >= wanted {
        FulfillmentStatus::Returned
    } else if sum(|units| units.delivered) >= wanted {
        FulfillmentStatus::Delivered
    } else if shipped >= wanted {
        FulfillmentStatus::Fulfilled
    } else {
        FulfillmentStatus::Partial
    }
}

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShipmentState {
    /// With the courier.
    Shipped,
    /// Between two places.
    InTransit,
    /// On the last mile.
    OutForDelivery,
    /// Arrived.
    Delivered,
    /// Came back to the seller without having arrived.
    Returned,
    /// Nobody finds it.
    Lost,
}

use ShipmentState as S;

/// Every step that exists; the event is the state that the courier reports.
pub const STEPS: &[Step<ShipmentState, ShipmentState>] = &[
    (S::Shipped, S::InTransit, S::InTransit),
    (S::Shipped, S::OutForDelivery, S::OutForDelivery),
    (S::Shipped, S::Delivered, S::Delivered),
    (S::Shipped, S::Returned, S::Returned),
    (S::Shipped, S::Lost, S::Lost),
    (S::InTransit, S::InTransit, S::InTransit),
    (S::InTransit, S::OutForDelivery, S::OutForDelivery),
    (S::InTransit, S::Delivered, S::Delivered),
    (S::InTransit, S::Returned, S::Returned),
    (S::InTransit, S::Lost, S::Lost),
    (S::OutForDelivery, S::InTransit, S::InTransit),
    (S::OutForDelivery, S::Delivered, S::Delivered),
    (S::OutForDelivery, S::Returned, S::Returned),
    (S::OutForDelivery, S::Lost, S::Lost),
    (S::Lost, S::InTransit, S::InTransit),
    (S::Lost, S::Delivered, S::Delivered),
];

impl ShipmentState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        S::Shipped,
        S::InTransit,
        S::OutForDelivery,
        S::Delivered,
        S::Returned,
        S::Lost,
    ];

    /// The state after a report of the courier.
    ///
    /// # Errors
    /// [`Refusal::InvalidTransition`] if the parcel cannot get there from here.
    pub fn after(self, report: Self) -> Result<Self, Refusal> {
        transition::take(STEPS, self, &report, Self::name)
    }

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            S::Shipped => "shipped",
            S::InTransit => "in_transit",
            S::OutForDelivery => "out_for_delivery",
            S::Delivered => "delivered",
            S::Returned => "returned",
            S::Lost => "lost",
        }
    }

    /// The state of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cancelled: u32, shipped: u32, delivered: u32, returned: u32) -> Units {
        Units {
            quantity: 4,
            cancelled,
            shipped,
            delivered,
            returned,
        }
    }

    #[test]
    fn goods_stand_where_their_lines_do() {
        use FulfillmentStatus::{Delivered, Fulfilled, Partial, Returned, Unfulfilled};
        for (lines, expected) in [
            (vec![line(0, 0, 0, 0), line(1, 0, 0, 0)], Unfulfilled),
            (vec![line(0, 4, 0, 0), line(0, 0, 0, 0)], Partial),
            (vec![line(0, 4, 4, 0), line(0, 1, 0, 0)], Partial),
            (vec![line(0, 4, 4, 0), line(3, 1, 0, 0)], Fulfilled),
            (vec![line(0, 4, 4, 0), line(3, 1, 1, 0)], Delivered),
            (vec![line(0, 4, 4, 1)], Delivered),
            (vec![line(2, 2, 2, 2)], Returned),
        ] {
            assert_eq!(status(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn an_arrived_parcel_stays_arrived() {
        assert!(transition::is_final(STEPS, S::Delivered));
        for state in S::ALL {
            assert_eq!(S::parse(state.name()), Some(state));
            assert!(state.after(S::Shipped).is_err(), "sent once: {state:?}");
        }
    }
}
