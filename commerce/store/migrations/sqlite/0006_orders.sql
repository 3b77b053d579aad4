-- Checkouts, the orders in them (one per seller), the holds behind them, parcels, claims, and what
-- sellers are owed. Amounts are minor units; every order is written before anybody pays.

CREATE TABLE order_group (
    id             TEXT PRIMARY KEY,
    number         TEXT NOT NULL,
    buyer_id       TEXT NOT NULL REFERENCES users (id),
    placed_via     TEXT NOT NULL CHECK (placed_via IN ('sale', 'items', 'cart')),
    stream_id      TEXT REFERENCES stream (id),
    currency       TEXT NOT NULL,
    items_total    INTEGER NOT NULL,
    discount       INTEGER NOT NULL DEFAULT 0,
    shipping       INTEGER NOT NULL DEFAULT 0,
    tax            INTEGER NOT NULL DEFAULT 0,
    tax_free       INTEGER NOT NULL DEFAULT 0,
    total          INTEGER NOT NULL,
    -- Where it goes, sealed with the buyer's own key; unreadable once that is destroyed.
    ship_to_sealed TEXT,
    payment_due_at INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    CHECK (items_total >= 0 AND discount >= 0 AND shipping >= 0 AND tax >= 0 AND tax_free >= 0),
    CHECK (total = items_total - discount + shipping AND tax <= total AND tax_free <= total)
) STRICT;

CREATE TABLE orders (
    id                 TEXT PRIMARY KEY,
    group_id           TEXT NOT NULL REFERENCES order_group (id),
    number             TEXT NOT NULL UNIQUE,
    buyer_id           TEXT NOT NULL REFERENCES users (id),
    seller_id          TEXT NOT NULL REFERENCES seller (id),
    stream_id          TEXT REFERENCES stream (id),
    sale_id            TEXT REFERENCES sale (id),
    status             TEXT NOT NULL CHECK (status IN (
        'pending_payment', 'paid', 'preparing', 'partially_shipped', 'shipped', 'delivered',
        'completed', 'expired', 'cancelled', 'refunded')),
    payment_status     TEXT NOT NULL CHECK (payment_status IN (
        'none', 'pending', 'paid', 'failed', 'integrity_failure', 'partially_refunded', 'refunded')),
    fulfillment_status TEXT NOT NULL DEFAULT 'unfulfilled' CHECK (fulfillment_status IN (
        'unfulfilled', 'partial', 'fulfilled', 'delivered', 'returned')),
    items_total        INTEGER NOT NULL,
    discount           INTEGER NOT NULL DEFAULT 0,
    shipping           INTEGER NOT NULL DEFAULT 0,
    tax                INTEGER NOT NULL DEFAULT 0,
    total              INTEGER NOT NULL,
    -- What refunds have given back.
    returned           INTEGER NOT NULL DEFAULT 0,
    currency           TEXT NOT NULL,
    -- The movement that holds the stock of this order.
    ledger_seq         INTEGER NOT NULL,
    payment_due_at     INTEGER NOT NULL,
    paid_at            INTEGER,
    delivered_at       INTEGER,
    completed_at       INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    version            INTEGER NOT NULL DEFAULT 1,
    CHECK (items_total >= 0 AND discount >= 0 AND shipping >= 0 AND tax >= 0 AND tax <= total),
    CHECK (total = items_total - discount + shipping AND returned BETWEEN 0 AND total)
) STRICT;
CREATE INDEX orders_group ON orders (group_id);
CREATE INDEX orders_buyer ON orders (buyer_id, id);
CREATE INDEX orders_seller ON orders (seller_id, id);
-- Orders that wait for money are among the newest, and those that waited in vain are many: neither is
-- worth a place in these, and a sale has less to write.
CREATE INDEX orders_seller_status ON orders (seller_id, status, id)
    WHERE status NOT IN ('pending_payment', 'expired');
CREATE INDEX orders_status_id ON orders (status, id)
    WHERE status NOT IN ('pending_payment', 'expired');
CREATE INDEX orders_delivered ON orders (delivered_at) WHERE status = 'delivered';

