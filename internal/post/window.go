package post

import (
	"context"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// correspondence is a letter about a window for objections. It says what its event says, whatever came after that.
func (o *Office) correspondence(ctx context.Context, snap store.Snapshot, m mail.Matter, l store.NoticeLine) (mail.Letter, error) {
	e := l.Event
	w, err := o.Store.Window(ctx, e.Window)
	if err != nil {
		return nil, err
	}
	r, err := o.revision(ctx, snap.ID, e.Revision)
	if err != nil {
		return nil, err
	}
	m.Ref, m.Title, m.Language = e.Ref, r.Content.Title, r.Content.Language
	by := e.Named
	for _, id := range []liaison.PersonID{e.For, e.Actor} {
		if by == "" && id != "" {
			p, err := o.person(ctx, id)
			if err != nil {
				return nil, err
			}
			by = p.Name
		}
	}
	page := m.URL
	switch l.Letter {
	case liaison.LetterWindowOpened:
		m.URL = page + "/review"
		return mail.CorrespondenceOpened{Matter: m, Until: w.Last, Mode: w.Mode, By: w.OpenedBy.Name}, nil
	case liaison.LetterWindowClosing:
		zone, err := snap.Profile.Zone()
		if err != nil {
			return nil, err
		}
		m.URL = page + "/review"
		return mail.CorrespondenceClosing{Matter: m, Until: w.Last, Days: liaison.DaysBetween(liaison.DateOf(e.At, zone), w.Last), Mode: w.Mode}, nil
	case liaison.LetterObjectedLate:
		return mail.ObjectedLate{Matter: m, By: by, Words: e.Reason}, nil
	}
	if e.To == liaison.InReview || e.To == liaison.InCorrespondence {
		m.URL = page + "/review"
	}
	return mail.CorrespondenceClosed{Matter: m, How: e.Kind, Mode: e.Mode, By: by, Words: e.Reason}, nil
}
