-- +goose Up
-- The language in which the program writes to somebody. What people wrote stays in its own.

CREATE DOMAIN language_tag AS text CHECK (VALUE ~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$');

ALTER TABLE person ADD COLUMN language language_tag NOT NULL DEFAULT 'en';
ALTER TABLE body ADD COLUMN language language_tag NOT NULL DEFAULT 'en';
