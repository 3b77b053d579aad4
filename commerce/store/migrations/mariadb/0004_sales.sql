-- Timed sales.

CREATE TABLE sale (
    id           VARCHAR(64) NOT NULL PRIMARY KEY,
    stream_id    VARCHAR(64) NOT NULL REFERENCES stream (id),
    state        VARCHAR(64) NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open', 'paused', 'closed')),
    hold_seconds BIGINT NOT NULL CHECK (hold_seconds >= 1),
    -- When it opens and closes by itself, unless the host was earlier.
    opens_at     BIGINT,
    closes_at    BIGINT,
    opened_at    BIGINT,
    closed_at    BIGINT,
    -- Rises with each sequencer that takes the sale over; an older one writes nothing.
    owner_epoch  BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX sale_stream ON sale (stream_id, id);
CREATE INDEX sale_state ON sale (state, opens_at);
CREATE INDEX sale_closing ON sale (state, closes_at);
