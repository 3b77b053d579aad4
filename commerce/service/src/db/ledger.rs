//! The ledger of one sale in one transaction: read, changed by the rules, written back.
//!
//! Tables `stock_movement`, `stock_level` and `sale_buyer`. What is written is checked by the
//! database again: the update of a level is conditional, and the tables have their CHECKs.

mod posting;

use std::collections::{BTreeMap, BTreeSet};

use commerce_core::{Batch, Demand, Hold, Refusal, Terms, ledger, sale};
use commerce_store::{
    StoreError,
    sql::{self, Conn, Field, Row, Rows},
};
use signaling_wire::{
    OrderId, ReservationId, SaleId, SellerId, StreamId, UserId, VariantId,
    frame::shop::{Localized, SaleState, Stock},
};

pub(crate) use self::posting::{Posting, post};
use super::{count, label, maybe_ms, money, parsed, seq, stock, title, word};
use crate::ServiceError;

/// Units of a variant that a buyer gives back, or takes and may have at most. The sale is in each
/// row: as a value of its own it would have SQLite walk over all buyers of the sale.
const UNITS: Rows = Rows::tuples(&[
    ("sale", Field::Id),
    ("variant", Field::Id),
    ("buyer", Field::Id),
    ("qty", Field::Int),
    ("most", Field::Int),
]);

const BUYERS: Rows = Rows::tuples(&[("id", Field::Id)]);

/// The rest of a statement that reads what is known of [`BUYERS`].
macro_rules! known {
    ($($end:literal)?) => {
        concat!(
            "j.id, b.variant_id, b.qty,
                    (SELECT COUNT(*) FROM chat_sanction c
                     WHERE c.stream_id = ? AND c.user_id = j.id AND c.kind = 'ban'
                       AND (c.until_at IS NULL OR c.until_at > ?))))",
            $($end,)?
            " FROM {rows} LEFT JOIN sale_buyer b ON b.sale_id = ? AND b.buyer_id = j.id"
        )
    };
}

/// Reads a sale with its items; of the ledger's last sequence this part.
macro_rules! book {
    ($last_seq:literal) => {
        concat!(
            "SELECT s.state, s.stream_id, t.seller_id, s.hold_seconds, s.owner_epoch, s.opens_at,
                    s.closes_at, i.product_id, i.variant_id, i.price, i.currency, i.max_per_buyer,
                    l.id, l.on_hand, l.held, l.committed, l.ledger_seq,
                    ko.title AS title_ko, en.title AS title_en, v.label_ko, v.label_en, ",
            $last_seq,
            " AS last_seq
             FROM sale s JOIN stream t ON t.id = s.stream_id
             JOIN sale_item i ON i.sale_id = s.id
             JOIN stock_level l ON l.id = i.stock_level_id
             JOIN variant v ON v.id = i.variant_id
             JOIN product_text ko ON ko.product_id = i.product_id AND ko.locale = 'ko'
             JOIN product_text en ON en.product_id = i.product_id AND en.locale = 'en'
             WHERE s.id = ?"
        )
    };
}

/// The sale's own row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) state: SaleState,
    pub(crate) stream: StreamId,
    pub(crate) seller: SellerId,
    pub(crate) hold_seconds: u32,
    pub(crate) epoch: i64,
    opens_at: Option<i64>,
    closes_at: Option<i64>,
}

impl Head {
    fn read(first: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            state: word(first, "state", sale::parse)?,
            stream: parsed(first, "stream_id")?,
            seller: parsed(first, "seller_id")?,
            hold_seconds: count(first, "hold_seconds")?,
            epoch: first.get("owner_epoch")?,
            opens_at: first.get("opens_at")?,
            closes_at: first.get("closes_at")?,
        })
    }

    /// Whether the sale is to be opened or closed by now.
    pub(crate) fn is_time(&self, now: i64) -> bool {
        let has_come = |at: Option<i64>| at.is_some_and(|at| at <= now);
        match self.state {
            SaleState::Closed => false,
            SaleState::Draft => has_come(self.opens_at) || has_come(self.closes_at),
            SaleState::Open | SaleState::Paused => has_come(self.closes_at),
        }
    }
}

