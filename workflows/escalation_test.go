package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/workflows"
)

// TestADecisionThatWaitsIsEscalated: one office after the other is told, each once at its day, with nothing but timers between.
func TestADecisionThatWaitsIsEscalated(t *testing.T) {
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		decided time.Duration
		want    int
	}{
		"decided before anybody is told": {6 * day, 0},
		"after the chair":                {8 * day, 1},
		"after the vice-chair":           {15 * day, 2},
		"after everybody, months later":  {300 * day, 3},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			begin := b.Now()
			b.o.waits = func(told int) time.Time {
				if told == 3 {
					return time.Time{}
				}
				return begin.Add(time.Duration(7*(told+1)) * day)
			}
			b.give(0, liaison.Command{Kind: liaison.DoSubmit})
			rejected := b.give(test.decided, liaison.Command{Kind: liaison.DoReject})
			if err := b.run(workflows.StatementInput{State: liaison.Draft}); err != nil || rejected.answer.State != liaison.Rejected {
				t.Fatalf("%v, rejected: %+v", err, rejected)
			}
			told := slices.DeleteFunc(slices.Clone(b.o.asked), func(s string) bool { return !strings.Contains(s, "/escalate/") || strings.Contains(s, " ") })
			if len(told) != test.want || b.o.told != test.want {
				t.Errorf("told %d times (%v), want %d", b.o.told, told, test.want)
			}
		})
	}
}
