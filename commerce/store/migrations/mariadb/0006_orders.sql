-- Orders, the holds behind them, and what happened to them.

CREATE TABLE orders (
    id             VARCHAR(64) NOT NULL PRIMARY KEY,
    number         VARCHAR(64) NOT NULL UNIQUE,
    buyer_id       VARCHAR(64) NOT NULL REFERENCES users (id),
    seller_id      VARCHAR(64) NOT NULL REFERENCES seller (id),
    stream_id      VARCHAR(64) NOT NULL REFERENCES stream (id),
    sale_id        VARCHAR(64) NOT NULL REFERENCES sale (id),
    status         VARCHAR(64) NOT NULL
                   CHECK (status IN ('pending_payment', 'paid', 'expired', 'cancelled')),
    payment_status VARCHAR(64) NOT NULL CHECK (payment_status IN (
        'none', 'pending', 'paid', 'failed', 'integrity_failure', 'refunded')),
    total          BIGINT NOT NULL CHECK (total >= 0),
    currency       VARCHAR(8) NOT NULL,
    -- The movement that holds the stock of this order.
    ledger_seq     BIGINT NOT NULL,
    payment_due_at BIGINT NOT NULL,
    paid_at        BIGINT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX orders_buyer ON orders (buyer_id, id);

CREATE TABLE order_line (
    id             VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id       VARCHAR(64) NOT NULL REFERENCES orders (id),
    product_id     VARCHAR(64) NOT NULL REFERENCES product (id),
    variant_id     VARCHAR(64) NOT NULL REFERENCES variant (id),
    -- Names and price as they were when it was sold.
    title_ko       VARCHAR(500) NOT NULL,
    title_en       VARCHAR(500) NOT NULL,
    label_ko       VARCHAR(512),
    label_en       VARCHAR(512),
    quantity       BIGINT NOT NULL CHECK (quantity >= 1),
    unit_price     BIGINT NOT NULL CHECK (unit_price >= 0),
    total          BIGINT NOT NULL CHECK (total >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX order_line_order ON order_line (order_id);

CREATE TABLE reservation (
    id             VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id       VARCHAR(64) NOT NULL UNIQUE REFERENCES orders (id),
    buyer_id       VARCHAR(64) NOT NULL,
    sale_id        VARCHAR(64) NOT NULL REFERENCES sale (id),
    product_id     VARCHAR(64) NOT NULL REFERENCES product (id),
    variant_id     VARCHAR(64) NOT NULL REFERENCES variant (id),
    stock_level_id BIGINT NOT NULL REFERENCES stock_level (id),
    qty            BIGINT NOT NULL CHECK (qty >= 1),
    state          VARCHAR(64) NOT NULL
                   CHECK (state IN ('held', 'committing', 'committed', 'released', 'expired')),
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- Only live holds are looked for, and they are few among all that ever were.
CREATE INDEX reservation_due ON reservation (state, expires_at, sale_id);
CREATE INDEX reservation_sale_due ON reservation (state, sale_id, expires_at);

CREATE TABLE order_event (
    seq         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id    VARCHAR(64) NOT NULL REFERENCES orders (id),
    type        VARCHAR(100) NOT NULL,
    from_status VARCHAR(64),
    to_status   VARCHAR(64) NOT NULL,
    actor       VARCHAR(64) NOT NULL,
    data        TEXT NOT NULL DEFAULT '{}',
    at_us       BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX order_event_order ON order_event (order_id, seq);
CREATE TRIGGER order_event_no_update BEFORE UPDATE ON order_event
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'order events are append only';

-- Who asked for what under which key, and what came of it. Written with the effect, never before.
CREATE TABLE idempotency_key (
    scope       VARCHAR(191) NOT NULL,
    idem_key    VARCHAR(255) NOT NULL,
    fingerprint VARCHAR(191) NOT NULL,
    order_id    VARCHAR(64) NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (scope, idem_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
