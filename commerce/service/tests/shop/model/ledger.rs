//! The naive ledger: a list of orders. Every question is answered by looking at all of them.

use std::collections::{BTreeSet, HashMap};

use commerce_core::{Refusal, order};
use signaling_wire::{
    Money, OrderId, PaymentId, ProductId, SaleId, UserId,
    frame::shop::{OrderStatus, SaleState},
    limits::ORDER_QUANTITY_MAX,
};

use super::super::fixture::{HOLD_SECONDS, PRICE};

/// Most units of a product that a buyer may have in a sale.
pub(super) const LIMIT: u32 = 4;
/// Products of a sale.
pub(super) const PRODUCTS: usize = 3;

/// A purchase that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bid {
    pub(super) sale: usize,
    /// Beyond the sale's products: one that it does not have.
    pub(super) product: usize,
    pub(super) buyer: usize,
    pub(super) quantity: u32,
    pub(super) expected: Option<i64>,
    pub(super) key: String,
}

/// An order that was placed.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) bid: Bid,
    /// Known once the shop has answered.
    pub(super) ids: Option<(OrderId, PaymentId)>,
    pub(super) status: OrderStatus,
    pub(super) until: i64,
    pub(super) was_paid: bool,
    pub(super) declined: usize,
}

/// A sale, with the shelves that its units come from.
#[derive(Debug)]
pub(super) struct Sale {
    pub(super) id: SaleId,
    pub(super) products: [ProductId; PRODUCTS],
    pub(super) units: [i64; PRODUCTS],
    pub(super) shelf: [i64; PRODUCTS],
    pub(super) state: SaleState,
    orders: Vec<usize>,
}

/// What becomes of a bid.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A new order, by its place in the list.
    Placed(usize),
    /// The order that the key stands for.
    Replayed(usize),
    Refused(Refusal),
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) now: i64,
    /// Waves so far.
    pub(super) waves: usize,
    pub(super) buyers: Vec<UserId>,
    pub(super) sales: Vec<Sale>,
    pub(super) orders: Vec<Order>,
    pub(super) keys: HashMap<(usize, String), usize>,
}

/// `allocated`, `available`, `held`, `sold`.
pub(super) type Units = [i64; 4];

impl Ledger {
    /// A sale that is open.
    pub(super) fn open(
        &mut self,
        id: SaleId,
        products: [ProductId; PRODUCTS],
        units: i64,
        shelf: i64,
    ) {
        self.sales.push(Sale {
            id,
            products,
            units: [units; PRODUCTS],
            shelf: [shelf; PRODUCTS],
            state: SaleState::Open,
            orders: Vec::new(),
        });
    }

    /// Orders of a sale so far.
    pub(super) fn orders_of(&self, sale: usize) -> usize {
        self.sales[sale].orders.len()
    }

    fn of(&self, sale: usize, product: usize) -> impl Iterator<Item = &Order> {
        let orders = self.sales[sale]
            .orders
            .iter()
            .map(|index| &self.orders[*index]);
        orders.filter(move |order| order.bid.product == product)
    }

    fn sum(&self, sale: usize, product: usize, status: OrderStatus) -> i64 {
        let orders = self
            .of(sale, product)
            .filter(|order| order.status == status);
        orders.map(|order| i64::from(order.bid.quantity)).sum()
    }

    /// The units of a product in a sale.
    pub(super) fn units(&self, sale: usize, product: usize) -> Units {
        let held = self.sum(sale, product, OrderStatus::PendingPayment);
        let sold = self.sum(sale, product, OrderStatus::Paid);
        let all = self.sales[sale].units[product];
        [all, all - held - sold, held, sold]
    }

    fn has(&self, bid: &Bid) -> u32 {
        let theirs = self.of(bid.sale, bid.product).filter(|order| {
            let kept = matches!(
                order.status,
                OrderStatus::PendingPayment | OrderStatus::Paid
            );
            order.bid.buyer == bid.buyer && kept
        });
        theirs.map(|order| order.bid.quantity).sum()
    }

    fn refusal(&self, bid: &Bid) -> Option<Refusal> {
        let state = self.sales[bid.sale].state;
        let max = ORDER_QUANTITY_MAX;
        if bid.quantity == 0 || bid.quantity > max {
            return Some(Refusal::Quantity { max });
        }
        if bid.product >= PRODUCTS {
            return Some(Refusal::NotInSale);
        }
        if state != SaleState::Open {
            let opens_ms = None;
            return Some(Refusal::SaleNotOpen { state, opens_ms });
        }
        if bid.expected.is_some_and(|price| price != PRICE.amount) {
            return Some(Refusal::PriceChanged { current: PRICE });
        }
        let have = self.has(bid);
        if have + bid.quantity > LIMIT {
            return Some(Refusal::PerBuyerLimit { limit: LIMIT, have });
        }
        let available = u32::try_from(self.units(bid.sale, bid.product)[1]).unwrap();
        (bid.quantity > available).then_some(Refusal::OutOfStock { available })
    }

