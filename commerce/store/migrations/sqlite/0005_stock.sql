-- Where goods are, how many, and every movement of them. The CHECKs are the last word on overselling.

CREATE TABLE stock_location (
    id         TEXT PRIMARY KEY,
    seller_id  TEXT NOT NULL REFERENCES seller (id),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (seller_id, name)
) STRICT;

-- One row per variant and location on the shelf (no sale) and one per variant of a sale. In a sale,
-- `on_hand` is what was allocated to it and `committed` is what was paid for.
CREATE TABLE stock_level (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id  TEXT NOT NULL REFERENCES product (id),
    variant_id  TEXT NOT NULL REFERENCES variant (id),
    location_id TEXT NOT NULL REFERENCES stock_location (id),
    sale_id     TEXT REFERENCES sale (id),
    sale_key    TEXT GENERATED ALWAYS AS (COALESCE(sale_id, '')) STORED,
    on_hand     INTEGER NOT NULL DEFAULT 0,
    held        INTEGER NOT NULL DEFAULT 0,
    committed   INTEGER NOT NULL DEFAULT 0,
    -- `seq` of the last movement of this row.
    ledger_seq  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (variant_id, location_id, sale_key),
    CHECK (on_hand >= 0 AND held >= 0 AND committed >= 0 AND held + committed <= on_hand)
) STRICT;
CREATE INDEX stock_level_sale ON stock_level (sale_id);
CREATE INDEX stock_level_product ON stock_level (product_id, sale_key);

CREATE TABLE sale_item (
    sale_id        TEXT NOT NULL REFERENCES sale (id),
    variant_id     TEXT NOT NULL REFERENCES variant (id),
    product_id     TEXT NOT NULL REFERENCES product (id),
    stock_level_id INTEGER NOT NULL REFERENCES stock_level (id),
    price          INTEGER NOT NULL CHECK (price >= 0),
    currency       TEXT NOT NULL,
    max_per_buyer  INTEGER NOT NULL CHECK (max_per_buyer >= 1),
    PRIMARY KEY (sale_id, variant_id)
) STRICT, WITHOUT ROWID;

-- Units that one buyer has in a sale, held or paid.
CREATE TABLE sale_buyer (
    sale_id    TEXT NOT NULL,
    variant_id TEXT NOT NULL,
    -- Nobody is promised units without an account that their order can be written for.
    buyer_id   TEXT NOT NULL REFERENCES users (id),
    qty        INTEGER NOT NULL,
    max_qty    INTEGER NOT NULL,
    PRIMARY KEY (sale_id, buyer_id, variant_id),
    CHECK (qty BETWEEN 0 AND max_qty)
) STRICT, WITHOUT ROWID;

-- The ledger: append only, replays to exactly `stock_level`.
CREATE TABLE stock_movement (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    stock_level_id INTEGER NOT NULL REFERENCES stock_level (id),
    kind           TEXT NOT NULL CHECK (kind IN (
        'receive', 'adjust', 'allocate_sale', 'return_sale', 'hold', 'release', 'commit', 'ship', 'restock')),
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
