//! Random commands, such that every kind of answer comes up.

use rand::{RngExt, rngs::StdRng};
use signaling_wire::frame::shop::{OrderStatus, SaleState};

use super::{
    super::fixture::PRICE,
    ledger::{Bid, Ledger, Order, PRODUCTS},
};

/// Most purchases that are asked for at once.
const PURCHASES_MAX: usize = 240;
/// Most payments, or cancellations.
const OTHERS_MAX: usize = 6;
/// Orders that are looked back at.
const RECENT: usize = 400;
/// Refused payments of one order; the shop takes no more than ten.
const DECLINED_MAX: usize = 8;
/// Sales at a time.
pub(super) const OPEN_SALES: usize = 2;
/// Orders of a sale after which another takes its place.
const SALE_ORDERS: usize = 150;

/// Commands that are given at once.
#[derive(Debug)]
pub(super) enum Wave {
    /// To one sale, in this order.
    Buy(Vec<Bid>),
    /// Orders, and whether the buyer approves.
    Pay(Vec<(usize, bool)>),
    Cancel(Vec<usize>),
    Allocate(usize, usize, i64),
    Adjust(usize, usize, i64),
    Step(usize, SaleState),
    /// Microseconds.
    Pass(i64),
    /// Closes a sale and opens another.
    Renew(usize),
    Restart,
}

impl Wave {
    /// How many commands it is.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Buy(bids) => bids.len(),
            Self::Pay(orders) => orders.len(),
            Self::Cancel(orders) => orders.len(),
            _ => 1,
        }
    }

    /// The first so many of them.
    pub(super) fn cut(mut self, length: usize) -> Self {
        match &mut self {
            Self::Buy(bids) => bids.truncate(length),
            Self::Pay(orders) => orders.truncate(length),
            Self::Cancel(orders) => orders.truncate(length),
            _ => {}
        }
        self
    }

    /// The next one.
    pub(super) fn random(random: &mut StdRng, ledger: &Ledger) -> Self {
        let newest = ledger.sales.len() - 1;
        // Now and then one that is closed.
        let reach = OPEN_SALES + usize::from(random.random_bool(0.1));
        let sale = newest - random.random_range(0..reach.min(newest + 1));
        let product = random.random_range(0..PRODUCTS);
        let small = random.random_range(1..8);
        let delta = if random.random_bool(0.5) {
            small
        } else {
            -small
        };
        let oldest = newest + 1 - OPEN_SALES;
        match random.random_range(0..100) {
            0..68 => Self::Buy(bids(random, ledger, sale)),
            68..75 => {
                let payable = |order: &Order| {
                    order.declined < DECLINED_MAX
                        && (order.status != OrderStatus::Cancelled || !order.was_paid)
                };
                let orders = recent(random, ledger, payable);
                let approved = orders
                    .into_iter()
                    .map(|order| (order, random.random_bool(0.7)));
                Self::Pay(approved.collect())
            }
            75..81 => Self::Cancel(recent(random, ledger, |_| true)),
            81..84 => Self::Allocate(sale, product, delta),
            84..86 => Self::Adjust(sale, product, delta),
            86 => Self::Step(sale, SaleState::Paused),
            87..91 => Self::Step(sale, SaleState::Open),
            91..97 => Self::Pass(random.random_range(1_000_000..60_000_000)),
            _ if ledger.orders_of(oldest) > SALE_ORDERS => Self::Renew(oldest),
            _ => Self::Pass(1_000_000),
        }
    }
}

/// Some of the last orders, each once.
fn recent(random: &mut StdRng, ledger: &Ledger, fits: impl Fn(&Order) -> bool) -> Vec<usize> {
    let from = ledger.orders.len().saturating_sub(RECENT);
    let mut chosen = Vec::new();
    for _ in 0..random.random_range(1..=OTHERS_MAX) {
        if from == ledger.orders.len() {
            break;
        }
        let index = random.random_range(from..ledger.orders.len());
        if fits(&ledger.orders[index]) && !chosen.contains(&index) {
            chosen.push(index);
        }
    }
    chosen
}

fn bids(random: &mut StdRng, ledger: &Ledger, sale: usize) -> Vec<Bid> {
    let mut bids: Vec<Bid> = Vec::new();
    for n in 0..random.random_range(1..=PURCHASES_MAX) {
        let again = random.random_range(0..100);
        // A key that stands for something, or may: with the same command, or with another.
        let old = match again {
            0..6 if !bids.is_empty() => Some(bids[random.random_range(0..bids.len())].clone()),
            6..12 if !ledger.orders.is_empty() => {
                let from = ledger.orders.len().saturating_sub(RECENT);
                let index = random.random_range(from..ledger.orders.len());
                Some(ledger.orders[index].bid.clone())
            }
            _ => None,
        };
        let bid = match old {
            Some(old) if again % 2 == 0 && old.sale == sale => old,
            Some(old) => Bid {
                key: old.key,
                buyer: old.buyer,
                ..bid(random, ledger, sale, n)
            },
            None => bid(random, ledger, sale, n),
        };
        bids.push(bid);
    }
    bids
}

fn bid(random: &mut StdRng, ledger: &Ledger, sale: usize, n: usize) -> Bid {
    let odd = random.random_range(0..100);
    Bid {
        sale,
        product: match odd {
            0..2 => PRODUCTS,
            _ => random.random_range(0..PRODUCTS),
        },
        buyer: random.random_range(0..ledger.buyers.len()),
        quantity: match odd {
            2 => 0,
            3 => 100,
            4..20 => random.random_range(2..6),
            _ => 1,
        },
        expected: match random.random_range(0..20) {
            0 => Some(PRICE.amount - 1),
            1..10 => Some(PRICE.amount),
            _ => None,
        },
        key: format!("{sale}-{}-{n}", ledger.waves),
    }
}
