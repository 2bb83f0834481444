package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// reachView is how a body is reached, on its card, and the form by which the secretariat changes it.
type reachView struct {
	Known     bool
	Unlisted  bool
	Stale     bool // not confirmed for longer than a year
	Facts     []reachFact
	Contacts  []liaison.Contact
	Versions  []reachVersionView
	May       bool // the person may change it
	Address   string
	Version   int
	Fields    []input
	Flags     []reachFlag
	Problems  problems
	Confirmed liaison.Date
}

type reachFact struct{ Label, Value string }

type reachFlag struct {
	Name, Label string
	Set         bool
}

type reachVersionView struct {
	Version int
	By      string
	At      moment
}

// inSecretariat reports whether the person holds the office of a secretary today.
func inSecretariat(me *visitor) bool {
	return slices.ContainsFunc(me.Offices, func(o store.Office) bool { return o.Office == liaison.OfficeSecretary })
}

func (s *server) reachOf(ctx context.Context, code liaison.Code, me *visitor) (reachView, error) {
	versions, err := s.store.Reaches(ctx, code)
	if err != nil {
		return reachView{}, err
	}
	v := reachView{Address: bodyAddress(code), May: inSecretariat(me)}
	reach := liaison.Reach{Channel: liaison.ByMail}
	if len(versions) > 0 {
		v.Known, v.Version, reach = true, versions[0].Version, versions[0].Reach
	}
	for _, x := range versions {
		v.Versions = append(v.Versions, reachVersionView{x.Version, x.By, momentOf(x.At, me.Zone)})
	}
	v.show(reach, liaison.DateOf(s.now(), me.Zone))
	v.form(reachTyped(reach))
	return v, nil
}

func (v *reachView) show(r liaison.Reach, today liaison.Date) {
	v.Unlisted, v.Contacts, v.Confirmed = r.Unlisted, r.Contacts, r.Confirmed
	v.Stale = v.Known && !r.Unlisted && r.Stale(today)
	yes := func(b bool) string {
		if b {
			return "yes"
		}
		return ""
	}
	codes := make([]string, len(r.Copies))
	for i, c := range r.Copies {
		codes[i] = string(c)
	}
	standing := ""
	if r.Standing != liaison.StandingUnknown {
		standing = r.Standing.Label()
	}
	for _, f := range []reachFact{
		{"Reached by", r.Channel.Label()}, {"Mailbox", r.Mailbox}, {"At", r.Address}, {"Copies always to", strings.Join(codes, ", ")}, {"Sentence that it asks for", r.Sentence},
		{"Takes files as", strings.Join(r.Formats, ", ")}, {"Publishes what it gets", yes(r.Publishes)}, {"Its own documents are for members", yes(r.MembersOnly)},
		{"Standing", standing}, {"Relationship", r.Relationship}, {"Formerly", strings.Join(r.Formerly, "; ")}, {"Source", r.Source},
	} {
		if f.Value != "" {
			v.Facts = append(v.Facts, f)
		}
	}
}

// reachTyped is the profile of a body as the form has it.
func reachTyped(r liaison.Reach) map[string]string {
	codes := make([]string, len(r.Copies))
	for i, c := range r.Copies {
		codes[i] = string(c)
	}
	var contacts []string
	for _, c := range r.Contacts {
		contacts = append(contacts, strings.TrimRight(strings.Join([]string{c.Name, c.Organization, c.Email, string(c.Role)}, "; "), "; "))
	}
	out := map[string]string{
		"channel": string(r.Channel), "mailbox": r.Mailbox, "address": r.Address, "copies": strings.Join(codes, ", "), "sentence": r.Sentence, "formats": strings.Join(r.Formats, ", "),
		"standing": string(r.Standing), "relationship": r.Relationship, "formerly": strings.Join(r.Formerly, "; "), "contacts": strings.Join(contacts, "\n"), "confirmed": string(r.Confirmed), "source": r.Source,
	}
	if r.Publishes {
		out["publishes"] = "yes"
	}
	if r.MembersOnly {
		out["members_only"] = "yes"
	}
	return out
}

func (v *reachView) form(typed map[string]string) {
	var channels, standings []option
	for _, x := range liaison.Channels {
		channels = append(channels, option{Value: string(x.Channel), Label: x.Label})
	}
	for _, x := range liaison.Standings {
		standings = append(standings, option{Value: string(x.Standing), Label: x.Label})
	}
	v.Fields = nil
	for _, f := range []input{
		{Name: "channel", Label: "Reached by", Kind: "choice", Options: choose(channels, typed["channel"])},
		{Name: "mailbox", Label: "Mailbox", Kind: "email", Hint: "That messages to it go to. Leave it empty for the one that it was entered with."},
		{Name: "address", Label: "Where that is", Hint: "The address of the page, list or tracker, if it is not the mailbox."},
		{Name: "copies", Label: "Copies always to", Hint: "Codes of bodies, with commas."},
		{Name: "sentence", Label: "Sentence that it asks for", Hint: "It stands in every message to it."},
		{Name: "formats", Label: "Takes files as", Hint: "Endings, as in pdf, txt. Empty for any."},
		{Name: "standing", Label: "Standing", Kind: "choice", Options: choose(standings, typed["standing"])},
		{Name: "relationship", Label: "Relationship", Hint: "As in Category A liaison."},
		{Name: "formerly", Label: "Formerly called", Hint: "Names and subjects that it had before, with semicolons. A body that took over another's work is a body of its own."},
		{Name: "contacts", Label: "Contacts", Kind: "text", Hint: "One a line: name; organization; e-mail; role, which is response, technical or nothing."},
		{Name: "confirmed", Label: "Last confirmed", Kind: "date", Hint: "The day on which the body said that this holds."},
		{Name: "source", Label: "Source", Hint: "Where this is from."},
	} {
		f.ID, f.Value, f.Error = "f-reach-"+f.Name, typed[f.Name], v.Problems.Of("f-reach-"+f.Name)
		v.Fields = append(v.Fields, f)
	}
	v.Flags = []reachFlag{
		{"publishes", "It publishes what it gets", typed["publishes"] != ""},
		{"members_only", "Its own working documents are for its members", typed["members_only"] != ""},
	}
}

