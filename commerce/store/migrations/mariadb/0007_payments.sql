-- Payments, refunds, and what the provider tells us.

CREATE TABLE payment (
    -- The id that the provider knows.
    id            VARCHAR(64) NOT NULL PRIMARY KEY,
    group_id      VARCHAR(64) NOT NULL REFERENCES order_group (id),
    provider      VARCHAR(64) NOT NULL,
    state         VARCHAR(64) NOT NULL CHECK (state IN (
        'created', 'ready', 'confirming', 'unknown', 'failed', 'paid', 'partially_cancelled',
        'integrity_failure', 'cancel_pending', 'cancelled', 'expired')),
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    tax_free      BIGINT NOT NULL DEFAULT 0,
    currency      VARCHAR(64) NOT NULL,
    -- What refunds set aside, and what of it the provider has given back.
    promised      BIGINT NOT NULL DEFAULT 0,
    returned      BIGINT NOT NULL DEFAULT 0,
    attempts      BIGINT NOT NULL DEFAULT 0,
    -- When the reconciler asks the provider again; NULL when nothing is open.
    next_check_at BIGINT,
    checks        BIGINT NOT NULL DEFAULT 0,
    confirming_at BIGINT,
    paid_at       BIGINT,
    pg_tx_id      VARCHAR(64),
    receipt_url   TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    -- NULL once this payment can no longer fund the checkout, so that at most one can.
    open_group    VARCHAR(64) GENERATED ALWAYS AS (
        CASE WHEN state IN ('created', 'ready', 'confirming', 'unknown', 'failed', 'paid',
                            'partially_cancelled')
             THEN group_id ELSE NULL END) STORED UNIQUE,
    CHECK (tax_free BETWEEN 0 AND amount),
    CHECK (returned >= 0 AND returned <= promised AND promised <= amount)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX payment_group ON payment (group_id);
CREATE INDEX payment_state ON payment (state, id);
CREATE INDEX payment_check ON payment (next_check_at);

CREATE TABLE payment_attempt (
    payment_id VARCHAR(64) NOT NULL REFERENCES payment (id),
    no         BIGINT NOT NULL,
    state      VARCHAR(64) NOT NULL CHECK (state IN ('sent', 'paid', 'declined', 'unknown')),
    detail     TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Money that goes back for lines of an order. What is requested is set aside in `payment.promised`
-- and `order_line.promised` by the same transaction, so that the sums can never exceed what was paid.
CREATE TABLE refund (
    id               VARCHAR(64) NOT NULL PRIMARY KEY,
    payment_id       VARCHAR(64) NOT NULL REFERENCES payment (id),
    order_id         VARCHAR(64) NOT NULL REFERENCES orders (id),
    claim_id         VARCHAR(64) REFERENCES claim (id),
    -- The key of who asked for it.
    client_refund_id VARCHAR(255) NOT NULL,
    amount           BIGINT NOT NULL CHECK (amount > 0),
    -- The part of it that is for sending.
    shipping         BIGINT NOT NULL DEFAULT 0 CHECK (shipping BETWEEN 0 AND amount),
    tax_free         BIGINT NOT NULL DEFAULT 0 CHECK (tax_free BETWEEN 0 AND amount),
    reason           VARCHAR(500) NOT NULL,
    state            VARCHAR(64) NOT NULL
                     CHECK (state IN ('requested', 'submitting', 'succeeded', 'failed')),
    detail           TEXT NOT NULL DEFAULT '',
    attempts         BIGINT NOT NULL DEFAULT 0,
    -- When the provider is asked again; NULL when it is over.
    next_check_at    BIGINT,
    actor            VARCHAR(64) NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    version          BIGINT NOT NULL DEFAULT 1,
    UNIQUE (payment_id, client_refund_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX refund_order ON refund (order_id, id);
CREATE INDEX refund_check ON refund (next_check_at);

CREATE TABLE refund_line (
    refund_id     VARCHAR(64) NOT NULL REFERENCES refund (id),
    order_line_id VARCHAR(64) NOT NULL REFERENCES order_line (id),
    quantity      BIGINT NOT NULL CHECK (quantity >= 0),
    amount        BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (refund_id, order_line_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Refunds so large that two people must want them. Nothing is set aside while one waits; it is decided
-- when the second agrees, and has the same id then.
CREATE TABLE refund_approval (
    id          VARCHAR(64) NOT NULL PRIMARY KEY,
    payment_id  VARCHAR(64) NOT NULL REFERENCES payment (id),
    order_id    VARCHAR(64) NOT NULL REFERENCES orders (id),
    -- What was asked for, as JSON, and under which key.
    request     TEXT NOT NULL,
    idem_key    VARCHAR(255) NOT NULL,
    amount      BIGINT NOT NULL CHECK (amount > 0),
    state       VARCHAR(16) NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
    asked_by    VARCHAR(64) NOT NULL REFERENCES users (id),
    decided_by  VARCHAR(64) REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    decided_at  BIGINT,
    -- NULL unless it waits, so that an order has at most one that does.
    waiting_key VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN state = 'waiting' THEN order_id ELSE NULL END) STORED UNIQUE,
    CHECK (decided_by <> asked_by),
    CHECK ((decided_by IS NULL) = (state IN ('waiting', 'withdrawn')))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX refund_approval_order ON refund_approval (order_id, id);
CREATE INDEX refund_approval_state ON refund_approval (state, id);

CREATE TABLE webhook_inbox (
    id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    provider    VARCHAR(64) NOT NULL,
    webhook_id  VARCHAR(255) NOT NULL,
    type        VARCHAR(64) NOT NULL,
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

-- Comparisons of our books with the provider's.
CREATE TABLE payment_reconcile_run (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    from_at    BIGINT NOT NULL,
    until_at   BIGINT NOT NULL,
    checked    BIGINT NOT NULL,
    -- Payments that differ, as JSON.
    mismatches TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
