-- Whose a TRN is: its digest under every key that the linking node knew, so that nodes whose
-- current keys differ cannot both link it. Goes with the account.
CREATE TABLE trn_digests (
    digest BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX trn_digests_by_user_id ON trn_digests (user_id);

INSERT INTO trn_digests (digest, user_id)
SELECT trn_digest, user_id FROM trn_links WHERE trn_digest IS NOT NULL;

-- SQLite drops no column that is unique or checked: the table is made anew without it.
CREATE TABLE trn_links_without_digest (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    sealed_trn BLOB,
    level TEXT,
    policy TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    agreed TEXT NOT NULL,
    source TEXT NOT NULL,
    lookup TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    looked_up_at INTEGER,
    next_lookup_at INTEGER,
    CHECK ((status = 'Found') = (sealed_trn IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO trn_links_without_digest
SELECT user_id, status, sealed_trn, level, policy, policy_version, agreed, source, lookup,
    decided_at, looked_up_at, next_lookup_at
FROM trn_links;
DROP TABLE trn_links;
ALTER TABLE trn_links_without_digest RENAME TO trn_links;
-- Who waits for no look-up is not looked through for who does.
CREATE INDEX trn_links_by_next_lookup_at ON trn_links (next_lookup_at)
    WHERE next_lookup_at IS NOT NULL;
