//! The books, read from the database: what must hold after every test, whatever went wrong.

use std::collections::BTreeMap;

use commerce_store::{
    Store,
    sql::{self, Dialect},
};

/// What must not be found.
const FAULTS: &[(&str, &str)] = &[
    (
        "a level differs from its holds",
        "SELECT COUNT(*) FROM stock_level l WHERE l.sale_id IS NOT NULL AND (
               l.held <> (SELECT COALESCE(SUM(qty), 0) FROM reservation r
                          WHERE r.stock_level_id = l.id AND r.state IN ('held', 'committing')) OR
               l.committed <> (SELECT COALESCE(SUM(qty), 0) FROM reservation r
                               WHERE r.stock_level_id = l.id AND r.state = 'committed'))",
    ),
    (
        "a buyer's count differs from their holds",
        "SELECT COUNT(*) FROM sale_buyer b WHERE b.qty <>
               (SELECT COALESCE(SUM(qty), 0) FROM reservation r WHERE r.sale_id = b.sale_id
                  AND r.variant_id = b.variant_id AND r.buyer_id = b.buyer_id
                  AND r.state IN ('held', 'committing', 'committed'))",
    ),
    (
        "a buyer is over the limit",
        "SELECT COUNT(*) FROM sale_buyer WHERE qty > max_qty",
    ),
    (
        "a paid order without its payment, or the other way round",
        "SELECT COUNT(*) FROM orders o JOIN payment p ON p.order_id = o.id
             JOIN reservation r ON r.order_id = o.id
             WHERE (o.status = 'paid') <> (p.state = 'paid')
                OR (o.status = 'paid') <> (r.state = 'committed')
                OR (p.state = 'paid' AND p.amount <> o.total)",
    ),
    (
        "an order that is over still holds stock",
        "SELECT COUNT(*) FROM orders o JOIN reservation r ON r.order_id = o.id
             WHERE o.status IN ('expired', 'cancelled') AND r.state IN ('held', 'committing')",
    ),
    (
        "an order without exactly one key",
        "SELECT COUNT(*) FROM orders o WHERE
               (SELECT COUNT(*) FROM idempotency_key k WHERE k.order_id = o.id) <> 1",
    ),
];

/// Checks the ledger against the levels, the orders and the limits, from independent tables.
pub(crate) async fn audit(store: &Store) {
    let pool = store.reader();
    let movements = sql::query(
        "SELECT seq, stock_level_id, d_on_hand, d_held, d_committed FROM stock_movement ORDER BY seq",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut levels: BTreeMap<i64, [i64; 3]> = BTreeMap::new();
    for (index, row) in movements.iter().enumerate() {
        let number = |column| row.get::<i64>(column).unwrap();
        // A server hands numbers out in blocks.
        assert!(
            store.dialect() == Dialect::MariaDb
                || number("seq") == i64::try_from(index).unwrap() + 1,
            "no gap in the ledger"
        );
        let level = levels.entry(number("stock_level_id")).or_default();
        level[0] += number("d_on_hand");
        level[1] += number("d_held");
        level[2] += number("d_committed");
        let sound = level.iter().all(|n| *n >= 0) && level[1] + level[2] <= level[0];
        assert!(sound, "oversold at seq {}: {level:?}", index + 1);
    }
    let stored = sql::query("SELECT id, on_hand, held, committed FROM stock_level")
        .fetch_all(pool)
        .await
        .unwrap();
    for row in stored {
        let level = ["on_hand", "held", "committed"].map(|column| row.get::<i64>(column).unwrap());
        let id: i64 = row.get("id").unwrap();
        assert_eq!(
            levels.remove(&id).unwrap_or_default(),
            level,
            "the ledger replays to row {id}"
        );
    }
    for (what, sql) in FAULTS {
        let found: i64 = sql::query(sql).fetch_value(pool).await.unwrap();
        assert_eq!(found, 0, "{what}");
    }
}
