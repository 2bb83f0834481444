package liaison

import (
	"slices"
	"strings"
	"time"
)

// Witness says whether the relay took our own copy's recipient in the same transaction. Only then does the copy's absence
// mean anything.
type Witness string

// What became of the copy's recipient.
const (
	WitnessNone    Witness = "none"    // not named: there is no way for a copy to come back
	WitnessNamed   Witness = "named"   // taken: if the message was taken over, a copy of it comes to us
	WitnessRefused Witness = "refused" // the relay would not have it; the message went on without
)

// Witnesses lists them, as the database's CHECK does.
var Witnesses = []Witness{WitnessNone, WitnessNamed, WitnessRefused}

// Settling is how a message in doubt is settled without a person. It was handed over whole, and the answer was lost. If it
// was taken over, our own copy of it arrives. That no copy arrives proves something only while other messages of ours, the
// canaries, keep coming back through the same relay: for as long as the window.
type Settling struct {
	Window time.Duration // at least twice the time after which the relay tries a deferred copy again
	Canary time.Duration // between two canaries that nobody waits for; while somebody does, they are sent oftener
}

// Canary is a message that the relay took over for us to see it come back.
type Canary struct {
	Sent    time.Time
	Arrived *time.Time
}

// Every is how often a canary is sent while a message is in doubt.
func (s Settling) Every() time.Duration { return min(s.Canary, s.Window/6) }

// patience is how late a canary may be and still show a healthy way.
func (s Settling) patience() time.Duration { return max(s.Every(), time.Second) }

// Healthy returns since when the way back to us has been shown to work without a break, not before the doubt; false when it
// is not shown to work now. A canary that comes late shows that copies were late too, so the time begins anew when it comes;
// a time without canaries shows nothing.
func (s Settling) Healthy(doubt, now time.Time, canaries []Canary) (since time.Time, ok bool) {
	canaries = slices.SortedFunc(slices.Values(canaries), func(a, b Canary) int { return a.Sent.Compare(b.Sent) })
	gap := 2*s.Every() + s.patience()
	since = doubt
	last := doubt
	for _, c := range canaries {
		if !c.Sent.After(doubt) || c.Sent.After(now) {
			continue
		}
		if c.Sent.Sub(last) > gap {
			since = c.Sent
		}
		last = c.Sent
		switch {
		case c.Arrived != nil && c.Arrived.Sub(c.Sent) <= s.patience():
			ok = true
		case c.Arrived != nil && c.Arrived.After(since):
			since = *c.Arrived
			ok = false
		case c.Arrived == nil && now.Sub(c.Sent) > s.patience():
			since = c.Sent
			ok = false
		}
	}
	return since, ok && now.Sub(last) <= gap
}

// Absent reports whether a message that has been in doubt since then was not taken over: for a whole window the way back
// to us worked, and nothing came.
func (s Settling) Absent(doubt, now time.Time, canaries []Canary) bool {
	since, ok := s.Healthy(doubt, now, canaries)
	return ok && s.Window > 0 && now.Sub(since) >= s.Window
}

// Wait says how long to go on waiting before asking again what became of a message in doubt; 0 when it is for a person now.
// Behind the window it is waited for once more as long, if the way back works at all.
func (s Settling) Wait(doubt, now time.Time, canaries []Canary) time.Duration {
	age := now.Sub(doubt)
	if s.Window <= 0 || age >= 2*s.Window {
		return 0
	}
	if age >= s.Window && !slices.ContainsFunc(canaries, func(c Canary) bool { return c.Arrived != nil && c.Sent.After(doubt) }) {
		return 0
	}
	// Copies mostly come within the second; what is not there by then is looked for at leisure.
	return min(max(age/2, 500*time.Millisecond), s.patience(), time.Minute)
}

// PausesRelay reports whether an answer says that the relay will have nothing from us, whoever it is for: our credentials, our
// sender, our right to relay (RFC 3463, 3.8). Going on would only make it worse.
func PausesRelay(stage Stage, code int, enhanced string) bool {
	return code/100 == 5 && (stage == StageConnect || stage == StageMail || strings.HasPrefix(enhanced, "5.7."))
}

// SlowsDestination reports whether an answer asks for fewer messages at a time.
func SlowsDestination(code int, enhanced string) bool {
	return code == 421 || code/100 == 4 && strings.HasPrefix(enhanced, "4.7.")
}
