-- What sellers offer, what people say about it, and what they mean to buy. Every product has at
-- least one variant, which has the price, the stock and the limit per buyer.

CREATE TABLE category (
    id         TEXT PRIMARY KEY,
    parent_id  TEXT REFERENCES category (id),
    slug       TEXT NOT NULL UNIQUE,
    name_ko    TEXT NOT NULL,
    name_en    TEXT NOT NULL,
    sort       INTEGER NOT NULL DEFAULT 0,
    -- The ids from the root to this one, each followed by a slash: a subtree is a range.
    path       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX category_parent ON category (parent_id, sort, id);

CREATE TABLE product (
    id           TEXT PRIMARY KEY,
    seller_id    TEXT NOT NULL REFERENCES seller (id),
    image_url    TEXT NOT NULL,
    currency     TEXT NOT NULL,
    -- Lowest and highest price of the variants that are sold, minor units.
    price        INTEGER NOT NULL CHECK (price >= 0),
    price_max    INTEGER NOT NULL CHECK (price_max >= 0),
    status       TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('draft', 'active', 'archived', 'blocked')),
    rating_sum   INTEGER NOT NULL DEFAULT 0,
    rating_count INTEGER NOT NULL DEFAULT 0,
    -- Stars on average in hundredths, to sort by.
    rating       INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1,
    CHECK (rating_count >= 0 AND rating_sum BETWEEN rating_count AND rating_count * 5)
) STRICT;
CREATE INDEX product_seller ON product (seller_id, id);
CREATE INDEX product_listed ON product (status, id);
CREATE INDEX product_price ON product (status, price, id);
CREATE INDEX product_rating ON product (status, rating, id);

CREATE TABLE product_text (
    product_id  TEXT NOT NULL REFERENCES product (id),
    locale      TEXT NOT NULL CHECK (locale IN ('ko', 'en')),
    title       TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (product_id, locale)
) STRICT, WITHOUT ROWID;

