package liaison_test

import (
	"slices"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

// TestChoicesFollowTheMessage: every command about a message, for a message in every state.
func TestChoicesFollowTheMessage(t *testing.T) {
	want := map[liaison.CommandKind][]liaison.TransmissionState{
		"treat-as-sent": {"unknown"}, "send-again": {"unknown", "refused"}, "send-copy": {"refused", "bounced"}, "cancel": {"queued", "deferred"},
	}
	for kind, states := range want {
		for _, x := range liaison.TransmissionStates {
			snap, cmd := ready(liaison.DispatchedInPart, kind), command(kind, liaison.AsSecretary)
			snap.Messages["m"] = liaison.MessageState{State: x.State}
			_, err := liaison.Next(snap, cmd)
			if allowed := slices.Contains(states, x.State); allowed != (err == nil) || !allowed && liaison.CodeOf(err) != liaison.Conflict {
				t.Errorf("%s of a message that is %s: %v", kind, x.State, err)
			}
			snap.Messages["m"] = liaison.MessageState{State: x.State, Copied: true}
			if _, err := liaison.Next(snap, cmd); liaison.CodeOf(err) != liaison.Conflict {
				t.Errorf("%s of a message that was replaced: %v", kind, err)
			}
		}
		snap, cmd := ready(liaison.DispatchedInPart, kind), command(kind, liaison.AsSecretary)
		cmd.Transmission = "another"
		if _, err := liaison.Next(snap, cmd); liaison.CodeOf(err) != liaison.NotFound {
			t.Errorf("%s of another statement's message: %v", kind, err)
		}
		cmd = command(kind, liaison.AsSecretary)
		cmd.Reason = " "
		if _, err := liaison.Next(snap, cmd); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%s without a reason: %v", kind, err)
		}
		snap.ApprovedDigest = liaison.DigestOf(nil)
		if _, err := liaison.Next(snap, command(kind, liaison.AsSecretary)); kind.Sends() != (liaison.CodeOf(err) == liaison.Conflict) {
			t.Errorf("%s of other bytes than were approved: %v", kind, err)
		}
	}
	snap, cmd := ready(liaison.Dispatched, "send-copy"), command("send-copy", liaison.AsSecretary)
	cmd.Email = "nobody"
	if _, err := liaison.Next(snap, cmd); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a copy to no address: %v", err)
	}
	snap, cmd = ready(liaison.Approved, "hold"), command("hold", liaison.AsSecretary)
	snap.DispatchAt = nil
	if _, err := liaison.Next(snap, cmd); liaison.CodeOf(err) != liaison.Conflict {
		t.Errorf("holding what is held: %v", err)
	}
}
