package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/liaison"
)

const (
	// atOnce is how many messages of one batch are on their way at the same time, each by itself.
	atOnce = 8

	// together is how many messages an activity is given that sends several, and partsAtOnce how many such parts of one batch
	// are under way, so that a statement to very many does not have the worker to itself.
	together    = 50
	partsAtOnce = 2
)

// Dispatch hands over the messages that a command released: sealed first, then attempted, in parts of several, then each in its
// own time waited for and attempted again while the outcome is that it certainly was not taken. It ends when every message
// is settled.
func Dispatch(ctx workflow.Context, in DispatchInput) error {
	messages, err := seal(ctx, in)
	if err != nil {
		return err
	}
	d := &dispatch{batch: in.Batch, procedure: in.Procedure, slots: workflow.NewSemaphore(ctx, atOnce), parts: workflow.NewSemaphore(ctx, partsAtOnce)}
	d.listen(ctx)
	open := workflow.NewWaitGroup(ctx)
	var failed error
	unsettled := false
	part := func(ctx workflow.Context, messages []activities.Transmission) {
		for _, m := range messages {
			if m.State.Settled() && m.State != liaison.TransmissionUnknown {
				continue
			}
			open.Add(1)
			d.under++
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer func() { d.under--; open.Done() }()
				settled, err := d.deliver(ctx, m)
				if err != nil {
					failed = err
				}
				unsettled = unsettled || !settled
			})
		}
	}
	if !knows(ctx, in.Procedure, "several") {
		part(ctx, messages)
	} else {
		if in.Procedure > 0 { // what was begun before goes its own way at once: it waits for nobody's first attempt
			queued := func(m activities.Transmission) bool { return m.State == liaison.TransmissionQueued }
			part(ctx, slices.DeleteFunc(slices.Clone(messages), queued))
			messages = slices.DeleteFunc(messages, func(m activities.Transmission) bool { return !queued(m) })
		}
		for p := range slices.Chunk(messages, together) {
			open.Add(1)
			d.under++
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer func() { d.under--; open.Done() }()
				after, err := d.attempts(ctx, p)
				if err != nil {
					failed = err
					return
				}
				part(ctx, after)
			})
		}
	}
	open.Wait(ctx)
	if failed != nil {
		return failed
	}
	if unsettled {
		return workflow.NewContinueAsNewError(ctx, DispatchWorkflow, in)
	}
	return nil
}

// seal has the messages rendered and stored. Where that is refused, it is a matter for the operator; nothing is given up: it
// is tried again until it is put right.
func seal(ctx workflow.Context, in DispatchInput) (messages []activities.Transmission, err error) {
	for {
		err := workflow.ExecuteActivity(prepare(ctx), do.Seal, in.Batch).Get(ctx, &messages)
		if err == nil {
			return messages, nil
		}
		workflow.GetLogger(ctx).Error("messages cannot be sealed", "statement", in.Statement, "batch", in.Batch, "err", err)
		if stop, err := workflow.AwaitWithTimeout(ctx, 10*time.Minute, func() bool { return tooLong(ctx) }); err != nil {
			return nil, err
		} else if stop {
			return nil, workflow.NewContinueAsNewError(ctx, DispatchWorkflow, in)
		}
	}
}

// dispatch is one batch on its way.
type dispatch struct {
	batch     liaison.CommandID
	procedure int
	slots     workflow.Semaphore
	parts     workflow.Semaphore
	woken     int // how often somebody asked for a look at what waits
	under     int // messages that are on their way, or wait for something
}

// listen takes the signals that ask for a look.
func (d *dispatch) listen(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ch := workflow.GetSignalChannel(ctx, SignalLook); ch.Receive(ctx, nil); {
			d.woken++
		}
	})
}