-- Terms that a search finds a product by; see the rules of search.
CREATE TABLE product_term (
    term       TEXT NOT NULL,
    product_id TEXT NOT NULL REFERENCES product (id),
    PRIMARY KEY (term, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_term_of ON product_term (product_id, term);

CREATE TABLE product_category (
    product_id  TEXT NOT NULL REFERENCES product (id),
    category_id TEXT NOT NULL REFERENCES category (id),
    PRIMARY KEY (product_id, category_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_category_of ON product_category (category_id, product_id);

CREATE TABLE product_media (
    product_id TEXT NOT NULL REFERENCES product (id),
    no         INTEGER NOT NULL,
    url        TEXT NOT NULL,
    alt_ko     TEXT NOT NULL,
    alt_en     TEXT NOT NULL,
    PRIMARY KEY (product_id, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_option (
    product_id TEXT NOT NULL REFERENCES product (id),
    no         INTEGER NOT NULL,
    name_ko    TEXT NOT NULL,
    name_en    TEXT NOT NULL,
    PRIMARY KEY (product_id, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_option_value (
    product_id TEXT NOT NULL,
    option_no  INTEGER NOT NULL,
    no         INTEGER NOT NULL,
    value_ko   TEXT NOT NULL,
    value_en   TEXT NOT NULL,
    PRIMARY KEY (product_id, option_no, no),
    FOREIGN KEY (product_id, option_no) REFERENCES product_option (product_id, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE variant (
    id            TEXT PRIMARY KEY,
    product_id    TEXT NOT NULL REFERENCES product (id),
    -- The numbers of the option values that it stands for, as in '1.0'.
    choice        TEXT NOT NULL,
    -- The chosen values, for people; NULL when there is nothing to choose.
    label_ko      TEXT,
    label_en      TEXT,
    sku           TEXT NOT NULL,
    sku_key       TEXT NOT NULL UNIQUE,
    -- Minor units.
    price         INTEGER NOT NULL CHECK (price >= 1),
    compare_at    INTEGER CHECK (compare_at > price),
    currency      TEXT NOT NULL,
    weight_g      INTEGER NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
    -- Most units in one order; NULL is the bound of every order.
    max_per_buyer INTEGER CHECK (max_per_buyer >= 1),
    status        TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    UNIQUE (product_id, choice)
) STRICT;

-- By buyers who received the item: one for each line of an order.
CREATE TABLE review (
    id            TEXT PRIMARY KEY,
    order_line_id TEXT NOT NULL UNIQUE,
    product_id    TEXT NOT NULL REFERENCES product (id),
    user_id       TEXT NOT NULL REFERENCES users (id),
    rating        INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body          TEXT NOT NULL,
    status        TEXT NOT NULL DEFAULT 'published' CHECK (status IN ('published', 'hidden')),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX review_product ON review (product_id, status, id);
CREATE INDEX review_user ON review (user_id, id);

CREATE TABLE wishlist_item (
    user_id    TEXT NOT NULL REFERENCES users (id),
    variant_id TEXT NOT NULL REFERENCES variant (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, variant_id)
) STRICT, WITHOUT ROWID;

-- Of an account, or of whoever has the token of which this keeps the hash.
CREATE TABLE cart (
    id         TEXT PRIMARY KEY,
    user_id    TEXT UNIQUE REFERENCES users (id),
    token_hash TEXT UNIQUE,
    -- The code that was entered; it counts nothing until an order uses it.
    coupon_key TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((user_id IS NULL) <> (token_hash IS NULL))
) STRICT;
CREATE INDEX cart_age ON cart (updated_at);

CREATE TABLE cart_item (
    cart_id    TEXT NOT NULL REFERENCES cart (id),
    variant_id TEXT NOT NULL REFERENCES variant (id),
    qty        INTEGER NOT NULL CHECK (qty BETWEEN 1 AND 99),
    -- What one unit cost when it was put in, to say what has changed.
    seen_price INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (cart_id, variant_id)
) STRICT, WITHOUT ROWID;

-- A promise of a discount, with its limits. What is counted here is counted by conditional updates.
CREATE TABLE promotion (
    id           TEXT PRIMARY KEY,
    -- Of whose goods; NULL is everybody's.
    seller_id    TEXT REFERENCES seller (id),
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('percent', 'amount')),
    -- Hundredths of a percent, or minor units.
    value        INTEGER NOT NULL CHECK (value >= 1),
    currency     TEXT NOT NULL,
    most         INTEGER CHECK (most >= 1),
    minimum      INTEGER NOT NULL DEFAULT 0 CHECK (minimum >= 0),
    starts_at    INTEGER,
    ends_at      INTEGER,
    budget       INTEGER CHECK (budget >= 0),
    spent        INTEGER NOT NULL DEFAULT 0,
    per_buyer    INTEGER NOT NULL CHECK (per_buyer >= 1),
    status       TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL DEFAULT 1,
    CHECK (spent >= 0 AND (budget IS NULL OR spent <= budget)),
    CHECK (kind <> 'percent' OR value <= 10000)
) STRICT;
CREATE INDEX promotion_seller ON promotion (seller_id, id);

CREATE TABLE coupon (
    id           TEXT PRIMARY KEY,
    promotion_id TEXT NOT NULL REFERENCES promotion (id),
    code         TEXT NOT NULL,
    -- The one spelling of the code.
    code_key     TEXT NOT NULL UNIQUE,
    total_limit  INTEGER CHECK (total_limit >= 1),
    used         INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK (used >= 0 AND (total_limit IS NULL OR used <= total_limit))
) STRICT;
CREATE INDEX coupon_promotion ON coupon (promotion_id, id);

-- Uses of one buyer.
CREATE TABLE coupon_buyer (
    coupon_id TEXT NOT NULL REFERENCES coupon (id),
    buyer_id  TEXT NOT NULL REFERENCES users (id),
    used      INTEGER NOT NULL,
    most      INTEGER NOT NULL,
    PRIMARY KEY (coupon_id, buyer_id),
    CHECK (used BETWEEN 0 AND most)
) STRICT, WITHOUT ROWID;

-- One use, by one order group; given back at most once.
CREATE TABLE coupon_use (
    group_id     TEXT PRIMARY KEY,
    coupon_id    TEXT NOT NULL REFERENCES coupon (id),
    promotion_id TEXT NOT NULL REFERENCES promotion (id),
    buyer_id     TEXT NOT NULL REFERENCES users (id),
    discount     INTEGER NOT NULL CHECK (discount >= 0),
    state        TEXT NOT NULL DEFAULT 'used' CHECK (state IN ('used', 'returned')),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX coupon_use_coupon ON coupon_use (coupon_id, state);
