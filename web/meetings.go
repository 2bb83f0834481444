package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// meetingsPage lists the meetings of the groups that the person holds an office of.
type meetingsPage struct {
	layout
	Groups []meetingsOf
}

type meetingsOf struct {
	Label       string
	Code        liaison.Code
	Ahead, Past []meetingLine
	Enter       string // where one is entered, "" for who may not
	Year        int
	Held        int // of this year, planned or held
}

type meetingLine struct {
	Address, Title, Place, Days, Label string
	State                              liaison.MeetingState
	Late                               bool // something is worth a look before it
}

var meetingsTemplate = newPage[meetingsPage]("meetings")

func (s *server) showMeetings(w http.ResponseWriter, r *http.Request, me *visitor) error {
	p := meetingsPage{layout: s.layout(r, "Meetings")}
	var seen []liaison.Code
	for _, o := range me.Offices {
		if o.Office == liaison.OfficeAuditor || slices.Contains(seen, o.Group) {
			continue
		}
		seen = append(seen, o.Group)
		g, err := s.meetingsOf(r.Context(), o.Group, me)
		if err != nil {
			return err
		}
		p.Groups = append(p.Groups, g)
	}
	if len(seen) == 0 {
		return errNoMeeting
	}
	return meetingsTemplate.write(w, http.StatusOK, p)
}

func (s *server) meetingsOf(ctx context.Context, code liaison.Code, me *visitor) (meetingsOf, error) {
	g := meetingsOf{Code: code}
	snap, err := s.store.GroupSnapshot(ctx, code)
	if err != nil {
		return g, err
	}
	g.Label = snap.GroupBody.Label()
	all, err := s.store.Meetings(ctx, code)
	if err != nil {
		return g, err
	}
	if mayMeet(liaison.Meeting{Group: code}, snap, me, liaison.EnterMeeting) {
		g.Enter = "/meetings/new?" + url.Values{"group": {string(code)}}.Encode()
	}
	year := string(snap.Today)[:4]
	g.Year, _ = strconv.Atoi(year)
	for _, m := range all {
		line := meetingLine{meetingAddress(m.ID), m.Title, m.Place, m.Days(), m.State.Label(), m.State, false}
		if strings.HasPrefix(string(m.From), year) && m.State != liaison.MeetingCancelled {
			g.Held++
		}
		switch over := m.Until < snap.Today || m.State == liaison.MeetingClosed || m.State == liaison.MeetingCancelled; {
		case over && m.State == liaison.MeetingPlanned:
			line.Label = "Over" // held or not, it was not opened here
			g.Past = append(g.Past, line)
		case over && m.State != liaison.MeetingOpen:
			g.Past = append(g.Past, line)
		default:
			line.Late = m.Late(snap.Profile)
			g.Ahead = append(g.Ahead, line)
		}
	}
	slices.Reverse(g.Ahead) // the next one first
	return g, nil
}

func mayMeet(m liaison.Meeting, snap store.Snapshot, me *visitor, act liaison.MeetingAct) bool {
	return slices.Contains(m.MayMeet(snap.Snapshot, me.ID()), act)
}