    /// Takes a bid, if it can be taken.
    pub(super) fn buy(&mut self, bid: &Bid) -> Verdict {
        let key = (bid.buyer, bid.key.clone());
        if let Some(&index) = self.keys.get(&key) {
            return match self.orders[index].bid == *bid {
                true => Verdict::Replayed(index),
                false => Verdict::Refused(Refusal::KeyReused),
            };
        }
        if let Some(refusal) = self.refusal(bid) {
            return Verdict::Refused(refusal);
        }
        let index = self.orders.len();
        self.orders.push(Order {
            bid: bid.clone(),
            ids: None,
            status: OrderStatus::PendingPayment,
            until: self.now + i64::from(HOLD_SECONDS) * 1_000_000,
            was_paid: false,
            declined: 0,
        });
        self.sales[bid.sale].orders.push(index);
        self.keys.insert(key, index);
        Verdict::Placed(index)
    }

    /// Pays, or is declined.
    pub(super) fn pay(&mut self, index: usize, approve: bool) -> Result<(), Refusal> {
        let order = &mut self.orders[index];
        match order.status {
            OrderStatus::PendingPayment if approve => {
                order.status = OrderStatus::Paid;
                order.was_paid = true;
                Ok(())
            }
            OrderStatus::PendingPayment => {
                order.declined += 1;
                Err(Refusal::Declined {
                    reason: String::new(),
                })
            }
            OrderStatus::Paid => Ok(()),
            _ => Err(Refusal::ReservationExpired),
        }
    }

    /// Calls an order off.
    pub(super) fn cancel(&mut self, index: usize) -> Result<(), Refusal> {
        let status = self.orders[index].status;
        if !matches!(status, OrderStatus::PendingPayment | OrderStatus::Paid) {
            return Err(Refusal::InvalidTransition {
                from: order::name(status),
                event: String::new(),
                allowed: Vec::new(),
            });
        }
        self.orders[index].status = OrderStatus::Cancelled;
        let bid = &self.orders[index].bid;
        self.tidy(bid.sale);
        Ok(())
    }

    /// Moves units from the shelf to the sale, or back; whether they were there.
    pub(super) fn allocate(&mut self, sale: usize, product: usize, delta: i64) -> bool {
        let available = self.units(sale, product)[1];
        let Sale {
            shelf,
            units,
            state,
            ..
        } = &mut self.sales[sale];
        let there = *state != SaleState::Closed && shelf[product] >= delta && available >= -delta;
        if there {
            shelf[product] -= delta;
            units[product] += delta;
        }
        there
    }

    /// Brings units to the shelf, or takes them away; whether they were there.
    pub(super) fn adjust(&mut self, sale: usize, product: usize, delta: i64) -> bool {
        let shelf = &mut self.sales[sale].shelf[product];
        let there = *shelf + delta >= 0;
        if there {
            *shelf += delta;
        }
        there
    }

    /// Opens, pauses or closes a sale, if the step exists.
    pub(super) fn step(&mut self, sale: usize, to: SaleState) -> bool {
        use SaleState::{Closed, Open, Paused};
        let from = self.sales[sale].state;
        let there = matches!(
            (from, to),
            (Open, Paused) | (Paused, Open) | (Open | Paused, Closed)
        );
        if there {
            self.sales[sale].state = to;
            self.tidy(sale);
        }
        there
    }

    /// Lets time pass; holds that are over end. The sales that they are in.
    pub(super) fn pass(&mut self, us: i64) -> BTreeSet<usize> {
        self.now += us;
        let mut sales = BTreeSet::new();
        for order in &mut self.orders {
            if order.status == OrderStatus::PendingPayment && order.until <= self.now {
                order.status = OrderStatus::Expired;
                sales.insert(order.bid.sale);
            }
        }
        for sale in &sales {
            self.tidy(*sale);
        }
        sales
    }

    /// What a closed sale does not need goes back to the shelf.
    fn tidy(&mut self, sale: usize) {
        for product in 0..PRODUCTS {
            let available = self.units(sale, product)[1];
            let sale = &mut self.sales[sale];
            if sale.state == SaleState::Closed {
                sale.units[product] -= available;
                sale.shelf[product] += available;
            }
        }
    }
}

/// What an order of so many units costs.
pub(super) fn total(quantity: u32) -> Money {
    Money {
        amount: PRICE.amount * i64::from(quantity),
        ..PRICE
    }
}
