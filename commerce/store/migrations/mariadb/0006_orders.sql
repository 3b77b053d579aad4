-- Checkouts, the orders in them (one per seller), the holds behind them, parcels, claims, and what
-- sellers are owed. Amounts are minor units; every order is written before anybody pays.

CREATE TABLE order_group (
    id             VARCHAR(64) NOT NULL PRIMARY KEY,
    number         VARCHAR(64) NOT NULL,
    buyer_id       VARCHAR(64) NOT NULL REFERENCES users (id),
    placed_via     VARCHAR(64) NOT NULL CHECK (placed_via IN ('sale', 'items', 'cart')),
    stream_id      VARCHAR(64) REFERENCES stream (id),
    currency       VARCHAR(64) NOT NULL,
    items_total    BIGINT NOT NULL,
    discount       BIGINT NOT NULL DEFAULT 0,
    shipping       BIGINT NOT NULL DEFAULT 0,
    tax            BIGINT NOT NULL DEFAULT 0,
    tax_free       BIGINT NOT NULL DEFAULT 0,
    total          BIGINT NOT NULL,
    -- Where it goes, sealed with the buyer's own key; unreadable once that is destroyed.
    ship_to_sealed TEXT,
    payment_due_at BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    CHECK (items_total >= 0 AND discount >= 0 AND shipping >= 0 AND tax >= 0 AND tax_free >= 0),
    CHECK (total = items_total - discount + shipping AND tax <= total AND tax_free <= total)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX order_group_buyer ON order_group (buyer_id, id);

CREATE TABLE orders (
    id                 VARCHAR(64) NOT NULL PRIMARY KEY,
    group_id           VARCHAR(64) NOT NULL REFERENCES order_group (id),
    number             VARCHAR(64) NOT NULL UNIQUE,
    buyer_id           VARCHAR(64) NOT NULL REFERENCES users (id),
    seller_id          VARCHAR(64) NOT NULL REFERENCES seller (id),
    stream_id          VARCHAR(64) REFERENCES stream (id),
    sale_id            VARCHAR(64) REFERENCES sale (id),
    status             VARCHAR(64) NOT NULL CHECK (status IN (
        'pending_payment', 'paid', 'preparing', 'partially_shipped', 'shipped', 'delivered',
        'completed', 'expired', 'cancelled', 'refunded')),
    payment_status     VARCHAR(64) NOT NULL CHECK (payment_status IN (
        'none', 'pending', 'paid', 'failed', 'integrity_failure', 'partially_refunded', 'refunded')),
    fulfillment_status VARCHAR(64) NOT NULL DEFAULT 'unfulfilled' CHECK (fulfillment_status IN (
        'unfulfilled', 'partial', 'fulfilled', 'delivered', 'returned')),
    items_total        BIGINT NOT NULL,
    discount           BIGINT NOT NULL DEFAULT 0,
    shipping           BIGINT NOT NULL DEFAULT 0,
    tax                BIGINT NOT NULL DEFAULT 0,
    total              BIGINT NOT NULL,
    -- What refunds have given back.
    returned           BIGINT NOT NULL DEFAULT 0,
    currency           VARCHAR(64) NOT NULL,
    -- The movement that holds the stock of this order.
    ledger_seq         BIGINT NOT NULL,
    payment_due_at     BIGINT NOT NULL,
    paid_at            BIGINT,
    delivered_at       BIGINT,
    completed_at       BIGINT,
    created_at         BIGINT NOT NULL,
    updated_at         BIGINT NOT NULL,
    version            BIGINT NOT NULL DEFAULT 1,
    CHECK (items_total >= 0 AND discount >= 0 AND shipping >= 0 AND tax >= 0 AND tax <= total),
    CHECK (total = items_total - discount + shipping AND returned BETWEEN 0 AND total)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX orders_group ON orders (group_id);
CREATE INDEX orders_buyer ON orders (buyer_id, id);
CREATE INDEX orders_seller ON orders (seller_id, id);
CREATE INDEX orders_seller_status ON orders (seller_id, status, id);
CREATE INDEX orders_status ON orders (status, delivered_at);
CREATE INDEX orders_status_id ON orders (status, id);

CREATE TABLE order_line (
    id            VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id      VARCHAR(64) NOT NULL REFERENCES orders (id),
    product_id    VARCHAR(64) NOT NULL REFERENCES product (id),
    variant_id    VARCHAR(64) NOT NULL REFERENCES variant (id),
    -- Names and price as they were when it was sold.
    sku           VARCHAR(64) NOT NULL DEFAULT '',
    title_ko      VARCHAR(500) NOT NULL,
    title_en      VARCHAR(500) NOT NULL,
    label_ko      VARCHAR(500),
    label_en      VARCHAR(500),
    quantity      BIGINT NOT NULL CHECK (quantity >= 1),
    unit_price    BIGINT NOT NULL CHECK (unit_price >= 0),
    discount      BIGINT NOT NULL DEFAULT 0,
    tax           BIGINT NOT NULL DEFAULT 0,
    tax_free      BIGINT NOT NULL DEFAULT 0 CHECK (tax_free IN (0, 1)),
    total         BIGINT NOT NULL,
    -- What became of the units; `claimed` are spoken for by claims that are open.
    qty_cancelled BIGINT NOT NULL DEFAULT 0,
    qty_shipped   BIGINT NOT NULL DEFAULT 0,
    qty_delivered BIGINT NOT NULL DEFAULT 0,
    qty_returned  BIGINT NOT NULL DEFAULT 0,
    qty_claimed   BIGINT NOT NULL DEFAULT 0,
    -- What refunds have promised to give back for it.
    promised      BIGINT NOT NULL DEFAULT 0,
    CHECK (discount BETWEEN 0 AND total + discount AND tax BETWEEN 0 AND total),
    CHECK (total + discount = unit_price * quantity),
    CHECK (promised BETWEEN 0 AND total),
    CHECK (qty_cancelled >= 0 AND qty_shipped >= 0 AND qty_cancelled + qty_shipped <= quantity),
    CHECK (qty_delivered BETWEEN 0 AND qty_shipped AND qty_returned BETWEEN 0 AND qty_shipped),
    CHECK (qty_claimed >= 0 AND qty_cancelled + qty_returned + qty_claimed <= quantity)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX order_line_order ON order_line (order_id);
CREATE INDEX order_line_product ON order_line (product_id);

-- Units kept for a line; one row per line. `qty_cancelled` went back to the stock row after they
-- were sold, `qty_shipped` left it.
CREATE TABLE reservation (
    id             VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id       VARCHAR(64) NOT NULL REFERENCES orders (id),
    order_line_id  VARCHAR(64) NOT NULL UNIQUE REFERENCES order_line (id),
    buyer_id       VARCHAR(64) NOT NULL,
    sale_id        VARCHAR(64) REFERENCES sale (id),
    product_id     VARCHAR(64) NOT NULL REFERENCES product (id),
    variant_id     VARCHAR(64) NOT NULL REFERENCES variant (id),
    stock_level_id BIGINT NOT NULL REFERENCES stock_level (id),
    qty            BIGINT NOT NULL CHECK (qty >= 1),
    qty_cancelled  BIGINT NOT NULL DEFAULT 0,
    qty_shipped    BIGINT NOT NULL DEFAULT 0,
    state          VARCHAR(64) NOT NULL
                   CHECK (state IN ('held', 'committing', 'committed', 'released', 'expired')),
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    CHECK (qty_cancelled >= 0 AND qty_shipped >= 0 AND qty_cancelled + qty_shipped <= qty)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX reservation_order ON reservation (order_id);
CREATE INDEX reservation_level ON reservation (stock_level_id, state);
CREATE INDEX reservation_due ON reservation (state, expires_at, sale_id);
CREATE INDEX reservation_sale_due ON reservation (sale_id, state, expires_at);

CREATE TABLE order_event (
    seq         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id    VARCHAR(64) NOT NULL REFERENCES orders (id),
    type        VARCHAR(64) NOT NULL,
    from_status VARCHAR(64),
    to_status   VARCHAR(64) NOT NULL,
    actor       VARCHAR(64) NOT NULL,
    data        TEXT NOT NULL DEFAULT '{}',
    at_us       BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX order_event_order ON order_event (order_id, seq);
CREATE TRIGGER order_event_no_update BEFORE UPDATE ON order_event FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order events are append only';
CREATE TRIGGER order_event_no_delete BEFORE DELETE ON order_event FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order events are append only';

-- Who asked for what under which key, and what came of it. Written with the effect, never before.
CREATE TABLE idempotency_key (
    scope       VARCHAR(64) NOT NULL,
    idem_key    VARCHAR(255) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    -- The id of what was made.
    effect_id   VARCHAR(64) NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (scope, idem_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Orders of a storm whose units are kept and whose buyers have their answer: all that their rows will
-- say, a batch a row, until the transaction that writes them.
CREATE TABLE order_backlog (
    id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sale_id   VARCHAR(64) NOT NULL REFERENCES sale (id),
    stream_id VARCHAR(64) NOT NULL REFERENCES stream (id),
    seller_id VARCHAR(64) NOT NULL REFERENCES seller (id),
    provider  VARCHAR(64) NOT NULL,
    placed_at BIGINT NOT NULL,
    -- When the first of them is no longer waited for.
    first_due BIGINT NOT NULL,
    -- How many they are, and how many of the first are written.
    size      BIGINT NOT NULL,
    done      BIGINT NOT NULL DEFAULT 0,
    -- 1 when they could not be written and others went past.
    stuck     SMALLINT NOT NULL DEFAULT 0 CHECK (stuck IN (0, 1)),
    -- JSON. Last, so that the line is read without it.
    orders    MEDIUMTEXT NOT NULL,
    CHECK (done >= 0 AND done < size)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Parcels.
CREATE TABLE shipment (
    id           VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id     VARCHAR(64) NOT NULL REFERENCES orders (id),
    courier      VARCHAR(64) NOT NULL,
    invoice_no   VARCHAR(64) NOT NULL,
    state        VARCHAR(64) NOT NULL CHECK (state IN (
        'shipped', 'in_transit', 'out_for_delivery', 'delivered', 'returned', 'lost')),
    shipped_at   BIGINT NOT NULL,
    delivered_at BIGINT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX shipment_order ON shipment (order_id, id);

CREATE TABLE shipment_line (
    shipment_id   VARCHAR(64) NOT NULL REFERENCES shipment (id),
    order_line_id VARCHAR(64) NOT NULL REFERENCES order_line (id),
    quantity      BIGINT NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (shipment_id, order_line_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE tracking_event (
    seq         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    shipment_id VARCHAR(64) NOT NULL REFERENCES shipment (id),
    state       VARCHAR(64) NOT NULL,
    location    VARCHAR(500) NOT NULL DEFAULT '',
    -- When it happened, as the courier says, and when it was noted.
    at_us       BIGINT NOT NULL,
    noted_at    BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX tracking_event_shipment ON tracking_event (shipment_id, seq);
CREATE TRIGGER tracking_event_no_update BEFORE UPDATE ON tracking_event FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tracking events are append only';
CREATE TRIGGER tracking_event_no_delete BEFORE DELETE ON tracking_event FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tracking events are append only';

-- What buyers want changed about lines of an order.
CREATE TABLE claim (
    id         VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id   VARCHAR(64) NOT NULL REFERENCES orders (id),
    kind       VARCHAR(64) NOT NULL CHECK (kind IN ('cancel', 'return', 'exchange')),
    state      VARCHAR(64) NOT NULL CHECK (state IN (
        'requested', 'approved', 'rejected', 'withdrawn', 'collecting', 'received', 'inspected',
        'refunded', 'partially_refunded', 'exchanged', 'rejected_returned')),
    reason     VARCHAR(500) NOT NULL,
    -- Who pays for the way back.
    fee_bearer VARCHAR(64) NOT NULL CHECK (fee_bearer IN ('buyer', 'seller')),
    -- What the seller says about it.
    answer     VARCHAR(500) NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX claim_order ON claim (order_id, id);

CREATE TABLE claim_line (
    claim_id      VARCHAR(64) NOT NULL REFERENCES claim (id),
    order_line_id VARCHAR(64) NOT NULL REFERENCES order_line (id),
    quantity      BIGINT NOT NULL CHECK (quantity >= 1),
    PRIMARY KEY (claim_id, order_line_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The marketplace's part of a line, frozen when it was paid.
CREATE TABLE commission_line (
    order_line_id VARCHAR(64) NOT NULL PRIMARY KEY REFERENCES order_line (id),
    rate_bps      BIGINT NOT NULL CHECK (rate_bps BETWEEN 0 AND 10000),
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    currency      VARCHAR(64) NOT NULL,
    created_at    BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a seller is owed: append only, its sum is the balance.
CREATE TABLE seller_ledger (
    seq           BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    seller_id     VARCHAR(64) NOT NULL REFERENCES seller (id),
    kind          VARCHAR(64) NOT NULL CHECK (kind IN (
        'sale', 'shipping', 'commission', 'refund', 'shipping_refund', 'commission_back')),
    -- Signed: what the seller gets is positive.
    amount        BIGINT NOT NULL,
    currency      VARCHAR(64) NOT NULL,
    order_id      VARCHAR(64) NOT NULL REFERENCES orders (id),
    order_line_id VARCHAR(64),
    refund_id     VARCHAR(64),
    at_us         BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX seller_ledger_seller ON seller_ledger (seller_id, seq);
CREATE INDEX seller_ledger_order ON seller_ledger (order_id);
CREATE TRIGGER seller_ledger_no_update BEFORE UPDATE ON seller_ledger FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the ledger of sellers is append only';
CREATE TRIGGER seller_ledger_no_delete BEFORE DELETE ON seller_ledger FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the ledger of sellers is append only';
