-- +goose Up
-- Every few minutes it is asked what came in about messages in doubt; of those there are few.
CREATE INDEX transmission_doubted ON transmission (id) WHERE state IN ('unknown', 'assumed', 'deferred');