CREATE TABLE order_line (
    id            TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL REFERENCES orders (id),
    product_id    TEXT NOT NULL REFERENCES product (id),
    variant_id    TEXT NOT NULL REFERENCES variant (id),
    -- Names and price as they were when it was sold.
    sku           TEXT NOT NULL DEFAULT '',
    title_ko      TEXT NOT NULL,
    title_en      TEXT NOT NULL,
    label_ko      TEXT,
    label_en      TEXT,
    quantity      INTEGER NOT NULL CHECK (quantity >= 1),
    unit_price    INTEGER NOT NULL CHECK (unit_price >= 0),
    discount      INTEGER NOT NULL DEFAULT 0,
    tax           INTEGER NOT NULL DEFAULT 0,
    tax_free      INTEGER NOT NULL DEFAULT 0 CHECK (tax_free IN (0, 1)),
    total         INTEGER NOT NULL,
    -- What became of the units; `claimed` are spoken for by claims that are open.
    qty_cancelled INTEGER NOT NULL DEFAULT 0,
    qty_shipped   INTEGER NOT NULL DEFAULT 0,
    qty_delivered INTEGER NOT NULL DEFAULT 0,
    qty_returned  INTEGER NOT NULL DEFAULT 0,
    qty_claimed   INTEGER NOT NULL DEFAULT 0,
    -- What refunds have promised to give back for it.
    promised      INTEGER NOT NULL DEFAULT 0,
    CHECK (discount BETWEEN 0 AND total + discount AND tax BETWEEN 0 AND total),
    CHECK (total + discount = unit_price * quantity),
    CHECK (promised BETWEEN 0 AND total),
    CHECK (qty_cancelled >= 0 AND qty_shipped >= 0 AND qty_cancelled + qty_shipped <= quantity),
    CHECK (qty_delivered BETWEEN 0 AND qty_shipped AND qty_returned BETWEEN 0 AND qty_shipped),
    CHECK (qty_claimed >= 0 AND qty_cancelled + qty_returned + qty_claimed <= quantity)
) STRICT;
CREATE INDEX order_line_order ON order_line (order_id);

-- Units kept for a line; one row per line. `qty_cancelled` went back to the stock row after they
-- were sold, `qty_shipped` left it.
CREATE TABLE reservation (
    id             TEXT PRIMARY KEY,
    order_id       TEXT NOT NULL REFERENCES orders (id),
    order_line_id  TEXT NOT NULL UNIQUE REFERENCES order_line (id),
    buyer_id       TEXT NOT NULL,
    sale_id        TEXT REFERENCES sale (id),
    product_id     TEXT NOT NULL REFERENCES product (id),
    variant_id     TEXT NOT NULL REFERENCES variant (id),
    stock_level_id INTEGER NOT NULL REFERENCES stock_level (id),
    qty            INTEGER NOT NULL CHECK (qty >= 1),
    qty_cancelled  INTEGER NOT NULL DEFAULT 0,
    qty_shipped    INTEGER NOT NULL DEFAULT 0,
    state          TEXT NOT NULL
                   CHECK (state IN ('held', 'committing', 'committed', 'released', 'expired')),
    expires_at     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    CHECK (qty_cancelled >= 0 AND qty_shipped >= 0 AND qty_cancelled + qty_shipped <= qty)
) STRICT;
CREATE INDEX reservation_order ON reservation (order_id);
CREATE INDEX reservation_level ON reservation (stock_level_id, state);
-- Only live holds are looked for, and they are few among all that ever were.
CREATE INDEX reservation_due ON reservation (expires_at, sale_id) WHERE state = 'held';

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
CREATE TRIGGER order_event_no_delete BEFORE DELETE ON order_event
    BEGIN SELECT RAISE(ABORT, 'order events are append only'); END;

-- Who asked for what under which key, and what came of it. Written with the effect, never before.
CREATE TABLE idempotency_key (
    scope       TEXT NOT NULL,
    idem_key    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    -- The id of what was made.
    effect_id   TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (scope, idem_key)
) STRICT, WITHOUT ROWID;

