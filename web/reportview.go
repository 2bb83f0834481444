package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// reportView is a report as it is read: on its statement's page, when it is decided on, and by its addressees.
type reportView struct {
	Banner    string
	Facts     []document.Fact
	HTML      template.HTML
	Outcome   string // what the parent group did with it, "" before it was sent
	Proposals []proposalView
	Record    bool // the reader may record what a group said elsewhere
	Address   string
	Command   string
	Groups    []option
	Answers   []option
	Typed     liaison.ProposalReply
	Error     string
}

type proposalView struct {
	Number  int
	Title   string
	Text    string
	Answers []answeredView
}

// answeredView is where one group stands with one proposal.
type answeredView struct {
	Body     string
	Answer   liaison.ProposalAnswer // "" while there is none
	By       string
	Text     string
	Recorded string
	Evidence string
	At       moment
}

// reportViewOf sets a report for its reader; nil for a statement that is none. Links to rows of the register are for whoever is
// signed in.
func (s *server) reportViewOf(ctx context.Context, snap store.Snapshot, content liaison.Content, me *visitor) (*reportView, error) {
	if content.Report == nil {
		return nil, nil
	}
	bodies, err := s.bodies(ctx)
	if err != nil {
		return nil, err
	}
	d, err := document.Outline(content, document.About{Group: snap.GroupBody, Parent: bodies[content.Report.Parent], Ref: snap.Ref, Report: snap.ID, Bodies: bodies})
	if err != nil {
		return nil, err
	}
	html, err := document.HTML(d, me != nil, "", 0)
	if err != nil {
		return nil, err
	}
	v := &reportView{Banner: d.Banner, HTML: html}
	for _, f := range d.Facts {
		if f.Value != content.Abstract { // which stands above
			v.Facts = append(v.Facts, f)
		}
	}
	if snap.Dispatched != nil {
		v.Outcome = snap.Outcome.Label()
	}
	in, err := snap.Profile.Zone()
	if err != nil {
		return nil, err
	}
	said, err := s.store.ProposalAnswers(ctx, snap.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range content.Report.Proposals {
		x := proposalView{Number: p.Number, Title: p.Title, Text: p.Text}
		for _, code := range p.To {
			a := answeredView{Body: bodies[code].Label()}
			for _, y := range said {
				if y.Proposal == p.Number && y.Body == code {
					a.Answer, a.By, a.Text, a.Recorded, a.Evidence, a.At = y.Answer, y.Name, y.Text, y.Recorded, y.Evidence, momentOf(y.At, in)
				}
			}
			x.Answers = append(x.Answers, a)
		}
		v.Proposals = append(v.Proposals, x)
	}
	return v, nil
}

// mayRecord adds the form by which an answer that was given elsewhere is recorded.
func (v *reportView) mayRecord(snap store.Snapshot, me *visitor, bodies map[liaison.Code]liaison.Body) {
	if _, err := snap.RecordsAnswers(me.ID()); err != nil || snap.Dispatched == nil || len(v.Proposals) == 0 {
		return
	}
	v.Record, v.Address, v.Command = true, "/statements/"+string(snap.ID)+"/answers", newID()
	for _, p := range snap.Content.Report.Proposals {
		for _, code := range p.To {
			v.Groups = append(v.Groups, option{fmt.Sprintf("%d %s", p.Number, code), fmt.Sprintf("Proposal %d: %s", p.Number, bodies[code].Label()), false})
		}
	}
	v.Answers = answerOptions("")
}

// addReport sets a progress report on its statement's page.
func (s *server) addReport(ctx context.Context, p *statementPage, snap store.Snapshot, me *visitor, x statementExtra) (err error) {
	if p.Report, err = s.reportViewOf(ctx, snap, snap.Content, me); err != nil || p.Report == nil {
		return err
	}
	bodies, err := s.bodies(ctx)
	if err != nil {
		return err
	}
	p.Report.mayRecord(snap, me, bodies)
	if x.reply != nil {
		p.Report.Typed, p.Report.Error, p.Report.Answers = *x.reply, x.problems.Of("record"), answerOptions(x.reply.Answer)
		for i, g := range p.Report.Groups {
			p.Report.Groups[i].Selected = g.Value == fmt.Sprintf("%d %s", x.reply.Proposal, x.reply.Body)
		}
	}
	return nil
}

func answerOptions(selected liaison.ProposalAnswer) []option {
	var out []option
	for _, a := range liaison.ProposalAnswers {
		out = append(out, option{string(a.Answer), a.Label, a.Answer == selected})
	}
	return out
}

// recordAnswer records what a study group said to a proposal elsewhere.
func (s *server) recordAnswer(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, command, err := s.asked(w, r, me)
	if err != nil {
		return err
	}
	reply := liaison.ProposalReply{Answer: liaison.ProposalAnswer(r.PostFormValue("answer")), Name: r.PostFormValue("name"), Text: textOf(r.PostFormValue("text")), Evidence: textOf(r.PostFormValue("evidence"))}
	number, code, _ := strings.Cut(r.PostFormValue("proposal"), " ")
	if _, err := fmt.Sscan(number, &reply.Proposal); err != nil {
		return liaison.Refuse(liaison.Invalid, "Choose the proposal and the group that answered it.")
	}
	reply.Body = liaison.Code(code)
	if err := s.store.RecordProposalAnswer(r.Context(), snap.ID, me.ID(), command, reply); err != nil {
		e := refusal(err)
		if e == nil || e.Code == liaison.Forbidden {
			return err
		}
		note(r.Context()).err = err
		return s.writeStatement(w, r, me, statusOf(e.Code), snap, statementExtra{problems: problems{{"record", e.Message}}, reply: &reply})
	}
	http.Redirect(w, r, "/statements/"+string(snap.ID)+"?"+url.Values{"recorded": {""}}.Encode()+"#answers", http.StatusSeeOther)
	return nil
}
