//! The batch against a ledger so naive that it is plainly right: a list of who has what.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use signaling_wire::Currency;

use super::*;

const WON: Money = Money {
    amount: 9_900,
    currency: Currency::Krw,
};

fn product(n: u8) -> ProductId {
    ProductId::from_parts(1, u128::from(n))
}

fn variant(n: u8) -> VariantId {
    VariantId::from_parts(2, u128::from(n))
}

fn buyer(n: u8) -> UserId {
    UserId::from_parts(1, u128::from(n))
}

fn row(n: u8, units: i64, max_per_buyer: u32) -> Row {
    Row {
        id: i64::from(n) + 1,
        product: product(n),
        variant: variant(n),
        terms: Terms {
            price: WON,
            max_per_buyer,
        },
        level: Level {
            on_hand: units,
            ..Level::default()
        },
        ledger_seq: 0,
    }
}

fn demand(who: u8, what: u8, quantity: u32) -> Demand {
    Demand {
        buyer: buyer(who),
        product: product(what),
        variant: None,
        quantity,
        expected: None,
        promised: None,
    }
}

#[test]
fn commands_are_trimmed_in_arrival_order() {
    let mut batch = Batch::new(SaleState::Open, 10, [row(0, 3, 9)]);
    assert_eq!(batch.place(&demand(1, 0, 2)).unwrap().seq, 11);
    assert_eq!(
        batch.place(&demand(2, 0, 2)),
        Err(Refusal::OutOfStock { available: 1 })
    );
    assert_eq!(batch.place(&demand(3, 0, 1)).unwrap().total, WON);
    assert_eq!(
        batch.place(&demand(4, 0, 1)),
        Err(Refusal::OutOfStock { available: 0 })
    );
    assert_eq!(batch.movements().len(), 2, "a refusal writes nothing");
}

#[test]
fn refusals_come_in_a_fixed_order() {
    let mut batch = Batch::new(SaleState::Paused, 0, [row(0, 0, 1)]);
    let wrong_price = Some(Money { amount: 1, ..WON });
    let asked = |quantity, what| Demand {
        expected: wrong_price,
        ..demand(1, what, quantity)
    };
    assert!(matches!(
        batch.place(&asked(0, 9)),
        Err(Refusal::Quantity { .. })
    ));
    assert!(matches!(
        batch.place(&asked(100, 9)),
        Err(Refusal::Quantity { .. })
    ));
    assert_eq!(batch.place(&asked(2, 9)), Err(Refusal::NotInSale));
    assert!(matches!(
        batch.place(&asked(2, 0)),
        Err(Refusal::SaleNotOpen { .. })
    ));
    batch.state = SaleState::Open;
    assert_eq!(
        batch.place(&asked(2, 0)),
        Err(Refusal::PriceChanged { current: WON })
    );
    let cheaper = Money {
        amount: WON.amount - 1,
        ..WON
    };
    let promised = Demand {
        promised: Some(cheaper),
        expected: Some(cheaper),
        ..demand(1, 0, 2)
    };
    assert_eq!(
        batch.place(&promised),
        Err(Refusal::PerBuyerLimit { limit: 1, have: 0 }),
        "a promised price is the price"
    );
    let demand = Demand {
        expected: Some(WON),
        ..demand(1, 0, 2)
    };
    assert_eq!(
        batch.place(&demand),
        Err(Refusal::PerBuyerLimit { limit: 1, have: 0 })
    );
    let demand = Demand {
        quantity: 1,
        ..demand
    };
    assert_eq!(
        batch.place(&demand),
        Err(Refusal::OutOfStock { available: 0 })
    );
}

#[test]
fn who_comes_too_early_is_told_when_to_come_back() {
    let refused = |state| {
        let mut batch = Batch::new(state, 0, [row(0, 1, 1)]).opening(Some(7));
        batch.place(&demand(1, 0, 1)).unwrap_err()
    };
    let not_open = |state, opens_ms| Refusal::SaleNotOpen { state, opens_ms };
    assert_eq!(
        refused(SaleState::Draft),
        not_open(SaleState::Draft, Some(7))
    );
    assert_eq!(
        refused(SaleState::Closed),
        not_open(SaleState::Closed, None)
    );
    let problem = signaling_wire::Problem::from(&refused(SaleState::Draft));
    assert_eq!(problem.facts["opens_at"], 7);
}

