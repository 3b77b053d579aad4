//! A level that is read, changed and written back: built only with `negative-controls`, to be found
//! out by the kill runs.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use commerce_core::Level;
use commerce_store::{
    StoreError,
    sql::{self, Conn},
};

use crate::sequencer::negative::{Fault, is};

/// Levels as the batch before saw them, which is what a reader that took no lock would have.
static SEEN: Mutex<Option<HashMap<i64, Level>>> = Mutex::new(None);

/// The level as it was read a batch ago.
pub(crate) fn stale(row: i64, level: Level) -> Level {
    if !is(Fault::ReadModifyWrite) {
        return level;
    }
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = seen.get_or_insert_default().insert(row, level);
    before.unwrap_or(level)
}

/// Writes a level over whatever stands there.
pub(crate) async fn overwrite(
    conn: &mut Conn,
    row: i64,
    level: Level,
    seq: u64,
) -> Result<(), StoreError> {
    sql::query(
        "UPDATE stock_level SET on_hand = ?, held = ?, committed = ?, ledger_seq = ? WHERE id = ?",
    )
    .bind(level.on_hand)
    .bind(level.held)
    .bind(level.committed)
    .bind(i64::try_from(seq).map_err(StoreError::invalid)?)
    .bind(row)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes away what was promised and not written.
pub(crate) async fn forget_backlog(conn: &mut Conn) -> Result<(), StoreError> {
    sql::query("DELETE FROM order_backlog")
        .execute(conn)
        .await?;
    Ok(())
}
