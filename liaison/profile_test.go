package liaison_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

func TestAZoneThatDoesNotExist(t *testing.T) {
	if _, err := (liaison.Profile{TimeZone: "Mars/Olympus"}).Zone(); err == nil {
		t.Error("a zone that does not exist was found")
	}
}

// TestEverythingHasALabel walks through the lists that pages and documents show.
func TestEverythingHasALabel(t *testing.T) {
	labels := map[string][]string{}
	add := func(list, value, label string) {
		if label == "" || label == value {
			t.Errorf("%s: %q has no label", list, value)
		}
		if slices.Contains(labels[list], label) {
			t.Errorf("%s: two have the label %q", list, label)
		}
		labels[list] = append(labels[list], label)
	}
	for _, x := range liaison.States {
		add("states", string(x.State), x.State.Label())
		if x.Meaning == "" || x.State.Final() != x.Final || x.State.Public() != x.Public {
			t.Errorf("the state %s has a gap: %+v", x.State, x)
		}
	}
	for _, x := range liaison.Purposes {
		add("purposes", string(x.Purpose), x.Purpose.Label())
	}
	for _, x := range liaison.Offices {
		add("offices", string(x.Office), x.Office.Label())
	}
	for _, x := range liaison.Capacities {
		add("capacities", string(x.Capacity), x.Capacity.Label())
	}
	for _, x := range liaison.ContactRoles {
		add("contact roles", "-"+string(x.Role), x.Role.Label())
	}
	for _, x := range liaison.RelationKinds {
		add("relations", string(x.Kind), x.Kind.Label())
	}
	for _, x := range liaison.ConsensusLevels {
		add("consensus", "-"+string(x.Level), x.Level.Label())
	}
	for _, x := range liaison.DocumentStatuses {
		add("statuses of documents", "-"+string(x.Status), x.Status.Label())
	}
	for _, x := range liaison.ConfidentialityDegrees {
		add("confidentiality", "-"+string(x.Degree), x.Degree.Label())
	}
	for _, x := range liaison.Envelope {
		add("envelope", x.Field, x.Label)
	}
	for _, x := range liaison.Conditions {
		add("conditions", string(x.Condition), x.Words)
	}
	for _, x := range liaison.TransmissionStates {
		add("transmission states", string(x.State), x.State.Label())
		if x.Meaning == "" || x.State.Settled() != x.Settled {
			t.Errorf("the transmission state %s has a gap: %+v", x.State, x)
		}
	}
	for _, x := range liaison.Events {
		add("events", string(x.Kind), x.Kind.Label())
	}
	for _, k := range liaison.Kinds() {
		add("commands", string(k), k.Label())
	}
	for unknown, label := range map[string]string{
		"state": liaison.State("x").Label(), "office": liaison.Office("x").Label(), "capacity": liaison.Capacity("x").Label(),
		"transmission": liaison.TransmissionState("x").Label(), "event": liaison.EventKind("x").Label(),
	} {
		if label != "x" {
			t.Errorf("an unknown %s is called %q", unknown, label)
		}
	}
	for _, r := range liaison.Table {
		if r.Event.Label() == string(r.Event) {
			t.Errorf("the event of %s is not in the list", r.Command)
		}
		for _, l := range r.Letters() {
			if !slices.Contains(liaison.Letters, l) {
				t.Errorf("%s sends a letter %q that is not in the list", r.Command, l)
			}
		}
	}
	for _, s := range liaison.TransmissionStates { // every outcome has its event
		if s.State != liaison.TransmissionQueued && s.State != liaison.TransmissionAttempting && liaison.EventKind(s.State).Label() == string(s.State) {
			t.Errorf("the outcome %s has no event", s.State)
		}
	}
}

func TestCheckList(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*liaison.Content)
		field    string
		blocking bool
		says     string
	}{
		"no title":                 {func(c *liaison.Content) { c.Title = "" }, "title", true, "missing"},
		"no addressee":             {func(c *liaison.Content) { c.Addressees, c.Deadline = nil, "" }, "addressees", true, "no addressee"},
		"neither text nor file":    {func(c *liaison.Content) { c.Text, c.Attachments = "", nil }, "text", true, "neither"},
		"no abstract":              {func(c *liaison.Content) { c.Abstract = "" }, "abstract", true, "missing"},
		"a long abstract":          {func(c *liaison.Content) { c.Abstract = strings.Repeat("word ", 200) }, "abstract", false, "200 words"},
		"no contact":               {func(c *liaison.Content) { c.Contacts = nil }, "contacts.0", true, "contact"},
		"a contact without e-mail": {func(c *liaison.Content) { c.Contacts[0].Email = "" }, "contacts.0", true, "contact"},
		"no address for replies":   {func(c *liaison.Content) { c.ReplyTo = "" }, "reply_to", true, "functional mailbox"},
		"action without a date":    {func(c *liaison.Content) { c.Deadline = "" }, "deadline", true, "for action needs the date"},    // edge case 1
		"information with a date":  {func(c *liaison.Content) { c.Addressees = c.Addressees[1:] }, "deadline", false, "only a note"}, // 2
		"a date that has passed":   {func(c *liaison.Content) { c.Deadline = today }, "deadline", true, "not after today"},           // 3
		"an addressee twice": {func(c *liaison.Content) {
			c.Addressees = append(c.Addressees, liaison.Addressee{Body: "itu-t/sg13", Name: "ITU-T SG13", Email: "x@itu-t.example", Purpose: liaison.ForInformation})
		}, "addressees", true, "addressed twice (For action and For information)"}, // 5
		"an addressee without a mailbox": {func(c *liaison.Content) { c.Addressees[0].Email = "" }, "addressees", true, "No mailbox"},
		"to itself":                      {func(c *liaison.Content) { c.Addressees[0].Body = jca }, "addressees", true, "is the source"},
		"over a limit":                   {func(c *liaison.Content) { c.Title = strings.Repeat("x", 401) }, "title", true, "at most 400"},
	} {
		t.Run(name, func(t *testing.T) {
			c := content()
			test.change(&c)
			found := c.Check(profile(), today)
			if len(found) != 1 || found[0].Field != test.field || found[0].Blocking != test.blocking || !strings.Contains(found[0].Message, test.says) {
				t.Errorf("found %+v, want one of %s with %q, blocking = %t", found, test.field, test.says, test.blocking)
			}
		})
	}
	if found := content().Check(profile(), today); len(found) > 0 {
		t.Errorf("a whole content has findings: %+v", found)
	}
	narrow := profile()
	narrow.Purposes = []liaison.Purpose{liaison.ForInformation}
	if found := content().Check(narrow, today); len(found) != 1 || !strings.Contains(found[0].Message, "For action is not a purpose") {
		t.Errorf("a purpose that the profile does not offer is found as %+v", found)
	}
	c := liaison.Content{Abstract: strings.Repeat("word ", 300)}
	blocked := true
	for _, f := range c.Check(profile(), today) { // what blocks comes first
		if f.Blocking && !blocked {
			t.Errorf("%q stands behind advice", f.Message)
		}
		blocked = f.Blocking
	}
}
