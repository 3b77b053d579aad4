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
