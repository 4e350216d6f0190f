-- Whether an account has a second factor, so that reading a session tells it too.
ALTER TABLE users ADD COLUMN has_second_factor BIGINT NOT NULL DEFAULT 0;

-- When the second factor of an authentication was given, if it was.
ALTER TABLE browser_sessions ADD COLUMN second_factor_at BIGINT;
ALTER TABLE authorization_codes ADD COLUMN second_factor_at BIGINT;
ALTER TABLE grants ADD COLUMN second_factor_at BIGINT;

-- What people are setting up or giving as a second factor while their request waits, sealed.
ALTER TABLE interactions ADD COLUMN sealed_factor BYTEA;

-- Authenticator apps, their seeds sealed. A step that was used is dead, and so are those before it.
-- Goes with the account.
CREATE TABLE totp_factors (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_seed BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

-- Passkeys: public keys, and what their owners call them. Goes with the account.
CREATE TABLE passkeys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    credential TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX passkeys_by_user_id ON passkeys (user_id);

-- The salt of an account's recovery codes. Goes with the account.
CREATE TABLE recovery_code_sets (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    salt BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

-- Recovery codes as argon2id hashes, each good once. Go with their set.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES recovery_code_sets (user_id) ON DELETE CASCADE,
    hash BYTEA NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (user_id, hash)
);
