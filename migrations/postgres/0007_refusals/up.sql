-- Why requests of clients were refused, for those who run the client: the reasons, and nothing of
-- what a request said. One row a reason, so that nobody makes it long. Purged a week after the last
-- time.
CREATE TABLE refusals (
    client_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    error TEXT NOT NULL,
    description TEXT NOT NULL,
    times BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (client_id, endpoint, error, description)
);
CREATE INDEX refusals_by_last_at ON refusals (last_at);
