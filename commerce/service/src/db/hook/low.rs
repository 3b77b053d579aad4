//! Table `stock_watch`: variants that had enough on the shelves when they were last looked at.

use commerce_store::{
    StoreError,
    sql::{self, Conn, Field, Reader, Row, Rows},
};
use serde::Serialize;
use signaling_wire::VariantId;

use crate::db::parsed;

const VARIANTS: Rows = Rows::objects(&[("variant", Field::Id)]);

#[derive(Serialize)]
struct Watched {
    variant: VariantId,
}

/// A variant, and what its shelves have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) variant: VariantId,
    /// Units that may be taken, on all shelves; what sales have to themselves is not among them.
    pub(crate) available: i64,
    /// Whether there was enough before.
    pub(crate) watched: bool,
}

/// The next variants that are sold, behind one.
pub(crate) async fn look(
    pool: &Reader,
    behind: Option<VariantId>,
    limit: u32,
) -> Result<Vec<Seen>, StoreError> {
    let rows = sql::query(
        "SELECT v.id, COALESCE(w.variant_id, '') <> '' AS watched,
                (SELECT COALESCE(SUM(l.on_hand - l.held - l.committed), 0) FROM stock_level l
                 WHERE l.variant_id = v.id AND l.sale_key = '') AS available
         FROM variant v LEFT JOIN stock_watch w ON w.variant_id = v.id
         WHERE v.id > ? AND v.status = 'active' ORDER BY v.id LIMIT ?",
    )
    .bind(behind.map_or_else(String::new, |id| id.to_string()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let seen = |row: &Row| {
        Ok(Seen {
            variant: parsed(row, "id")?,
            available: row.get("available")?,
            watched: row.get("watched")?,
        })
    };
    rows.iter().map(seen).collect()
}

/// Watches variants from now on.
pub(crate) async fn watch(conn: &mut Conn, variants: &[VariantId]) -> Result<(), StoreError> {
    if variants.is_empty() {
        return Ok(());
    }
    let rows: Vec<Watched> = variants
        .iter()
        .map(|variant| Watched { variant: *variant })
        .collect();
    sql::query(
        "INSERT INTO stock_watch (variant_id)
         SELECT v.id FROM {rows} JOIN variant v ON v.id = j.variant
         WHERE NOT EXISTS (SELECT 1 FROM stock_watch w WHERE w.variant_id = v.id)",
    )
    .bind_rows(&VARIANTS, &rows)
    .execute(conn)
    .await?;
    Ok(())
}

/// Watches a variant no more; returns whether it was watched, which one caller alone hears.
pub(crate) async fn unwatch(conn: &mut Conn, variant: VariantId) -> Result<bool, StoreError> {
    let done = sql::query("DELETE FROM stock_watch WHERE variant_id = ?")
        .bind(variant.to_string())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}
