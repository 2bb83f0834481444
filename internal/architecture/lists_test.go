package architecture_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

// values are the lists of the domain that the database repeats in a CHECK, by the name of the constraint.
func values() map[string][]string {
	out := map[string][]string{
		"body_kind":           plain(liaison.BodyKinds),
		"transmission_letter": plain(liaison.Letters),
		"attempt_stage":       plain(liaison.Stages),
		"attempt_witness":     plain(liaison.Witnesses),
		// What a decision can be, and how an attempt can end, follow from the procedure.
		"decision_kind":   plain([]liaison.CommandKind{liaison.DoApprove, liaison.DoReturn, liaison.DoReject}),
		"attempt_outcome": nil,

		"reply_link_kind": {"reply", "interim", "none"}, // what the store's linkKinds come to

		"inbound_source":     {"smtp", "lmtp", "imap", "file"}, // the ways in of internal/inbound/listen and of `liaison inbound`
		"inbound_matched_by": plain([]inbound.Evidence{inbound.ByToken, inbound.ByEnvelopeID, inbound.ByMessageID, inbound.ByInReplyTo, inbound.ByReferences, inbound.ByPerson}),
	}
	add := func(constraint string, value string) { out[constraint] = append(out[constraint], value) }
	for _, n := range liaison.Notices {
		if !slices.Contains(out["notice_letter"], string(n.Letter)) {
			add("notice_letter", string(n.Letter))
		}
	}
	for _, x := range liaison.Correspondence {
		if x.MayWait {
			add("notice_choice_letter", string(x.Letter))
		}
	}
	add("notice_choice_pace", string(liaison.AtOnce))
	add("notice_choice_pace", string(liaison.Daily))
	for _, x := range liaison.States {
		add("statement_state", string(x.State))
	}
	for _, x := range liaison.Purposes {
		add("addressee_purpose", string(x.Purpose))
	}
	for _, x := range liaison.RelationKinds {
		add("relation_kind", string(x.Kind))
	}
	for _, x := range liaison.MeetingStates {
		add("meeting_state", string(x.State))
	}
	for _, x := range liaison.ProposalAnswers {
		add("proposal_answer_answer", string(x.Answer))
	}
	for _, x := range liaison.StatementKinds {
		add("statement_kind", string(x.Kind))
		add("number_series_kind", string(x.Kind))
	}
	for _, x := range liaison.AbsenceKinds {
		add("absence_kind", string(x.Kind))
	}
	for _, x := range liaison.ApprovalModes {
		add("decision_mode", string(x))
	}
	for _, x := range liaison.Consultations {
		add("decision_consulted", string(x.Kind))
	}
	for _, x := range []liaison.ApprovalMode{liaison.ByCorrespondence, liaison.ByNoObjection} { // in which somebody is asked
		add("correspondence_window_mode", string(x))
	}
	for _, x := range []liaison.EventKind{liaison.EventObjected, liaison.EventObjectedLate, liaison.EventNoObjection, liaison.EventCommented} {
		add("correspondence_saying_kind", string(x))
	}
	for _, x := range liaison.Offices {
		add("appointment_office", string(x.Office))
	}
	for _, x := range liaison.Events {
		add("event_kind", string(x.Kind))
	}
	for _, x := range liaison.TransmissionStates {
		add("transmission_state", string(x.State))
		if liaison.TransmissionAttempting.May(x.State) {
			add("attempt_outcome", string(x.State))
		}
	}
	for _, x := range liaison.ReplyStates {
		add("reply_state", string(x.State))
	}
	for _, x := range liaison.Facts {
		add("transmission_fact_kind", string(x.Fact))
	}
	for _, x := range liaison.Responses {
		add("transmission_response_kind", string(x.Kind))
	}
	for _, x := range inbound.Kinds {
		add("inbound_kind", string(x.Kind))
	}
	return out
}

func plain[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

// TestDatabaseAndDomainHaveTheSameLists compares each CHECK of the migrated database with the list in package liaison. That
// every entry has a label for the pages is tested there.
func TestDatabaseAndDomainHaveTheSameLists(t *testing.T) {
	pool := testkit.Database(t, migrations.Up)
	quoted := regexp.MustCompile(`'([^']*)'`)
	for constraint, want := range values() {
		var definition string
		if err := pool.QueryRow(t.Context(), `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1 AND contype = 'c'`, constraint).Scan(&definition); err != nil {
			t.Errorf("%s: %v", constraint, err)
			continue
		}
		var got []string
		for _, m := range quoted.FindAllStringSubmatch(definition, -1) {
			got = append(got, m[1])
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the database has another list (-domain +database):\n%s", constraint, diff)
		}
	}
}

// TestDecisionsAreThoseThatNeedADigest keeps the list above what the procedure says.
func TestDecisionsAreThoseThatNeedADigest(t *testing.T) {
	var decisions []string
	for _, k := range liaison.Kinds() {
		// Neither a correction nor a window nor a tabling is a decision, and every way to approve is recorded as that.
		if k.Requires(liaison.NeedEditorial) || k.Requires(liaison.NeedWindow) || k.Requires(liaison.NeedMeeting) || k.Approves() && k != liaison.DoApprove {
			continue
		}
		if k.Requires(liaison.NeedDigest) {
			decisions = append(decisions, string(k))
		}
	}
	want := slices.Clone(values()["decision_kind"])
	slices.Sort(want)
	slices.Sort(decisions)
	if diff := cmp.Diff(want, decisions); diff != "" {
		t.Errorf("decisions (-this test +procedure):\n%s", diff)
	}
}

// TestEveryCheckWithAListIsCompared finds a list in the database that nobody compares with the domain.
func TestEveryCheckWithAListIsCompared(t *testing.T) {
	pool := testkit.Database(t, migrations.Up)
	known := values()
	rows, err := pool.Query(t.Context(), `SELECT conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class r ON r.oid = conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
		WHERE contype = 'c' AND n.nspname IN ('public', 'audit') AND array_length(conkey, 1) = 1 AND pg_get_constraintdef(c.oid) LIKE '%= ANY (ARRAY[%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			t.Fatal(err)
		}
		if n++; known[name] == nil {
			t.Errorf("the constraint %s holds a list that is not compared with the domain: %s", name, definition)
		}
	}
	if rows.Err() != nil || n == 0 {
		t.Errorf("%d lists, %v", n, rows.Err())
	}
}
