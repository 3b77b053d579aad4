-- Payments and what the provider tells us.

CREATE TABLE payment (
    -- The id that the provider knows.
    id            VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id      VARCHAR(64) NOT NULL REFERENCES orders (id),
    provider      VARCHAR(64) NOT NULL,
    state         VARCHAR(64) NOT NULL CHECK (state IN (
        'created', 'ready', 'confirming', 'unknown', 'failed', 'paid',
        'integrity_failure', 'cancel_pending', 'cancelled', 'expired')),
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    currency      VARCHAR(8) NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    -- When the reconciler asks the provider again; NULL when nothing is open.
    next_check_at BIGINT,
    checks        BIGINT NOT NULL DEFAULT 0,
    confirming_at BIGINT,
    paid_at       BIGINT,
    pg_tx_id      VARCHAR(191),
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    -- NULL once this payment can no longer fund the order, so that at most one can.
    open_order    VARCHAR(64) GENERATED ALWAYS AS (
        CASE WHEN state IN ('created', 'ready', 'confirming', 'unknown', 'failed', 'paid')
             THEN order_id ELSE NULL END) STORED UNIQUE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX payment_order ON payment (order_id);
CREATE INDEX payment_check ON payment (next_check_at);

CREATE TABLE payment_attempt (
    payment_id VARCHAR(64) NOT NULL REFERENCES payment (id),
    no         BIGINT NOT NULL,
    state      VARCHAR(64) NOT NULL CHECK (state IN ('sent', 'paid', 'declined', 'unknown')),
    detail     VARCHAR(1000) NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE webhook_inbox (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    provider    VARCHAR(64) NOT NULL,
    webhook_id  VARCHAR(191) NOT NULL,
    type        VARCHAR(100) NOT NULL,
    body        TEXT NOT NULL,
    state       VARCHAR(64) NOT NULL DEFAULT 'received'
                CHECK (state IN ('received', 'processed', 'ignored', 'retry', 'dead')),
    attempts    BIGINT NOT NULL DEFAULT 0,
    next_at     BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (provider, webhook_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX webhook_inbox_open ON webhook_inbox (state, next_at);
