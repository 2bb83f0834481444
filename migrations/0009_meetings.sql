-- +goose Up
-- Meetings: where a group decides on statements, and those of its parent group, to which it reports.
CREATE TABLE meeting (
	id         uuid PRIMARY KEY,
	group_code text NOT NULL REFERENCES body,
	title      text NOT NULL CHECK (length(title) BETWEEN 1 AND 400),
	place      text NOT NULL DEFAULT '' CHECK (length(place) <= 200),
	held_from  date NOT NULL,
	held_until date NOT NULL,
	state      text NOT NULL CONSTRAINT meeting_state CHECK (state IN ('planned', 'open', 'closed', 'cancelled')),
	held_with  uuid REFERENCES meeting,
	uid        text NOT NULL DEFAULT '' CHECK (length(uid) <= 400),
	source     text NOT NULL CHECK (length(source) <= 400),
	version    integer NOT NULL DEFAULT 1 CHECK (version > 0),
	CONSTRAINT meeting_ends_after_it_begins CHECK (held_from <= held_until)
);
CREATE INDEX meeting_of_group ON meeting (group_code, held_from);
CREATE UNIQUE INDEX meeting_once_per_calendar_entry ON meeting (group_code, uid) WHERE uid <> '';

CREATE TABLE agenda_item (
	meeting_id uuid NOT NULL REFERENCES meeting,
	number     integer NOT NULL CHECK (number > 0),
	title      text NOT NULL CHECK (length(title) BETWEEN 1 AND 400),
	PRIMARY KEY (meeting_id, number)
);
