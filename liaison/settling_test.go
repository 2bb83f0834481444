package liaison_test

import (
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

// TestAbsenceCountsOnlyWhileCanariesArrive: a doubt of 12:00, a window of 30 minutes, a canary every 5.
func TestAbsenceCountsOnlyWhileCanariesArrive(t *testing.T) {
	s := liaison.Settling{Window: 30 * time.Minute, Canary: 5 * time.Minute}
	doubt := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := func(m float64) time.Time { return doubt.Add(time.Duration(m * float64(time.Minute))) }
	canary := func(sent, took float64) liaison.Canary {
		if took < 0 {
			return liaison.Canary{Sent: at(sent)}
		}
		arrived := at(sent + took)
		return liaison.Canary{Sent: at(sent), Arrived: &arrived}
	}
	every := func(from, to, took float64) (out []liaison.Canary) {
		for m := from; m <= to; m += 5 {
			out = append(out, canary(m, took))
		}
		return out
	}
	with := func(lists ...[]liaison.Canary) (out []liaison.Canary) {
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	tests := []struct {
		name     string
		now      float64
		canaries []liaison.Canary
		want     bool
	}{
		{"all came back, the window is over", 31, every(1, 31, 0.1), true},
		{"all came back, the window is not over", 29, every(1, 29, 0.1), false},
		{"none was sent", 300, nil, false},
		{"none came back", 300, every(1, 300, -1), false},
		{"only those from before the doubt came back", 31, with(every(-60, 0, 0.1), every(1, 31, -1)), false},
		{"one came back, at the start, and no more were sent", 31, every(1, 1, 0.1), false},
		{"the last one is not back", 37, with(every(1, 26, 0.1), every(31, 31, -1)), false},
		{"the last one is on its way", 31, with(every(1, 26, 0.1), every(31, 31, -1)), true},
		{"one in the middle was lost, 18 minutes ago", 34, with(every(1, 11, 0.1), every(16, 16, -1), every(21, 34, 0.1)), false},
		{"one in the middle was lost, a window ago", 47, with(every(1, 11, 0.1), every(16, 16, -1), every(21, 46, 0.1)), true},
		{"the way was shut for two hours and all came at once", 125, with(every(1, 1, 120), every(6, 6, 115), every(11, 11, 110), every(116, 116, 5), every(121, 121, 0.1)), false},
		{"the sender of canaries was away for an hour", 75, with(every(1, 6, 0.1), every(66, 75, 0.1)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.Absent(doubt, at(tt.now), tt.canaries); got != tt.want {
				since, ok := s.Healthy(doubt, at(tt.now), tt.canaries)
				t.Errorf("absent is %t, want %t; healthy since %s, %t", got, tt.want, since.Sub(doubt), ok)
			}
		})
	}
	if s.Wait(doubt, at(31), nil) != 0 || s.Wait(doubt, at(61), every(1, 61, 0.1)) != 0 || s.Wait(doubt, at(31), every(1, 31, 0.1)) == 0 || s.Wait(doubt, at(1), nil) == 0 {
		t.Error("waited for too short or too long")
	}
	if (liaison.Settling{}).Absent(doubt, at(300), every(1, 300, 0.1)) || (liaison.Settling{}).Wait(doubt, at(0), nil) != 0 {
		t.Error("without a window something was settled")
	}
}

func TestWhatPausesARelay(t *testing.T) {
	for _, tt := range []struct {
		stage    liaison.Stage
		code     int
		enhanced string
		want     bool
	}{
		{liaison.StageConnect, 535, "5.7.8", true}, {liaison.StageConnect, 554, "", true}, {liaison.StageMail, 550, "", true},
		{liaison.StageRcpt, 550, "5.1.1", false}, {liaison.StageRcpt, 554, "5.7.1", true}, {liaison.StageDot, 550, "5.7.26", true},
		{liaison.StageConnect, 421, "4.7.0", false}, {liaison.StageConnect, 0, "", false}, {liaison.StageDot, 250, "2.0.0", false},
	} {
		if got := liaison.PausesRelay(tt.stage, tt.code, tt.enhanced); got != tt.want {
			t.Errorf("%s %d %s pauses the relay: %t", tt.stage, tt.code, tt.enhanced, got)
		}
	}
	if !liaison.SlowsDestination(421, "") || !liaison.SlowsDestination(450, "4.7.1") || liaison.SlowsDestination(450, "4.2.1") || liaison.SlowsDestination(250, "") {
		t.Error("what slows a destination is not told apart")
	}
}
