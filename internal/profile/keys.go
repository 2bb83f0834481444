package profile

import (
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/jca-ml/liaison/liaison"
)

var keyForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// rootKeys are the keys of a file. A rule of a group that is added to [liaison.Profile] is a line here.
func rootKeys(r *reader) []key {
	p := r.p
	return []key{
		{"profile", true, r.word(&p.Key, keyForm, "form of the key", "jca-a1-clause-5")},
		{"version", true, r.number(&p.Version, 1, 10_000)},
		{"name", true, r.text(&p.Name)},
		{"from", true, r.date(&p.From)},
		{"source", true, func(n *yaml.Node, _ string) { p.Source = r.source(n) }},
		{"sources", true, nil}, // read first
		{"purposes", true, once(r, "known purposes", purposes(), &p.Purposes)},
		{"deadline_for", true, once(r, "known purposes", purposes(), &p.DeadlineFor)},
		{"drafter_may_decide", true, r.flag(&p.DrafterMayDecide)},
		{"number_form", true, r.numberForm(&p.NumberForm)},
		{"time_zone", true, r.zone(&p.TimeZone)},
		{"approval_level", true, r.text(&p.ApprovalLevel)},
		{"copies", false, r.list(r.code(&p.Copies))},
		{"sentence", false, r.text(&p.Sentence)},
		{"separate", false, r.flag(&p.Separate)},
		{"no_study", false, r.flag(&p.NoStudy)},
		{"out_of_mandate", false, r.list(func(n *yaml.Node, path string) {
			var s string
			r.text(&s)(n, path)
			p.OutOfMandate = append(p.OutOfMandate, s)
		})},
		{"fields", true, r.list(r.field)},
		{"approval", true, r.mapping(
			key{"modes", true, once(r, "known modes", liaison.ApprovalModes, &p.Approval.Modes)},
			key{"deputy_may", true, r.flag(&p.Approval.DeputyMay)},
			key{"window_days", true, r.number(&p.Approval.WindowDays, 1, 366)},
			key{"window_remind_days", false, r.days(&p.Approval.WindowRemindDays)},
			key{"notice_days", true, r.number(&p.Approval.NoticeDays, 0, 366)},
			key{"agreed", true, r.flag(&p.Approval.Agreed)},
			key{"proxy_entry", true, r.flag(&p.Approval.ProxyEntry)},
			key{"recusal", true, r.flag(&p.Approval.Recusal)},
			key{"consulted", true, r.flag(&p.Approval.Consulted)},
			key{"meeting_item", true, r.number(&p.Approval.MeetingItem, 0, 99)},
		)},
		{"substantive", true, once(r, "known fields", fields(), &p.Substantive)},
		{"replies", true, r.mapping(
			key{"awaited_for", true, once(r, "known purposes", purposes(), &p.Replies.AwaitedFor)},
			key{"remind_days", true, r.days(&p.Replies.RemindDays)},
			key{"overdue", true, r.number(&p.Replies.Overdue, 0, 366)},
		)},
		{"escalate", true, r.list(r.step(&p.Escalate, liaison.Escalable))},
		{"reports", true, r.mapping(
			key{"number_form", true, r.numberForm(&p.Reports.NumberForm)},
			key{"posted_days", true, r.number(&p.Reports.PostedDays, 0, 366)},
			key{"after_days", true, r.number(&p.Reports.AfterDays, 0, 366)},
			key{"remind_days", true, r.days(&p.Reports.RemindDays)},
			key{"overdue", false, r.list(r.step(&p.Reports.Overdue, reportOffices))},
			key{"may_provisional", true, r.flag(&p.Reports.MayProvisional)},
		)},
	}
}

func (r *reader) mapping(keys ...key) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) { r.object(n, path, keys) }
}

func purposes() (out []liaison.Purpose) {
	for _, x := range liaison.Purposes {
		out = append(out, x.Purpose)
	}
	return out
}

// fields are those that a profile can speak of: every one of the form, and the source.
func fields() []string {
	out := []string{"source"}
	for _, x := range liaison.Envelope {
		out = append(out, x.Field)
	}
	return out
}

