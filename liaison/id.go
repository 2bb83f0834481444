package liaison

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
