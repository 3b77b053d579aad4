-- What is told elsewhere: where to, what, and what came of it.

-- An address that events are sent to.
CREATE TABLE webhook_endpoint (
    id              VARCHAR(64) NOT NULL PRIMARY KEY,
    -- Whose events; NULL: those of every seller.
    seller_id       VARCHAR(64) REFERENCES seller (id),
    url             VARCHAR(2048) NOT NULL,
    description     VARCHAR(255) NOT NULL,
    -- A JSON list: names of event types, or beginnings of them.
    events          MEDIUMTEXT NOT NULL,
    status          VARCHAR(16) NOT NULL CHECK (status IN ('active', 'paused', 'disabled')),
    disabled_reason VARCHAR(16) CHECK (disabled_reason IN ('gone', 'failing', 'backlog')),
    -- Sealed. The secret before this one signs as well until its time is over.
    secret          VARCHAR(512) NOT NULL,
    previous_secret VARCHAR(512),
    previous_until  BIGINT,
    -- Since when it has taken nothing; NULL when the last one was taken.
    failing_since   BIGINT,
    -- Whether it took the last one, and fast: those that did are sent to by themselves.
    brisk           BIGINT NOT NULL DEFAULT 0 CHECK (brisk IN (0, 1)),
    -- It asked for a rest until then.
    not_before      BIGINT NOT NULL DEFAULT 0,
    delivered_at    BIGINT,
    created_by      VARCHAR(64) NOT NULL REFERENCES users (id),
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX webhook_endpoint_seller ON webhook_endpoint (seller_id, id);
CREATE INDEX webhook_endpoint_status ON webhook_endpoint (status, id);

-- Something that happened, in the words in which it is told.
CREATE TABLE webhook_event (
    id         VARCHAR(64) NOT NULL PRIMARY KEY,
    -- Whose it is; NULL: a test of an endpoint for all sellers.
    seller_id  VARCHAR(64),
    type       VARCHAR(64) NOT NULL,
    body       MEDIUMTEXT NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX webhook_event_seller ON webhook_event (seller_id, created_at, id);
CREATE INDEX webhook_event_age ON webhook_event (created_at, id);

-- An event on its way to an endpoint.
CREATE TABLE webhook_delivery (
    id           VARCHAR(64) NOT NULL PRIMARY KEY,
    endpoint_id  VARCHAR(64) NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
    event_id     VARCHAR(64) NOT NULL REFERENCES webhook_event (id) ON DELETE CASCADE,
    state        VARCHAR(16) NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    -- When it is tried next; NULL when it is not.
    next_at      BIGINT,
    -- Tries so far, and how many of them were before it was asked for anew.
    tries        BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    tries_before BIGINT NOT NULL DEFAULT 0 CHECK (tries_before BETWEEN 0 AND tries),
    -- Of the last try: the status, or why there was none.
    last_status  BIGINT,
    last_error   VARCHAR(64),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    CHECK ((state = 'pending') = (next_at IS NOT NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE UNIQUE INDEX webhook_delivery_once ON webhook_delivery (endpoint_id, event_id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_at);
CREATE INDEX webhook_delivery_list ON webhook_delivery (endpoint_id, id);
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);

-- One try.
CREATE TABLE webhook_try (
    delivery_id VARCHAR(64) NOT NULL REFERENCES webhook_delivery (id) ON DELETE CASCADE,
    no          BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    took_us     BIGINT NOT NULL,
    status      BIGINT,
    error       VARCHAR(64),
    PRIMARY KEY (delivery_id, no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
