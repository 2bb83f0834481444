package liaison

import (
	"cmp"
	"strings"
)

// Identifiers are UUIDs in their text form, made by whoever creates the thing. They name nothing by themselves and are
// safe to show.
type (
	StatementID    string
	PersonID       string
	CommandID      string // made by the caller; a repeat with the same id gets the first answer
	EventID        string
	DecisionID     string
	TransmissionID string
)

// Check refuses what cannot be the id of a command: it is one line of at most [MaxCommandID] characters, and what the
// engine adds to it behind a slash.
func (id CommandID) Check() error {
	if id == "" {
		return Refuse(Invalid, "The command has no id. Send the form again.")
	}
	given, _, _ := strings.Cut(string(id), "/")
	err := cmp.Or(field("id", "The command's id", given, MaxCommandID, false), field("id", "The command's id", string(id), MaxCommandID+20, false))
	if err != nil {
		return err
	}
	return nil
}
