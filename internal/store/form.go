package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/liaison"
)

// forms are the PDF and the Word file of a progress report. They are made before the transaction that submits it, which takes a while
// for a long one, and attached in it, if they are still of what is submitted: so their bytes are part of what is approved.
type forms struct {
	of    liaison.Digest // of the outline that they were made of
	files []liaison.Attachment
	bytes [][]byte
}

// errOtherForms says that somebody saved the report while its files were made.
var errOtherForms = errors.New("the files were made of another text")

// outline is what the files of the report are made of, and its digest: everything that stands in them.
func outline(ctx context.Context, q querier, snap Snapshot) (document.Document, liaison.Digest, error) {
	about := document.About{Group: snap.GroupBody, Bodies: map[liaison.Code]liaison.Body{}}
	all, err := bodies(ctx, q)
	if err != nil {
		return document.Document{}, "", err
	}
	for _, b := range all {
		about.Bodies[b.Code] = b
	}
	about.Parent = about.Bodies[snap.Content.Report.Parent]
	d, err := document.Outline(snap.Content, about)
	if err != nil {
		return d, "", err
	}
	b, err := json.Marshal(d)
	if err != nil {
		return d, "", fmt.Errorf("encode the outline of a report: %w", err)
	}
	return d, liaison.DigestOf(b), nil
}

// makeForms makes the files of the report that the command submits; none for any other command and for what is no report.
func (s *Store) makeForms(ctx context.Context, cmd liaison.Command) (*forms, error) {
	if cmd.Kind != liaison.DoSubmit {
		return nil, nil
	}
	snap, recorded, err := snapshot(ctx, s.pool, cmd.Statement, cmd.ID, s.now(), "")
	if err != nil || recorded != nil || snap.Content.Report == nil || snap.State != liaison.Draft {
		return nil, unavailable(err)
	}
	if snap.Content, _, err = resolve(ctx, s.pool, snap.Content, snap); err != nil {
		return nil, unavailable(err)
	}
	d, digest, err := outline(ctx, s.pool, snap)
	if err != nil {
		return nil, unavailable(err)
	}
	f := &forms{of: digest}
	name := "progress-report-" + path.Base(string(snap.Group)) + "-" + string(snap.Content.Report.Until)
	for _, form := range []struct {
		ending, media string
		make          func(document.Document) ([]byte, error)
	}{
		{".pdf", "application/pdf", document.PDF},
		{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", document.Word},
	} {
		b, err := form.make(d)
		if err != nil {
			return nil, err
		}
		f.files = append(f.files, liaison.Attachment{Name: name + form.ending, MediaType: form.media, Size: int64(len(b)), Digest: liaison.DigestOf(b)})
		f.bytes = append(f.bytes, b)
	}
	return f, nil
}

// attach keeps the files that were made of the report and attaches them, in the place of those made before.
func (w *writing) attach(ctx context.Context, f *forms) error {
	if w.Content.Report == nil {
		return nil
	}
	_, now, err := outline(ctx, w.tx, w.Snapshot)
	if err != nil {
		return err
	}
	if f == nil || f.of != now {
		return errOtherForms
	}
	for i, a := range f.files {
		if _, err := w.Exec(ctx, `INSERT INTO blob (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING`, a.Digest, f.bytes[i]); err != nil {
			return fmt.Errorf("keep %s: %w", a.Name, err)
		}
	}
	if w.Content, err = w.Content.WithForms(f.files); err != nil {
		return err
	}
	for _, e := range w.Content.Limits() {
		return e
	}
	return nil
}
