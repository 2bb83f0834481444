-- +goose Up
-- How a body wants its mail: files as links to its page, whatever their size; messages signed by S/MIME.

ALTER TABLE body ADD COLUMN links_only boolean NOT NULL DEFAULT false;
ALTER TABLE body ADD COLUMN signed_mail boolean NOT NULL DEFAULT false;
