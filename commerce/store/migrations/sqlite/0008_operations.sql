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
