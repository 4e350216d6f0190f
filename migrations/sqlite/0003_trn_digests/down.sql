CREATE TABLE trn_links_with_digest (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    sealed_trn BLOB,
    trn_digest BLOB UNIQUE,
    level TEXT,
    policy TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    agreed TEXT NOT NULL,
    source TEXT NOT NULL,
    lookup TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    looked_up_at INTEGER,
    next_lookup_at INTEGER,
    CHECK ((status = 'Found') = (sealed_trn IS NOT NULL)),
    CHECK ((sealed_trn IS NULL) = (trn_digest IS NULL))
) STRICT, WITHOUT ROWID;
-- The digest under the key that the TRN was sealed under: both begin with its id.
INSERT INTO trn_links_with_digest
SELECT user_id, status, sealed_trn,
    (SELECT digest FROM trn_digests
        WHERE trn_digests.user_id = trn_links.user_id
        AND substr(digest, 1, 1) = substr(sealed_trn, 1, 1)),
    level, policy, policy_version, agreed, source, lookup, decided_at, looked_up_at, next_lookup_at
FROM trn_links;
DROP TABLE trn_links;
ALTER TABLE trn_links_with_digest RENAME TO trn_links;
CREATE INDEX trn_links_by_next_lookup_at ON trn_links (next_lookup_at)
    WHERE next_lookup_at IS NOT NULL;

DROP TABLE trn_digests;
