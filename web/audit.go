package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// auditPage is the audit log for an auditor: what it is now, what its last check came to, and its entries.
type auditPage struct {
	layout
	Size       int64
	Checkpoint *checkpointView
	Stamp      *stampView
	NoStamp    *noStampView
	Checks     []checkView
	Kinds      []choice
	People     []choice
	Bodies     []choice
	From       string // a day, as the form has it
	Until      string
	Entries    []entryView
	Filtered   bool
	Next       string // address of the next page
	Evidence   string // address of the evidence of the period
}

type choice struct {
	Value, Label string
	Chosen       bool
}

type checkpointView struct {
	Origin, Root string
	Size         int64
	At           moment
	Witnesses    []string
	Note         string
}

// stampView is the newest time-stamp of an authority.
type stampView struct {
	Authority string
	Size      int64
	At        moment
}

// noStampView is that an authority gave none since.
type noStampView struct {
	At      moment
	Times   int
	Address string
	Words   string
}

type checkView struct {
	At       moment
	By       string
	Size     int64
	Root     string
	Good     bool
	Problems []string
	Notices  []string
}

type entryView struct {
	store.LogEntry
	When    moment
	Words   string
	Address string // of the statement's history, "" of what is about no statement
}

var auditTemplate = newPage[auditPage]("audit")

var errNoAuditor = liaison.Refuse(liaison.Forbidden, "The audit log is for auditors. Who appoints officers of the group can appoint one.")

// logMoment is the time of entries in the log: UTC, because the log is not one group's.
func logMoment(t time.Time) moment { return momentOf(t, time.UTC) }

func (s *server) showAudit(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if !me.Auditor {
		return errNoAuditor
	}
	ctx, q := r.Context(), r.URL.Query()
	p := auditPage{layout: s.layout(r, "Audit log"), From: q.Get("from"), Until: q.Get("until")}
	filter := store.LogFilter{Kind: liaison.EventKind(q.Get("kind")), Actor: liaison.PersonID(q.Get("actor")), Body: liaison.Code(q.Get("body")), Before: q.Get("before")}
	var err error
	if filter.From, filter.Until, err = period(q); err != nil {
		return err
	}
	entries, next, err := s.store.AuditLog(ctx, filter)
	if err != nil {
		return err
	}
	for _, e := range entries {
		v := entryView{LogEntry: e, When: logMoment(e.At), Words: e.Kind.Label()}
		if e.Statement != "" {
			v.Address = "/statements/" + string(e.Statement) + "/history"
		}
		p.Entries = append(p.Entries, v)
	}
	if next != "" {
		q.Set("before", next)
		p.Next = "/audit?" + q.Encode()
	}
	if !filter.From.IsZero() || !filter.Until.IsZero() {
		p.Evidence = "/audit/evidence.zip?" + url.Values{"from": {q.Get("from")}, "until": {q.Get("until")}}.Encode()
	}
	p.Filtered = filter != store.LogFilter{Before: filter.Before}
	if p.Size, err = s.store.LogSize(ctx); err != nil {
		return err
	}
	if p.Checkpoint, err = s.checkpointView(r); err != nil {
		return err
	}
	if err := s.stampViews(ctx, &p); err != nil {
		return err
	}
	checks, err := s.store.Verifications(ctx, 5)
	if err != nil {
		return err
	}
	for _, v := range checks {
		p.Checks = append(p.Checks, checkView{logMoment(v.At), v.By, v.Size, v.Root, len(v.Problems) == 0, v.Problems, v.Notices})
	}
	return s.auditChoices(r, &p, filter, w)
}

// auditChoices fills the lists of the form, and shows the page.
func (s *server) auditChoices(r *http.Request, p *auditPage, f store.LogFilter, w http.ResponseWriter) error {
	for _, k := range liaison.Events {
		p.Kinds = append(p.Kinds, choice{string(k.Kind), k.Label, k.Kind == f.Kind})
	}
	people, err := s.store.People(r.Context())
	if err != nil {
		return err
	}
	for _, x := range people {
		p.People = append(p.People, choice{string(x.ID), x.Name, x.ID == f.Actor})
	}
	bodies, err := s.store.Bodies(r.Context())
	if err != nil {
		return err
	}
	for _, b := range bodies {
		p.Bodies = append(p.Bodies, choice{string(b.Code), b.Label(), b.Code == f.Body})
	}
	return auditTemplate.write(w, http.StatusOK, *p)
}

func (s *server) checkpointView(r *http.Request) (*checkpointView, error) {
	c, err := s.store.Checkpoint(r.Context())
	if liaison.CodeOf(err) == liaison.NotFound {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	cp, n, err := receipt.ParseCheckpoint([]byte(c.Note))
	if err != nil {
		return nil, err
	}
	v := &checkpointView{Origin: cp.Origin, Size: cp.Size, Root: cp.Root.String(), At: logMoment(c.At), Note: c.Note}
	for _, x := range n.Signatures {
		if x.Name != cp.Origin {
			v.Witnesses = append(v.Witnesses, x.Name)
		}
	}
	return v, nil
}

// stampViews tells what an authority's newest time-stamp says, and what went wrong since.
func (s *server) stampViews(ctx context.Context, p *auditPage) error {
	last, err := s.store.NewestStamp(ctx)
	if err == nil {
		p.Stamp = &stampView{last.Authority, last.Size, logMoment(last.At)}
	} else if liaison.CodeOf(err) != liaison.NotFound {
		return err
	}
	n, failed, err := s.store.StampFailures(ctx, last.Asked)
	if n > 0 {
		p.NoStamp = &noStampView{logMoment(failed.At), n, failed.Authority, failed.Words}
	}
	return err
}

// period reads the days from and until, both inclusive, of the log's own calendar, which is UTC.
func period(q url.Values) (from, until time.Time, err error) {
	for _, x := range []struct {
		name string
		t    *time.Time
		days int
	}{{"from", &from, 0}, {"until", &until, 1}} {
		if v := q.Get(x.name); v != "" {
			day, err := time.Parse(time.DateOnly, v)
			if err != nil {
				return from, until, liaison.Refuse(liaison.Invalid, "%q is not a day. Write it as in 2026-11-23.", v)
			}
			*x.t = day.AddDate(0, 0, x.days)
		}
	}
	return from, until, nil
}

// verifyBound is how long a check that was asked for on the page may take.
const verifyBound = time.Hour

// verifyAudit checks the whole log and records what it came to.
func (s *server) verifyAudit(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if !me.Auditor {
		return errNoAuditor
	}
	// A long log takes minutes: the answer may be written when it is there.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(verifyBound)) // a connection that has no bound needs none
	report, err := s.store.AuditWith(r.Context(), s.audit)
	if err != nil {
		return err
	}
	if err := s.store.KeepVerification(r.Context(), me.ID(), report); err != nil {
		return err
	}
	http.Redirect(w, r, "/audit", http.StatusSeeOther)
	return nil
}

// auditable reads a statement for its history: who may read the statement may, and an auditor may, who sees what happened and
// not what it says.
func (s *server) auditable(r *http.Request, me *visitor) (store.Snapshot, error) {
	if !me.Auditor {
		return s.readable(r, me)
	}
	return s.store.Snapshot(r.Context(), liaison.StatementID(r.PathValue("id")))
}

// headingOf is a statement's title, for who may read it.
func headingOf(snap store.Snapshot, me *visitor) string {
	if !snap.MayRead(me.ID()) {
		return "A statement that is not yours to read: what happened is here, what it says is not."
	}
	return titleOr(snap.Content.Title)
}
