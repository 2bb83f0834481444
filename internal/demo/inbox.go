package demo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jca-ml/liaison/internal/demo/parts"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/web"
)

// pages shows the demo's inbox to the pages.
type pages struct{ inbox *parts.Inbox }

// InboxPages is what the pages show of the servers' inbox.
func (s *Servers) InboxPages() web.Inbox { return pages{s.Inbox} }

func (p pages) List(ctx context.Context, recipient, before string, limit int) (lines []web.InboxLine, next string, err error) {
	for {
		page, more, err := p.inbox.List(ctx, before, 0)
		if err != nil {
			return nil, "", explain(err)
		}
		for _, s := range page {
			if recipient != "" && !slices.ContainsFunc(s.Recipients, func(r string) bool { return strings.EqualFold(r, recipient) }) {
				continue
			}
			if len(lines) == limit {
				return lines, lines[limit-1].ID, nil
			}
			lines = append(lines, line(s))
		}
		if before = more; more == "" {
			return lines, "", nil
		}
	}
}

func (p pages) Recipients(context.Context) ([]web.InboxRecipient, error) {
	counts := p.inbox.CountByRecipient()
	var out []web.InboxRecipient
	for _, address := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, web.InboxRecipient{Address: address, Count: counts[address]})
	}
	return out, nil
}

func (p pages) Get(_ context.Context, id string) (web.InboxMessage, error) {
	m, err := p.inbox.Get(id)
	if err != nil {
		return web.InboxMessage{}, explain(err)
	}
	raw, err := p.inbox.Raw(id)
	if err != nil {
		return web.InboxMessage{}, explain(err)
	}
	out := web.InboxMessage{InboxLine: line(m.Summary), Text: m.Text, HTML: m.HTML, Raw: raw, Problem: m.Problem}
	for _, h := range m.Headers {
		out.Headers = append(out.Headers, web.InboxHeader{Name: h.Name, Value: h.Value})
	}
	for _, a := range m.Attachments {
		out.Attachments = append(out.Attachments, web.InboxAttachment{Name: a.Name, MediaType: a.Type, Size: a.Size, Content: a.Content})
	}
	return out, nil
}

func line(s parts.Summary) web.InboxLine {
	return web.InboxLine{ID: s.ID, EnvelopeFrom: s.EnvelopeFrom, Recipients: s.Recipients, ReceivedAt: s.ReceivedAt, Subject: s.Subject, From: s.From, To: s.To}
}

func explain(err error) error {
	if errors.Is(err, parts.ErrNoMessage) {
		return liaison.Refuse(liaison.NotFound, "There is no such message in the inbox.")
	}
	return err
}
