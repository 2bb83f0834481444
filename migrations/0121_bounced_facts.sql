-- +goose Up
-- Every few minutes a worker looks for messages that are called accepted though a report says that they came back.
CREATE INDEX transmission_fact_bounced ON transmission_fact (transmission_id) WHERE kind = 'bounced';
