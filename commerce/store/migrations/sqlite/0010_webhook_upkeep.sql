-- Webhooks that are taken away bit by bit, and what is watched for them.

-- When it was taken away: nobody sees it any more, and its deliveries go in portions before it does.
ALTER TABLE webhook_endpoint ADD COLUMN deleted_at INTEGER;
CREATE INDEX webhook_endpoint_deleted ON webhook_endpoint (deleted_at);

-- Variants whose shelves held enough when they were last looked at. One that is here and has little
-- left is told once, and is no longer here.
CREATE TABLE stock_watch (
    variant_id TEXT NOT NULL PRIMARY KEY REFERENCES variant (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
