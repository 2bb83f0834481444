package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/liaison"
)

// watch is what the statement's workflow does by itself as time passes, in some states: it gives the commands that are due and
// waits for the next one with one timer, however far ahead. What is due it reads from the register, so a run that takes over
// does nothing twice. Whatever changes makes it look again.
type watch struct {
	name string // the change that brought it; it stands in histories of older runs
	// later says that it came after there were procedures. GetVersion is asked by the runs that come into such a state, which are few, and
	// not the procedure: a run that is under way takes it up too.
	later bool
	on    func() bool // whether the statement is in a state in which something can become due
	// look reads what is next: a command that is due now, or the time at which it has to look again, zero for never.
	look func(ctx workflow.Context) (cmd liaison.Command, next time.Time, err error)
	done func(ctx workflow.Context, cmd liaison.Command, answer liaison.Answer) error // what a command leads to besides; nil for nothing
	lost string                                                                       // what is logged of a command that could not be carried out
}

// keep keeps watch until the run ends.
func (s *statement) keep(ctx workflow.Context, w watch) {
	for {
		if err := workflow.Await(ctx, w.on); err != nil {
			return // cancelled
		}
		procedure := s.procedure
		if w.later {
			procedure = 0
		}
		if !knows(ctx, procedure, w.name) {
			return // a run that was in such a state before there was this watch; the next one takes it up
		}
		seen := s.changes
		s.watching++
		next, err := s.doDue(ctx, w)
		s.watching--
		if err != nil {
			return
		}
		changed := func() bool { return s.changes != seen }
		if next.IsZero() {
			err = workflow.Await(ctx, changed)
		} else {
			_, err = workflow.AwaitWithTimeout(ctx, next.Sub(workflow.Now(ctx)), changed)
		}
		if err != nil {
			return
		}
	}
}

// doDue gives the commands that are due and returns when to look again, zero for when something changes.
func (s *statement) doDue(ctx workflow.Context, w watch) (time.Time, error) {
	for {
		cmd, next, err := w.look(ctx)
		if err != nil || cmd.Kind == "" {
			return next, err
		}
		cmd.Statement = s.id
		answer, err := s.decide(ctx, cmd)
		if err == nil && w.done != nil {
			err = w.done(ctx, cmd, answer)
		}
		if err != nil { // somebody was quicker, or the clocks differ: it is looked at again, and not at once
			if liaison.CodeOf(activities.Cause(err)) != liaison.Conflict {
				workflow.GetLogger(ctx).Error(w.lost, "statement", s.id, "err", err)
			}
			return workflow.Now(ctx).Add(time.Minute), nil
		}
		if !w.on() {
			return time.Time{}, nil
		}
	}
}

// due reports whether that moment has come; there is none that is zero.
func due(ctx workflow.Context, at time.Time) bool {
	return !at.IsZero() && !at.After(workflow.Now(ctx))
}

// own is the id of a command of the workflow itself: the same in every replay, another one each time.
func (s *statement) own(ctx workflow.Context, what string) liaison.CommandID {
	s.given++
	return liaison.CommandID(workflow.GetInfo(ctx).WorkflowExecution.RunID + "/" + what + "/" + strconv.Itoa(s.given))
}
