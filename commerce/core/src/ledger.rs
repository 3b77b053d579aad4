//! The stock ledger of one sale, for the length of one transaction.
//!
//! A [`Batch`] is filled from the rows that the transaction read, trims the commands in arrival
//! order, and collects the movements to be written. It decides nothing that the database does not
//! check again: the update is conditional and the table has its CHECKs. Every movement has a
//! sequence; the sum of a row's movements is its level.

use std::collections::{BTreeMap, HashMap};

use signaling_wire::{
    Money, ProductId, UserId, VariantId, frame::shop::SaleState, limits::ORDER_QUANTITY_MAX,
};

use crate::{money, refusal::Refusal};

/// What a movement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// Units came in.
    Receive,
    /// A count was corrected.
    Adjust,
    /// From the shelf to a sale.
    AllocateSale,
    /// From a sale back to the shelf.
    ReturnSale,
    /// Kept for an order.
    Hold,
    /// A hold was given back.
    Release,
    /// A hold was paid.
    Commit,
    /// Sold units left.
    Ship,
    /// Sold units came back.
    Restock,
}

impl MovementKind {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Adjust => "adjust",
            Self::AllocateSale => "allocate_sale",
            Self::ReturnSale => "return_sale",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Commit => "commit",
            Self::Ship => "ship",
            Self::Restock => "restock",
        }
    }
}

/// Units of one product in one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// Units that are there, sold ones included.
    pub on_hand: i64,
    /// Units kept for orders that are not paid.
    pub held: i64,
    /// Units sold.
    pub committed: i64,
}

/// A level would become impossible: the caller's data is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stock level would become impossible")]
pub struct Impossible;

impl Level {
    /// Units that may be taken now.
    pub const fn available(self) -> i64 {
        self.on_hand - self.held - self.committed
    }

    /// The level after a change.
    ///
    /// # Errors
    /// [`Impossible`] if it would break what the table's CHECK demands.
    pub fn after(self, on_hand: i64, held: i64, committed: i64) -> Result<Self, Impossible> {
        let next = Self {
            on_hand: self.on_hand.checked_add(on_hand).ok_or(Impossible)?,
            held: self.held.checked_add(held).ok_or(Impossible)?,
            committed: self.committed.checked_add(committed).ok_or(Impossible)?,
        };
        let sound = next.on_hand >= 0 && next.held >= 0 && next.committed >= 0;
        (sound && next.available() >= 0)
            .then_some(next)
            .ok_or(Impossible)
    }
}

/// Terms of one product in the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Price of one unit.
    pub price: Money,
    /// Most units that one buyer may have, over all their orders.
    pub max_per_buyer: u32,
}

/// What a buyer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Who.
    pub buyer: UserId,
    /// What.
    pub product: ProductId,
    /// Which variant of it; needed only where the sale has several.
    pub variant: Option<VariantId>,
    /// How many units.
    pub quantity: u32,
    /// The price of one unit that they saw.
    pub expected: Option<Money>,
    /// The price of one unit that they were promised, whatever it is now.
    pub promised: Option<Money>,
}

/// Units kept for a buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Of the movement that keeps them.
    pub seq: u64,
    /// The stock row.
    pub row: i64,
    /// Whose units they are.
    pub variant: VariantId,
    /// Price of one unit.
    pub unit_price: Money,
    /// Price of all.
    pub total: Money,
}

/// One entry of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// Its place in the ledger.
    pub seq: u64,
    /// What it does.
    pub kind: MovementKind,
    /// The stock row.
    pub row: i64,
    /// Change of `on_hand`.
    pub on_hand: i64,
    /// Change of `held`.
    pub held: i64,
    /// Change of `committed`.
    pub committed: i64,
}

/// A stock row of the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The row's own id.
    pub id: i64,
    /// Of which product.
    pub product: ProductId,
    /// Which variant of it.
    pub variant: VariantId,
    /// What it sells for.
    pub terms: Terms,
    /// As of the batch.
    pub level: Level,
    /// Sequence of the row's last movement.
    pub ledger_seq: u64,
}

