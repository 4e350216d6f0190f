-- Who ends a session knows whose it is: one index finds a person's grants and those of a session.
DROP INDEX grants_by_sid;
DROP INDEX grants_by_user_id;
CREATE INDEX grants_by_user_id_and_sid ON grants (user_id, sid);
