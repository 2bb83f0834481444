-- +goose Up
-- Of a message of which nobody knows whether it arrived, its addressee can be asked.
CALL widen_check('event', 'event_kind', 'kind', 'arrival-asked');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'arrival-asked');

ALTER TABLE transmission DROP CONSTRAINT transmission_to_an_addressee_or_a_person;
ALTER TABLE transmission ADD CONSTRAINT transmission_to_an_addressee_or_a_person CHECK (
	(position IS NULL) = (person_id IS NOT NULL) AND (letter <> 'statement' OR position IS NOT NULL)
	AND (position IS NULL OR letter IN ('statement', 'reply-due', 'overdue', 'extension-granted', 'extension-refused', 'arrival-asked')));
