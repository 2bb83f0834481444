package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// comparePage shows what differs between two revisions of a statement: envelope and text word by word, files by their bytes.
type comparePage struct {
	layout
	Address       string
	Ref           string
	StatementName string
	Language      string
	From, To      comparedRevision
	Choices       []comparedRevision // newest first
	Changes       []difference
	Substantive   bool // one of the fields is, under the group's profile
	Files         []fileChangeView
	Same          bool
	Correction    *correctionView // how To was made of From, if it was corrected editorially
}

// comparedRevision is one of those that can be compared; Number 0 is the working draft.
type comparedRevision struct {
	Number  int
	Value   string // in the address
	Label   string
	Digest  liaison.Digest
	content liaison.Content
}

type correctionView struct {
	By, Acting, Reason string
	At                 moment
}

type fileChangeView struct {
	Name          string
	Words         string
	Differs       bool
	Before, After *fileView
}

var compareTemplate = newPage[comparePage]("compare")

// workingDraft is how the address names what is being written.
const workingDraft = "draft"

// showCompare is for those who work on the statement: others read what left, and not what went before.
func (s *server) showCompare(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if !insider(snap, me) {
		return errNoStatement
	}
	choices, err := s.comparable(r, snap)
	if err != nil {
		return err
	}
	if len(choices) < 2 {
		return liaison.Refuse(liaison.NotFound, "There is only one revision of this statement so far, and nothing to compare it with.")
	}
	from, to, err := chosen(r, choices)
	if err != nil {
		return err
	}
	zone, err := snap.Profile.Zone()
	if err != nil {
		return err
	}
	p := comparePage{
		layout: s.layout(r, "Compare: "+titleOr(to.content.Title)), Address: "/statements/" + string(snap.ID), Ref: snap.Ref, StatementName: titleOr(to.content.Title),
		Language: to.content.Language, From: from, To: to, Choices: choices,
	}
	changes := liaison.Compare(from.content, to.content)
	for _, d := range changes {
		p.Substantive = p.Substantive || snap.Profile.IsSubstantive(d.Field)
	}
	p.Same = len(changes) == 0
	p.Changes = differences(slices.DeleteFunc(changes, func(d liaison.Difference) bool { return d.Field == "attachments" }))
	p.Files = fileChanges(snap.ID, from.content.Attachments, to.content.Attachments)
	if p.Correction, err = s.correction(r, snap, from, to, zone); err != nil {
		return err
	}
	return compareTemplate.write(w, http.StatusOK, p)
}

// comparable lists the revisions, newest first, with the working draft before them while there is one that differs.
func (s *server) comparable(r *http.Request, snap store.Snapshot) ([]comparedRevision, error) {
	revisions, err := s.store.Revisions(r.Context(), snap.ID)
	if err != nil {
		return nil, err
	}
	var out []comparedRevision
	if snap.State == liaison.Draft && len(revisions) > 0 {
		out = append(out, comparedRevision{Value: workingDraft, Label: "the working draft", content: snap.Content})
	}
	for _, x := range revisions {
		out = append(out, comparedRevision{x.Number, strconv.Itoa(x.Number), fmt.Sprintf("revision %d", x.Number), x.Digest, x.Content})
	}
	return out, nil
}

// chosen finds the two that the address names; without names the newest and the one before it.
func chosen(r *http.Request, choices []comparedRevision) (from, to comparedRevision, err error) {
	pick := func(name string, other comparedRevision) (comparedRevision, error) {
		value := r.FormValue(name)
		if value == "" {
			return other, nil
		}
		if i := slices.IndexFunc(choices, func(c comparedRevision) bool { return c.Value == value }); i >= 0 {
			return choices[i], nil
		}
		return other, liaison.Refuse(liaison.NotFound, "The statement has no revision %q. Choose two from the list.", value)
	}
	if to, err = pick("to", choices[0]); err != nil {
		return from, to, err
	}
	before := choices[min(slices.IndexFunc(choices, func(c comparedRevision) bool { return c.Value == to.Value })+1, len(choices)-1)]
	from, err = pick("from", before)
	return from, to, err
}

func fileChanges(id liaison.StatementID, before, after []liaison.Attachment) []fileChangeView {
	var out []fileChangeView
	for _, c := range liaison.CompareFiles(before, after) {
		v := fileChangeView{Name: c.Name, Differs: c.Differs()}
		view := func(a *liaison.Attachment) *fileView {
			if a == nil {
				return nil
			}
			return &fileView{Name: a.Name, MediaType: a.MediaType, Size: a.Size, Digest: a.Digest, Address: fileAddress(id, *a)}
		}
		v.Before, v.After = view(c.Before), view(c.After)
		switch {
		case c.Before == nil:
			v.Words = "Put in"
		case c.After == nil:
			v.Words = "Taken out"
		case c.Bytes():
			v.Words = "Other bytes under the same name"
		case c.Differs():
			v.Words = "The same bytes, described otherwise"
		default:
			v.Words = "The same bytes"
		}
		out = append(out, v)
	}
	return out
}

// correction says of two neighbours how the later was made of the earlier by the secretariat.
func (s *server) correction(r *http.Request, snap store.Snapshot, from, to comparedRevision, zone *time.Location) (*correctionView, error) {
	all, err := s.store.Amendments(r.Context(), snap.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Revision == to.Number && a.Amends == from.Number {
			return &correctionView{a.By, a.Acting.Label(), a.Reason, momentOf(a.At, zone)}, nil
		}
	}
	return nil, nil
}
