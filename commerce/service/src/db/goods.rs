//! The units behind a checkout, wherever they lie: in the stock of a timed sale, or on shelves.

use commerce_store::{
    StoreError,
    sql::{self, Conn},
};
use signaling_wire::{SaleId, frame::shop::SaleState};

use super::{
    ledger::Book,
    order::Standing,
    payment::Case,
    shelf::{self, Held},
    stock,
};
use crate::{ServiceError, sequencer::Changed};

/// The stock that a checkout's units belong to, locked as far as it must be before everything else.
pub(crate) enum Goods {
    /// Of a timed sale.
    Sale(Box<Book>),
    /// On shelves; the rows are locked as they are touched.
    Shelf,
}

impl Goods {
    /// Opens the stock behind a checkout. Call it before orders and payments are locked.
    pub(crate) async fn open(conn: &mut Conn, sale: Option<SaleId>) -> Result<Self, ServiceError> {
        Ok(match sale {
            Some(sale) => Self::Sale(Box::new(Book::open(conn, sale).await?)),
            None => Self::Shelf,
        })
    }

    /// Gives all holds back.
    pub(crate) async fn release(
        &mut self,
        conn: &mut Conn,
        case: &Case,
        reason: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        let Self::Sale(book) = self else {
            return shelf::release(conn, &case.held(reason), now).await;
        };
        book.know(conn, &[case.buyer], now).await?;
        for hold in &case.holds {
            let cause = case.cause(hold, reason);
            book.release(case.buyer, hold.variant, hold.quantity, cause)?;
        }
        Ok(())
    }

    /// Turns all holds into sold units.
    pub(crate) async fn commit(
        &mut self,
        conn: &mut Conn,
        case: &Case,
        now: i64,
    ) -> Result<(), StoreError> {
        let Self::Sale(book) = self else {
            return shelf::commit(conn, &case.held("paid"), now).await;
        };
        for hold in &case.holds {
            book.commit(hold.variant, hold.quantity, case.cause(hold, "paid"))?;
        }
        Ok(())
    }

    /// Takes the units of holds that had ended again; `false` if they are gone.
    pub(crate) async fn retake(
        &mut self,
        conn: &mut Conn,
        case: &Case,
        now: i64,
    ) -> Result<bool, StoreError> {
        let Self::Sale(book) = self else {
            return shelf::retake(conn, &case.held("paid late"), now).await;
        };
        book.know(conn, &[case.buyer], now).await?;
        // A purchase in a timed sale has one line.
        let Some(hold) = case.holds.first() else {
            return Ok(false);
        };
        let cause = case.cause(hold, "paid late");
        Ok(book.retake(case.buyer, hold.variant, hold.quantity, cause))
    }

    /// Writes what was done; returns the levels that a room should see. What was given back to a
    /// sale that is over goes on to the shelf.
    pub(crate) async fn close(
        self,
        conn: &mut Conn,
        now: i64,
    ) -> Result<Option<Changed>, ServiceError> {
        let Self::Sale(book) = self else {
            return Ok(None);
        };
        let (sale, stream, state) = (book.sale, book.head.stream, book.head.state);
        let mut levels = book.close(conn, now).await?;
        if state == SaleState::Closed {
            levels.extend(stock::return_unsold(conn, sale, now).await?);
        }
        Ok(Some(Changed { stream, levels }))
    }
}

/// Puts sold units of an order back, by the places of its lines; `returned` ones had been sent.
/// Units of a timed sale go back to the sale, and on to the shelf if it is over. Returns the levels that a room should see.
pub(crate) async fn restock(
    conn: &mut Conn,
    order: &Standing,
    units: &[(usize, u32)],
    returned: bool,
    now: i64,
) -> Result<Option<Changed>, ServiceError> {
    let reason = if returned { "returned" } else { "cancelled" };
    let held: Vec<(usize, Held)> = units
        .iter()
        .filter(|(_, quantity)| *quantity > 0)
        .map(|(index, quantity)| {
            let line = &order.lines[*index];
            let cause = super::ledger::Cause {
                reservation: Some(line.reservation),
                order: Some(order.id),
                reason: reason.to_owned(),
                ..super::ledger::Cause::default()
            };
            let held = Held {
                stock_level_id: line.level,
                quantity: *quantity,
                cause,
            };
            (*index, held)
        })
        .collect();
    for (index, held) in &held {
        let line = &order.lines[*index];
        // Units that left the shelf come back as new ones; the others were never gone.
        let gone = returned && order.sale.is_none();
        shelf::restock(conn, std::slice::from_ref(held), gone, now).await?;
        if !gone {
            sql::query(
                "UPDATE reservation SET qty_cancelled = qty_cancelled + ?, updated_at = ? WHERE id = ?",
            )
            .bind(held.quantity)
            .bind(now)
            .bind(line.reservation.to_string())
            .execute(&mut *conn)
            .await?;
        }
    }
    let Some(sale) = order.sale else {
        return Ok(None);
    };
    for (index, held) in &held {
        sql::query(
            "UPDATE sale_buyer SET qty = qty - ? WHERE sale_id = ? AND variant_id = ? AND buyer_id = ?",
        )
        .bind(held.quantity)
        .bind(sale.to_string())
        .bind(order.lines[*index].variant.to_string())
        .bind(order.buyer.to_string())
        .execute(&mut *conn)
        .await?;
    }
    let book = Book::open(conn, sale).await?;
    let stream = book.head.stream;
    let levels = match book.head.state {
        SaleState::Closed => stock::return_unsold(conn, sale, now).await?,
        _ => book
            .rows()
            .map(|row| stock::seen(sale, (row.product, row.variant), row.level, row.ledger_seq))
            .collect(),
    };
    Ok(Some(Changed { stream, levels }))
}

/// Units of an order leave its shelf. Units of a timed sale stay counted as sold there, because
/// that is what its room shows.
pub(crate) async fn ship(
    conn: &mut Conn,
    order: &Standing,
    units: &[(usize, u32)],
    now: i64,
) -> Result<(), StoreError> {
    if order.sale.is_some() {
        return Ok(());
    }
    for (index, quantity) in units {
        let line = &order.lines[*index];
        let held = Held {
            stock_level_id: line.level,
            quantity: *quantity,
            cause: super::ledger::Cause {
                reservation: Some(line.reservation),
                order: Some(order.id),
                reason: "shipped".to_owned(),
                ..super::ledger::Cause::default()
            },
        };
        shelf::ship(conn, &[held], now).await?;
        sql::query(
            "UPDATE reservation SET qty_shipped = qty_shipped + ?, updated_at = ? WHERE id = ?",
        )
        .bind(*quantity)
        .bind(now)
        .bind(line.reservation.to_string())
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}
