DROP TABLE recovery_codes;
DROP TABLE recovery_code_sets;
DROP TABLE passkeys;
DROP TABLE totp_factors;
ALTER TABLE interactions DROP COLUMN sealed_factor;
ALTER TABLE grants DROP COLUMN second_factor_at;
ALTER TABLE authorization_codes DROP COLUMN second_factor_at;
ALTER TABLE browser_sessions DROP COLUMN second_factor_at;
ALTER TABLE users DROP COLUMN has_second_factor;