#[test]
fn the_limit_counts_over_orders_and_a_release_gives_it_back() {
    let mut batch = Batch::new(SaleState::Open, 0, [row(0, 10, 3)]);
    batch.has_bought(buyer(1), variant(0), 1);
    batch.place(&demand(1, 0, 2)).unwrap();
    assert_eq!(
        batch.place(&demand(1, 0, 1)),
        Err(Refusal::PerBuyerLimit { limit: 3, have: 3 })
    );
    batch.release(buyer(1), variant(0), 2).unwrap();
    batch.place(&demand(1, 0, 2)).unwrap();
}

#[test]
fn a_late_payment_takes_stock_only_if_it_is_there() {
    let mut batch = Batch::new(SaleState::Closed, 0, [row(0, 2, 2)]);
    assert!(batch.retake(buyer(1), variant(0), 2).is_some());
    assert_eq!(batch.retake(buyer(2), variant(0), 1), None);
    assert_eq!(batch.row(variant(0)).unwrap().level.committed, 2);
}

#[test]
fn a_variant_is_named_where_there_are_several() {
    let sizes = [
        row(0, 3, 9),
        Row {
            product: product(0),
            ..row(1, 3, 9)
        },
        row(2, 3, 9),
    ];
    let mut batch = Batch::new(SaleState::Open, 0, sizes);
    assert_eq!(batch.place(&demand(1, 0, 1)), Err(Refusal::VariantRequired));
    let named = |what, n| Demand {
        variant: Some(variant(n)),
        ..demand(1, what, 1)
    };
    assert_eq!(batch.place(&named(0, 1)).unwrap().row, 2);
    assert_eq!(batch.place(&demand(1, 2, 1)).unwrap().row, 3);
    assert_eq!(
        batch.place(&named(0, 2)),
        Err(Refusal::NotInSale),
        "of another product"
    );
    assert_eq!(batch.place(&named(0, 9)), Err(Refusal::NotInSale));
}