func readReach(r *http.Request) (liaison.Reach, map[string]string) {
	typed := map[string]string{}
	for _, name := range []string{"channel", "mailbox", "address", "copies", "sentence", "formats", "standing", "relationship", "formerly", "contacts", "confirmed", "source", "publishes", "members_only"} {
		typed[name] = textOf(r.PostFormValue(name))
	}
	reach := liaison.Reach{
		Channel: liaison.Channel(typed["channel"]), Mailbox: typed["mailbox"], Address: typed["address"], Sentence: typed["sentence"], Formats: strings.Split(typed["formats"], ","),
		Standing: liaison.Standing(typed["standing"]), Relationship: typed["relationship"], Confirmed: liaison.Date(strings.TrimSpace(typed["confirmed"])), Source: typed["source"],
		Formerly: strings.Split(typed["formerly"], ";"), Publishes: typed["publishes"] != "", MembersOnly: typed["members_only"] != "",
	}
	for code := range strings.SplitSeq(typed["copies"], ",") {
		if code = strings.TrimSpace(code); code != "" {
			if parsed, err := liaison.ParseCode(code); err == nil {
				code = string(parsed)
			}
			reach.Copies = append(reach.Copies, liaison.Code(code))
		}
	}
	for line := range strings.SplitSeq(typed["contacts"], "\n") {
		parts := append(strings.Split(line, ";"), "", "", "", "")
		reach.Contacts = append(reach.Contacts, liaison.Contact{Name: parts[0], Organization: parts[1], Email: parts[2], Role: liaison.ContactRole(strings.TrimSpace(parts[3]))})
	}
	return reach.Tidy(), typed
}

// saveReach records a new version of how a body is reached, or brings the form back as it was typed.
func (s *server) saveReach(w http.ResponseWriter, r *http.Request, me *visitor) error {
	code, err := liaison.ParseCode(r.PathValue("code"))
	if err != nil {
		return liaison.Refuse(liaison.NotFound, "There is no such body. Choose one from the list of bodies.")
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		return liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	reach, typed := readReach(r)
	before, err := s.store.Reaches(r.Context(), code)
	if err != nil {
		return err
	}
	reach.Unlisted = reach.Confirmed == "" && len(before) > 0 && before[0].Unlisted
	var ps problems
	for _, e := range reach.Limits() {
		ps = append(ps, reachProblem(e))
	}
	if len(ps) == 0 {
		err := s.store.SaveReach(r.Context(), code, me.ID(), version, reach)
		if err == nil {
			http.Redirect(w, r, bodyAddress(code)+"?saved#reach-title", http.StatusSeeOther)
			return nil
		}
		e := refusal(err)
		if e == nil || e.Code != liaison.Invalid && e.Code != liaison.Stale {
			return err
		}
		ps = append(ps, reachProblem(e))
	}
	return s.writeBody(w, r, me, code, http.StatusUnprocessableEntity, func(v *reachView) {
		v.Problems = ps
		v.form(typed)
	})
}

func reachProblem(e *liaison.Error) problem {
	name, _, _ := strings.Cut(e.Field, ".")
	if name == "" {
		name = "channel"
	}
	return problem{"f-reach-" + name, e.Message}
}

// addBody enters a body that is not in the address book, for the secretariat, and goes to its card.
func (s *server) addBody(w http.ResponseWriter, r *http.Request, me *visitor) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	b := liaison.Body{Code: liaison.Code(r.PostFormValue("code")), Name: r.PostFormValue("name"), Email: r.PostFormValue("email")}
	err := s.store.AddBody(r.Context(), me.ID(), b)
	if e := refusal(err); e != nil && e.Code != liaison.Forbidden {
		name := e.Field
		if name == "" {
			name = "code"
		}
		return s.writeBodies(w, r, me, statusOf(e.Code), b, problems{{"f-body-" + name, e.Message}})
	} else if err != nil {
		return err
	}
	code, err := liaison.ParseCode(string(b.Code))
	if err != nil {
		return err
	}
	http.Redirect(w, r, bodyAddress(code), http.StatusSeeOther)
	return nil
}

func newBodyFields(b liaison.Body, ps problems) []input {
	fields := []input{
		{Name: "code", Label: "Code", Value: string(b.Code), Hint: "The organization, then the part, as in openml/forum."},
		{Name: "name", Label: "Name", Value: b.Name},
		{Name: "email", Label: "Mailbox", Value: b.Email, Kind: "email"},
	}
	for i := range fields {
		fields[i].ID = "f-body-" + fields[i].Name
		fields[i].Error = ps.Of(fields[i].ID)
	}
	return fields
}
