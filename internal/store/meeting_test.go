package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/liaison"
)

func TestMeetings(t *testing.T) {
	s, _ := open(t)
	all, err := s.Meetings(t.Context(), seed.JCAML)
	if err != nil || len(all) != 2 || all[0].From <= all[1].From {
		t.Fatalf("meetings of JCA-ML, latest first: %+v, %v", all, err)
	}
	want := seed.Meetings()[1]
	want.Version = 1
	got, err := s.Meeting(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, id := range []liaison.MeetingID{"0190c0de-0000-7000-8000-0000000002ff", "first"} {
		if _, err := s.Meeting(t.Context(), id); liaison.CodeOf(err) != liaison.NotFound {
			t.Errorf("the meeting %q: %v", id, err)
		}
	}
}
