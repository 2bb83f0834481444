package web

import (
	"net/http"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// receipt is the proof that a message to an addressee stands in the audit log: sealed, or with ?of=accepted what its server
// answered. It carries the leaf, so that one file is enough to check it.
//
// It is open to everybody who has the address, because who got the message has no account here, and the address is in the
// message. It says nothing that the message does not: the leaf holds digests and commitments, no text and no names.
func (s *server) receipt(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.store.Transmission(ctx, liaison.TransmissionID(r.PathValue("transmission")))
	switch {
	case liaison.CodeOf(err) == liaison.NotFound:
		return errNoMessage
	case err != nil:
		return err
	case string(t.Statement) != r.PathValue("id"), t.Letter != liaison.LetterStatement:
		return errNoMessage
	}
	kind := liaison.EventSealed
	if of := r.URL.Query().Get("of"); of == string(liaison.EventAccepted) {
		kind = liaison.EventAccepted
	} else if of != "" && of != string(liaison.EventSealed) {
		return liaison.Refuse(liaison.NotFound, "There are receipts of sealed and of accepted messages.")
	}
	log, index, err := s.store.LeafOf(ctx, t.ID, kind)
	if err != nil {
		return err
	}
	proof, leaf, err := s.store.Receipt(ctx, log, index)
	if err != nil {
		return err
	}
	proof.Leaf = leaf
	name := strings.ReplaceAll(string(t.Body), "/", "-") + "-" + string(kind) + ".tlog-proof"
	writeFile(w, name, "text/plain; charset=utf-8", proof.Encode())
	return nil
}

// receiptLink is a receipt that can be had of a message.
type receiptLink struct{ Label, Address string }

// receiptsOf lists what a message to an addressee has receipts of.
func receiptsOf(address string, t store.Transmission) []receiptLink {
	if t.Letter != liaison.LetterStatement {
		return nil
	}
	out := []receiptLink{{"sealed for dispatch", address + "/receipt"}}
	if t.State == liaison.TransmissionAccepted {
		out = append(out, receiptLink{"accepted by the server, which is not delivery", address + "/receipt?of=accepted"})
	}
	return out
}

// checkpoint is the newest signed checkpoint of the audit log, for everybody.
func (s *server) checkpoint(w http.ResponseWriter, r *http.Request) error {
	c, err := s.store.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	plainText(w, c.Note)
	return nil
}

// logKey is the verifier key that the newest checkpoint is signed with. Who checks this server should have it from elsewhere.
func (s *server) logKey(w http.ResponseWriter, r *http.Request) error {
	c, err := s.store.Checkpoint(r.Context())
	if err != nil {
		return err
	}
	plainText(w, c.Key+"\n")
	return nil
}

func plainText(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(body)) // who asked has gone away; there is nobody to tell
}