/// The sale's ledger within one transaction.
#[derive(Debug, Clone)]
pub struct Batch {
    state: SaleState,
    opens_ms: Option<u64>,
    last_seq: u64,
    rows: BTreeMap<VariantId, (Row, Level)>,
    bought: HashMap<(UserId, VariantId), u32>,
    movements: Vec<Movement>,
}

impl Batch {
    /// Starts from what the transaction read: the sale's state, the ledger's last sequence, the
    /// sale's stock rows.
    pub fn new(state: SaleState, last_seq: u64, rows: impl IntoIterator<Item = Row>) -> Self {
        Self {
            state,
            opens_ms: None,
            last_seq,
            rows: rows
                .into_iter()
                .map(|row| (row.variant, (row, row.level)))
                .collect(),
            bought: HashMap::new(),
            movements: Vec::new(),
        }
    }

    /// Says when the sale opens by itself, for those who come too early.
    #[must_use]
    pub fn opening(mut self, opens_ms: Option<u64>) -> Self {
        self.opens_ms = opens_ms;
        self
    }

    /// Says how many units a buyer has already; buyers that are not told have none.
    pub fn has_bought(&mut self, buyer: UserId, variant: VariantId, quantity: u32) {
        self.bought.insert((buyer, variant), quantity);
    }

    /// Units that a buyer has, with this batch.
    pub fn bought(&self, buyer: UserId, variant: VariantId) -> u32 {
        self.bought.get(&(buyer, variant)).copied().unwrap_or(0)
    }

    /// Keeps units for a buyer.
    ///
    /// # Errors
    /// A [`Refusal`], in this order: quantity, product and variant, state of the sale, price, the buyer's
    /// limit, stock. Nothing changes then.
    pub fn place(&mut self, demand: &Demand) -> Result<Hold, Refusal> {
        if demand.quantity == 0 || demand.quantity > ORDER_QUANTITY_MAX {
            return Err(Refusal::Quantity {
                max: ORDER_QUANTITY_MAX,
            });
        }
        let row = self.meant(demand)?;
        if self.state != SaleState::Open {
            return Err(Refusal::SaleNotOpen {
                state: self.state,
                opens_ms: self.opens_ms.filter(|_| self.state == SaleState::Draft),
            });
        }
        let unit_price = demand.promised.unwrap_or(row.terms.price);
        if demand
            .expected
            .is_some_and(|expected| expected != unit_price)
        {
            return Err(Refusal::PriceChanged {
                current: unit_price,
            });
        }
        let have = self.bought(demand.buyer, row.variant);
        if have.saturating_add(demand.quantity) > row.terms.max_per_buyer {
            return Err(Refusal::PerBuyerLimit {
                limit: row.terms.max_per_buyer,
                have,
            });
        }
        let available = u32::try_from(row.level.available()).unwrap_or(0);
        if demand.quantity > available {
            return Err(Refusal::OutOfStock { available });
        }
        // The price is bounded where products are made, so that a line can always be counted.
        let total = money::times(unit_price, demand.quantity).map_err(|_| Refusal::Quantity {
            max: ORDER_QUANTITY_MAX,
        })?;
        let units = i64::from(demand.quantity);
        let seq = self
            .book(row.variant, MovementKind::Hold, [0, units, 0])
            .map_err(|Impossible| Refusal::OutOfStock { available })?;
        self.bought
            .insert((demand.buyer, row.variant), have + demand.quantity);
        Ok(Hold {
            seq,
            row: row.id,
            variant: row.variant,
            unit_price,
            total,
        })
    }

