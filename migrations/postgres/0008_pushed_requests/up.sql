-- Authorization requests that clients pushed (RFC 9126), by the digest of their request_uri. Once one
-- is used its parameters are wiped, and it names the interaction that may have begun with it, until
-- that expires. Goes with its client.
CREATE TABLE pushed_requests (
    digest BYTEA NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    parameters TEXT,
    interaction_id TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_requests_by_client_id ON pushed_requests (client_id);
CREATE INDEX pushed_requests_by_expires_at ON pushed_requests (expires_at);
