package mail

import (
	"testing"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

// TestApprovalLine: every way of approving says what it is, and none passes for another one (rules of the field, edge case 27).
func TestApprovalLine(t *testing.T) {
	const day liaison.Date = "2026-11-05"
	chair := Approval{Level: "JCA-ML Chair", Name: "Kangchan Lee", Date: day, Acting: liaison.AsChair, Mode: liaison.ByOfficer}
	vice := chair
	vice.Name, vice.Acting = "Marco Carugi", liaison.AsViceChair
	meeting := chair
	meeting.Mode, meeting.Where = liaison.AtMeeting, "First meeting of JCA-ML, Geneva"
	window := chair
	window.Mode = liaison.ByCorrespondence
	silence := chair
	silence.Mode = liaison.ByNoObjection
	for name, test := range map[string]struct {
		approval *Approval
		language string
		want     string
	}{
		"before there was a mode":      {&Approval{Level: "JCA-ML Chair", Name: "Kangchan Lee", Date: day, Acting: liaison.AsChair}, "en", "JCA-ML Chair, Kangchan Lee, 5 November 2026"},
		"by the chair":                 {&chair, "en", "JCA-ML Chair, Kangchan Lee, between meetings, 5 November 2026"},
		"by the vice-chair":            {&vice, "en", "JCA-ML Vice-chair, Marco Carugi, between meetings, 5 November 2026"},
		"at a meeting":                 {&meeting, "en", "JCA-ML, First meeting of JCA-ML, Geneva, 5 November 2026"},
		"by correspondence":            {&window, "en", "JCA-ML, by correspondence, JCA-ML Chair, Kangchan Lee, 5 November 2026"},
		"by no objection":              {&silence, "en", "JCA-ML, by no objection, in the window of Kangchan Lee, JCA-ML Chair, 5 November 2026"},
		"by no objection, in French":   {&silence, "fr", "JCA-ML, en l’absence d’objection, dans la période ouverte par Kangchan Lee, Présidence de JCA-ML, 5 novembre 2026"},
		"by the chair, in Spanish":     {&chair, "es", "Presidencia de JCA-ML, Kangchan Lee, entre reuniones, 5 de noviembre de 2026"},
		"edge 27: not approved at all": {nil, "en", "not yet approved"},
	} {
		t.Run(name, func(t *testing.T) {
			s := statement(sg17)
			s.Approval = test.approval
			c, ok := catalogue.For(test.language)
			if !ok {
				t.Fatal("no such language")
			}
			if got := withoutIsolates(s.Approved(c)); got != test.want {
				t.Errorf("it says %q, want %q", got, test.want)
			}
		})
	}
}

// withoutIsolates is a line without its isolates.
func withoutIsolates(s string) string {
	var out []rune
	for _, r := range s {
		if r != '\u2068' && r != '\u2069' {
			out = append(out, r)
		}
	}
	return string(out)
}
