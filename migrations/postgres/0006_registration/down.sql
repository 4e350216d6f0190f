DROP TABLE pairwise_salts;
DROP TABLE initial_access_tokens;
DROP INDEX consents_by_client_id;
DROP TABLE registrations;
