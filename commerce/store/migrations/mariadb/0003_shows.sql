-- Shows, what is said in them, and the cards that show a product in a show.

CREATE TABLE stream (
    id           VARCHAR(64) NOT NULL PRIMARY KEY,
    seller_id    VARCHAR(64) NOT NULL REFERENCES seller (id),
    host_user_id VARCHAR(64) NOT NULL REFERENCES users (id),
    title        VARCHAR(500) NOT NULL,
    status       VARCHAR(64) NOT NULL DEFAULT 'scheduled'
                 CHECK (status IN ('scheduled', 'live', 'interrupted', 'ended')),
    -- When it is announced for.
    scheduled_at BIGINT,
    created_at   BIGINT NOT NULL,
    started_at   BIGINT,
    -- When the media that is on air began; NULL while none is.
    live_at      BIGINT,
    ended_at     BIGINT,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX stream_status ON stream (status, id);
CREATE INDEX stream_seller ON stream (seller_id, id);

-- The publisher's secret, hashed. Rotating replaces the row.
CREATE TABLE stream_key (
    stream_id  VARCHAR(64) NOT NULL PRIMARY KEY,
    hash       VARCHAR(191) NOT NULL UNIQUE,
    -- Last characters of the key, so that a host recognises it.
    hint       VARCHAR(32) NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Chat outlives accounts and shows, so it references neither.
CREATE TABLE chat_message (
    id        VARCHAR(64) NOT NULL PRIMARY KEY,
    stream_id VARCHAR(64) NOT NULL,
    user_id   VARCHAR(64) NOT NULL,
    name      VARCHAR(255) NOT NULL,
    body      TEXT NOT NULL,
    badge     VARCHAR(64) CHECK (badge IN ('host', 'admin')),
    -- The client's own key: a repeat is said once.
    "key"       VARCHAR(191) NOT NULL,
    at_us     BIGINT NOT NULL,
    UNIQUE (stream_id, user_id, "key")
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX chat_message_room ON chat_message (stream_id, id);

CREATE TABLE live_card (
    id         VARCHAR(64) NOT NULL PRIMARY KEY,
    stream_id  VARCHAR(64) NOT NULL REFERENCES stream (id),
    product_id VARCHAR(64) NOT NULL REFERENCES product (id),
    no         BIGINT NOT NULL CHECK (no >= 1),
    state      VARCHAR(64) NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'pinned', 'shown', 'hidden')),
    highlighted BIGINT NOT NULL DEFAULT 0 CHECK (highlighted IN (0, 1)),
    -- The host's order; NULL stands by its number.
    sort       BIGINT,
    pinned_at  BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1,
    -- NULL unless pinned, so that a show has at most one pinned card.
    pinned_key VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN state = 'pinned' THEN stream_id ELSE NULL END) STORED UNIQUE,
    UNIQUE (stream_id, no),
    UNIQUE (stream_id, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What happened in a show, in order. Append only.
CREATE TABLE live_event (
    seq       BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    stream_id VARCHAR(64) NOT NULL REFERENCES stream (id),
    type      VARCHAR(64) NOT NULL,
    data      TEXT NOT NULL,
    at        BIGINT NOT NULL,
    -- Its place in the media that was on air, microseconds; NULL while none was.
    media_us  BIGINT
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX live_event_stream ON live_event (stream_id, seq);
CREATE TRIGGER live_event_no_update BEFORE UPDATE ON live_event
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the record of a show is append only';
CREATE TRIGGER live_event_no_delete BEFORE DELETE ON live_event
    FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the record of a show is append only';

-- What came of a card: counted where it happens, so that nobody scans orders for it.
CREATE TABLE card_metric (
    card_id   VARCHAR(64) NOT NULL PRIMARY KEY REFERENCES live_card (id),
    stream_id VARCHAR(64) NOT NULL REFERENCES stream (id),
    shown     BIGINT NOT NULL DEFAULT 0,
    clicked   BIGINT NOT NULL DEFAULT 0,
    -- Paid orders, with their units and what was paid for these, minor units.
    orders    BIGINT NOT NULL DEFAULT 0,
    units     BIGINT NOT NULL DEFAULT 0,
    revenue   BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX card_metric_stream ON card_metric (stream_id);

-- Whom the hosts of a show muted or banned: one decision a person, the newest.
CREATE TABLE chat_sanction (
    stream_id  VARCHAR(64) NOT NULL REFERENCES stream (id),
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    kind       VARCHAR(64) NOT NULL CHECK (kind IN ('mute', 'ban')),
    -- NULL holds until it is lifted.
    until_at   BIGINT,
    by_user    VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (stream_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
