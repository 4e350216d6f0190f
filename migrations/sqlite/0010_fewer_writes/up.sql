-- Who ends a session knows whose it is: one index finds a person's grants and those of a session.
DROP INDEX grants_by_sid;
DROP INDEX grants_by_user_id;
CREATE INDEX grants_by_user_id_and_sid ON grants (user_id, sid);

-- Codes in the order in which they were issued: most are redeemed moments later, on pages that are
-- being written anyway.
CREATE TABLE codes_in_order (
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
) STRICT;
INSERT INTO codes_in_order SELECT * FROM authorization_codes ORDER BY expires_at;
DROP TABLE authorization_codes;
ALTER TABLE codes_in_order RENAME TO authorization_codes;
CREATE INDEX authorization_codes_by_expires_at ON authorization_codes (expires_at);
