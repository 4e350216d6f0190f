-- The claims that a client asked for by name (OpenID Connect Core 5.5), as JSON; NULL for none.
ALTER TABLE authorization_codes ADD COLUMN claims TEXT;
ALTER TABLE grants ADD COLUMN claims TEXT;
