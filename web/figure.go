package web

import (
	"html/template"
	"net/http"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// figurePage is a key figure of a report with the rows that it was counted from, counted again.
type figurePage struct {
	layout
	Statement  string
	Report     string
	Name       string
	Stated     string
	Again      string
	Same       bool
	Definition string
	HTML       template.HTML
}

var figureTemplate = newPage[figurePage]("figure")

// showFigure counts a figure again, from the register as it was when the report was assembled, for whom its rows are for.
func (s *server) showFigure(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	if snap.Content.Report == nil {
		return liaison.Refuse(liaison.NotFound, "This is no progress report.")
	}
	stated, ok := snap.Content.Report.Figure(liaison.FigureKey(r.PathValue("key")))
	if !ok {
		return liaison.Refuse(liaison.NotFound, "The report has no such figure.")
	}
	if err := snap.MayReadRows(me.ID()); err != nil {
		return err
	}
	rep := snap.Content.Report
	_, revises := snap.Content.Keeps()
	facts, err := s.store.ReportFacts(r.Context(), store.ReportFor{Group: snap.Group, Meeting: rep.Meeting, From: rep.From, Until: rep.Until, AsOf: rep.AsOf, Revises: revises})
	if err != nil {
		return err
	}
	now := liaison.Assemble(facts)
	again, _ := now.Figure(stated.Key)
	p := figurePage{Statement: "/statements/" + string(snap.ID), Report: titleOr(snap.Content.Title), Same: again == stated}
	p.Name, p.Stated, p.Definition = document.FigureWords(stated, "en")
	_, p.Again, _ = document.FigureWords(again, "en")
	p.layout = s.layout(r, p.Name)
	d := document.Document{Language: "en", Blocks: []document.Block{{Table: document.Behind(liaison.FigureRows(facts, stated.Key), "en")}}}
	if p.HTML, err = document.HTML(d, true, "", 0); err != nil {
		return err
	}
	return figureTemplate.write(w, http.StatusOK, p)
}
