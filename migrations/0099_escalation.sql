-- +goose Up
-- A decision that waits too long is told of: the approver, the deputy, the secretariat, each once.
CALL widen_check('event', 'event_kind', 'kind', 'waits-chair', 'waits-vice-chair', 'waits-secretary');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'decision-waiting');
CALL widen_check('notice', 'notice_letter', 'letter', 'decision-waiting');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'decision-waiting');
