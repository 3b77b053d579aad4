-- What is sold.

CREATE TABLE product (
    id         TEXT PRIMARY KEY,
    seller_id  TEXT NOT NULL REFERENCES seller (id),
    image_url  TEXT NOT NULL,
    -- Minor units.
    price      INTEGER NOT NULL CHECK (price >= 0),
    currency   TEXT NOT NULL,
    status     TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX product_seller ON product (seller_id, id);

CREATE TABLE product_text (
    product_id TEXT NOT NULL REFERENCES product (id),
    locale     TEXT NOT NULL CHECK (locale IN ('ko', 'en')),
    title      TEXT NOT NULL,
    PRIMARY KEY (product_id, locale)
) STRICT, WITHOUT ROWID;
