DROP TABLE dpop_proofs;
ALTER TABLE refresh_tokens DROP COLUMN jkt;
ALTER TABLE access_tokens DROP COLUMN jkt;
ALTER TABLE authorization_codes DROP COLUMN dpop_jkt;
