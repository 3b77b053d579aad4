-- What is sold.

CREATE TABLE product (
    id         VARCHAR(64) NOT NULL PRIMARY KEY,
    seller_id  VARCHAR(64) NOT NULL REFERENCES seller (id),
    image_url  VARCHAR(2048) NOT NULL,
    -- Minor units.
    price      BIGINT NOT NULL CHECK (price >= 0),
    currency   VARCHAR(8) NOT NULL,
    status     VARCHAR(64) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX product_seller ON product (seller_id, id);

CREATE TABLE product_text (
    product_id VARCHAR(64) NOT NULL REFERENCES product (id),
    locale     VARCHAR(64) NOT NULL CHECK (locale IN ('ko', 'en')),
    title      VARCHAR(500) NOT NULL,
    PRIMARY KEY (product_id, locale)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
