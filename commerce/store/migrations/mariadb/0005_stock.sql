-- Where goods are, how many, and every movement of them. The CHECKs are the last word on overselling.

CREATE TABLE stock_location (
    id         VARCHAR(64) PRIMARY KEY,
    seller_id  VARCHAR(64) NOT NULL REFERENCES seller (id),
    name       VARCHAR(512) NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (seller_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per variant and location on the shelf (no sale) and one per variant of a sale. In a sale,
-- `on_hand` is what was allocated to it and `committed` is what was paid for.
CREATE TABLE stock_level (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    product_id  VARCHAR(64) NOT NULL REFERENCES product (id),
    variant_id  VARCHAR(64) NOT NULL REFERENCES variant (id),
    location_id VARCHAR(64) NOT NULL REFERENCES stock_location (id),
    sale_id     VARCHAR(64) REFERENCES sale (id),
    sale_key    VARCHAR(64) GENERATED ALWAYS AS (COALESCE(sale_id, '')) STORED,
    on_hand     BIGINT NOT NULL DEFAULT 0,
    held        BIGINT NOT NULL DEFAULT 0,
    committed   BIGINT NOT NULL DEFAULT 0,
    -- `seq` of the last movement of this row.
    ledger_seq  BIGINT NOT NULL DEFAULT 0,
    UNIQUE (variant_id, location_id, sale_key),
    CHECK (on_hand >= 0 AND held >= 0 AND committed >= 0 AND held + committed <= on_hand)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX stock_level_sale ON stock_level (sale_id);
CREATE INDEX stock_level_product ON stock_level (product_id, sale_key);

CREATE TABLE sale_item (
    sale_id        VARCHAR(64) NOT NULL REFERENCES sale (id),
    variant_id     VARCHAR(64) NOT NULL REFERENCES variant (id),
    product_id     VARCHAR(64) NOT NULL REFERENCES product (id),
    stock_level_id BIGINT NOT NULL REFERENCES stock_level (id),
    price          BIGINT NOT NULL CHECK (price >= 0),
    currency       VARCHAR(64) NOT NULL,
    max_per_buyer  BIGINT NOT NULL CHECK (max_per_buyer >= 1),
    PRIMARY KEY (sale_id, variant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Units that one buyer has in a sale, held or paid.
CREATE TABLE sale_buyer (
    sale_id    VARCHAR(64) NOT NULL,
    variant_id VARCHAR(64) NOT NULL,
    -- Nobody is promised units without an account that their order can be written for.
    buyer_id   VARCHAR(64) NOT NULL REFERENCES users (id),
    qty        BIGINT NOT NULL,
    max_qty    BIGINT NOT NULL,
    PRIMARY KEY (sale_id, buyer_id, variant_id),
    CHECK (qty BETWEEN 0 AND max_qty)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A transaction takes a block of numbers for its movements before it writes them, so that they can
-- stand in orders and levels too. Blocks have gaps; within one level the numbers rise.
CREATE SEQUENCE stock_movement_seq START WITH 1 INCREMENT BY 4096 CACHE 64;

-- The ledger: append only, replays to exactly `stock_level`.
CREATE TABLE stock_movement (
    seq            BIGINT NOT NULL PRIMARY KEY,
    stock_level_id BIGINT NOT NULL REFERENCES stock_level (id),
    kind           VARCHAR(64) NOT NULL CHECK (kind IN (
        'receive', 'adjust', 'allocate_sale', 'return_sale', 'hold', 'release', 'commit', 'ship', 'restock')),
    d_on_hand      BIGINT NOT NULL,
    d_held         BIGINT NOT NULL,
    d_committed    BIGINT NOT NULL,
    reservation_id VARCHAR(64),
    order_id       VARCHAR(64),
    actor_id       VARCHAR(64),
    reason         VARCHAR(1000) NOT NULL DEFAULT '',
    at_us          BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX stock_movement_level ON stock_movement (stock_level_id, seq);
CREATE TRIGGER stock_movement_no_update BEFORE UPDATE ON stock_movement
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the stock ledger is append only';
CREATE TRIGGER stock_movement_no_delete BEFORE DELETE ON stock_movement
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the stock ledger is append only';
