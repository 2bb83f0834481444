package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/liaison"
)

// Who holds an office today is asked in lists too, where no snapshot says which day it is for the group. The day is that of the group's own
// zone, which its profile names and the database does not know; in the zone of the database's server lists and recusals would disagree
// with [liaison.Snapshot.CapacitiesOf] around midnight.

// todays is the parameter of [todayIn]: the day that it is now by each profile, and under "" by UTC for a group without one, as JSON.
func todays(rules *profile.Set, now time.Time) (string, error) {
	days := map[string]liaison.Date{"": liaison.DateOf(now, time.UTC)}
	for _, p := range rules.All() {
		if _, ok := days[p.Key]; ok {
			continue
		}
		p, err := inForce(rules, p.Key, now)
		if liaison.CodeOf(err) == liaison.Invalid || liaison.CodeOf(err) == liaison.NotFound {
			continue // none of its versions is in force yet
		} else if err != nil {
			return "", err
		}
		if days[p.Key], err = today(p, now); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(days)
	if err != nil {
		return "", fmt.Errorf("encode days: %w", err)
	}
	return string(b), nil
}

// todayIn is the day that it is for a group, as an SQL expression; days is the parameter that [todays] makes, group an expression of its code.
func todayIn(days, group string) string {
	return `coalesce(` + days + `::jsonb ->> (SELECT z.profile FROM terms_of_reference z WHERE z.group_code = ` + group + `
			AND z.in_force <= ` + dayUnder(days) + `
		ORDER BY z.in_force DESC, z.version DESC LIMIT 1), ` + days + `::jsonb ->> '')::date`
}

// dayUnder is the day that it is under the profile that terms of reference pin, as an SQL expression about a row of them.
func dayUnder(days string) string {
	return `coalesce(` + days + `::jsonb ->> profile, ` + days + `::jsonb ->> '')::date`
}
