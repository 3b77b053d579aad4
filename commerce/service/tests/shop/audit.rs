//! The books, read from the database: what must hold after every test, whatever went wrong.

use std::collections::BTreeMap;

use commerce_store::{
    Store,
    sql::{self, Dialect},
};

use super::fixture::eventually;

/// What must not be found. C and I name the invariants of the shop.
const FAULTS: &[(&str, &str)] = &[
    (
        "a level differs from its holds (C1)",
        "SELECT COUNT(*) FROM stock_level l WHERE
               l.held <> (SELECT COALESCE(SUM(qty), 0) FROM reservation r
                          WHERE r.stock_level_id = l.id AND r.state IN ('held', 'committing')) OR
               l.committed <> (SELECT COALESCE(SUM(qty - qty_cancelled - qty_shipped), 0)
                               FROM reservation r
                               WHERE r.stock_level_id = l.id AND r.state = 'committed')",
    ),
    (
        "a buyer's count differs from their holds (C7)",
        "SELECT COUNT(*) FROM sale_buyer b LEFT JOIN
               (SELECT sale_id, variant_id, buyer_id, SUM(qty - qty_cancelled) AS qty
                FROM reservation WHERE state IN ('held', 'committing', 'committed')
                GROUP BY sale_id, variant_id, buyer_id) r
             ON r.sale_id = b.sale_id AND r.variant_id = b.variant_id AND r.buyer_id = b.buyer_id
             WHERE b.qty <> COALESCE(r.qty, 0)",
    ),
    (
        "a buyer is over the limit (C7)",
        "SELECT COUNT(*) FROM sale_buyer WHERE qty > max_qty",
    ),
    (
        "a funded order without a charge (C2)",
        "SELECT COUNT(*) FROM orders o JOIN payment p ON p.group_id = o.group_id
             WHERE o.status NOT IN ('pending_payment', 'expired', 'cancelled')
               AND p.state NOT IN ('paid', 'partially_cancelled', 'cancelled')",
    ),
    (
        "a charge that funds nothing and does not go back (C3, I6)",
        "SELECT COUNT(*) FROM orders o JOIN payment p ON p.group_id = o.group_id
             WHERE p.state IN ('paid', 'partially_cancelled') AND (
               o.status IN ('pending_payment', 'expired') OR
               (o.status = 'cancelled' AND o.total <>
                 (SELECT COALESCE(SUM(r.amount), 0) FROM refund r WHERE r.order_id = o.id)))",
    ),
    (
        "more than one charge for a checkout (C2, I6)",
        "SELECT COUNT(*) FROM order_group g WHERE
               (SELECT COUNT(*) FROM payment p WHERE p.group_id = g.id
                AND p.state IN ('paid', 'partially_cancelled')) > 1",
    ),
    (
        "a payment of another amount than its orders (C2, I5)",
        "SELECT COUNT(*) FROM payment p JOIN order_group g ON g.id = p.group_id
             WHERE p.amount <> g.total OR p.currency <> g.currency
                OR g.total <> (SELECT SUM(o.total) FROM orders o WHERE o.group_id = g.id)",
    ),
    (
        "an order of another amount than its lines (I5)",
        "SELECT COUNT(*) FROM orders o WHERE
               o.total <> o.shipping + (SELECT SUM(l.total) FROM order_line l WHERE l.order_id = o.id)
            OR o.items_total <> (SELECT SUM(l.unit_price * l.quantity) FROM order_line l
                                 WHERE l.order_id = o.id)
            OR o.discount <> (SELECT SUM(l.discount) FROM order_line l WHERE l.order_id = o.id)",
    ),
    (
        "a payment's sums differ from its refunds (C4)",
        "SELECT COUNT(*) FROM payment p WHERE
               p.promised <> (SELECT COALESCE(SUM(r.amount), 0) FROM refund r
                              WHERE r.payment_id = p.id AND r.state <> 'failed')
            OR p.returned <> (SELECT COALESCE(SUM(r.amount), 0) FROM refund r
                              WHERE r.payment_id = p.id AND r.state = 'succeeded')",
    ),
    (
        "a line's or an order's sum differs from its refunds (C4)",
        "SELECT COUNT(*) FROM order_line l JOIN orders o ON o.id = l.order_id WHERE
               l.promised <> (SELECT COALESCE(SUM(x.amount), 0) FROM refund_line x
                              JOIN refund r ON r.id = x.refund_id
                              WHERE x.order_line_id = l.id AND r.state <> 'failed')
            OR o.returned <> (SELECT COALESCE(SUM(r.amount), 0) FROM refund r
                              WHERE r.order_id = o.id AND r.state = 'succeeded')",
    ),
    (
        "units that claims speak for without a claim",
        "SELECT COUNT(*) FROM order_line l WHERE l.qty_claimed <>
               (SELECT COALESCE(SUM(x.quantity), 0) FROM claim_line x JOIN claim c ON c.id = x.claim_id
                WHERE x.order_line_id = l.id AND c.state IN
                  ('requested', 'approved', 'collecting', 'received', 'inspected'))",
    ),
    (
        "a seller's ledger that differs from what was sold and given back",
        "SELECT COUNT(*) FROM orders o WHERE o.paid_at IS NOT NULL AND
               (SELECT COALESCE(SUM(s.amount), 0) FROM seller_ledger s WHERE s.order_id = o.id
                AND s.kind IN ('sale', 'shipping', 'refund', 'shipping_refund'))
               <> o.total - o.returned",
    ),
    (
        "an order that is over still holds stock",
        "SELECT COUNT(*) FROM orders o JOIN reservation r ON r.order_id = o.id
             WHERE o.status IN ('expired', 'cancelled') AND r.state IN ('held', 'committing')",
    ),
    (
        "a checkout without exactly one key (I3)",
        "SELECT COUNT(*) FROM order_group g WHERE
               (SELECT COUNT(*) FROM idempotency_key k WHERE k.effect_id = g.id) +
               (SELECT COUNT(*) FROM orders o JOIN idempotency_key k ON k.effect_id = o.id
                WHERE o.group_id = g.id) <> 1",
    ),
    (
        "a history that ends elsewhere than its order",
        "SELECT COUNT(*) FROM orders o JOIN order_event e ON e.order_id = o.id
             WHERE e.seq = (SELECT MAX(x.seq) FROM order_event x WHERE x.order_id = o.id)
               AND e.to_status <> o.status",
    ),
];

