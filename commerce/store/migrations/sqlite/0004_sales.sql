-- Timed sales.

CREATE TABLE sale (
    id           TEXT PRIMARY KEY,
    stream_id    TEXT NOT NULL REFERENCES stream (id),
    state        TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'open', 'paused', 'closed')),
    hold_seconds INTEGER NOT NULL CHECK (hold_seconds >= 1),
    -- When it opens and closes by itself, unless the host was earlier.
    opens_at     INTEGER,
    closes_at    INTEGER,
    opened_at    INTEGER,
    closed_at    INTEGER,
    -- Rises with each sequencer that takes the sale over; an older one writes nothing.
    owner_epoch  INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX sale_stream ON sale (stream_id, id);
CREATE INDEX sale_state ON sale (state, opens_at);
CREATE INDEX sale_closing ON sale (state, closes_at);
