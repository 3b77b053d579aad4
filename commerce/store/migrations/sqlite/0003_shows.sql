-- Shows, what is said in them, and the cards that show a product in a show.

CREATE TABLE stream (
    id           TEXT PRIMARY KEY,
    seller_id    TEXT NOT NULL REFERENCES seller (id),
    host_user_id TEXT NOT NULL REFERENCES users (id),
    title        TEXT NOT NULL,
    status       TEXT NOT NULL DEFAULT 'scheduled'
                 CHECK (status IN ('scheduled', 'live', 'interrupted', 'ended')),
    -- When it is announced for.
    scheduled_at INTEGER,
    created_at   INTEGER NOT NULL,
    started_at   INTEGER,
    -- When the media that is on air began; NULL while none is.
    live_at      INTEGER,
    ended_at     INTEGER,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX stream_status ON stream (status, id);
CREATE INDEX stream_seller ON stream (seller_id, id);

-- The publisher's secret, hashed. Rotating replaces the row.
CREATE TABLE stream_key (
    stream_id  TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    -- Last characters of the key, so that a host recognises it.
    hint       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Chat outlives accounts and shows, so it references neither.
CREATE TABLE chat_message (
    id        TEXT PRIMARY KEY,
    stream_id TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    name      TEXT NOT NULL,
    body      TEXT NOT NULL,
    badge     TEXT CHECK (badge IN ('host', 'admin')),
    -- The client's own key: a repeat is said once.
    key       TEXT NOT NULL,
    at_us     INTEGER NOT NULL,
    UNIQUE (stream_id, user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_message_room ON chat_message (stream_id, id);

CREATE TABLE live_card (
    id         TEXT PRIMARY KEY,
    stream_id  TEXT NOT NULL REFERENCES stream (id),
    product_id TEXT NOT NULL REFERENCES product (id),
    no         INTEGER NOT NULL CHECK (no >= 1),
    state      TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'pinned', 'shown', 'hidden')),
    highlighted INTEGER NOT NULL DEFAULT 0 CHECK (highlighted IN (0, 1)),
    -- The host's order; NULL stands by its number.
    sort       INTEGER,
    pinned_at  INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    -- NULL unless pinned, so that a show has at most one pinned card.
    pinned_key TEXT GENERATED ALWAYS AS (CASE WHEN state = 'pinned' THEN stream_id ELSE NULL END) STORED UNIQUE,
    UNIQUE (stream_id, no),
    UNIQUE (stream_id, product_id)
) STRICT;

-- What happened in a show, in order. Append only.
CREATE TABLE live_event (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    stream_id TEXT NOT NULL REFERENCES stream (id),
    type      TEXT NOT NULL,
    data      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    -- Its place in the media that was on air, microseconds; NULL while none was.
    media_us  INTEGER
) STRICT;
CREATE INDEX live_event_stream ON live_event (stream_id, seq);
CREATE TRIGGER live_event_stays BEFORE UPDATE ON live_event
BEGIN SELECT RAISE(ABORT, 'live_event is append only'); END;
CREATE TRIGGER live_event_keeps BEFORE DELETE ON live_event
BEGIN SELECT RAISE(ABORT, 'live_event is append only'); END;

-- What came of a card: counted where it happens, so that nobody scans orders for it.
CREATE TABLE card_metric (
    card_id   TEXT PRIMARY KEY REFERENCES live_card (id),
    stream_id TEXT NOT NULL REFERENCES stream (id),
    shown     INTEGER NOT NULL DEFAULT 0,
    clicked   INTEGER NOT NULL DEFAULT 0,
    -- Paid orders, with their units and what was paid for these, minor units.
    orders    INTEGER NOT NULL DEFAULT 0,
    units     INTEGER NOT NULL DEFAULT 0,
    revenue   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX card_metric_stream ON card_metric (stream_id);

-- Whom the hosts of a show muted or banned: one decision a person, the newest.
CREATE TABLE chat_sanction (
    stream_id  TEXT NOT NULL REFERENCES stream (id),
    user_id    TEXT NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
    -- NULL holds until it is lifted.
    until_at   INTEGER,
    by_user    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (stream_id, user_id)
) STRICT, WITHOUT ROWID;
