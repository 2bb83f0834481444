package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Result is what the check of the main job came to.
type Result struct {
	Statement            string `json:"statement"`
	Transmissions        int    `json:"transmissions"`
	Accepted             int    `json:"accepted"`
	Refused              int    `json:"refused"`
	DeferredThenAccepted int    `json:"deferred_then_accepted"`
	SentTwice            int    `json:"sent_twice"`
	AuditVerified        bool   `json:"audit_verified"`
	Receipts             int    `json:"receipts"` // that were made and verify offline
}

// checkTo are the addressees of the check: among them one whose server refuses and one whose server defers twice.
var checkTo = []struct {
	body    liaison.Code
	purpose liaison.Purpose
}{
	{"itu-t/sg13", liaison.ForAction},
	{"itu-t/sg17", liaison.ForAction},
	{"iso-iec/jtc1/sc42", liaison.ForComment},
	{"w3c", liaison.ForInformation},
	{"khronos", liaison.ForInformation},      // busy@: deferred first
	{"iec/smb/sg12", liaison.ForInformation}, // bounce@: refused at SMTP time
}

// Check runs the main job through the pages at base as two people would: an editor drafts a statement with a file and submits it,
// is refused when approving it, the chair approves it, and it arrives. Then it counts what arrived against what the
// ledger says, and verifies the audit log. step is told what is being done.
func Check(ctx context.Context, base string, s *store.Store, servers *Servers, step func(string)) (Result, error) {
	c := &check{base: base, store: s, servers: servers, step: step}
	if err := c.run(ctx); err != nil {
		return c.result, err
	}
	return c.result, nil
}

type check struct {
	base          string
	store         *store.Store
	servers       *Servers
	step          func(string)
	editor, chair *browser
	id            liaison.StatementID
	result        Result
}

func (c *check) run(ctx context.Context) (err error) {
	for _, part := range []struct {
		words string
		do    func(context.Context) error
	}{
		{"sign in as the editor and as the chair", c.signIn},
		{"draft a statement", c.draft},
		{"submit it", c.submit},
		{"be refused as the drafter, approve as the chair", c.decide},
		{"wait until every message is settled", c.wait},
		{"count what arrived", c.count},
		{"verify the audit log", c.audit},
	} {
		c.step(part.words)
		if err := part.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.words, err)
		}
	}
	return nil
}

func (c *check) signIn(ctx context.Context) (err error) {
	if c.editor, err = c.person(ctx, seed.Editor); err != nil {
		return err
	}
	c.chair, err = c.person(ctx, seed.Chair)
	return err
}

func (c *check) person(ctx context.Context, who liaison.Person) (*browser, error) {
	b, err := newBrowser(c.base)
	if err != nil {
		return nil, err
	}
	p, err := b.get(ctx, "/sign-in")
	if p, err = p.must("open the sign-in page", err); err != nil {
		return nil, err
	}
	f, err := p.form("/sign-in", "")
	if err != nil {
		return nil, err
	}
	if err := f.set("person", 0, string(who.ID)); err != nil {
		return nil, err
	}
	p, err = b.send(ctx, p, f)
	if p, err = p.must("sign in as "+who.Name, err); err != nil {
		return nil, err
	}
	if !strings.Contains(string(p.body), who.Name) {
		return nil, fmt.Errorf("the page after signing in does not name %s", who.Name)
	}
	return b, nil
}

func (c *check) draft(ctx context.Context) error {
	p, err := c.editor.get(ctx, "/statements/new")
	if p, err = p.must("open the form", err); err != nil {
		return err
	}
	f, err := p.form("/statements", "add-addressee")
	for err == nil && f.count("body") < len(checkTo) {
		before := f.count("body")
		p, err = c.editor.send(ctx, p, f)
		if p, err = p.must("add an addressee's row", err); err != nil {
			return err
		}
		if f, err = p.form("/statements", "add-addressee"); err == nil && f.count("body") <= before {
			return errors.New("the button for another addressee adds no row")
		}
	}
	if err != nil {
		return err
	}
	if f, err = p.form("/statements", "save"); err != nil {
		return err
	}
	deadline := time.Now().AddDate(0, 2, 0).Format(time.DateOnly)
	for name, value := range map[string]string{
		"title":        "LS/o on deliverables of Focus Group ML5G to ITU-T, ITU-R study groups and other groups",
		"questions":    "N/A",
		"deadline":     deadline,
		"reply_to":     "jca-ml@liaison.example",
		"abstract":     "Draws attention to the deliverables of the Focus Group on machine learning for future networks including 5G, and asks which of them are taken up.",
		"text":         "The Focus Group on machine learning for future networks including 5G handed its deliverables to ITU-T Study Group 13 (SG13-LS-165, August 2020).\n\nJCA-ML asks the groups addressed for action which of them they take up, in which work item, and by when.",
		"contact_name": seed.Chair.Name, "contact_organization": "ETRI", "contact_country": "Rep. of Korea", "contact_email": seed.Chair.Email,
	} {
		if err := f.set(name, 0, value); err != nil {
			return err
		}
	}
	for i, to := range checkTo {
		if err := errors.Join(f.set("body", i, string(to.body)), f.set("purpose", i, string(to.purpose))); err != nil {
			return err
		}
	}
	p, err = c.editor.send(ctx, p, f, file{"files", "deliverables.csv", "deliverable;group;work item\nArchitectural framework;;\n"})
	if p, err = p.must("save the draft", err); err != nil {
		return err
	}
	_, rest, ok := strings.Cut(p.url.Path, "/statements/")
	if !ok {
		return fmt.Errorf("saving the draft led to %s", p.url.Path)
	}
	c.id = liaison.StatementID(strings.Split(rest, "/")[0])
	return nil
}

