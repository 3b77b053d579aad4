-- Facts for others.

-- Facts to tell after the commit that made them true. Delivered at least once.
CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    topic        TEXT NOT NULL,
    agg_key      TEXT NOT NULL,
    payload      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    published_at INTEGER
) STRICT;
CREATE INDEX outbox_open ON outbox (topic, seq) WHERE published_at IS NULL;
CREATE INDEX outbox_done ON outbox (published_at) WHERE published_at IS NOT NULL;

-- Who changed money, stock or rights. Append only; each hash covers the one before.
CREATE TABLE audit_log (
    seq       INTEGER NOT NULL PRIMARY KEY,
    actor_id  TEXT NOT NULL,
    action    TEXT NOT NULL,
    object_id TEXT NOT NULL,
    detail    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append only'); END;

-- Where the chain ends; its one row puts writers in a line.
CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- What was sold and given back, by day (days since 1970, UTC), seller, show and currency. Written by
-- the transactions that place, pay and refund, so that it is never counted out of the orders.
CREATE TABLE sales_day (
    day             INTEGER NOT NULL,
    seller_id       TEXT NOT NULL,
    -- The show that it was bought in; empty when in none.
    stream_key      TEXT NOT NULL,
    currency        TEXT NOT NULL,
    -- Orders, on the day on which each was placed, was paid, had its first refund.
    placed          INTEGER NOT NULL DEFAULT 0 CHECK (placed >= 0),
    paid            INTEGER NOT NULL DEFAULT 0 CHECK (paid >= 0),
    refunded_orders INTEGER NOT NULL DEFAULT 0 CHECK (refunded_orders >= 0),
    -- Minor units paid for goods, without sending; and given back for them.
    sold            INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0),
    refunded        INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    PRIMARY KEY (day, seller_id, stream_key, currency)
) STRICT, WITHOUT ROWID;
CREATE INDEX sales_day_seller ON sales_day (seller_id, day);
CREATE INDEX sales_day_stream ON sales_day (stream_key, day);

-- What the last whole pass of each check of the books found.
CREATE TABLE books_check (
    name        TEXT NOT NULL PRIMARY KEY,
    checked     INTEGER NOT NULL,
    violations  INTEGER NOT NULL,
    -- Some of the rows that violate it: a JSON list of ids.
    samples     TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
