package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/jca-ml/liaison/activities"
	"github.com/jca-ml/liaison/liaison"
)

// attempts makes one attempt for each message that none was made for yet, several in one activity. When that ends without a word, the
// ledger tells what is certain of each. What no activity came to goes with the next one.
func (d *dispatch) attempts(ctx workflow.Context, messages []activities.Transmission) ([]activities.Transmission, error) {
	d.under++
	defer func() { d.under-- }()
	after := slices.Clone(messages)
	for {
		var ids []liaison.TransmissionID
		at := map[liaison.TransmissionID]int{}
		for i, m := range after {
			if m.State == liaison.TransmissionQueued {
				ids = append(ids, m.ID)
				at[m.ID] = i
			}
		}
		if len(ids) == 0 || tooLong(ctx) {
			return after, nil
		}
		got, err := d.several(ctx, ids)
		if err != nil {
			return nil, err
		}
		begun := 0
		for _, m := range got {
			after[at[m.ID]] = m
			if m.State != liaison.TransmissionQueued {
				begun++
			}
		}
		if begun == 0 { // others have the worker to themselves, or it is just stopping
			if _, _, err := d.rest(ctx, 30*time.Second); err != nil {
				return nil, err
			}
		}
	}
}

// several makes one attempt for each of several messages.
func (d *dispatch) several(ctx workflow.Context, ids []liaison.TransmissionID) (after []activities.Transmission, err error) {
	if err := d.parts.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer d.parts.Release(1)
	if err := workflow.ExecuteActivity(handOver(ctx), do.TransmitSeveral, ids).Get(ctx, &after); err == nil {
		return after, nil
	}
	err = workflow.ExecuteActivity(prepare(ctx), do.AbandonSeveral, ids).Get(ctx, &after)
	return after, err
}
