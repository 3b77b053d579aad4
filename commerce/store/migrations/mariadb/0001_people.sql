-- Who people are and who sells. Times are microseconds since 1970 (UTC); ids are prefixed ULIDs.
-- Columns named `sealed` hold personal data under the user's own key (personal_key): without the
-- key they are noise, and withdrawal deletes the key.

CREATE TABLE users (
    id                VARCHAR(64) NOT NULL PRIMARY KEY,
    email             VARCHAR(254) NOT NULL,
    -- The canonical form that decides whether two addresses are the same account.
    email_key         VARCHAR(254) NOT NULL UNIQUE,
    email_verified_at BIGINT,
    password_hash     VARCHAR(255) NOT NULL,
    display_name      VARCHAR(160) NOT NULL,
    -- What the name looks like, so that lookalikes are found.
    name_key          VARCHAR(160) NOT NULL DEFAULT '',
    phone_sealed      TEXT,
    role              VARCHAR(16) NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    locale            VARCHAR(16) NOT NULL DEFAULT 'ko',
    status            VARCHAR(16) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'withdrawn')),
    withdrawn_at      BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    version           BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX users_name ON users (name_key);
CREATE INDEX users_status ON users (status, id);
CREATE INDEX users_role ON users (role, id);

-- The data key of a user, wrapped by a master key that the database does not hold.
CREATE TABLE personal_key (
    user_id    VARCHAR(64) NOT NULL PRIMARY KEY REFERENCES users (id),
    wrapped    VARCHAR(255) NOT NULL,
    -- Which master key wrapped it.
    master     VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX personal_key_master ON personal_key (master);

-- A session: all refresh tokens that descend from one sign-in, ended together.
CREATE TABLE login_session (
    id         VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    -- Address and browser of its last use.
    sealed     TEXT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT,
    created_at BIGINT NOT NULL,
    -- When its owner last proved who they are: the sign-in, or a password since.
    proved_at  BIGINT NOT NULL,
    -- Whether a second factor was shown, too.
    two_factors INT NOT NULL DEFAULT 0 CHECK (two_factors IN (0, 1))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX login_session_user ON login_session (user_id, created_at);
CREATE INDEX login_session_end ON login_session (ended_at);
CREATE INDEX login_session_expiry ON login_session (expires_at);

CREATE TABLE refresh_token (
    hash       VARCHAR(64) NOT NULL PRIMARY KEY,
    family_id  VARCHAR(64) NOT NULL REFERENCES login_session (id) ON DELETE CASCADE,
    used_at    BIGINT,
    created_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX refresh_token_family ON refresh_token (family_id);

-- A generator of one-time codes (RFC 6238). It counts once a first code of it was shown.
CREATE TABLE second_factor (
    user_id      VARCHAR(64) NOT NULL PRIMARY KEY REFERENCES users (id),
    -- The shared secret, in base 32.
    sealed       TEXT NOT NULL,
    confirmed_at BIGINT,
    -- The step of the newest code that was taken: none of it or before counts any more.
    last_step    BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What stands for a code when the generator is lost, hashed; each is good for one use.
CREATE TABLE recovery_code (
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    hash       VARCHAR(64) NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Links in mails, hashed. At most one of a purpose holds for a user.
CREATE TABLE one_time_token (
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    purpose    VARCHAR(16) NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    hash       VARCHAR(64) NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, purpose)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE address (
    id          VARCHAR(64) NOT NULL PRIMARY KEY,
    user_id     VARCHAR(64) NOT NULL REFERENCES users (id),
    sealed      TEXT NOT NULL,
    is_default  INT     NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    -- NULL unless default, so that a user has at most one default.
    default_key VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN is_default = 1 THEN user_id ELSE NULL END) STORED UNIQUE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX address_user ON address (user_id, id);

-- What a person agreed to, in which wording, and until when. Never updated but by `revoked_at`.
CREATE TABLE consent (
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    kind       VARCHAR(32) NOT NULL CHECK (kind IN ('terms', 'privacy', 'marketing')),
    granted_at BIGINT NOT NULL,
    wording    VARCHAR(64) NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (user_id, kind, granted_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Accounts elsewhere by which a person signs in.
CREATE TABLE social_identity (
    provider   VARCHAR(32) NOT NULL,
    subject    VARCHAR(255) NOT NULL,
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider, subject)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX social_identity_user ON social_identity (user_id);

-- Mails on their way. Neither addresses nor one-time tokens stand here: both are looked up or made
-- when a mail is sent.
CREATE TABLE mail (
    id         BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    kind       VARCHAR(32) NOT NULL,
    facts      TEXT NOT NULL DEFAULT '{}',
    state      VARCHAR(16) NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'dead')),
    attempts   INT NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX mail_due ON mail (state, next_at);
CREATE INDEX mail_user ON mail (user_id);

CREATE TABLE seller (
    id             VARCHAR(64) NOT NULL PRIMARY KEY,
    owner_user_id  VARCHAR(64) NOT NULL REFERENCES users (id),
    name           VARCHAR(160) NOT NULL,
    status         VARCHAR(16) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    -- The platform's share of a sale, in hundredths of a per cent; NULL is the site's rate. Frozen
    -- into each line when it is paid.
    commission_bps INT CHECK (commission_bps BETWEEN 0 AND 10000),
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX seller_owner ON seller (owner_user_id);
CREATE INDEX seller_status ON seller (status, id);

CREATE TABLE seller_member (
    seller_id  VARCHAR(64) NOT NULL REFERENCES seller (id),
    user_id    VARCHAR(64) NOT NULL REFERENCES users (id),
    role       VARCHAR(16) NOT NULL CHECK (role IN ('owner', 'manager', 'host', 'assistant')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (seller_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE INDEX seller_member_user ON seller_member (user_id);