    /// The row that a demand is for: of the variant that it names, or of the product's only one.
    fn meant(&self, demand: &Demand) -> Result<Row, Refusal> {
        let of_product = |row: &&Row| row.product == demand.product;
        if let Some(variant) = demand.variant {
            let named = self.rows.get(&variant).map(|(row, _)| row);
            return named.filter(of_product).copied().ok_or(Refusal::NotInSale);
        }
        let mut rows = self.rows.values().map(|(row, _)| row).filter(of_product);
        let first = rows.next().ok_or(Refusal::NotInSale)?;
        match rows.next() {
            Some(_) => Err(Refusal::VariantRequired),
            None => Ok(*first),
        }
    }

    /// Gives a hold back, and the buyer's room under the limit with it.
    ///
    /// # Errors
    /// [`Impossible`] if so much is not held.
    pub fn release(
        &mut self,
        buyer: UserId,
        variant: VariantId,
        quantity: u32,
    ) -> Result<u64, Impossible> {
        let seq = self.book(variant, MovementKind::Release, [0, -i64::from(quantity), 0])?;
        let have = self.bought(buyer, variant).saturating_sub(quantity);
        self.bought.insert((buyer, variant), have);
        Ok(seq)
    }

    /// Turns a hold into a sale.
    ///
    /// # Errors
    /// [`Impossible`] if so much is not held.
    pub fn commit(&mut self, variant: VariantId, quantity: u32) -> Result<u64, Impossible> {
        let units = i64::from(quantity);
        self.book(variant, MovementKind::Commit, [0, -units, units])
    }

    /// Takes units again for an order that was paid after its hold had run out, if they are there
    /// and the buyer still may: whether the sale is open does not matter, it was when they bought.
    pub fn retake(&mut self, buyer: UserId, variant: VariantId, quantity: u32) -> Option<u64> {
        let (row, _) = self.rows.get(&variant)?;
        let have = self.bought(buyer, variant).checked_add(quantity)?;
        if have > row.terms.max_per_buyer || row.level.available() < i64::from(quantity) {
            return None;
        }
        let units = i64::from(quantity);
        self.book(variant, MovementKind::Hold, [0, units, 0]).ok()?;
        let seq = self
            .book(variant, MovementKind::Commit, [0, -units, units])
            .ok()?;
        self.bought.insert((buyer, variant), have);
        Some(seq)
    }

    /// Moves units between the shelf and the sale: positive comes in, negative goes back.
    ///
    /// # Errors
    /// [`Impossible`] if more would go back than is available.
    pub fn allocate(&mut self, variant: VariantId, delta: i64) -> Result<u64, Impossible> {
        let kind = if delta < 0 {
            MovementKind::ReturnSale
        } else {
            MovementKind::AllocateSale
        };
        self.book(variant, kind, [delta, 0, 0])
    }

    /// What is to be written, in order.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// The rows that changed, each with its level before the batch.
    pub fn changed(&self) -> impl Iterator<Item = (Row, Level)> {
        let touched = |row: &Row| self.movements.iter().any(|movement| movement.row == row.id);
        self.rows
            .values()
            .filter(move |(row, _)| touched(row))
            .copied()
    }

    /// A row as it is after the batch so far.
    pub fn row(&self, variant: VariantId) -> Option<Row> {
        self.rows.get(&variant).map(|(row, _)| *row)
    }

    /// All rows as they are after the batch so far.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        self.rows.values().map(|(row, _)| *row)
    }

    fn book(
        &mut self,
        variant: VariantId,
        kind: MovementKind,
        [on_hand, held, committed]: [i64; 3],
    ) -> Result<u64, Impossible> {
        let (row, _) = self.rows.get_mut(&variant).ok_or(Impossible)?;
        row.level = row.level.after(on_hand, held, committed)?;
        self.last_seq += 1;
        row.ledger_seq = self.last_seq;
        let (seq, row) = (self.last_seq, row.id);
        self.movements.push(Movement {
            seq,
            kind,
            row,
            on_hand,
            held,
            committed,
        });
        Ok(seq)
    }
}

#[cfg(test)]
mod tests;
