package store

import (
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/liaison"
)

// newID makes an id that sorts by time, so that rows made together lie together.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// validID refuses what is no UUID before the database does, as something that does not exist.
func validID(id string) error {
	if _, err := uuid.Parse(id); err != nil {
		return liaison.Refuse(liaison.NotFound, "There is nothing under this address.")
	}
	return nil
}

// nullable turns the zero value into NULL.
func nullable[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
