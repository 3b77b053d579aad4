-- Facts for others.

-- Facts to tell after the commit that made them true. Delivered at least once.
CREATE TABLE outbox (
    seq          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    topic        VARCHAR(191) NOT NULL,
    agg_key      VARCHAR(191) NOT NULL,
    payload      MEDIUMTEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    published_at BIGINT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX outbox_open ON outbox (published_at, topic, seq);
CREATE INDEX outbox_done ON outbox (published_at);

-- Who changed money, stock or rights. Append only; each hash covers the one before.
CREATE TABLE audit_log (
    seq       BIGINT NOT NULL PRIMARY KEY,
    actor_id  VARCHAR(191) NOT NULL,
    action    VARCHAR(191) NOT NULL,
    object_id VARCHAR(191) NOT NULL,
    detail    MEDIUMTEXT NOT NULL,
    at        BIGINT NOT NULL,
    hash      VARCHAR(191) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit log is append only';
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit log is append only';

-- Where the chain ends; its one row puts writers in a line.
CREATE TABLE audit_head (
    id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT NOT NULL,
    hash VARCHAR(191) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- What was sold and given back, by day (days since 1970, UTC), seller, show and currency. Written by
-- the transactions that place, pay and refund, so that it is never counted out of the orders.
CREATE TABLE sales_day (
    day             BIGINT NOT NULL,
    seller_id       VARCHAR(64) NOT NULL,
    -- The show that it was bought in; empty when in none.
    stream_key      VARCHAR(64) NOT NULL,
    currency        VARCHAR(16) NOT NULL,
    -- Orders, on the day on which each was placed, was paid, had its first refund.
    placed          BIGINT NOT NULL DEFAULT 0 CHECK (placed >= 0),
    paid            BIGINT NOT NULL DEFAULT 0 CHECK (paid >= 0),
    refunded_orders BIGINT NOT NULL DEFAULT 0 CHECK (refunded_orders >= 0),
    -- Minor units paid for goods, without sending; and given back for them.
    sold            BIGINT NOT NULL DEFAULT 0 CHECK (sold >= 0),
    refunded        BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    PRIMARY KEY (day, seller_id, stream_key, currency)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX sales_day_seller ON sales_day (seller_id, day);
CREATE INDEX sales_day_stream ON sales_day (stream_key, day);

-- What the last whole pass of each check of the books found.
CREATE TABLE books_check (
    name        VARCHAR(64) NOT NULL PRIMARY KEY,
    checked     BIGINT NOT NULL,
    violations  BIGINT NOT NULL,
    -- Some of the rows that violate it: a JSON list of ids.
    samples     MEDIUMTEXT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
