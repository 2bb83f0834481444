package liaison

// Fact is something that became known of a message after its server took it over. Facts stand side by side, in any order
// and number: none of them overwrites another, and none of them is a state. "Delivered" is not "acknowledged", and what a
// reading notification says is not agreement (RFC 8098, 2.1: it is voluntary, and says displayed, not understood). Each of
// them proves that some server did take the message over, so an unknown outcome is none any more; but for what its reader
// says when another letter has led there meanwhile.
type Fact string

// The facts.
const (
	FactWitnessed    Fact = "witnessed"
	FactDelayed      Fact = "delayed"
	FactRelayed      Fact = "relayed"
	FactDelivered    Fact = "delivered"
	FactBounced      Fact = "bounced"
	FactDisplayed    Fact = "displayed"
	FactAutoReplied  Fact = "auto-replied"
	FactReplied      Fact = "replied"
	FactAcknowledged Fact = "acknowledged"
)

// Facts lists every fact with what it means. Each has an event of the same name, which has its label. The database's CHECK
// follows this list.
var Facts = []struct {
	Fact    Fact
	Meaning string
	System  bool // a mail system says so, which had the message itself; the others are its reader's words
}{
	{FactWitnessed, "the copy that we name beside every addressee came back to us", true},
	{FactDelayed, "a mail system reports that it has not got it through yet and keeps trying", true},
	{FactRelayed, "a mail system reports that it passed the message on to one that sends no reports", true},
	{FactDelivered, "a mail system reports that it delivered the message; to a mailbox or only to the next server, not every system tells apart", true},
	{FactBounced, "a mail system reports that the message could not be delivered", true},
	{FactDisplayed, "a mail program reports that the message was displayed to somebody", false},
	{FactAutoReplied, "a program answered; nobody has read it for that", false},
	{FactReplied, "somebody answered by e-mail", false},
	{FactAcknowledged, "a person at the addressee said that the statement was received", false},
}

// Event is the kind of event that records the fact.
func (f Fact) Event() EventKind { return EventKind(f) }

// Label is the fact in words.
func (f Fact) Label() string { return f.Event().Label() }

// SystemFacts lists what only a mail system can say.
func SystemFacts() []Fact {
	var out []Fact
	for _, x := range Facts {
		if x.System {
			out = append(out, x.Fact)
		}
	}
	return out
}

// FactOf is the fact that an action of a delivery report stands for (RFC 3464, 2.3.3), "" for one that nobody knows.
// A message that was expanded went on to the members of a list and is with none of them yet.
func FactOf(action string) Fact {
	switch action {
	case "failed":
		return FactBounced
	case "delayed":
		return FactDelayed
	case "relayed", "expanded":
		return FactRelayed
	case "delivered":
		return FactDelivered
	}
	return ""
}
