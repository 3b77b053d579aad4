-- What is told elsewhere: where to, what, and what came of it.

-- An address that events are sent to.
CREATE TABLE webhook_endpoint (
    id              TEXT NOT NULL PRIMARY KEY,
    -- Whose events; NULL: those of every seller.
    seller_id       TEXT REFERENCES seller (id),
    url             TEXT NOT NULL,
    description     TEXT NOT NULL,
    -- A JSON list: names of event types, or beginnings of them.
    events          TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
    disabled_reason TEXT CHECK (disabled_reason IN ('gone', 'failing', 'backlog')),
    -- Sealed. The secret before this one signs as well until its time is over.
    secret          TEXT NOT NULL,
    previous_secret TEXT,
    previous_until  INTEGER,
    -- Since when it has taken nothing; NULL when the last one was taken.
    failing_since   INTEGER,
    -- Whether it took the last one, and fast: those that did are sent to by themselves.
    brisk           INTEGER NOT NULL DEFAULT 0 CHECK (brisk IN (0, 1)),
    -- It asked for a rest until then.
    not_before      INTEGER NOT NULL DEFAULT 0,
    delivered_at    INTEGER,
    created_by      TEXT NOT NULL REFERENCES users (id),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_endpoint_seller ON webhook_endpoint (seller_id, id);
CREATE INDEX webhook_endpoint_status ON webhook_endpoint (status, id);

-- Something that happened, in the words in which it is told.
CREATE TABLE webhook_event (
    id         TEXT NOT NULL PRIMARY KEY,
    -- Whose it is; NULL: a test of an endpoint for all sellers.
    seller_id  TEXT,
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_event_seller ON webhook_event (seller_id, created_at, id);
CREATE INDEX webhook_event_age ON webhook_event (created_at, id);

-- An event on its way to an endpoint.
CREATE TABLE webhook_delivery (
    id           TEXT NOT NULL PRIMARY KEY,
    endpoint_id  TEXT NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
    event_id     TEXT NOT NULL REFERENCES webhook_event (id) ON DELETE CASCADE,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    -- When it is tried next; NULL when it is not.
    next_at      INTEGER,
    -- Tries so far, and how many of them were before it was asked for anew.
    tries        INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    tries_before INTEGER NOT NULL DEFAULT 0 CHECK (tries_before BETWEEN 0 AND tries),
    -- Of the last try: the status, or why there was none.
    last_status  INTEGER,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK ((state = 'pending') = (next_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_delivery_once ON webhook_delivery (endpoint_id, event_id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_at);
CREATE INDEX webhook_delivery_list ON webhook_delivery (endpoint_id, id);
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);

-- One try.
CREATE TABLE webhook_try (
    delivery_id TEXT NOT NULL REFERENCES webhook_delivery (id) ON DELETE CASCADE,
    no          INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    took_us     INTEGER NOT NULL,
    status      INTEGER,
    error       TEXT,
    PRIMARY KEY (delivery_id, no)
) STRICT, WITHOUT ROWID;