/// What a variant is called.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    pub(crate) title: Localized,
    pub(crate) label: Option<Localized>,
}

/// Why a movement happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause {
    pub(crate) reservation: Option<ReservationId>,
    pub(crate) order: Option<OrderId>,
    pub(crate) actor: Option<UserId>,
    pub(crate) reason: String,
}

/// The open ledger of a sale.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) sale: SaleId,
    pub(crate) head: Head,
    batch: Batch,
    names: BTreeMap<VariantId, Name>,
    causes: BTreeMap<u64, Cause>,
    /// Change of the units per buyer and variant: what was given back, and what was taken.
    back: BTreeMap<(UserId, VariantId), u32>,
    taken: BTreeMap<(UserId, VariantId), u32>,
}

impl Book {
    /// Reads the sale's terms and levels.
    pub(crate) async fn open(conn: &mut Conn, sale: SaleId) -> Result<Self, ServiceError> {
        Self::read(conn, sale, None).await
    }

    /// As `open`, when movements up to `last` are being written elsewhere in the transaction.
    pub(crate) async fn open_after(
        conn: &mut Conn,
        sale: SaleId,
        last: u64,
    ) -> Result<Self, ServiceError> {
        Self::read(conn, sale, Some(last)).await
    }

    async fn read(conn: &mut Conn, sale: SaleId, last: Option<u64>) -> Result<Self, ServiceError> {
        // Locked first: movements of one sale are numbered in the order of their commits.
        lock(conn, sale).await?;
        let rows = sql::either(
            // Read along, for what a statement of its own costs; a server's numbers are drawn.
            book!("(SELECT COALESCE(MAX(seq), 0) FROM stock_movement)"),
            book!("NULL"),
        )
        .bind(sale.to_string())
        .fetch_all(&mut *conn)
        .await?;
        let first = rows.first().ok_or(ServiceError::NotFound("sale"))?;
        let head = Head::read(first)?;
        let last = match last.or(first.get("last_seq")?) {
            Some(last) => last,
            None => last_seq(conn).await?,
        };
        let mut levels = Vec::with_capacity(rows.len());
        let mut names = BTreeMap::new();
        for row in &rows {
            let product = parsed(row, "product_id")?;
            let variant = parsed(row, "variant_id")?;
            let name = Name {
                title: title(row)?,
                label: label(row)?,
            };
            names.insert(variant, name);
            let (price, max_per_buyer) = (money(row, "price")?, count(row, "max_per_buyer")?);
            let level = stock::level(row)?;
            let (id, ledger_seq) = (row.get("id")?, seq(row, "ledger_seq")?);
            #[cfg(feature = "negative-controls")]
            let level = super::negative::stale(id, level);
            let terms = Terms {
                price,
                max_per_buyer,
            };
            levels.push(ledger::Row {
                id,
                product,
                variant,
                terms,
                level,
                ledger_seq,
            });
        }
        Ok(Self {
            sale,
            head,
            batch: Batch::new(head.state, last, levels).opening(maybe_ms(first, "opens_at")?),
            names,
            causes: BTreeMap::new(),
            back: BTreeMap::new(),
            taken: BTreeMap::new(),
        })
    }