-- Orders of a storm whose units are kept and whose buyers have their answer: all that their rows will
-- say, a batch a row, until the transaction that writes them.
CREATE TABLE order_backlog (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    sale_id   TEXT NOT NULL REFERENCES sale (id),
    stream_id TEXT NOT NULL REFERENCES stream (id),
    seller_id TEXT NOT NULL REFERENCES seller (id),
    provider  TEXT NOT NULL,
    placed_at INTEGER NOT NULL,
    -- When the first of them is no longer waited for.
    first_due INTEGER NOT NULL,
    -- How many they are, and how many of the first are written.
    size      INTEGER NOT NULL,
    done      INTEGER NOT NULL DEFAULT 0,
    -- 1 when they could not be written and others went past.
    stuck     INTEGER NOT NULL DEFAULT 0 CHECK (stuck IN (0, 1)),
    -- JSON. Last, so that the line is read without it.
    orders    TEXT NOT NULL,
    CHECK (done >= 0 AND done < size)
) STRICT;

-- Parcels.
CREATE TABLE shipment (
    id           TEXT PRIMARY KEY,
    order_id     TEXT NOT NULL REFERENCES orders (id),
    courier      TEXT NOT NULL,
    invoice_no   TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN (
        'shipped', 'in_transit', 'out_for_delivery', 'delivered', 'returned', 'lost')),
    shipped_at   INTEGER NOT NULL,
    delivered_at INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX shipment_order ON shipment (order_id, id);

CREATE TABLE shipment_line (
    shipment_id   TEXT NOT NULL REFERENCES shipment (id),
    order_line_id TEXT NOT NULL REFERENCES order_line (id),
    quantity      INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (shipment_id, order_line_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tracking_event (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    shipment_id TEXT NOT NULL REFERENCES shipment (id),
    state       TEXT NOT NULL,
    location    TEXT NOT NULL DEFAULT '',
    -- When it happened, as the courier says, and when it was noted.
    at_us       INTEGER NOT NULL,
    noted_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX tracking_event_shipment ON tracking_event (shipment_id, seq);
CREATE TRIGGER tracking_event_no_update BEFORE UPDATE ON tracking_event
    BEGIN SELECT RAISE(ABORT, 'tracking events are append only'); END;
CREATE TRIGGER tracking_event_no_delete BEFORE DELETE ON tracking_event
    BEGIN SELECT RAISE(ABORT, 'tracking events are append only'); END;

-- What buyers want changed about lines of an order.
CREATE TABLE claim (
    id         TEXT PRIMARY KEY,
    order_id   TEXT NOT NULL REFERENCES orders (id),
    kind       TEXT NOT NULL CHECK (kind IN ('cancel', 'return', 'exchange')),
    state      TEXT NOT NULL CHECK (state IN (
        'requested', 'approved', 'rejected', 'withdrawn', 'collecting', 'received', 'inspected',
        'refunded', 'partially_refunded', 'exchanged', 'rejected_returned')),
    reason     TEXT NOT NULL,
    -- Who pays for the way back.
    fee_bearer TEXT NOT NULL CHECK (fee_bearer IN ('buyer', 'seller')),
    -- What the seller says about it.
    answer     TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX claim_order ON claim (order_id, id);

CREATE TABLE claim_line (
    claim_id      TEXT NOT NULL REFERENCES claim (id),
    order_line_id TEXT NOT NULL REFERENCES order_line (id),
    quantity      INTEGER NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (claim_id, order_line_id)
) STRICT, WITHOUT ROWID;

-- The marketplace's part of a line, frozen when it was paid.
CREATE TABLE commission_line (
    order_line_id TEXT PRIMARY KEY REFERENCES order_line (id),
    rate_bps      INTEGER NOT NULL CHECK (rate_bps BETWEEN 0 AND 10000),
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    currency      TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a seller is owed: append only, its sum is the balance.
CREATE TABLE seller_ledger (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    seller_id     TEXT NOT NULL REFERENCES seller (id),
    kind          TEXT NOT NULL CHECK (kind IN (
        'sale', 'shipping', 'commission', 'refund', 'shipping_refund', 'commission_back')),
    -- Signed: what the seller gets is positive.
    amount        INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    order_id      TEXT NOT NULL REFERENCES orders (id),
    order_line_id TEXT,
    refund_id     TEXT,
    at_us         INTEGER NOT NULL
) STRICT;
CREATE INDEX seller_ledger_seller ON seller_ledger (seller_id, seq);
CREATE INDEX seller_ledger_order ON seller_ledger (order_id);
CREATE TRIGGER seller_ledger_no_update BEFORE UPDATE ON seller_ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger of sellers is append only'); END;
CREATE TRIGGER seller_ledger_no_delete BEFORE DELETE ON seller_ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger of sellers is append only'); END;