#[test]
fn nothing_impossible_is_booked() {
    let mut batch = Batch::new(SaleState::Open, 0, [row(0, 2, 2)]);
    assert_eq!(batch.release(buyer(1), variant(0), 1), Err(Impossible));
    assert_eq!(batch.commit(variant(0), 1), Err(Impossible));
    assert_eq!(batch.allocate(variant(0), -3), Err(Impossible));
    let most = Level {
        on_hand: i64::MAX,
        ..Level::default()
    };
    assert_eq!(most.after(1, 0, 0), Err(Impossible));
    assert!(batch.movements().is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Place { who: u8, what: u8, quantity: u32 },
    Release { pick: usize },
    Commit { pick: usize },
    Allocate { what: u8, delta: i64 },
    Retake { who: u8, what: u8, quantity: u32 },
    NewBatch,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = (0..5u8, 0..2u8, 0..4u32).prop_map(|(who, what, quantity)| Step::Place {
        who,
        what,
        quantity,
    });
    let retake = (0..5u8, 0..2u8, 1..4u32).prop_map(|(who, what, quantity)| Step::Retake {
        who,
        what,
        quantity,
    });
    let step = prop_oneof![
        6 => place,
        2 => (0..64usize).prop_map(|pick| Step::Release { pick }),
        2 => (0..64usize).prop_map(|pick| Step::Commit { pick }),
        1 => (0..2u8, -3..4i64).prop_map(|(what, delta)| Step::Allocate { what, delta }),
        1 => retake,
        1 => Just(Step::NewBatch),
    ];
    prop::collection::vec(step, 1..120)
}

/// Who holds and who owns, one entry per order.
#[derive(Default)]
struct Naive {
    stock: [i64; 2],
    holds: Vec<(u8, u8, u32)>,
    sold: Vec<(u8, u8, u32)>,
}

const LIMIT: u32 = 4;

impl Naive {
    fn taken(&self, what: u8) -> i64 {
        let of = |list: &[(u8, u8, u32)]| -> i64 {
            list.iter()
                .filter(|(_, w, _)| *w == what)
                .map(|(_, _, q)| i64::from(*q))
                .sum()
        };
        of(&self.holds) + of(&self.sold)
    }

    fn of_buyer(&self, who: u8, what: u8) -> u32 {
        let all = self.holds.iter().chain(&self.sold);
        all.filter(|(b, w, _)| (*b, *w) == (who, what))
            .map(|(_, _, q)| q)
            .sum()
    }

    fn may(&self, who: u8, what: u8, quantity: u32) -> bool {
        quantity > 0
            && self.of_buyer(who, what) + quantity <= LIMIT
            && self.taken(what) + i64::from(quantity) <= self.stock[usize::from(what)]
    }
}

proptest! {
    #[test]
    fn the_batch_agrees_with_a_naive_ledger(a in 0..9i64, b in 0..9i64, steps in steps()) {
        let mut naive = Naive { stock: [a, b], ..Naive::default() };
        let mut batch = Batch::new(SaleState::Open, 0, [row(0, a, LIMIT), row(1, b, LIMIT)]);
        let mut ledger = Vec::new();
        for step in steps {
            match step {
                Step::Place { who, what, quantity } => {
                    let may = naive.may(who, what, quantity);
                    prop_assert_eq!(batch.place(&demand(who, what, quantity)).is_ok(), may);
                    if may { naive.holds.push((who, what, quantity)); }
                }
                Step::Retake { who, what, quantity } => {
                    let may = naive.may(who, what, quantity);
                    let taken = batch.retake(buyer(who), variant(what), quantity);
                    prop_assert_eq!(taken.is_some(), may);
                    if may { naive.sold.push((who, what, quantity)); }
                }
                Step::Release { pick } if !naive.holds.is_empty() => {
                    let (who, what, quantity) = naive.holds.remove(pick % naive.holds.len());
                    batch.release(buyer(who), variant(what), quantity).unwrap();
                }
                Step::Commit { pick } if !naive.holds.is_empty() => {
                    let hold = naive.holds.remove(pick % naive.holds.len());
                    batch.commit(variant(hold.1), hold.2).unwrap();
                    naive.sold.push(hold);
                }
                Step::Allocate { what, delta } => {
                    let next = naive.stock[usize::from(what)] + delta;
                    let may = next >= naive.taken(what);
                    prop_assert_eq!(batch.allocate(variant(what), delta).is_ok(), may);
                    if may { naive.stock[usize::from(what)] = next; }
                }
                Step::NewBatch => {
                    ledger.extend_from_slice(batch.movements());
                    let seq = batch.last_seq;
                    let rows: Vec<Row> = batch.rows().collect();
                    batch = Batch::new(SaleState::Open, seq, rows);
                    for who in 0..5 {
                        for what in 0..2 {
                            let have = naive.of_buyer(who, what);
                            batch.has_bought(buyer(who), variant(what), have);
                        }
                    }
                }
                Step::Release { .. } | Step::Commit { .. } => {}
            }
        }
        ledger.extend_from_slice(batch.movements());
        for what in 0..2u8 {
            let row = batch.row(variant(what)).unwrap();
            prop_assert_eq!(row.level.on_hand, naive.stock[usize::from(what)]);
            prop_assert_eq!(row.level.held + row.level.committed, naive.taken(what));
            // The ledger replays to exactly the level, and no prefix of it is impossible.
            let start = Level { on_hand: [a, b][usize::from(what)], ..Level::default() };
            let own = ledger.iter().filter(|movement| movement.row == row.id);
            let replayed = own.clone().try_fold(start, |level, m| {
                level.after(m.on_hand, m.held, m.committed)
            });
            prop_assert_eq!(replayed, Ok(row.level));
            prop_assert_eq!(own.clone().next_back().map_or(0, |m| m.seq), row.ledger_seq);
        }
        prop_assert!(ledger.is_sorted_by(|x, y| x.seq + 1 == y.seq), "no gaps, no repeats");
    }
}
