-- What relying services registered. Kept until an operator removes them.
CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    credential TEXT NOT NULL,
    source TEXT NOT NULL,
    source_digest BYTEA,
    disabled_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- One account a person. Purged after long disuse.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_lookup TEXT NOT NULL UNIQUE,
    email_verified_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_signed_in_at BIGINT NOT NULL
);
CREATE INDEX users_by_last_signed_in_at ON users (last_signed_in_at);

-- Who is signed in, by the digest of the cookie's secret.
CREATE TABLE browser_sessions (
    secret_digest BYTEA NOT NULL PRIMARY KEY,
    sid TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    selected_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX browser_sessions_by_expires_at ON browser_sessions (expires_at);

-- Requests that wait while their person answers questions.
CREATE TABLE interactions (
    id TEXT NOT NULL PRIMARY KEY,
    browser_digest BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    raw_parameters TEXT NOT NULL,
    requirements TEXT NOT NULL,
    return_to TEXT NOT NULL,
    form_action TEXT NOT NULL,
    login_hint TEXT,
    answers TEXT NOT NULL,
    outcome TEXT,
    wrong_codes BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    taken_at BIGINT
);
CREATE INDEX interactions_by_expires_at ON interactions (expires_at);

-- Emailed codes and links, kept as digests.
CREATE TABLE email_codes (
    id TEXT NOT NULL PRIMARY KEY,
    interaction_id TEXT NOT NULL,
    code_digest BYTEA NOT NULL,
    link_digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX email_codes_by_interaction_id ON email_codes (interaction_id);
CREATE INDEX email_codes_by_expires_at ON email_codes (expires_at);

-- Counters of what may happen only so often.
CREATE TABLE limits (
    kind TEXT NOT NULL,
    subject BYTEA NOT NULL,
    count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX limits_by_expires_at ON limits (expires_at);

-- Authorization codes, by digest; kept a while after use so that a second use is seen.
CREATE TABLE authorization_codes (
    digest BYTEA NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    nonce TEXT,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT
);
CREATE INDEX authorization_codes_by_expires_at ON authorization_codes (expires_at);

-- What a person granted a client; every token that came of it dies with it.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    auth_time BIGINT NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX grants_by_sid ON grants (sid);
CREATE INDEX grants_by_expires_at ON grants (expires_at);

-- Opaque access tokens, and JWT ones that can be revoked, by digest.
CREATE TABLE access_tokens (
    digest BYTEA NOT NULL PRIMARY KEY,
    grant_id TEXT,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX access_tokens_by_expires_at ON access_tokens (expires_at);

-- Refresh tokens by digest; a spent one is kept so that its reuse is seen.
CREATE TABLE refresh_tokens (
    digest BYTEA NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    spent_at BIGINT
);
CREATE INDEX refresh_tokens_by_expires_at ON refresh_tokens (expires_at);

-- JWT access tokens that were revoked before their end, by jti.
CREATE TABLE revoked_jwts (
    jti TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_jwts_by_expires_at ON revoked_jwts (expires_at);

-- What people agreed to share with clients that are not ours.
CREATE TABLE consents (
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_by_expires_at ON consents (expires_at);

-- Client assertions that were used, so that none is used twice (RFC 7523 section 3).
CREATE TABLE client_assertions (
    client_id TEXT NOT NULL,
    jti_digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti_digest)
);
CREATE INDEX client_assertions_by_expires_at ON client_assertions (expires_at);

-- Signing keys, private half sealed.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    public_jwk TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed_private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    retires_at BIGINT NOT NULL,
    removes_at BIGINT NOT NULL
);
-- Two nodes that start or rotate at once cannot both announce, or both activate.
CREATE UNIQUE INDEX signing_keys_one_in_use ON signing_keys (algorithm, state) WHERE state <> 'retired';

-- Mail that leaves after the transaction that caused it.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    done_at BIGINT
);
-- What is done is not looked through for what is due.
CREATE INDEX outbox_by_due_at ON outbox (due_at) WHERE done_at IS NULL;
CREATE INDEX outbox_by_created_at ON outbox (created_at);

-- The audit log: ids, never personal data.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    client_id TEXT,
    user_id TEXT,
    about TEXT
);
CREATE INDEX events_by_at ON events (at);

-- Which node runs which job until when.
CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    finished_at BIGINT
);
