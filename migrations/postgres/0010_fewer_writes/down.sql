DROP INDEX grants_by_user_id_and_sid;
CREATE INDEX grants_by_user_id ON grants (user_id);
CREATE INDEX grants_by_sid ON grants (sid);
