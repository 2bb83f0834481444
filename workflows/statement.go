package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Statement is the life of one statement: it takes commands until the statement is at an end, and sees to it that what a
// command releases is sent. It waits for months; when its history has grown it continues as new.
func Statement(ctx workflow.Context, in StatementInput) error {
	s, err := setup(ctx, in)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

type statement struct {
	id        liaison.StatementID
	procedure int
	state     liaison.State // as the register had it when the last command was carried out
	one       workflow.Mutex
	released  []store.OpenBatch          // commands whose messages are to be sent
	fresh     []store.OpenBatch          // those of them that nobody has begun to send
	sending   int                        // dispatches of the statement that are under way
	waiting   int                        // those of them that the first attempt did not settle
	under     map[liaison.CommandID]bool // those, by their commands
	pending   *store.OpenBatch           // a dispatch that begins by itself, unless somebody thinks better of it
	mend      bool                       // somebody asked for a look at what is open

	changes  int // counts what may have changed what is due
	watching int // watches that are doing what is due
	given    int // commands that this run gave by itself
}

func setup(ctx workflow.Context, in StatementInput) (*statement, error) {
	s := &statement{id: in.ID, procedure: in.Procedure, state: in.State, one: workflow.NewMutex(ctx), under: map[liaison.CommandID]bool{}}
	// Handlers come first: an update that starts the run is delivered with its first task.
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateCommand, s.command, workflow.UpdateHandlerOptions{Validator: s.permit})
	if err != nil {
		return nil, err
	}
	if in.Resume {
		if err := s.takeOver(ctx); err != nil {
			return nil, err
		}
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ch := workflow.GetSignalChannel(ctx, SignalMend); ch.Receive(ctx, nil); {
			s.mend = true
			s.changes++
		}
	})
	workflow.Go(ctx, s.follow)
	workflow.Go(ctx, s.escalate)
	workflow.Go(ctx, s.correspond)
	return s, nil
}

func (s *statement) run(ctx workflow.Context) error {
	for {
		if err := workflow.Await(ctx, func() bool {
			return len(s.released) > 0 || len(s.fresh) > 0 || s.pending != nil && !s.pending.Waits || s.mend || s.idle() && (s.state.Final() || tooLong(ctx))
		}); err != nil {
			return err
		}
		if s.mend {
			s.mend = false
			if err := s.takeOver(ctx); err != nil {
				return err
			}
		}
		if s.pending != nil && !s.pending.Waits {
			s.wait(ctx, s.pending)
		}
		for len(s.released) > 0 {
			batch := s.released[0]
			s.released = s.released[1:]
			s.send(ctx, batch)
		}
		if fresh := s.fresh; len(fresh) > 0 {
			s.fresh = nil
			s.sendFirst(ctx, fresh)
		}
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return err
		}
		switch {
		case len(s.released) > 0 || len(s.fresh) > 0 || s.mend || !s.idle():
		case s.state.Final():
			return nil
		case tooLong(ctx):
			return workflow.NewContinueAsNewError(ctx, StatementWorkflow, StatementInput{ID: s.id, State: s.state, Procedure: s.procedure})
		}
	}
}

func (s *statement) idle() bool {
	return s.sending == 0 && s.pending == nil && s.watching == 0
}

// takeOver begins what is open in the register and is not under way here.
func (s *statement) takeOver(ctx workflow.Context) error {
	open, err := s.openBatches(ctx)
	if err != nil {
		return err
	}
	for _, b := range open {
		switch {
		case s.under[b.Command]:
			s.lookAgain(ctx, b)
		case b.Due.IsZero():
			s.released = append(s.released, b)
		case s.pending == nil:
			s.pending = &b
		}
	}
	return nil
}

// openBatches reads what is open, and where the statement stands: a command whose task was lost before it stood in our history is on
// record, and nobody told us.
func (s *statement) openBatches(ctx workflow.Context) (open []store.OpenBatch, err error) {
	if s.procedure == 0 {
		err = workflow.ExecuteLocalActivity(read(ctx), do.OpenBatches, s.id).Get(ctx, &open)
		return open, err
	}
	if err := s.one.Lock(ctx); err != nil {
		return nil, err
	}
	defer s.one.Unlock()
	var now activities.Standing
	if err := workflow.ExecuteLocalActivity(read(ctx), do.Standing, s.id).Get(ctx, &now); err != nil {
		return nil, err
	}
	if now.State != s.state {
		s.state = now.State
		s.changes++
	}
	return now.Open, nil
}

func tooLong(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// permit refuses at once, without a trace in the history, what the table does not allow.
func (s *statement) permit(ctx workflow.Context, cmd liaison.Command) error {
	if cmd.Actor == "" {
		return activities.Fail(liaison.Refuse(liaison.Forbidden, "A command needs a person."))
	}
	return activities.Fail(liaison.Permit(s.state, cmd))
}

// command carries out what a person asks. Approving dispatches in the same breath, in the name of who approved, or by itself after
// a moment in which it can be undone, unless the approver holds it. What a meeting approves waits in the register until that is closed: then
// somebody asks for a look at what is open.
func (s *statement) command(ctx workflow.Context, cmd liaison.Command) (liaison.Answer, error) {
	answer, err := s.decide(ctx, cmd)
	if _, about := liaison.AboutMessages[cmd.Kind]; err == nil && about {
		s.tell(ctx, answer.Batch)
		if !cmd.Kind.Sends() {
			if err := s.settle(ctx, cmd.ID); err != nil { // what was asked is done and is the answer; the mending settles what is left
				workflow.GetLogger(ctx).Error("not settled", "statement", s.id, "command", cmd.ID, "err", err)
			}
		}
	}
	if err != nil || !cmd.Kind.Approves() || cmd.Hold || answer.After != "" {
		return answer, err
	}
	return s.leave(ctx, cmd, answer)
}

// leave dispatches what a command approved: in the same breath, in the name of its actor, or later by itself.
func (s *statement) leave(ctx workflow.Context, cmd liaison.Command, answer liaison.Answer) (liaison.Answer, error) {
	if !answer.DispatchAt.IsZero() {
		s.pending = &store.OpenBatch{Command: DispatchCommandID(cmd.ID), Statement: true, Due: answer.DispatchAt}
		return answer, nil
	}
	sent, err := s.decide(ctx, liaison.Command{ID: DispatchCommandID(cmd.ID), Kind: liaison.DoDispatch, Statement: s.id, Actor: cmd.Actor})
	if err != nil { // the approval stands and is the answer; the statement shows that it has not left
		workflow.GetLogger(ctx).Warn("approved and not dispatched", "statement", s.id, "err", err)
		return answer, nil
	}
	return sent, nil
}

// decide carries out one command at a time.
func (s *statement) decide(ctx workflow.Context, cmd liaison.Command) (answer liaison.Answer, err error) {
	if err := s.one.Lock(ctx); err != nil {
		return answer, err
	}
	defer s.one.Unlock()
	if err := workflow.ExecuteLocalActivity(record(ctx), do.Decide, cmd).Get(ctx, &answer); err != nil {
		return answer, err
	}
	s.state = answer.State
	s.changes++
	if cmd.Kind == liaison.DoHold {
		s.pending = nil
	}
	if answer.Letters {
		batch := store.OpenBatch{Command: cmd.ID, Statement: cmd.Kind.Sends()}
		if s.procedure > 0 {
			s.fresh = append(s.fresh, batch)
		} else {
			s.released = append(s.released, batch)
		}
	}
	return answer, nil
}