    /// Reads how much the buyers have already; must come before anything is done for them. Returns
    /// those who are banned from the show.
    pub(crate) async fn know(
        &mut self,
        conn: &mut Conn,
        buyers: &[UserId],
        now: i64,
    ) -> Result<BTreeSet<UserId>, StoreError> {
        let mut banned = BTreeSet::new();
        if buyers.is_empty() {
            return Ok(banned);
        }
        let buyers: Vec<[UserId; 1]> = buyers.iter().map(|buyer| [*buyer]).collect();
        // One row with all of them: each row of an answer costs more than what it says.
        let known: String = sql::either(
            concat!("SELECT json_group_array(json_array(", known!()),
            concat!(
                "SELECT COALESCE(JSON_ARRAYAGG(JSON_ARRAY(",
                known!(", '[]')")
            ),
        )
        .bind(self.head.stream.to_string())
        .bind(now)
        .bind_rows(&BUYERS, &buyers)
        .bind(self.sale.to_string())
        .fetch_value(conn)
        .await?;
        let known: Vec<(UserId, Option<VariantId>, Option<u32>, i64)> =
            serde_json::from_str(&known).map_err(StoreError::invalid)?;
        for (buyer, variant, quantity, is_banned) in known {
            if is_banned != 0 {
                banned.insert(buyer);
            }
            if let (Some(variant), Some(quantity)) = (variant, quantity) {
                self.batch.has_bought(buyer, variant, quantity);
            }
        }
        Ok(banned)
    }

    /// Keeps units for an order, or says why not.
    pub(crate) fn place(&mut self, demand: &Demand) -> Result<Hold, Refusal> {
        let hold = self.batch.place(demand)?;
        *self.taken.entry((demand.buyer, hold.variant)).or_default() += demand.quantity;
        Ok(hold)
    }

    /// Gives a hold back.
    pub(crate) fn release(
        &mut self,
        buyer: UserId,
        variant: VariantId,
        quantity: u32,
        cause: Cause,
    ) -> Result<(), StoreError> {
        let seq = self
            .batch
            .release(buyer, variant, quantity)
            .map_err(StoreError::invalid)?;
        *self.back.entry((buyer, variant)).or_default() += quantity;
        self.explain(seq, cause);
        Ok(())
    }

    /// Turns a hold into a sale.
    pub(crate) fn commit(
        &mut self,
        variant: VariantId,
        quantity: u32,
        cause: Cause,
    ) -> Result<(), StoreError> {
        let seq = self
            .batch
            .commit(variant, quantity)
            .map_err(StoreError::invalid)?;
        self.explain(seq, cause);
        Ok(())
    }

    /// Takes units again for an order that was paid late; `false` if they are gone.
    pub(crate) fn retake(
        &mut self,
        buyer: UserId,
        variant: VariantId,
        quantity: u32,
        cause: Cause,
    ) -> bool {
        let Some(seq) = self.batch.retake(buyer, variant, quantity) else {
            return false;
        };
        *self.taken.entry((buyer, variant)).or_default() += quantity;
        self.explain(seq - 1, cause.clone());
        self.explain(seq, cause);
        true
    }

    /// Moves units between the shelf and the sale; `None` if more would go back than is there.
    pub(crate) fn allocate(&mut self, variant: VariantId, delta: i64, cause: Cause) -> Option<()> {
        let seq = self.batch.allocate(variant, delta).ok()?;
        self.explain(seq, cause);
        Some(())
    }

    /// Says why a movement happened.
    pub(crate) fn explain(&mut self, seq: u64, cause: Cause) {
        self.causes.insert(seq, cause);
    }

    /// The sale's rows as they are now.
    pub(crate) fn rows(&self) -> impl Iterator<Item = ledger::Row> {
        self.batch.rows()
    }

    /// What a variant is called, for the line of an order.
    pub(crate) fn name(&self, variant: VariantId) -> Result<Name, StoreError> {
        let name = self.names.get(&variant).cloned();
        name.ok_or_else(|| StoreError::invalid("a sale item without a name"))
    }

