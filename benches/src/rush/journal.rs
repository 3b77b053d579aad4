//! What the buyers saw: the clients' logs that the oracle holds the database against.
//!
//! All buyers live on one thread, hence cells and no locks.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use crate::report::Samples;

/// An order that the server said is placed.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// Which connection was told.
    pub buyer: usize,
    /// Index of the account that it buys for.
    pub account: usize,
    /// The key that it was asked under.
    pub key: String,
    /// The order's id.
    pub order: String,
    /// The id of its payment.
    pub payment: String,
    /// Its place in the ledger.
    pub seq: u64,
    /// It had been placed before: an earlier answer was lost.
    pub replayed: bool,
}

/// Everything that was seen.
#[derive(Debug)]
pub struct Journal {
    acknowledged: RefCell<Vec<Acknowledged>>,
    refusals: RefCell<BTreeMap<String, u64>>,
    took: RefCell<Samples>,
    turns: Vec<Cell<usize>>,
    exhausted: Vec<Cell<bool>>,
    repeats: Cell<u64>,
    other_answers: Cell<u64>,
    cut_off: Cell<u64>,
    paid: RefCell<Vec<String>>,
    called_off: RefCell<Vec<String>>,
}

fn count(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

impl Journal {
    /// An empty one.
    pub fn new(accounts: usize) -> Self {
        Self {
            acknowledged: RefCell::default(),
            refusals: RefCell::default(),
            took: RefCell::default(),
            turns: vec![Cell::new(0); accounts],
            exhausted: vec![Cell::new(false); accounts],
            repeats: Cell::new(0),
            other_answers: Cell::new(0),
            cut_off: Cell::new(0),
            paid: RefCell::default(),
            called_off: RefCell::default(),
        }
    }

    pub(super) fn turn(&self, account: usize) -> usize {
        let turn = self.turns[account].get();
        self.turns[account].set(turn + 1);
        turn
    }

    pub(super) fn exhaust(&self, account: usize) {
        self.exhausted[account].set(true);
    }

    /// Whether nobody may buy any more.
    pub fn exhausted(&self) -> bool {
        self.exhausted.iter().all(Cell::get)
    }

    pub(super) fn acknowledge(&self, order: Acknowledged) {
        self.acknowledged.borrow_mut().push(order);
    }

    pub(super) fn took(&self, time: Duration) {
        self.took.borrow_mut().add(time);
    }

    pub(super) fn refused(&self, code: &str) {
        let mut refusals = self.refusals.borrow_mut();
        match refusals.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                refusals.insert(code.to_owned(), 1);
            }
        }
    }

    pub(super) fn repeated(&self, same: bool) {
        count(&self.repeats);
        if !same {
            count(&self.other_answers);
        }
    }

    pub(super) fn cut_off(&self) {
        count(&self.cut_off);
    }

    pub(super) fn paid(&self, payment: String) {
        self.paid.borrow_mut().push(payment);
    }

    pub(super) fn was_called_off(&self, order: String) {
        self.called_off.borrow_mut().push(order);
    }

    /// Acknowledged orders.
    pub fn orders(&self) -> usize {
        self.acknowledged.borrow().len()
    }

    /// Reads the acknowledged orders, in the order of their answers.
    pub fn read<T>(&self, reader: impl FnOnce(&[Acknowledged]) -> T) -> T {
        reader(&self.acknowledged.borrow())
    }

    /// Refusals by their code.
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.borrow().clone()
    }

    /// Times from a request to its acknowledgement.
    pub fn times(&self) -> Samples {
        self.took.borrow().clone()
    }

    /// Answered purchases that were asked again.
    pub fn repeats(&self) -> u64 {
        self.repeats.get()
    }

    /// Those of them that got another answer.
    pub fn other_answers(&self) -> u64 {
        self.other_answers.get()
    }

    /// Requests whose connection ended before their answer.
    pub fn cut_offs(&self) -> u64 {
        self.cut_off.get()
    }

    /// Ids of the payments that the server confirmed.
    pub fn payments(&self) -> Vec<String> {
        self.paid.borrow().clone()
    }

    /// Ids of the orders that the server called off for their buyers.
    pub fn called_off(&self) -> Vec<String> {
        self.called_off.borrow().clone()
    }
}
