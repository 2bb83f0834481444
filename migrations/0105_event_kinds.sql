-- +goose Up
-- The kinds of events that each have a row of their own in the register, and are few among all. A check of the log holds one against the
-- other, and would read every event once for each kind to find them.
CREATE INDEX event_held_against_rows ON event (kind)
	WHERE kind IN ('dispatching', 'amended', 'proposal-answered', 'misdirected', 'extension-asked', 'declined', 'body-profile');
