package workflows_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

// silent are the rules of JCA-ML with approval by no objection besides, which its own have not.
func silent(t *testing.T) *profile.Set {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "internal", "profile", "profiles", "jca-a1-clause-5.v4.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("version: 4", "version: 5", "from: 2027-01-01", "from: 2027-01-02", "[officer, meeting, correspondence]", "[officer, meeting, correspondence, no-objection]").Replace(string(b))
	if err := os.WriteFile(filepath.Join(dir, "5.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := profile.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestAWindowInTime: windows that end on a Sunday on which the clocks change, with nothing but timers between. What happened is
// read from the register, in the group's zone.
func TestAWindowInTime(t *testing.T) {
	geneva, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	for name, x := range map[string]struct {
		began string // a Monday, at noon in Geneva
		last  liaison.Date
		kind  liaison.CommandKind
		hold  bool
		then  func(p *period, id liaison.StatementID)
		want  []string // kinds of events that are about the window, or end it, with their times in Geneva
		state liaison.State
		sent  int64 // to addressees
	}{
		"edge 26: by correspondence, the clocks go forward on its last day": {
			began: "2027-03-22", last: "2027-03-28", kind: liaison.DoOpenWindow, state: liaison.Dispatched, sent: 2,
			then: func(p *period, id liaison.StatementID) {
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoApprove, seed.Chair) }, 23*day)
			},
			want: []string{"window-opened 22 Mar 13:00", "window-closing 26 Mar 09:00", "window-closing 27 Mar 09:00", "window-ended 29 Mar 00:00",
				"waits-chair 05 Apr 00:00", "waits-vice-chair 12 Apr 00:00", "approved 14 Apr 13:00"},
		},
		"edge 26: by no objection, the clocks go back on its last day": {
			began: "2027-10-25", last: "2027-10-31", kind: liaison.DoOpenNoObjection, state: liaison.Dispatched, sent: 2,
			want: []string{"window-opened 25 Oct 13:00", "window-closing 29 Oct 09:00", "window-closing 30 Oct 09:00", "approved 01 Nov 00:00"},
		},
		"by no objection, and held": {
			began: "2027-10-25", last: "2027-10-31", kind: liaison.DoOpenNoObjection, hold: true, state: liaison.Withdrawn,
			then: func(p *period, id liaison.StatementID) {
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoWithdraw, seed.Chair) }, 20*day)
			},
			want: []string{"window-opened 25 Oct 13:00", "window-closing 29 Oct 09:00", "window-closing 30 Oct 09:00", "approved 01 Nov 00:00", "withdrawn 14 Nov 11:00"},
		},
		"edge 24: an objection stops it, and nothing approves it": {
			began: "2027-10-25", last: "2027-10-31", kind: liaison.DoOpenNoObjection, state: liaison.Rejected,
			then: func(p *period, id liaison.StatementID) {
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoNoObjection, seed.Secretary) }, 2*day)
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoObject, seed.ViceChair) }, 5*day)
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoReject, seed.Chair) }, 30*day)
			},
			want: []string{"window-opened 25 Oct 13:00", "no-objection 27 Oct 12:00", "window-closing 29 Oct 09:00", "window-closing 30 Oct 09:00", "objected 30 Oct 12:00",
				"waits-chair 06 Nov 12:00", "waits-vice-chair 13 Nov 12:00", "waits-secretary 20 Nov 12:00", "rejected 24 Nov 11:00"},
		},
		"edge 69: the chair who opened it has left the office when it ends": {
			began: "2027-10-25", last: "2027-10-31", kind: liaison.DoOpenNoObjection, state: liaison.Dispatched, sent: 2,
			then: func(p *period, id liaison.StatementID) {
				p.RegisterDelayedCallback(func() {
					if _, err := p.pool.Exec(p.t.Context(), `UPDATE appointment SET held_until = '2027-10-28' WHERE group_code = $1 AND office = 'chair'`, seed.JCAML); err != nil {
						p.t.Error(err)
					}
					if _, err := p.pool.Exec(p.t.Context(), `INSERT INTO appointment (person_id, group_code, office, held_from, evidence) VALUES ($1, $2, 'chair', '2027-10-29', 'Circular')`, seed.ViceChair.ID, seed.JCAML); err != nil {
						p.t.Error(err)
					}
				}, 4*day)
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoApprove, seed.ViceChair) }, 8*day)
			},
			want: []string{"window-opened 25 Oct 13:00", "window-closing 29 Oct 09:00", "window-closing 30 Oct 09:00", "window-ended 01 Nov 00:00", "approved 02 Nov 11:00"},
		},
		"taken back": {
			began: "2027-10-25", last: "2027-10-31", kind: liaison.DoOpenWindow, state: liaison.Withdrawn,
			then: func(p *period, id liaison.StatementID) {
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoCancelWindow, seed.Chair) }, 2*day)
				p.RegisterDelayedCallback(func() { p.give(id, liaison.DoWithdraw, seed.Chair) }, 8*day)
			},
			want: []string{"window-opened 25 Oct 13:00", "window-cancelled 27 Oct 12:00", "withdrawn 02 Nov 11:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			began, err := time.ParseInLocation("2006-01-02 15:04", x.began+" 12:00", geneva)
			if err != nil {
				t.Fatal(err)
			}
			p := newPeriod(t, began, silent(t))
			id := liaison.StatementID(uuid.NewString())
			c := liaison.Content{
				Source: seed.JCAML, Title: "Asked by correspondence", Questions: "N/A", ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "Tells.", Text: "For your information.",
				Contacts:   []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}},
				Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForInformation}, {Body: "w3c", Purpose: liaison.ForInformation}},
			}
			p.at(0, func() {
				if _, err := p.store.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
					t.Error(err)
				}
			})
			p.RegisterDelayedCallback(func() { p.give(id, liaison.DoSubmit, seed.Editor) }, time.Minute)
			p.RegisterDelayedCallback(func() {
				p.give(id, x.kind, seed.Chair, func(c *liaison.Command) {
					c.Window, c.Hold = &liaison.Opening{Last: x.last, Also: []liaison.PersonID{seed.Editor.ID}}, x.hold
				})
			}, time.Hour)
			if x.then != nil {
				x.then(p, id)
			}
			if x.sent > 0 {
				p.at(60, func() { p.give(id, liaison.DoClose, seed.Secretary) })
			}
			p.ExecuteWorkflow(func(ctx workflow.Context) error {
				return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: workflows.StatementWorkflowID(id)}),
					workflows.StatementWorkflow, workflows.StatementInput{ID: id, State: liaison.Draft}).Get(ctx, nil)
			})
			if err := p.GetWorkflowError(); err != nil {
				t.Fatal(err)
			}
			history, err := p.store.History(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			sent := int64(0)
			for _, e := range history {
				if e.Transmission != "" && e.Kind == liaison.EventAccepted && e.Letter == liaison.LetterStatement {
					sent++
				}
				skip := []liaison.EventKind{liaison.EventDrafted, liaison.EventSubmitted, liaison.EventDispatching, liaison.EventDispatched, liaison.EventClosed}
				if e.Transmission == "" && !slices.Contains(skip, e.Kind) {
					got = append(got, fmt.Sprintf("%s %s", e.Kind, e.At.In(geneva).Format("02 Jan 15:04")))
				}
				if e.Kind == liaison.EventApproved && x.kind == liaison.DoOpenNoObjection && e.Actor == "" && (e.Mode != liaison.ByNoObjection || e.For != seed.Chair.ID || e.Window == "") {
					t.Errorf("the record of the approval is %+v", e.Event)
				}
			}
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Errorf("what happened when (-want +got):\n%s", diff)
			}
			snap, err := p.store.Snapshot(t.Context(), id)
			if want := x.state; err != nil || snap.State != want && !(want == liaison.Dispatched && snap.State == liaison.Closed) || sent != x.sent {
				t.Errorf("it is %s, and %d messages were accepted, %v; want %s, %d", snap.State, sent, err, want, x.sent)
			}
			report, err := p.store.AuditWith(t.Context(), store.AuditOptions{})
			if err != nil || len(report.Problems) > 0 {
				t.Errorf("the log: %v, %v", report.Problems, err)
			}
		})
	}
}
