package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// composeForm is what somebody typed, exactly, before anything is judged or trimmed.
type composeForm struct {
	ID         liaison.StatementID
	Group      liaison.Code
	Version    int    // of the working draft that it started from; 0 for a draft that is not stored yet
	Action     string // the button
	Title      string
	InReplyTo  string
	Questions  string
	Meeting    string
	Deadline   string
	ReplyTo    string
	Language   string
	Abstract   string
	Text       string
	Addressees []addresseeRow
	Relations  []relationRow
	Relates    bool // the form was sent with its relations; else those of the draft stay
	Contacts   []liaison.Contact
	Files      []liaison.Attachment
	More       map[string]string // the fields of [moreFields] that were sent, by name
	Blank      int               // how many empty addressee rows are offered besides those filled in
}

type addresseeRow struct {
	Body    string
	Purpose string
}

// relationRow is a relation to another statement as it is typed: how, and by which number.
type relationRow struct{ Kind, Ref string }

// citedAs is how the form names the statement of a relation: one of this register that has no number yet by its id.
func citedAs(r liaison.Relation) string { return cmp.Or(r.Ref, string(r.Statement)) }

// blankRows is how many empty addressee rows a form offers at first.
const blankRows = 2

// formOf is the form of what is stored.
func formOf(id liaison.StatementID, version int, c liaison.Content) composeForm {
	f := composeForm{
		ID: id, Group: c.Source, Version: version, Title: c.Title, InReplyTo: c.InReplyTo, Questions: c.Questions, Meeting: c.Meeting,
		Deadline: string(c.Deadline), ReplyTo: c.ReplyTo, Language: c.Language, Abstract: c.Abstract, Text: c.Text,
		Contacts: slices.Clone(c.Contacts), Files: slices.Clone(c.Attachments), Blank: blankRows, More: map[string]string{},
	}
	for _, x := range moreFields {
		f.More[x.name] = x.get(c)
	}
	for _, r := range c.Relations {
		f.Relations = append(f.Relations, relationRow{string(r.Kind), citedAs(r)})
	}
	for _, a := range c.Addressees {
		if a.CopyFor != "" {
			continue // it follows from the others
		}
		f.Addressees = append(f.Addressees, addresseeRow{string(a.Body), string(a.Purpose)})
	}
	if len(f.Contacts) == 0 {
		f.Contacts = []liaison.Contact{{}}
	}
	return f
}

// readCompose reads the form, and carries out what its buttons change in the form itself: rows added or removed. stored is
// what the draft has attached already.
func (s *server) readCompose(w http.ResponseWriter, r *http.Request, me *visitor, id liaison.StatementID, stored []liaison.Attachment) (f composeForm, u *upload, err error) {
	u, err = s.readUpload(w, r, func(v url.Values) (n int, size int64) {
		kept, _ := keptFiles(v, me, formStatement(v, id), stored)
		for _, a := range kept {
			size += a.Size
		}
		return len(kept), size
	})
	if err != nil {
		return f, nil, err
	}
	v := u.values
	f = composeForm{
		ID: formStatement(v, id), Group: liaison.Code(v.Get("group")), Action: v.Get("action"),
		Title: v.Get("title"), InReplyTo: v.Get("in_reply_to"), Questions: v.Get("questions"), Meeting: v.Get("meeting"), Deadline: v.Get("deadline"),
		ReplyTo: v.Get("reply_to"), Language: v.Get("language"), Abstract: textOf(v.Get("abstract")), Text: textOf(v.Get("text")), Blank: blankRows,
	}
	if !isID(string(f.ID)) {
		return f, nil, liaison.Refuse(liaison.Invalid, "The form was not made by this page. Open the page again and send it from there.")
	}
	f.Version, _ = strconv.Atoi(v.Get("version")) // what is no number is no version, and refused as a stale one
	f.More = map[string]string{}
	for _, x := range moreFields {
		if typed, sent := v[x.name]; sent {
			f.More[x.name] = textOf(typed[0])
		}
	}
	f.readRows(v)
	kept, lost := keptFiles(v, me, f.ID, stored)
	if lost > 0 {
		u.problems = append(u.problems, problem{fieldID("attachments"), fmt.Sprintf("%s could not be kept, because you signed in anew since. Attach again what is missing below.", plural(lost, "file"))})
	}
	f.Files = kept
	for _, a := range u.files {
		if !slices.ContainsFunc(f.Files, func(b liaison.Attachment) bool { return a.Digest == b.Digest && a.Name == b.Name }) {
			f.Files = append(f.Files, a)
		}
	}
	return f, u, nil
}

// formStatement is the statement of the form: that of the address, else the id that the form was made with.
func formStatement(v url.Values, id liaison.StatementID) liaison.StatementID {
	if id != "" {
		return id
	}
	return liaison.StatementID(v.Get("id"))
}

