-- The key that a code or a token is bound to, as its thumbprint (RFC 7638); NULL for none (RFC 9449).
ALTER TABLE authorization_codes ADD COLUMN dpop_jkt TEXT;
ALTER TABLE access_tokens ADD COLUMN jkt TEXT;
ALTER TABLE refresh_tokens ADD COLUMN jkt TEXT;

-- Proofs that were used, by key and digest of their jti, for as long as they would be good.
CREATE TABLE dpop_proofs (
    jkt TEXT NOT NULL,
    jti_digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (jkt, jti_digest)
);
CREATE INDEX dpop_proofs_by_expires_at ON dpop_proofs (expires_at);
