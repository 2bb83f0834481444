package store

import (
	"context"
	"fmt"

	"github.com/jca-ml/liaison/liaison"
)

// aboutMessage works out what a person decides about one message: it is treated as sent, sent again as it is, asked about, replaced by
// a copy, or cancelled. [liaison.Next] has judged it by the state that the message had; the message is locked and looked at again,
// because what comes in about it does not wait for the statement.
func (w *writing) aboutMessage(ctx context.Context) error {
	if err := w.lock(ctx, w.cmd.Transmission); err != nil {
		return err
	}
	ts, err := transmissions(ctx, w.tx, `WHERE t.id = $1`, w.cmd.Transmission)
	if err != nil {
		return err
	}
	if len(ts) == 0 || ts[0].State != w.Messages[ts[0].ID].State {
		return liaison.Refuse(liaison.Conflict, "Something became known of this message just now. Look at it again and decide then.")
	}
	w.message = ts[0]
	switch x := w.message; w.cmd.Kind {
	case liaison.DoTreatAsSent:
		w.batch.Queue(`UPDATE transmission SET state = 'assumed', next_try_at = NULL, changed_at = $2 WHERE id = $1`, x.ID, w.now)
	case liaison.DoCancel:
		if x.State == liaison.TransmissionDeferred {
			n, err := w.doubtful(ctx, x.ID)
			if err != nil {
				return err
			}
			if n > 0 { // it was proven absent, or somebody has it sent again: cancelling would say that nothing ever left
				return liaison.Refuse(liaison.Conflict, "An earlier attempt to send this message was in doubt, so it cannot be said that nothing was sent. Let it go, or treat it as sent when it is unknown again.")
			}
		}
		w.batch.Queue(`UPDATE transmission SET state = 'cancelled', next_try_at = NULL, changed_at = $2 WHERE id = $1`, x.ID, w.now)
		return w.takeBack(ctx, x.Position)
	case liaison.DoSendAgain:
		w.batch.Queue(`UPDATE transmission SET state = 'deferred', next_try_at = $3, batch = $2, changed_at = $3 WHERE id = $1`, x.ID, w.cmd.ID, w.now)
	case liaison.DoAskBody:
		w.write(x.Position, liaison.LetterArrivalAsked)
	case liaison.DoSendCopy:
		email, err := liaison.ParseEmail(w.cmd.Email)
		if err != nil {
			return err
		}
		w.batch.Queue(`
			INSERT INTO transmission (id, statement_id, revision, letter, position, body_code, recipient_name, recipient_email,
				message_id, message_date, approval_id, approval_kind, approved_revision, batch, copy_of, state, changed_at, created_at)
			SELECT $2, statement_id, revision, letter, position, body_code, recipient_name, $3, $4, $5, approval_id, approval_kind, approved_revision, $6, id, 'queued', $5, $5
			FROM transmission WHERE id = $1`, x.ID, newID(), email, messageID(w.GroupBody), w.now, w.cmd.ID)
	default:
		return fmt.Errorf("%s is about no message", w.cmd.Kind)
	}
	return nil
}
