DROP INDEX grants_by_user_id_and_sid;
CREATE INDEX grants_by_user_id ON grants (user_id);
CREATE INDEX grants_by_sid ON grants (sid);

CREATE TABLE codes_by_digest (
    digest BLOB NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    amr TEXT NOT NULL,
    acr TEXT NOT NULL,
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    nonce TEXT,
    expires_at INTEGER NOT NULL,
    redeemed_at INTEGER,
    second_factor_at INTEGER,
    claims TEXT,
    dpop_jkt TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO codes_by_digest SELECT * FROM authorization_codes;
DROP TABLE authorization_codes;
ALTER TABLE codes_by_digest RENAME TO authorization_codes;
CREATE INDEX authorization_codes_by_expires_at ON authorization_codes (expires_at);
