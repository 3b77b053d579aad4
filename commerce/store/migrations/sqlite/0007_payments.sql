-- Payments and what the provider tells us.

CREATE TABLE payment (
    -- The id that the provider knows.
    id            TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL REFERENCES orders (id),
    provider      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN (
        'created', 'ready', 'confirming', 'unknown', 'failed', 'paid',
        'integrity_failure', 'cancel_pending', 'cancelled', 'expired')),
    amount        INTEGER NOT NULL CHECK (amount >= 0),
    currency      TEXT NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    -- When the reconciler asks the provider again; NULL when nothing is open.
    next_check_at INTEGER,
    checks        INTEGER NOT NULL DEFAULT 0,
    confirming_at INTEGER,
    paid_at       INTEGER,
    pg_tx_id      TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    -- NULL once this payment can no longer fund the order, so that at most one can.
    open_order    TEXT GENERATED ALWAYS AS (
        CASE WHEN state IN ('created', 'ready', 'confirming', 'unknown', 'failed', 'paid')
             THEN order_id ELSE NULL END) STORED UNIQUE
) STRICT;
CREATE INDEX payment_order ON payment (order_id);
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