func (c *check) submit(ctx context.Context) error {
	p, err := c.editor.get(ctx, path.Join("/statements", string(c.id), "submit"))
	if p, err = p.must("open the last look", err); err != nil {
		return err
	}
	f, err := p.form("/submit", "")
	if err != nil {
		return err
	}
	p, err = c.editor.send(ctx, p, f)
	_, err = p.must("submit", err)
	return err
}

func (c *check) decide(ctx context.Context) error {
	review := path.Join("/statements", string(c.id), "review")
	p, err := c.chair.get(ctx, review)
	if p, err = p.must("open the review page", err); err != nil {
		return err
	}
	if !strings.Contains(string(p.body), "deliverables.csv") {
		return errors.New("the review page does not show the attachment")
	}
	f, err := p.form("/review", "approve")
	if err != nil {
		return err
	}
	if err := f.set("consultation", 0, "E-mail to the management team, answered by all"); err != nil {
		return err
	}
	refused, err := c.editor.send(ctx, p, f) // the chair's own form, sent by the drafter
	if err != nil {
		return err
	}
	if refused.status != http.StatusForbidden {
		return fmt.Errorf("the drafter's approval was answered with status %d, want 403", refused.status)
	}
	p, err = c.chair.send(ctx, p, f)
	_, err = p.must("approve", err)
	return err
}

func (c *check) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		snap, err := c.store.Snapshot(ctx, c.id)
		if err != nil {
			return err
		}
		ts, err := c.store.Transmissions(ctx, c.id)
		if err != nil {
			return err
		}
		open := 0
		for _, t := range ts {
			if !t.State.Settled() {
				open++
			}
		}
		if snap.State == liaison.Dispatched || snap.State == liaison.DispatchedInPart {
			if open == 0 {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("after two minutes the statement is %s and %d messages are open", snap.State, open)
		}
	}
}

// count holds the ledger against what the mail server, which knows nothing of it, has received.
func (c *check) count(ctx context.Context) error {
	snap, err := c.store.Snapshot(ctx, c.id)
	if err != nil {
		return err
	}
	c.result.Statement = snap.Ref
	received, err := c.received(ctx)
	if err != nil {
		return err
	}
	ts, err := c.store.Transmissions(ctx, c.id)
	if err != nil {
		return err
	}
	var wrong []error
	for _, t := range ts {
		n := received[t.Email+" "+t.MessageID]
		if n > 1 {
			c.result.SentTwice++
		}
		if accepted := t.State == liaison.TransmissionAccepted; accepted != (n == 1) {
			wrong = append(wrong, fmt.Errorf("the message to %s is %s and arrived %d times", t.Email, t.State, n))
		}
		if t.Letter != liaison.LetterStatement {
			continue
		}
		c.result.Transmissions++
		switch {
		case t.State == liaison.TransmissionAccepted && t.Attempts > 1:
			c.result.DeferredThenAccepted++
			c.result.Accepted++
		case t.State == liaison.TransmissionAccepted:
			c.result.Accepted++
		case t.State == liaison.TransmissionRefused:
			c.result.Refused++
		}
	}
	r := c.result
	if r.Transmissions != len(checkTo) || r.Refused != 1 || r.DeferredThenAccepted < 1 || r.Accepted != len(checkTo)-1 {
		wrong = append(wrong, fmt.Errorf("%d transmissions, %d accepted, %d refused, %d deferred and then accepted; want %d, %d, 1 and at least 1",
			r.Transmissions, r.Accepted, r.Refused, r.DeferredThenAccepted, len(checkTo), len(checkTo)-1))
	}
	p, err := c.editor.get(ctx, "/inbox")
	if p, err = p.must("open the inbox", err); err != nil {
		return errors.Join(append(wrong, err)...)
	}
	if !strings.Contains(string(p.body), snap.Ref) {
		wrong = append(wrong, fmt.Errorf("the inbox does not show %s", snap.Ref))
	}
	return errors.Join(wrong...)
}

// received counts the messages of the mail server by recipient and Message-ID.
func (c *check) received(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	for before := ""; ; {
		list, next, err := c.servers.Inbox.List(ctx, before, 0)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			for _, to := range m.Recipients {
				out[to+" "+m.MessageID]++
			}
		}
		if before = next; next == "" {
			return out, nil
		}
	}
}

func (c *check) audit(ctx context.Context) error {
	report, err := c.store.Audit(ctx, nil)
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		err = errors.Join(err, errors.New(p.String()))
	}
	c.result.AuditVerified = err == nil && report.Size > 0
	return err
}
