ALTER TABLE trn_links ADD COLUMN trn_digest BYTEA UNIQUE;

-- The digest under the key that the TRN was sealed under: both begin with its id.
UPDATE trn_links SET trn_digest = (
    SELECT digest FROM trn_digests
    WHERE trn_digests.user_id = trn_links.user_id
    AND substr(digest, 1, 1) = substr(sealed_trn, 1, 1)
);

ALTER TABLE trn_links ADD CHECK ((sealed_trn IS NULL) = (trn_digest IS NULL));

DROP TABLE trn_digests;
