-- +goose Up
-- An absence or a delegation begins while a decision waits: who stands in is told.
CALL widen_check('event', 'event_kind', 'kind', 'left-to-vice-chair');
