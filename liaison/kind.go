package liaison

// StatementKind is what a statement is.
type StatementKind string

// The kinds.
const (
	LiaisonStatement StatementKind = "statement"
	ProgressReport   StatementKind = "report"
)

// StatementKinds lists every kind with its label, as the database's CHECK does.
var StatementKinds = []struct {
	Kind  StatementKind
	Label string
}{
	{LiaisonStatement, "Liaison statement"},
	{ProgressReport, "Progress report"},
}

// Label is the kind in words.
func (k StatementKind) Label() string {
	for _, x := range StatementKinds {
		if x.Kind == k {
			return x.Label
		}
	}
	return string(k)
}

// Kind is what the content makes the statement.
func (c Content) Kind() StatementKind {
	if c.Report != nil {
		return ProgressReport
	}
	return LiaisonStatement
}
