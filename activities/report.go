package activities

import "context"

// Reports works out which progress reports are due, begins their drafts in time, and reminds of those that are not posted. It says
// how many drafts it began.
func (a *Activities) Reports(ctx context.Context) (int, error) {
	groups, err := a.Store.ReportGroups(ctx)
	if err != nil {
		return 0, Fail(err)
	}
	begun := 0
	for _, group := range groups {
		if err := a.Store.ReckonReports(ctx, group); err != nil {
			return begun, Fail(err)
		}
		drafts, err := a.Store.DraftReports(ctx, group)
		begun += len(drafts)
		if err != nil {
			return begun, Fail(err)
		}
		if _, err := a.Store.RemindOfReports(ctx, group); err != nil {
			return begun, Fail(err)
		}
	}
	return begun, nil
}
