-- +goose Up
-- A copy of a statement is an addressee of its own, of whom nothing is asked: it has its message and its row in the ledger.
CALL widen_check('addressee', 'addressee_purpose', 'purpose', 'copy');
