-- Whose a TRN is: its digest under every key that the linking node knew, so that nodes whose
-- current keys differ cannot both link it. Goes with the account.
CREATE TABLE trn_digests (
    digest BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX trn_digests_by_user_id ON trn_digests (user_id);

INSERT INTO trn_digests (digest, user_id)
SELECT trn_digest, user_id FROM trn_links WHERE trn_digest IS NOT NULL;

ALTER TABLE trn_links DROP COLUMN trn_digest;