/// What was summed, less what is counted from the orders and the ledger of the sellers.
const RECOUNT: &str = "SELECT COUNT(*) FROM (
    SELECT d, s, x, c FROM (
        SELECT day AS d, seller_id AS s, stream_key AS x, currency AS c, placed AS n1, paid AS n2,
               refunded_orders AS n3, sold AS n4, refunded AS n5 FROM sales_day
        UNION ALL
        SELECT (o.created_at - o.created_at % 86400000000) / 86400000000, o.seller_id,
               COALESCE(o.stream_id, ''), o.currency, -1, 0, 0, 0, 0 FROM orders o
        UNION ALL
        SELECT (o.paid_at - o.paid_at % 86400000000) / 86400000000, o.seller_id,
               COALESCE(o.stream_id, ''), o.currency, 0, -1, 0, o.discount - o.items_total, 0
        FROM orders o WHERE o.paid_at IS NOT NULL
        UNION ALL
        SELECT (g.at_us - g.at_us % 86400000000) / 86400000000, o.seller_id,
               COALESCE(o.stream_id, ''), g.currency, 0, 0, 0, 0, g.amount
        FROM seller_ledger g JOIN orders o ON o.id = g.order_id WHERE g.kind = 'refund'
        UNION ALL
        SELECT (f.us - f.us % 86400000000) / 86400000000, f.seller_id, f.x, f.currency, 0, 0, -1, 0, 0
        FROM (SELECT o.seller_id, COALESCE(o.stream_id, '') AS x, o.currency, MIN(g.at_us) AS us
              FROM seller_ledger g JOIN orders o ON o.id = g.order_id
              WHERE g.refund_id IS NOT NULL
              GROUP BY o.id, o.seller_id, o.stream_id, o.currency) f
    ) t GROUP BY d, s, x, c
    HAVING SUM(n1) <> 0 OR SUM(n2) <> 0 OR SUM(n3) <> 0 OR SUM(n4) <> 0 OR SUM(n5) <> 0) u";

/// Checks the ledger against the levels, the orders and the limits, from independent tables.
pub(crate) async fn audit(store: &Store) {
    let pool = store.reader();
    eventually("promised orders are written", async || {
        let waiting = sql::query("SELECT COUNT(*) FROM order_backlog").fetch_value::<u64>(pool);
        waiting.await.unwrap() == 0
    })
    .await;
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
        assert_eq!(counted(store, sql).await, 0, "{what}");
    }
    assert_eq!(
        miscounted(store).await,
        0,
        "the sums of the days differ from a full recount"
    );
}

/// Sums of days that differ from what a count of all orders and refunds comes to.
pub(crate) async fn miscounted(store: &Store) -> i64 {
    counted(store, RECOUNT).await
}

/// What a query over everything counts. A server with much else to do may stop it: once more then.
async fn counted(store: &Store, sql: &'static str) -> i64 {
    for _ in 0..20 {
        match sql::query(sql).fetch_value(store.reader()).await {
            Err(error) if error.is_outage() => {}
            other => return other.unwrap(),
        }
    }
    panic!("never answered: {sql}");
}
