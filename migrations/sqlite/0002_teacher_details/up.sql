-- What people said of themselves while their request waits, sealed.
ALTER TABLE interactions ADD COLUMN sealed_details BLOB;

-- An account that ends ends everywhere at once.
CREATE INDEX browser_sessions_by_user_id ON browser_sessions (user_id);
CREATE INDEX grants_by_user_id ON grants (user_id);

-- What people said of themselves, sealed. Goes with the account.
CREATE TABLE user_details (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    has_profile INTEGER NOT NULL,
    national_insurance_asked INTEGER NOT NULL,
    person_digest BLOB,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_details_by_person_digest ON user_details (person_digest);

-- How looking for an account's teaching record ended, and the TRN if it was found: one row, so
-- that they cannot disagree. One TRN is of one account. Goes with the account.
CREATE TABLE trn_links (
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
-- Who waits for no look-up is not looked through for who does.
CREATE INDEX trn_links_by_next_lookup_at ON trn_links (next_lookup_at)
    WHERE next_lookup_at IS NOT NULL;

-- Which clients are told when an account's TRN is found. Goes with the account.
CREATE TABLE trn_watchers (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    watched_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

-- Ids that an account had before others were merged into it. Goes with the account.
CREATE TABLE merged_users (
    user_id TEXT NOT NULL PRIMARY KEY,
    into_user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    merged_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX merged_users_by_into_user_id ON merged_users (into_user_id);

-- Addresses that accounts are about to have, or have since, sealed; the digest is of the link that
-- freezes the change. Goes with the account.
CREATE TABLE address_changes (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    freeze_digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    takes_effect_at INTEGER NOT NULL,
    applied_at INTEGER,
    frozen_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX address_changes_by_user_id ON address_changes (user_id);
CREATE INDEX address_changes_by_takes_effect_at ON address_changes (takes_effect_at);
-- What is done is not looked through for what is due.
CREATE INDEX address_changes_due ON address_changes (takes_effect_at)
    WHERE applied_at IS NULL AND frozen_at IS NULL;

-- What staff have to look into, sealed. Goes with the account it is about.
CREATE TABLE support_tasks (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    client_id TEXT,
    sealed BLOB NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    outcome TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX support_tasks_by_user_id ON support_tasks (user_id);
CREATE INDEX support_tasks_by_closed_at ON support_tasks (closed_at);

-- Who trains teachers. A new list replaces them.
CREATE TABLE training_providers (
    ukprn TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The imports of embedded teaching records; the last completed one counts.
CREATE TABLE teacher_record_imports (
    id INTEGER NOT NULL PRIMARY KEY,
    completed_at INTEGER
) STRICT, WITHOUT ROWID;

-- Embedded teaching records, sealed. A new import replaces them.
CREATE TABLE teacher_records (
    import_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (import_id, number)
) STRICT, WITHOUT ROWID;

-- What embedded teaching records are found by: keyed digests, their kind digested with them.
CREATE TABLE teacher_record_keys (
    import_id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (import_id, digest, number)
) STRICT, WITHOUT ROWID;
