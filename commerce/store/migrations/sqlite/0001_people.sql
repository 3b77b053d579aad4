-- Who people are and who sells. Times are microseconds since 1970 (UTC); ids are prefixed ULIDs.
-- Columns named `sealed` hold personal data under the user's own key (personal_key): without the
-- key they are noise, and withdrawal deletes the key.

CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    email             TEXT NOT NULL,
    -- The canonical form that decides whether two addresses are the same account.
    email_key         TEXT NOT NULL UNIQUE,
    email_verified_at INTEGER,
    password_hash     TEXT NOT NULL,
    display_name      TEXT NOT NULL,
    -- What the name looks like, so that lookalikes are found.
    name_key          TEXT NOT NULL DEFAULT '',
    phone_sealed      TEXT,
    role              TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    locale            TEXT NOT NULL DEFAULT 'ko',
    status            TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'withdrawn')),
    withdrawn_at      INTEGER,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    version           INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX users_name ON users (name_key);
CREATE INDEX users_status ON users (status, id);
CREATE INDEX users_role ON users (role, id);

-- The data key of a user, wrapped by a master key that the database does not hold.
CREATE TABLE personal_key (
    user_id    TEXT PRIMARY KEY REFERENCES users (id),
    wrapped    TEXT NOT NULL,
    -- Which master key wrapped it.
    master     TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_key_master ON personal_key (master);

-- A session: all refresh tokens that descend from one sign-in, ended together.
CREATE TABLE login_session (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    -- Address and browser of its last use.
    sealed     TEXT NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER,
    created_at INTEGER NOT NULL,
    -- When its owner last proved who they are: the sign-in, or a password since.
    proved_at  INTEGER NOT NULL,
    -- Whether a second factor was shown, too.
    two_factors INTEGER NOT NULL DEFAULT 0 CHECK (two_factors IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX login_session_user ON login_session (user_id, created_at);
CREATE INDEX login_session_end ON login_session (ended_at);
CREATE INDEX login_session_expiry ON login_session (expires_at);

CREATE TABLE refresh_token (
    hash       TEXT PRIMARY KEY,
    family_id  TEXT NOT NULL REFERENCES login_session (id) ON DELETE CASCADE,
    used_at    INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token_family ON refresh_token (family_id);

-- A generator of one-time codes (RFC 6238). It counts once a first code of it was shown.
CREATE TABLE second_factor (
    user_id      TEXT PRIMARY KEY REFERENCES users (id),
    -- The shared secret, in base 32.
    sealed       TEXT NOT NULL,
    confirmed_at INTEGER,
    -- The step of the newest code that was taken: none of it or before counts any more.
    last_step    INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What stands for a code when the generator is lost, hashed; each is good for one use.
CREATE TABLE recovery_code (
    user_id    TEXT NOT NULL REFERENCES users (id),
    hash       TEXT NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- Links in mails, hashed. At most one of a purpose holds for a user.
CREATE TABLE one_time_token (
    user_id    TEXT NOT NULL REFERENCES users (id),
    purpose    TEXT NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    hash       TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE address (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    sealed      TEXT NOT NULL,
    is_default  INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1,
    -- NULL unless default, so that a user has at most one default.
    default_key TEXT GENERATED ALWAYS AS (CASE WHEN is_default = 1 THEN user_id ELSE NULL END) STORED UNIQUE
) STRICT;
CREATE INDEX address_user ON address (user_id, id);

-- What a person agreed to, in which wording, and until when. Never updated but by `revoked_at`.
CREATE TABLE consent (
    user_id    TEXT NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL CHECK (kind IN ('terms', 'privacy', 'marketing')),
    granted_at INTEGER NOT NULL,
    wording    TEXT NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (user_id, kind, granted_at)
) STRICT, WITHOUT ROWID;

-- Accounts elsewhere by which a person signs in.
CREATE TABLE social_identity (
    provider   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX social_identity_user ON social_identity (user_id);

-- Mails on their way. Neither addresses nor one-time tokens stand here: both are looked up or made
-- when a mail is sent.
CREATE TABLE mail (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    TEXT NOT NULL REFERENCES users (id),
    kind       TEXT NOT NULL,
    facts      TEXT NOT NULL DEFAULT '{}',
    state      TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'dead')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_due ON mail (state, next_at);
CREATE INDEX mail_user ON mail (user_id);

CREATE TABLE seller (
    id             TEXT PRIMARY KEY,
    owner_user_id  TEXT NOT NULL REFERENCES users (id),
    name           TEXT NOT NULL,
    status         TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    -- The platform's share of a sale, in hundredths of a per cent; NULL is the site's rate. Frozen
    -- into each line when it is paid.
    commission_bps INTEGER CHECK (commission_bps BETWEEN 0 AND 10000),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX seller_owner ON seller (owner_user_id);
CREATE INDEX seller_status ON seller (status, id);

CREATE TABLE seller_member (
    seller_id  TEXT NOT NULL REFERENCES seller (id),
    user_id    TEXT NOT NULL REFERENCES users (id),
    role       TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'host', 'assistant')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (seller_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seller_member_user ON seller_member (user_id);
