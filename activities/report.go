package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/jca-ml/liaison/liaison"
)

// Reports works out which progress reports are due, begins their drafts in time, and reminds of those that are not posted. It says
// how many drafts it began. What is refused to one group is no reason to leave the others; it is said at the end.
func (a *Activities) Reports(ctx context.Context) (int, error) {
	groups, err := a.Store.ReportGroups(ctx)
	if err != nil {
		return 0, Fail(err)
	}
	begun := 0
	var errs []error
	for _, group := range groups {
		n, refused := a.reportsOf(ctx, group)
		begun += n
		for _, err := range refused {
			errs = append(errs, fmt.Errorf("reports of %s: %w", group, err))
		}
	}
	return begun, failEach(errs)
}

func (a *Activities) reportsOf(ctx context.Context, group liaison.Code) (begun int, errs []error) {
	if err := a.Store.ReckonReports(ctx, group); err != nil {
		return 0, []error{err}
	}
	drafts, err := a.Store.DraftReports(ctx, group)
	if err != nil { // and of a report that should be there by now nobody is reminded without one: that would be said once and reach nobody
		return len(drafts), []error{err}
	}
	if _, err := a.Store.RemindOfReports(ctx, group); err != nil {
		errs = append(errs, err)
	}
	return len(drafts), errs
}

// failEach is [Fail] for several errors. One that is worth trying again has all of it tried again: what was done is done once all the same.
func failEach(errs []error) error {
	for _, err := range errs {
		if code := liaison.CodeOf(err); code == liaison.Unavailable || code == liaison.Internal {
			return Fail(err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return Fail(&liaison.Error{Code: liaison.CodeOf(errs[0]), Message: errors.Join(errs...).Error()})
}
