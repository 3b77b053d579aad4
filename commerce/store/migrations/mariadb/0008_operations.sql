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
