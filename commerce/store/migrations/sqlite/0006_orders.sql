-- Orders, the holds behind them, and what happened to them.

CREATE TABLE orders (
    id             TEXT PRIMARY KEY,
    number         TEXT NOT NULL UNIQUE,
    buyer_id       TEXT NOT NULL REFERENCES users (id),
    seller_id      TEXT NOT NULL REFERENCES seller (id),
    stream_id      TEXT NOT NULL REFERENCES stream (id),
    sale_id        TEXT NOT NULL REFERENCES sale (id),
    status         TEXT NOT NULL
                   CHECK (status IN ('pending_payment', 'paid', 'expired', 'cancelled')),
    payment_status TEXT NOT NULL CHECK (payment_status IN (
        'none', 'pending', 'paid', 'failed', 'integrity_failure', 'refunded')),
    total          INTEGER NOT NULL CHECK (total >= 0),
    currency       TEXT NOT NULL,
    -- The movement that holds the stock of this order.
    ledger_seq     INTEGER NOT NULL,
    payment_due_at INTEGER NOT NULL,
    paid_at        INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX orders_buyer ON orders (buyer_id, id);

CREATE TABLE order_line (
    id             TEXT PRIMARY KEY,
    order_id       TEXT NOT NULL REFERENCES orders (id),
    product_id     TEXT NOT NULL REFERENCES product (id),
    variant_id     TEXT NOT NULL REFERENCES variant (id),
    -- Names and price as they were when it was sold.
    title_ko       TEXT NOT NULL,
    title_en       TEXT NOT NULL,
    label_ko       TEXT,
    label_en       TEXT,
    quantity       INTEGER NOT NULL CHECK (quantity >= 1),
    unit_price     INTEGER NOT NULL CHECK (unit_price >= 0),
    total          INTEGER NOT NULL CHECK (total >= 0)
) STRICT;
CREATE INDEX order_line_order ON order_line (order_id);

CREATE TABLE reservation (
    id             TEXT PRIMARY KEY,
    order_id       TEXT NOT NULL UNIQUE REFERENCES orders (id),
    buyer_id       TEXT NOT NULL,
    sale_id        TEXT NOT NULL REFERENCES sale (id),
    product_id     TEXT NOT NULL REFERENCES product (id),
    variant_id     TEXT NOT NULL REFERENCES variant (id),
    stock_level_id INTEGER NOT NULL REFERENCES stock_level (id),
    qty            INTEGER NOT NULL CHECK (qty >= 1),
    state          TEXT NOT NULL
                   CHECK (state IN ('held', 'committing', 'committed', 'released', 'expired')),
    expires_at     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;
-- Only live holds are looked for, and they are few among all that ever were.
CREATE INDEX reservation_due ON reservation (expires_at, sale_id) WHERE state = 'held';
CREATE INDEX reservation_sale_due ON reservation (sale_id, expires_at) WHERE state = 'held';

CREATE TABLE order_event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id    TEXT NOT NULL REFERENCES orders (id),
    type        TEXT NOT NULL,
    from_status TEXT,
    to_status   TEXT NOT NULL,
    actor       TEXT NOT NULL,
    data        TEXT NOT NULL DEFAULT '{}',
    at_us       INTEGER NOT NULL
) STRICT;
CREATE INDEX order_event_order ON order_event (order_id, seq);
CREATE TRIGGER order_event_no_update BEFORE UPDATE ON order_event
    BEGIN SELECT RAISE(ABORT, 'order events are append only'); END;

-- Who asked for what under which key, and what came of it. Written with the effect, never before.
CREATE TABLE idempotency_key (
    scope       TEXT NOT NULL,
    idem_key    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    order_id    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (scope, idem_key)
) STRICT, WITHOUT ROWID;