func (r *reader) code(to *[]liaison.Code) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		c, err := liaison.ParseCode(n.Value)
		if err != nil || string(c) != n.Value {
			r.refuse(n, "codes of bodies", "%s is %q; a body's code is written as in itu-t/sg13", path, n.Value)
			return
		}
		*to = append(*to, c)
	}
}

// field reads one row of the table of the envelope. Like any other value it says where it comes from, or how sure it is.
func (r *reader) field(n *yaml.Node, path string) {
	var f liaison.FieldRule
	var needs []liaison.Condition
	for _, x := range liaison.Conditions {
		needs = append(needs, x.Condition)
	}
	r.object(n, path, []key{
		{"field", true, choice(r, "known fields", fields()[1:], func(v string) { f.Field = v })},
		{"need", true, choice(r, "known needs", liaison.FieldNeeds, func(v liaison.FieldNeed) { f.Need = v })},
		{"when", false, choice(r, "known conditions", needs, func(v liaison.Condition) { f.When = v })},
		{"source", false, func(n *yaml.Node, _ string) { f.Source = r.source(n) }},
		{"confidence", false, func(n *yaml.Node, _ string) { f.Confidence = r.confidence(n) }},
		{"note", false, func(n *yaml.Node, path string) { r.text(new(string))(n, path) }},
	})
	if f.Source == "" && f.Confidence == "" {
		r.refuse(n, "source or confidence", "%s says neither where it comes from nor how sure it is", path)
	}
	if (f.Need == liaison.Conditional) != (f.When != liaison.Always) && f.Need != liaison.Advised {
		r.refuse(n, "conditions", "%s: a conditional field says when it is needed, and no other does", path)
	}
	if slices.ContainsFunc(r.p.Fields, func(x liaison.FieldRule) bool { return x.Field == f.Field }) && f.Field != "" {
		r.refuse(n, "nothing twice", "%s: %q stands twice", path, f.Field)
	}
	if f.Confidence == "" {
		f.Confidence = liaison.Sourced
	}
	r.p.Fields = append(r.p.Fields, f)
}

// reportOffices are those that can be told that a report is late.
var reportOffices = slices.Sorted(maps.Keys(liaison.ReportLate))

// step reads one step of telling offices after so many days, each later than the one before.
func (r *reader) step(to *[]liaison.Escalation, known []liaison.Office) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		var e liaison.Escalation
		r.object(n, path, []key{
			{"after_days", true, r.number(&e.AfterDays, 1, 366)},
			{"to", true, choice(r, "known offices", known, func(v liaison.Office) { e.To = v })},
		})
		if k := len(*to); k > 0 && (*to)[k-1].AfterDays >= e.AfterDays {
			r.refuse(n, "days and numbers", "%s is after %d days, the one before after %d; escalations go up", path, e.AfterDays, (*to)[k-1].AfterDays)
		}
		*to = append(*to, e)
	}
}

// together judges what concerns several values.
func (r *reader) together(root *yaml.Node) {
	p := r.p
	line := func(name string) *yaml.Node {
		for i := 0; i+1 < len(root.Content); i += 2 {
			if root.Content[i].Value == name {
				return root.Content[i]
			}
		}
		return root
	}
	for _, list := range []struct {
		at string
		of []liaison.Purpose
	}{{"deadline_for", p.DeadlineFor}, {"replies", p.Replies.AwaitedFor}} {
		for _, x := range list.of {
			if !slices.Contains(p.Purposes, x) {
				r.refuse(line(list.at), "known purposes", "%s: %q is not among the profile's purposes", list.at, x)
			}
		}
	}
	if len(p.Purposes) == 0 && len(r.problems) == 0 {
		r.refuse(line("purposes"), "known purposes", "a profile offers at least one purpose")
	}
	if len(p.Approval.Modes) == 0 && len(r.problems) == 0 {
		r.refuse(line("approval"), "known modes", "a group decides in at least one way")
	}
	if len(p.OutOfMandate) > 0 && !p.NoStudy {
		r.refuse(line("out_of_mandate"), "conditions", "words outside the mandate are for a group that does no studies: no_study is not true")
	}
	for _, must := range []string{"title", "addressees"} { // without these there is no statement
		if p.Rule(must).Need != liaison.Mandatory && len(r.problems) == 0 {
			r.refuse(line("fields"), "known fields", "%q is mandatory in every profile", must)
		}
	}
}
