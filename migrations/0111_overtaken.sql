-- +goose Up
-- A message of a statement that was recalled or superseded does not leave any more. It says by what, so that the board can.
ALTER TABLE transmission ADD COLUMN overtaken text NOT NULL DEFAULT '';
ALTER TABLE transmission ADD CONSTRAINT transmission_overtaken_is_settled CHECK (overtaken = '' OR length(overtaken) <= 400 AND state IN ('cancelled', 'refused'));
