-- +goose Up
-- A meeting's days are over, statements hang on it, and nobody closed it: the secretariat is told, once of each last day.
CALL widen_check('event', 'event_kind', 'kind', 'meeting-unclosed');
CALL widen_check('transmission', 'transmission_letter', 'letter', 'meeting-unclosed');
CALL widen_check('notice', 'notice_letter', 'letter', 'meeting-unclosed');
CALL widen_check('notice_choice', 'notice_choice_letter', 'letter', 'meeting-unclosed');
CREATE UNIQUE INDEX event_meeting_unclosed ON event (meeting_id, until_day) WHERE kind = 'meeting-unclosed';
