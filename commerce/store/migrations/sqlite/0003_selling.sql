-- Timed sales, the stock ledger, holds and orders. The CHECKs are the last word on overselling.

CREATE TABLE sale (
    id           TEXT PRIMARY KEY,
    stream_id    TEXT NOT NULL REFERENCES stream (id),
    state        TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open', 'paused', 'closed')),
    hold_seconds INTEGER NOT NULL CHECK (hold_seconds >= 1),
    opened_at    INTEGER,
    closed_at    INTEGER,
    -- Rises with each sequencer that takes the sale over; an older one writes nothing.
    owner_epoch  INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX sale_stream ON sale (stream_id, id);
CREATE INDEX sale_state ON sale (state);

-- One row per product on the shelf (no sale) and one per product of a sale. In a sale, `on_hand`
-- is what was allocated to it and `committed` is what was paid for.
CREATE TABLE stock_level (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id TEXT NOT NULL REFERENCES product (id),
    sale_id    TEXT REFERENCES sale (id),
    sale_key   TEXT GENERATED ALWAYS AS (COALESCE(sale_id, '')) STORED,
    on_hand    INTEGER NOT NULL DEFAULT 0,
    held       INTEGER NOT NULL DEFAULT 0,
    committed  INTEGER NOT NULL DEFAULT 0,
    -- `seq` of the last movement of this row.
    ledger_seq INTEGER NOT NULL DEFAULT 0,
    UNIQUE (product_id, sale_key),
    CHECK (on_hand >= 0 AND held >= 0 AND committed >= 0 AND held + committed <= on_hand)
) STRICT;
CREATE INDEX stock_level_sale ON stock_level (sale_id);

CREATE TABLE sale_item (
    sale_id        TEXT NOT NULL REFERENCES sale (id),
    product_id     TEXT NOT NULL REFERENCES product (id),
    stock_level_id INTEGER NOT NULL REFERENCES stock_level (id),
    price          INTEGER NOT NULL CHECK (price >= 0),
    currency       TEXT NOT NULL,
    max_per_buyer  INTEGER NOT NULL CHECK (max_per_buyer >= 1),
    PRIMARY KEY (sale_id, product_id)
) STRICT, WITHOUT ROWID;

-- Units that one buyer has in a sale, held or paid.
CREATE TABLE sale_buyer (
    sale_id    TEXT NOT NULL,
    product_id TEXT NOT NULL,
    buyer_id   TEXT NOT NULL,
    qty        INTEGER NOT NULL,
    max_qty    INTEGER NOT NULL,
    PRIMARY KEY (sale_id, product_id, buyer_id),
    CHECK (qty BETWEEN 0 AND max_qty)
) STRICT, WITHOUT ROWID;

-- The ledger: append only, replays to exactly `stock_level`.
CREATE TABLE stock_movement (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    stock_level_id INTEGER NOT NULL REFERENCES stock_level (id),
    kind           TEXT NOT NULL CHECK (kind IN (
        'receive', 'adjust', 'allocate_sale', 'return_sale', 'hold', 'release', 'commit', 'restock')),
    d_on_hand      INTEGER NOT NULL,
    d_held         INTEGER NOT NULL,
    d_committed    INTEGER NOT NULL,
    reservation_id TEXT,
    order_id       TEXT,
    actor_id       TEXT,
    reason         TEXT NOT NULL DEFAULT '',
    at_us          INTEGER NOT NULL
) STRICT;
CREATE INDEX stock_movement_level ON stock_movement (stock_level_id, seq);
CREATE TRIGGER stock_movement_no_update BEFORE UPDATE ON stock_movement
    BEGIN SELECT RAISE(ABORT, 'the stock ledger is append only'); END;
CREATE TRIGGER stock_movement_no_delete BEFORE DELETE ON stock_movement
    BEGIN SELECT RAISE(ABORT, 'the stock ledger is append only'); END;

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
    -- Names and price as they were when it was sold.
    title_ko       TEXT NOT NULL,
    title_en       TEXT NOT NULL,
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
