-- Payments, refunds, and what the provider tells us.

CREATE TABLE payment (
    -- The id that the provider knows.
    id            TEXT PRIMARY KEY,
    group_id      TEXT NOT NULL REFERENCES order_group (id),
    provider      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN (
        'created', 'ready', 'confirming', 'unknown', 'failed', 'paid', 'partially_cancelled',
        'integrity_failure', 'cancel_pending', 'cancelled', 'expired')),
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    tax_free      INTEGER NOT NULL DEFAULT 0,
    currency      TEXT NOT NULL,
    -- What refunds set aside, and what of it the provider has given back.
    promised      INTEGER NOT NULL DEFAULT 0,
    returned      INTEGER NOT NULL DEFAULT 0,
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- When the reconciler asks the provider again; NULL when nothing is open.
    next_check_at INTEGER,
    checks        INTEGER NOT NULL DEFAULT 0,
    confirming_at INTEGER,
    paid_at       INTEGER,
    pg_tx_id      TEXT,
    receipt_url   TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    -- NULL once this payment can no longer fund the checkout, so that at most one can.
    open_group    TEXT GENERATED ALWAYS AS (
        CASE WHEN state IN ('created', 'ready', 'confirming', 'unknown', 'failed', 'paid',
                            'partially_cancelled')
             THEN group_id ELSE NULL END) STORED UNIQUE,
    CHECK (tax_free BETWEEN 0 AND amount),
    CHECK (returned >= 0 AND returned <= promised AND promised <= amount)
) STRICT;
CREATE INDEX payment_group ON payment (group_id);
CREATE INDEX payment_state ON payment (state, id) WHERE state NOT IN ('created', 'expired');
CREATE INDEX payment_check ON payment (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE payment_attempt (
    payment_id TEXT NOT NULL REFERENCES payment (id),
    no         INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('sent', 'paid', 'declined', 'unknown')),
    detail     TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (payment_id, no)
) STRICT, WITHOUT ROWID;

-- Money that goes back for lines of an order. What is requested is set aside in `payment.promised`
-- and `order_line.promised` by the same transaction, so that the sums can never exceed what was paid.
CREATE TABLE refund (
    id               TEXT PRIMARY KEY,
    payment_id       TEXT NOT NULL REFERENCES payment (id),
    order_id         TEXT NOT NULL REFERENCES orders (id),
    claim_id         TEXT REFERENCES claim (id),
    -- The key of who asked for it.
    client_refund_id TEXT NOT NULL,
    amount           INTEGER NOT NULL CHECK (amount > 0),
    -- The part of it that is for sending.
    shipping         INTEGER NOT NULL DEFAULT 0 CHECK (shipping BETWEEN 0 AND amount),
    tax_free         INTEGER NOT NULL DEFAULT 0 CHECK (tax_free BETWEEN 0 AND amount),
    reason           TEXT NOT NULL,
    state            TEXT NOT NULL
                     CHECK (state IN ('requested', 'submitting', 'succeeded', 'failed')),
    detail           TEXT NOT NULL DEFAULT '',
    attempts         INTEGER NOT NULL DEFAULT 0,
    -- When the provider is asked again; NULL when it is over.
    next_check_at    INTEGER,
    actor            TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    version          INTEGER NOT NULL DEFAULT 1,
    UNIQUE (payment_id, client_refund_id)
) STRICT;
CREATE INDEX refund_order ON refund (order_id, id);
CREATE INDEX refund_check ON refund (next_check_at) WHERE next_check_at IS NOT NULL;

CREATE TABLE refund_line (
    refund_id     TEXT NOT NULL REFERENCES refund (id),
    order_line_id TEXT NOT NULL REFERENCES order_line (id),
    quantity      INTEGER NOT NULL CHECK (quantity >= 0),
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (refund_id, order_line_id)
) STRICT, WITHOUT ROWID;

-- Refunds so large that two people must want them. Nothing is set aside while one waits; it is decided
-- when the second agrees, and has the same id then.
CREATE TABLE refund_approval (
    id          TEXT PRIMARY KEY,
    payment_id  TEXT NOT NULL REFERENCES payment (id),
    order_id    TEXT NOT NULL REFERENCES orders (id),
    -- What was asked for, as JSON, and under which key.
    request     TEXT NOT NULL,
    idem_key    TEXT NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0),
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
    asked_by    TEXT NOT NULL REFERENCES users (id),
    decided_by  TEXT REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    decided_at  INTEGER,
    -- NULL unless it waits, so that an order has at most one that does.
    waiting_key TEXT GENERATED ALWAYS AS (CASE WHEN state = 'waiting' THEN order_id ELSE NULL END) STORED UNIQUE,
    CHECK (decided_by <> asked_by),
    CHECK ((decided_by IS NULL) = (state IN ('waiting', 'withdrawn')))
) STRICT;
CREATE INDEX refund_approval_order ON refund_approval (order_id, id);
CREATE INDEX refund_approval_state ON refund_approval (state, id);

CREATE TABLE webhook_inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    provider    TEXT NOT NULL,
    webhook_id  TEXT NOT NULL,
    type        TEXT NOT NULL,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'received'
                CHECK (state IN ('received', 'processed', 'ignored', 'retry', 'dead')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (provider, webhook_id)
) STRICT;
CREATE INDEX webhook_inbox_open ON webhook_inbox (next_at) WHERE state IN ('received', 'retry');

-- Comparisons of our books with the provider's.
CREATE TABLE payment_reconcile_run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    from_at    INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    checked    INTEGER NOT NULL,
    -- Payments that differ, as JSON.
    mismatches TEXT NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL
) STRICT;
