-- Who may manage a client that registered itself, by the digest of its registration access token.
-- Goes with the client.
CREATE TABLE registrations (
    client_id TEXT NOT NULL PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
    token_digest BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX registrations_by_changed_at ON registrations (changed_at);
-- Finds what people agreed to share with one client.
CREATE INDEX consents_by_client_id ON consents (client_id);

-- Who may register a client, by the digest of the token. No count of uses is any number of them.
CREATE TABLE initial_access_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    uses_left BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX initial_access_tokens_by_expires_at ON initial_access_tokens (expires_at);

-- What pairwise subjects are made with, sealed. There is one, and it never changes: every subject
-- would change with it.
CREATE TABLE pairwise_salts (
    id TEXT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
