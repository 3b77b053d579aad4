-- What sellers offer, what people say about it, and what they mean to buy. Every product has at
-- least one variant, which has the price, the stock and the limit per buyer.

CREATE TABLE category (
    id         VARCHAR(64) PRIMARY KEY,
    parent_id  VARCHAR(64) REFERENCES category (id),
    slug       VARCHAR(128) NOT NULL UNIQUE,
    name_ko    VARCHAR(512) NOT NULL,
    name_en    VARCHAR(512) NOT NULL,
    sort       BIGINT NOT NULL DEFAULT 0,
    -- The ids from the root to this one, each followed by a slash: a subtree is a range.
    path       VARCHAR(320) NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX category_parent ON category (parent_id, sort, id);

CREATE TABLE product (
    id           VARCHAR(64) PRIMARY KEY,
    seller_id    VARCHAR(64) NOT NULL REFERENCES seller (id),
    image_url    VARCHAR(2048) NOT NULL,
    currency     VARCHAR(64) NOT NULL,
    -- Lowest and highest price of the variants that are sold, minor units.
    price        BIGINT NOT NULL CHECK (price >= 0),
    price_max    BIGINT NOT NULL CHECK (price_max >= 0),
    status       VARCHAR(64) NOT NULL DEFAULT 'active' CHECK (status IN ('draft', 'active', 'archived', 'blocked')),
    rating_sum   BIGINT NOT NULL DEFAULT 0,
    rating_count BIGINT NOT NULL DEFAULT 0,
    -- Stars on average in hundredths, to sort by.
    rating       BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1,
    CHECK (rating_count >= 0 AND rating_sum BETWEEN rating_count AND rating_count * 5)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX product_seller ON product (seller_id, id);
CREATE INDEX product_listed ON product (status, id);
CREATE INDEX product_price ON product (status, price, id);
CREATE INDEX product_rating ON product (status, rating, id);

CREATE TABLE product_text (
    product_id  VARCHAR(64) NOT NULL REFERENCES product (id),
    locale      VARCHAR(64) NOT NULL CHECK (locale IN ('ko', 'en')),
    title       VARCHAR(512) NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (product_id, locale)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Terms that a search finds a product by; see the rules of search.
CREATE TABLE product_term (
    term       VARCHAR(64) NOT NULL,
    product_id VARCHAR(64) NOT NULL REFERENCES product (id),
    PRIMARY KEY (term, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX product_term_of ON product_term (product_id, term);

CREATE TABLE product_category (
    product_id  VARCHAR(64) NOT NULL REFERENCES product (id),
    category_id VARCHAR(64) NOT NULL REFERENCES category (id),
    PRIMARY KEY (product_id, category_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX product_category_of ON product_category (category_id, product_id);

CREATE TABLE product_media (
    product_id VARCHAR(64) NOT NULL REFERENCES product (id),
    no         BIGINT NOT NULL,
    url        VARCHAR(2048) NOT NULL,
    alt_ko     VARCHAR(512) NOT NULL,
    alt_en     VARCHAR(512) NOT NULL,
    PRIMARY KEY (product_id, no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE product_option (
    product_id VARCHAR(64) NOT NULL REFERENCES product (id),
    no         BIGINT NOT NULL,
    name_ko    VARCHAR(512) NOT NULL,
    name_en    VARCHAR(512) NOT NULL,
    PRIMARY KEY (product_id, no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE product_option_value (
    product_id VARCHAR(64) NOT NULL,
    option_no  BIGINT NOT NULL,
    no         BIGINT NOT NULL,
    value_ko   VARCHAR(512) NOT NULL,
    value_en   VARCHAR(512) NOT NULL,
    PRIMARY KEY (product_id, option_no, no),
    FOREIGN KEY (product_id, option_no) REFERENCES product_option (product_id, no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE variant (
    id            VARCHAR(64) PRIMARY KEY,
    product_id    VARCHAR(64) NOT NULL REFERENCES product (id),
    -- The numbers of the option values that it stands for, as in '1.0'.
    choice        VARCHAR(128) NOT NULL,
    -- The chosen values, for people; NULL when there is nothing to choose.
    label_ko      VARCHAR(512),
    label_en      VARCHAR(512),
    sku           VARCHAR(128) NOT NULL,
    sku_key       VARCHAR(128) NOT NULL UNIQUE,
    -- Minor units.
    price         BIGINT NOT NULL CHECK (price >= 1),
    compare_at    BIGINT CHECK (compare_at > price),
    currency      VARCHAR(64) NOT NULL,
    weight_g      BIGINT NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
    -- Most units in one order; NULL is the bound of every order.
    max_per_buyer BIGINT CHECK (max_per_buyer >= 1),
    status        VARCHAR(64) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    UNIQUE (product_id, choice)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- By buyers who received the item: one for each line of an order.
CREATE TABLE review (
    id            VARCHAR(64) PRIMARY KEY,
    order_line_id VARCHAR(64) NOT NULL UNIQUE,
    product_id    VARCHAR(64) NOT NULL REFERENCES product (id),
    user_id       VARCHAR(64) NOT NULL REFERENCES users (id),
    rating        BIGINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body          TEXT NOT NULL,
    status        VARCHAR(64) NOT NULL DEFAULT 'published' CHECK (status IN ('published', 'hidden')),
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX review_product ON review (product_id, status, id);
CREATE INDEX review_user ON review (user_id, id);

CREATE TABLE wishlist_item (
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    variant_id VARCHAR(64) NOT NULL REFERENCES variant (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, variant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Of an account, or of whoever has the token of which this keeps the hash.
CREATE TABLE cart (
    id         VARCHAR(64) PRIMARY KEY,
    user_id    VARCHAR(64) UNIQUE REFERENCES users (id),
    token_hash VARCHAR(128) UNIQUE,
    -- The code that was entered; it counts nothing until an order uses it.
    coupon_key VARCHAR(128),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((user_id IS NULL) <> (token_hash IS NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX cart_age ON cart (updated_at);

CREATE TABLE cart_item (
    cart_id    VARCHAR(64) NOT NULL REFERENCES cart (id),
    variant_id VARCHAR(64) NOT NULL REFERENCES variant (id),
    qty        BIGINT NOT NULL CHECK (qty BETWEEN 1 AND 99),
    -- What one unit cost when it was put in, to say what has changed.
    seen_price BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (cart_id, variant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A promise of a discount, with its limits. What is counted here is counted by conditional updates.
CREATE TABLE promotion (
    id           VARCHAR(64) PRIMARY KEY,
    -- Of whose goods; NULL is everybody's.
    seller_id    VARCHAR(64) REFERENCES seller (id),
    name         VARCHAR(512) NOT NULL,
    kind         VARCHAR(64) NOT NULL CHECK (kind IN ('percent', 'amount')),
    -- Hundredths of a percent, or minor units.
    value        BIGINT NOT NULL CHECK (value >= 1),
    currency     VARCHAR(64) NOT NULL,
    most         BIGINT CHECK (most >= 1),
    minimum      BIGINT NOT NULL DEFAULT 0 CHECK (minimum >= 0),
    starts_at    BIGINT,
    ends_at      BIGINT,
    budget       BIGINT CHECK (budget >= 0),
    spent        BIGINT NOT NULL DEFAULT 0,
    per_buyer    BIGINT NOT NULL CHECK (per_buyer >= 1),
    status       VARCHAR(64) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused')),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1,
    CHECK (spent >= 0 AND (budget IS NULL OR spent <= budget)),
    CHECK (kind <> 'percent' OR value <= 10000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX promotion_seller ON promotion (seller_id, id);

CREATE TABLE coupon (
    id           VARCHAR(64) PRIMARY KEY,
    promotion_id VARCHAR(64) NOT NULL REFERENCES promotion (id),
    code         VARCHAR(128) NOT NULL,
    -- The one spelling of the code.
    code_key     VARCHAR(128) NOT NULL UNIQUE,
    total_limit  BIGINT CHECK (total_limit >= 1),
    used         BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    CHECK (used >= 0 AND (total_limit IS NULL OR used <= total_limit))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX coupon_promotion ON coupon (promotion_id, id);

-- Uses of one buyer.
CREATE TABLE coupon_buyer (
    coupon_id VARCHAR(64) NOT NULL REFERENCES coupon (id),
    buyer_id  VARCHAR(64) NOT NULL REFERENCES users (id),
    used      BIGINT NOT NULL,
    most      BIGINT NOT NULL,
    PRIMARY KEY (coupon_id, buyer_id),
    CHECK (used BETWEEN 0 AND most)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One use, by one order group; given back at most once.
CREATE TABLE coupon_use (
    group_id     VARCHAR(64) PRIMARY KEY,
    coupon_id    VARCHAR(64) NOT NULL REFERENCES coupon (id),
    promotion_id VARCHAR(64) NOT NULL REFERENCES promotion (id),
    buyer_id     VARCHAR(64) NOT NULL REFERENCES users (id),
    discount     BIGINT NOT NULL CHECK (discount >= 0),
    state        VARCHAR(64) NOT NULL DEFAULT 'used' CHECK (state IN ('used', 'returned')),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX coupon_use_coupon ON coupon_use (coupon_id, state);