    /// Writes everything; returns the levels that changed, as they will be once committed.
    pub(crate) async fn close(
        mut self,
        conn: &mut Conn,
        now: i64,
    ) -> Result<Vec<Stock>, StoreError> {
        let movements = self.batch.movements();
        if movements.is_empty() {
            return Ok(Vec::new());
        }
        let cause = |seq| self.causes.remove(seq).unwrap_or_default();
        let mut cause = cause;
        let postings: Vec<Posting> = movements
            .iter()
            .map(|movement| Posting::new(movement, cause(&movement.seq)))
            .collect();
        post(conn, &postings, now).await?;
        #[cfg(feature = "negative-controls")]
        if crate::sequencer::negative::is(crate::sequencer::negative::Fault::ReadModifyWrite) {
            for (row, _) in self.batch.changed() {
                super::negative::overwrite(conn, row.id, row.level, row.ledger_seq).await?;
            }
        }
        give_back(conn, self.sale, &self.back).await?;
        let limit = |variant: &VariantId| {
            self.batch
                .row(*variant)
                .map_or(0, |row| row.terms.max_per_buyer)
        };
        let taken: Vec<_> = self
            .taken
            .iter()
            .map(|((buyer, variant), quantity)| {
                (self.sale, variant, buyer, quantity, limit(variant))
            })
            .collect();
        take(conn, &taken).await?;
        let changed = self.batch.changed().map(|(row, _)| {
            stock::seen(
                self.sale,
                (row.product, row.variant),
                row.level,
                row.ledger_seq,
            )
        });
        Ok(changed.collect())
    }
}

/// The last sequence of the ledger.
pub(crate) async fn last_seq(conn: &mut Conn) -> Result<u64, StoreError> {
    // The server gives the transaction a block of its own; nobody else's movements fall into it.
    let last = sql::either(
        "SELECT COALESCE(MAX(seq), 0) FROM stock_movement",
        "SELECT NEXT VALUE FOR stock_movement_seq - 1",
    );
    last.fetch_value(conn).await
}

/// Lets nobody else change the sale, its levels or what its buyers have until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn, sale: SaleId) -> Result<(), StoreError> {
    sql::query("SELECT id FROM sale WHERE id = ? {for update}")
        .bind(sale.to_string())
        .lock(conn)
        .await
}

async fn give_back(
    conn: &mut Conn,
    sale: SaleId,
    back: &BTreeMap<(UserId, VariantId), u32>,
) -> Result<(), StoreError> {
    if back.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = back
        .iter()
        .map(|((buyer, variant), qty)| (sale, variant, buyer, qty))
        .collect();
    sql::either(
        "UPDATE sale_buyer SET qty = sale_buyer.qty - j.qty FROM {rows}
         WHERE sale_id = j.sale AND variant_id = j.variant AND buyer_id = j.buyer",
        "UPDATE {rows} STRAIGHT_JOIN sale_buyer b SET b.qty = b.qty - j.qty
         WHERE b.sale_id = j.sale AND b.variant_id = j.variant AND b.buyer_id = j.buyer",
    )
    .bind_rows(&UNITS, &rows)
    .send(conn)
    .await
}

async fn take(
    conn: &mut Conn,
    taken: &[(SaleId, &VariantId, &UserId, &u32, u32)],
) -> Result<(), StoreError> {
    if taken.is_empty() {
        return Ok(());
    }
    // `WHERE true` keeps the parser from reading ON as a join's.
    sql::either(
        "INSERT INTO sale_buyer (sale_id, variant_id, buyer_id, qty, max_qty)
         SELECT j.sale, j.variant, j.buyer, j.qty, j.most FROM {rows} WHERE true
         ON CONFLICT (sale_id, buyer_id, variant_id) DO UPDATE SET qty = qty + excluded.qty",
        "INSERT INTO sale_buyer (sale_id, variant_id, buyer_id, qty, max_qty)
         SELECT j.sale, j.variant, j.buyer, j.qty, j.most FROM {rows}
         ON DUPLICATE KEY UPDATE qty = sale_buyer.qty + VALUES(qty)",
    )
    .bind_rows(&UNITS, taken)
    .send(conn)
    .await
}
