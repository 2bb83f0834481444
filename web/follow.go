package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// markView is what another statement did to this one: "Superseded by JCA-ML-LS14".
type markView struct {
	Kind    liaison.RelationKind
	Words   string
	Ref     string
	Address string
	At      moment
	Ends    bool
}

// followView is a way to follow up a statement that left.
type followView struct {
	Kind                 liaison.RelationKind
	Label, Hint, Command string
}

// threadView is a statement of the thread, with what it says of the others.
type threadView struct {
	lineView
	Here bool
	Says []saidView
}

type saidView struct {
	Kind    liaison.RelationKind
	Ref     string
	Address string // "" for a statement that is not in this register
}

func markViews(marks []liaison.Mark, zone *time.Location) []markView {
	var out []markView
	for _, m := range marks {
		v := markView{Kind: m.Kind, Words: m.Kind.Mark(), Ref: m.Ref, Address: "/statements/" + string(m.Statement), At: momentOf(m.At, zone)}
		for _, f := range liaison.FollowUps {
			v.Ends = v.Ends || f.Kind == m.Kind && f.Ends
		}
		out = append(out, v)
	}
	return out
}

// addThread adds what ties the statement to others, in both directions, and what can be begun from it.
func (s *server) addThread(ctx context.Context, p *statementPage, snap store.Snapshot, zone *time.Location, me *visitor) error {
	marks, err := s.store.Marks(ctx, snap.ID)
	if err != nil {
		return err
	}
	p.Marks = markViews(marks, zone)
	may := liaison.MayFollow(snap.Snapshot, me.ID(), marks)
	for _, f := range liaison.FollowUps {
		if slices.Contains(may, f.Kind) {
			p.FollowUps = append(p.FollowUps, followView{f.Kind, f.Label, f.Hint, newID()})
		}
	}
	thread, err := s.store.Thread(ctx, me.ID(), snap.ID)
	if err != nil {
		return err
	}
	related := len(thread) > 1
	for _, l := range thread {
		if l.ID == snap.ID && snap.State == liaison.Draft { // what it will say when it is submitted
			l.Relations = slices.DeleteFunc(slices.Clone(snap.Content.Relations), func(r liaison.Relation) bool {
				return r.Statement != "" && !slices.ContainsFunc(snap.Related, func(x liaison.Related) bool {
					return x.ID == r.Statement && (x.Group == snap.Group || x.State.Public() && !x.Confidential)
				})
			})
		}
		v := threadView{lineView: s.lineView(l.Line, me), Here: l.ID == snap.ID}
		for _, r := range l.Relations {
			said := saidView{Kind: r.Kind, Ref: r.Ref}
			if r.Statement != "" {
				said.Address = "/statements/" + string(r.Statement)
			}
			v.Says, related = append(v.Says, said), true
		}
		p.Thread = append(p.Thread, v)
	}
	if !related {
		p.Thread = nil // nothing but itself
	}
	return nil
}

// followUp begins a new draft that revises, corrects, recalls or forwards a statement that left. The form's id makes the draft's, so
// that pressing twice makes one.
func (s *server) followUp(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, command, err := s.asked(w, r, me)
	if err != nil {
		return err
	}
	marks, err := s.store.Marks(r.Context(), snap.ID)
	if err != nil {
		return err
	}
	kind := liaison.RelationKind(r.PostFormValue("kind"))
	id := liaison.StatementID(uuid.NewSHA1(uuid.NameSpaceOID, []byte(string(snap.ID)+"/"+string(command))).String())
	if !slices.Contains(liaison.MayFollow(snap.Snapshot, me.ID(), marks), kind) {
		if ended := liaison.Ended(marks); ended != nil && slices.Contains(liaison.MayFollow(snap.Snapshot, me.ID(), nil), kind) {
			return liaison.Refuse(liaison.Conflict, "%s is %s %s meanwhile. Open that one, and begin there if something is left to be said.", snap.Ref, strings.ToLower(ended.Kind.Mark()), ended.Ref)
		}
		return liaison.Refuse(liaison.Forbidden, "A statement is followed up once it has left, by who may draft for its group.")
	}
	if _, err := s.store.Create(r.Context(), id, me.ID(), liaison.Follow(snap.Snapshot, kind)); err != nil {
		return err
	}
	http.Redirect(w, r, "/statements/"+string(id)+"/edit", http.StatusSeeOther)
	return nil
}