func (f *composeForm) readRows(v url.Values) {
	action, number, _ := strings.Cut(f.Action, ":")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = -1
	}
	for i, body := range v["body"] {
		if action == "remove-addressee" && i == n || body == "" {
			continue
		}
		purpose := ""
		if i < len(v["purpose"]) {
			purpose = v["purpose"][i]
		}
		f.Addressees = append(f.Addressees, addresseeRow{body, purpose})
	}
	if action == "add-addressee" {
		f.Blank = max(blankRows, len(v["body"])-len(f.Addressees)) + 1
	}
	at := func(name string, i int) string {
		if i < len(v[name]) {
			return v[name][i]
		}
		return ""
	}
	f.Relates = v.Has("relation_ref")
	for i, ref := range v["relation_ref"] {
		if action == "remove-relation" && i == n || strings.TrimSpace(ref) == "" {
			continue
		}
		f.Relations = append(f.Relations, relationRow{at("relation_kind", i), ref})
	}
	if len(f.Relations) > liaison.MaxRelations+1 { // enough to say that they are too many
		f.Relations = f.Relations[:liaison.MaxRelations+1]
	}
	for i := range v["contact_name"] {
		if action == "remove-contact" && i == n {
			continue
		}
		f.Contacts = append(f.Contacts, liaison.Contact{
			Name: at("contact_name", i), Organization: at("contact_organization", i), Country: at("contact_country", i),
			Email: at("contact_email", i), Phone: at("contact_phone", i), Role: liaison.ContactRole(at("contact_role", i)),
		})
	}
	if len(f.Contacts) == 0 || action == "add-contact" {
		f.Contacts = append(f.Contacts, liaison.Contact{})
	}
	if len(f.Addressees) > liaison.MaxAddressees+1 { // enough to say that they are too many
		f.Addressees = f.Addressees[:liaison.MaxAddressees+1]
	}
}

// keptFiles are the files that the form carries and that are not ticked to be removed; lost counts those whose seal is not
// good any more.
func keptFiles(v url.Values, me *visitor, id liaison.StatementID, stored []liaison.Attachment) (kept []liaison.Attachment, lost int) {
	for n, sealed := range v["file"] {
		a, ok := me.unseal(id, sealed)
		if !ok { // a draft's own files need no seal
			i := slices.IndexFunc(stored, func(b liaison.Attachment) bool { return string(b.Digest)+"/"+b.Name == sealedName(sealed) })
			if i < 0 {
				lost++
				continue
			}
			a = stored[i]
		}
		if n < len(v["file_title"]) && n < len(v["file_status"]) {
			a.Title, a.Status = strings.TrimSpace(v["file_title"][n]), liaison.DocumentStatus(v["file_status"][n])
		}
		if !slices.Contains(v["drop"], string(a.Digest)+"/"+a.Name) {
			kept = append(kept, a)
		}
	}
	return kept, lost
}

// rearranges reports whether the button only changed the form.
func (f composeForm) rearranges() bool {
	for _, a := range []string{"add-", "remove-"} {
		if strings.HasPrefix(f.Action, a) {
			return true
		}
	}
	return false
}

// refs are the numbers that the form relates to.
func (f composeForm) refs() (out []string) {
	for _, row := range f.Relations {
		out = append(out, strings.TrimSpace(row.Ref))
	}
	return out
}

// relations are what the form says of other statements: of those that the draft relates to already, of those that the register has by the
// number, as cited has them, and of others by how they are cited.
func (f composeForm) relations(stored []liaison.Relation, cited map[string]liaison.Relation) (out []liaison.Relation) {
	for _, row := range f.Relations {
		ref := strings.TrimSpace(row.Ref)
		r, ok := cited[ref]
		if i := slices.IndexFunc(stored, func(x liaison.Relation) bool { return citedAs(x) == ref }); i >= 0 {
			r = stored[i]
		} else if !ok {
			r = liaison.Relation{Ref: ref}
		}
		r.Kind = liaison.RelationKind(row.Kind)
		out = append(out, r)
	}
	return out
}

// content is what the form says over what the draft has besides, with what cannot even be stored. In named, addressees have
// what the register knows of them, so that the problems can name them; cited are the statements that it relates to.
func (f composeForm) content(d liaison.Directory, snap store.Snapshot, cited map[string]liaison.Relation) (c liaison.Content, named liaison.Content, ps problems) {
	c = snap.Content // what the form does not show stays
	if f.Relates {
		c.Relations = f.relations(snap.Content.Relations, cited)
	}
	c.Source, c.Title, c.InReplyTo, c.Questions, c.Meeting, c.Deadline = f.Group, f.Title, f.InReplyTo, f.Questions, f.Meeting, liaison.Date(strings.TrimSpace(f.Deadline))
	c.Contacts, c.ReplyTo, c.Language, c.Abstract, c.Text, c.Attachments = f.Contacts, f.ReplyTo, f.Language, f.Abstract, f.Text, f.Files
	for _, x := range moreFields {
		if typed, sent := f.More[x.name]; sent {
			x.set(&c, typed)
		}
	}
	c.Addressees = nil
	for _, row := range f.Addressees {
		if _, _, err := liaison.Resolve(liaison.Code(row.Body), snap.Today, d.Body); err != nil {
			if e := refusal(err); e != nil {
				ps = append(ps, problem{fieldID("addressees"), e.Message})
			}
			continue
		}
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: liaison.Code(row.Body), Purpose: liaison.Purpose(row.Purpose)})
	}
	c = c.Tidy()
	named, _, err := d.Address(c, snap.Profile, snap.Today)
	if e := refusal(err); e != nil {
		ps = append(ps, problem{fieldID("addressees"), e.Message})
	}
	for _, e := range named.Limits() {
		ps = append(ps, problemOf(e))
	}
	return c, named, ps
}