// deliver sees one message to its end. It returns false when the history has grown and the rest is for the next run.
func (d *dispatch) deliver(ctx workflow.Context, m activities.Transmission) (settled bool, err error) {
	refused := false // to be claimed
	for tried := false; ; tried = true {
		if m.State == liaison.TransmissionUnknown {
			if m, err = d.settle(ctx, m); err != nil {
				return false, err
			}
		}
		if m.State.Settled() {
			return m.Wait == 0, nil
		}
		if wait := pause(ctx, m, tried, refused); wait > 0 {
			woken, stop, err := d.rest(ctx, wait)
			if err != nil || stop {
				return false, err
			}
			if woken && !m.Held {
				if err := workflow.ExecuteActivity(prepare(ctx), do.Look, m.ID).Get(ctx, &m); err != nil {
					return false, err
				}
				refused = false
				continue
			}
		}
		before := m
		if m, err = attempt(ctx, d.slots, m); err != nil {
			return false, err
		}
		refused = m.State == before.State && m.NextTry.Equal(before.NextTry)
	}
}

// settle waits for what becomes of a message in doubt. It comes back accepted, or deferred because it is proven not to have been
// taken over, or still unknown: then it is for a person, or, while there is a time to wait, for the next run.
func (d *dispatch) settle(ctx workflow.Context, m activities.Transmission) (activities.Transmission, error) {
	if !knows(ctx, d.procedure, "settle") {
		return m, nil
	}
	for {
		var after activities.Transmission
		if err := workflow.ExecuteActivity(prepare(ctx), do.Settle, activities.SettleInput{Transmission: m.ID, Batch: d.batch}).Get(ctx, &after); err != nil {
			return m, err
		}
		if after.State == liaison.TransmissionUnknown && after.Wait == 0 && d.look(ctx) {
			continue
		}
		if after.State != liaison.TransmissionUnknown || after.Wait == 0 {
			after.Wait = 0
			return after, nil
		}
		if _, stop, err := d.rest(ctx, after.Wait); err != nil || stop {
			return after, err
		}
	}
}

// look waits, for a message that is for a person, as long as others keep the batch going anyway, and reports whether somebody asks
// for a look meanwhile: what is known of it can still change, by an answer that comes late.
func (d *dispatch) look(ctx workflow.Context) (asked bool) {
	if !knows(ctx, d.procedure, "late") {
		return false
	}
	before := d.woken
	d.under--
	defer func() { d.under++ }()
	err := workflow.Await(ctx, func() bool { return d.under == 0 || d.woken != before || tooLong(ctx) })
	return err == nil && d.woken != before
}

// rest waits, until the time is over, somebody asks for a look, or the history has grown so that it is for the next run.
func (d *dispatch) rest(ctx workflow.Context, wait time.Duration) (woken, stop bool, err error) {
	before := d.woken
	_, err = workflow.AwaitWithTimeout(ctx, wait, func() bool { return tooLong(ctx) || d.woken != before })
	return d.woken != before, tooLong(ctx), err
}

// pause is how long to wait before the next attempt: until the ledger's time for a deferred message, a while for one that
// could not even be claimed: it stands as before, so asking at once again would lead to the same.
func pause(ctx workflow.Context, m activities.Transmission, tried, refused bool) time.Duration {
	switch {
	case m.State == liaison.TransmissionDeferred && !refused:
		return max(m.NextTry.Sub(workflow.Now(ctx)), time.Second)
	case tried:
		return 30 * time.Second
	}
	return 0
}

// attempt makes one attempt. When it ends without a word, the ledger tells what is certain.
func attempt(ctx workflow.Context, slots workflow.Semaphore, m activities.Transmission) (after activities.Transmission, err error) {
	if err := slots.Acquire(ctx, 1); err != nil {
		return m, err
	}
	defer slots.Release(1)
	if m.State != liaison.TransmissionAttempting {
		if err := workflow.ExecuteActivity(handOver(ctx), do.Transmit, m.ID).Get(ctx, &after); err == nil && after.State != liaison.TransmissionAttempting {
			return after, nil
		}
	}
	err = workflow.ExecuteActivity(prepare(ctx), do.Abandon, m.ID).Get(ctx, &after)
	return after, err
}
