package mail

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/jba/templatecheck"

	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

func matter() Matter {
	return Matter{To: drafter, Group: jca, Ref: "JCA-ML-LS12", Title: content().Title, Language: "en", URL: "https://liaison.example/s/12"}
}

// settable is a matter whose letter says where its reader chooses how to get such letters.
func settable() Matter {
	m := matter()
	m.Settings = "https://liaison.example/me"
	return m
}

func awaited(addressee string) Awaited {
	return Awaited{From: "JCA-ML", Addressee: addressee, Purpose: liaison.ForAction, Deadline: "2027-01-12"}
}

func replyDue(days int) ReplyDue { return ReplyDue{matter(), awaited(sg17.Name), days} }

// meeting is the matter of a letter about one.
func meeting() Matter {
	m := matter()
	m.Ref, m.Title, m.URL = "", "Second meeting of JCA-ML, Geneva", "https://liaison.example/meetings/2"
	return m
}

// notices are the golden cases of the letters that share one form, and of the digest. Each comes in English and Arabic.
func notices() map[string]Letter {
	incoming := matter()
	incoming.Ref, incoming.Title = "LS/i-7", "LS/o on the security of learned models [to JCA-ML]"
	from := Incoming{Sender: sg17.Name, Purpose: liaison.ForAction, Deadline: "2027-02-01"}
	report := matter()
	report.Ref, report.Title, report.URL = "", "Progress report of JCA-ML, March to November 2026", "https://liaison.example/r/3"
	group := matter()
	group.Ref, group.Title, group.URL = "", jca.Name, "https://liaison.example/groups/jca-ml"
	yours := replyDue(4)
	unlinked := matter()
	unlinked.URL = ""
	yours.Awaited = Awaited{From: sg17.Name, Purpose: liaison.ForComment, Deadline: "2027-01-12"}
	yours.Ref, yours.Title = incoming.Ref, incoming.Title
	const reason = "This is for SG13, which has the question on architecture.\n\nThe security of the models stays with SG17."
	out := map[string]Letter{
		"decision-waiting":         DecisionWaiting{matter(), "2026-11-05"},
		"tabled":                   Tabled{matter(), "Second meeting of JCA-ML, Geneva", "2026-11-02", "2026-11-04", "9. Approval of outgoing liaison statements"},
		"meeting-unclosed":         MeetingUnclosed{meeting(), "2026-11-02", "2026-11-04", true},
		"meeting-unopened":         MeetingUnclosed{meeting(), "2026-11-02", "2026-11-04", false},
		"put-off":                  PutOff{matter(), "Second meeting of JCA-ML, Geneva", chair.Name, "Chair", reason},
		"correspondence-opened":    CorrespondenceOpened{Matter: matter(), Until: "2026-11-19", Mode: liaison.ByCorrespondence, By: chair.Name},
		"correspondence-closing":   CorrespondenceClosing{matter(), "2026-11-19", 3, liaison.ByCorrespondence},
		"correspondence-closed":    CorrespondenceClosed{Matter: matter(), How: liaison.EventWindowEnded},
		"correspondence-opposed":   CorrespondenceClosed{matter(), liaison.EventObjected, liaison.ByCorrespondence, "Ana Drafter", reason},
		"correspondence-back":      CorrespondenceClosed{matter(), liaison.EventWindowCancelled, liaison.ByCorrespondence, "TSB Secretariat", reason},
		"correspondence-returned":  CorrespondenceClosed{matter(), liaison.EventReturned, liaison.ByCorrespondence, chair.Name, reason},
		"correspondence-rejected":  CorrespondenceClosed{matter(), liaison.EventRejected, liaison.ByCorrespondence, chair.Name, reason},
		"correspondence-withdrawn": CorrespondenceClosed{matter(), liaison.EventWithdrawn, liaison.ByCorrespondence, drafter.Name, reason},
		"correspondence-approved":  CorrespondenceClosed{matter(), liaison.EventApproved, liaison.ByCorrespondence, chair.Name, ""},
		"no-objection-opened":      CorrespondenceOpened{matter(), "2026-11-19", liaison.ByNoObjection, chair.Name},
		"no-objection-closing":     CorrespondenceClosing{matter(), "2026-11-19", 1, liaison.ByNoObjection},
		"no-objection-approved":    CorrespondenceClosed{matter(), liaison.EventApproved, liaison.ByNoObjection, chair.Name, ""},
		"no-objection-told":        Approved{Matter: matter(), By: chair.Name, Acting: "Chair", Mode: liaison.ByNoObjection},
		"objected-late":            ObjectedLate{matter(), "Ana Drafter", reason},
		"approved":                 Approved{Matter: matter(), By: chair.Name, Acting: "Chair"},
		"approval-entered":         Approved{matter(), chair.Name, "Chair", "TSB Secretariat", "2026-11-05", "E-mail of the chair of 5 November 2026, 14:02", liaison.ByOfficer},
		"approval-void":            ApprovalVoid{matter(), "TSB Secretariat", "Secretariat", reason},
		"amended":                  Amended{matter(), "TSB Secretariat", "Secretariat", "“roadmap” was spelt “raodmap” in the second paragraph."},
		"bounced":                  Bounced{matter(), w3c.Name, w3c.Email, "550 5.1.1 <team-liaisons@w3.example>: no such mailbox\nStatus: 5.1.1"},
		"unknown-outcome": UnknownOutcome{matter(), sc42.Name, sc42.Email, "mail.itu.example:587", "2026-11-05 14:02:11 CET",
			"Whole message (48 213 bytes) handed over\nNo copy came back although 6 test messages did"},
		"arrival-asked":       ArrivalAsked{unlinked, sc42.Email, "2026-11-05 14:02:11 CET", "3ka5tq2zf7n6w2xh4s7tb2o5mq@liaison.example"},
		"acknowledged":        Acknowledged{matter(), sg17.Name, "Jean Dupont", "2026-11-06"},
		"replied-in-words":    Replied{matter(), sg17.Name, "JCA-ML-LS12-reply.pdf", "", "SG17 thanks JCA-ML.\n\nThe entries are right.", false},
		"refused":             Refused{settable(), w3c.Name, w3c.Email, "550 5.1.1 <team-liaisons@w3.example>: no such mailbox"},
		"relay-held":          RelayHeld{settable(), "mail.itu.example:587", "at connect the relay answered 535 5.7.8 authentication failed"},
		"misdirected":         Misdirected{settable(), sg17.Name, "Jean Dupont", "This is for SG13.\n\nPlease send it to tsbsg13@itu.example."},
		"extension-asked":     ExtensionAsked{settable(), sg17.Name, "Jean Dupont", "2027-02-28", "2027-01-12", "SG17 meets on 15 February 2027."},
		"declined":            Declined{settable(), sg17.Name, "Jean Dupont", "SG17 has no work in this field."},
		"reply-due":           replyDue(14),
		"reply-due-tomorrow":  replyDue(1),
		"reply-due-today":     replyDue(0),
		"reply-due-yours":     yours,
		"overdue":             Overdue{matter(), awaited(sg17.Name), 2},
		"overdue-yours":       Overdue{yours.Matter, yours.Awaited, 1},
		"extension-granted":   Extension{yours.Matter, "2027-01-12", "2027-01-12", "2027-02-26", "2027-02-26", true, ""},
		"extension-refused":   Extension{yours.Matter, "2027-01-12", "2027-01-12", "2027-06-30", "2027-01-12", false, reason},
		"replied":             Replied{matter(), sg17.Name, "SG17-LS58", "", "", false},
		"replied-late":        Replied{matter(), sg17.Name, "SG17-LS58", "2027-01-12", "", false},
		"replied-asked":       Replied{matter(), sc42.Name, "Re: [JCA-ML-LS12] Receipt in doubt", "", "", true},
		"incoming-registered": IncomingRegistered{incoming, from},
		"incoming-assigned":   IncomingAssigned{incoming, from, "2027-01-20"},
		"incoming-undated":    IncomingAssigned{incoming, from, ""},
		"incoming-redirected": IncomingRedirected{incoming, from, "ITU-T SG13 (Future networks)", reason},
		"report-due":          ReportDue{report, "ITU-T SG13", "2027-03-08", 7},
		"report-due-today":    ReportDue{report, "ITU-T SG13", "2027-03-08", 0},
		"report-late":         ReportLate{report, "ITU-T SG13", "2027-03-08", 3},
		"report-missed":       ReportMissed{report, "ITU-T SG13", "2027-03-19"},
		"proposal-answered":   ProposalAnswered{report, 2, sg17.Name, "Jean Dupont", liaison.ProposalRejected, "SG17 has a list of its own."},
		"report-submitted":    ReportSubmitted{report, "ITU-T SG13", "TD 151 (PLEN/13)", false},
		"report-provisional":  ReportSubmitted{report, "ITU-T SG13", "TD 151 (PLEN/13)", true},
		"report-presented":    ReportPresented{report, "ITU-T SG13", "TD 151 (PLEN/13)", "Geneva, 8-19 March 2027", "SG13 noted the report and thanked the chair."},
		"lifetime-review":     LifetimeReview{group, "ITU-T SG13", "2027-05-04", 180},
	}
	out["digest"] = Digest{To: drafter, Group: jca, Day: "2026-11-05", Settings: "https://liaison.example/me",
		Letters: []Letter{out["reply-due"], out["acknowledged"], letters()["returned"], letters()["dispatched-in-part"], letters()["statement-bare"]}}
	return out
}

// inLanguages are the golden cases in other languages than English: everything in Arabic, what goes to most people in all.
func inLanguages() map[string]Letter {
	out := map[string]Letter{}
	for name, letter := range notices() {
		out[name+".en"], out[name+".ar"] = letter, letter
	}
	for _, name := range []string{"review-requested", "returned", "rejected", "dispatched", "dispatched-in-part"} {
		out[name+".ar"] = letters()[name]
	}
	arabic := letters()["statement-arabic"].(Statement)
	arabic.Approval.Acting = liaison.AsChair
	arabic.Content.Attachments = []liaison.Attachment{{Name: "JCA-ML-LS12-att1.pdf", MediaType: "application/pdf", Size: int64(len(roadmap)), Digest: liaison.DigestOf(roadmap)}}
	out["statement-arabic.ar"] = arabic
	out["statement-preview.ar"] = letters()["statement-preview"]
	out["statement-whole.ar"] = letters()["statement-whole"]
	for _, code := range catalogue.Languages {
		if code != "en" {
			s := statement(sg17)
			s.Approval.Acting = liaison.AsChair
			out["statement."+code] = s
			linked := s
			linked.Linked = s.Content.Attachments[:1]
			out["statement-linked."+code] = linked
			for _, name := range []string{"reply-due", "refused", "relay-held", "misdirected", "extension-asked", "declined", "report-missed", "report-late", "proposal-answered"} {
				out[name+"."+code] = notices()[name]
			}
			out["statement-test."+code] = Test{s}
		}
	}
	return out
}

// style is not repeated in every golden file: statement-action.html has it, the file for each direction too.
var style = regexp.MustCompile(`(?s)<style>.*</style>`)

func TestLettersInTheirLanguages(t *testing.T) {
	for name, letter := range inLanguages() {
		t.Run(name, func(t *testing.T) {
			_, language, _ := strings.Cut(name, ".")
			env := envelope(letter)
			env.Language = language
			files := filesOf(letter)
			if s, ok := letter.(interface{ attachments() []liaison.Attachment }); ok {
				files = files[:len(s.attachments())]
			}
			message, err := Compose(letter, env, files)
			if err != nil {
				t.Fatal(err)
			}
			text, html, err := Parts(message)
			if err != nil {
				t.Fatal(err)
			}
			shown := []byte(html)
			if name != "statement.ar" && name != "statement.zh" {
				shown = style.ReplaceAll(shown, []byte("<style>…</style>"))
			}
			headers, _, _ := bytes.Cut(settled(message), []byte("\r\n\r\n"))
			golden(t, name+".txt", []byte(text))
			golden(t, name+".html", shown)
			golden(t, name+".headers", append(bytes.ReplaceAll(headers, []byte("\r\n"), []byte("\n")), '\n'))

			if language == "ar" {
				var subject string
				for _, h := range Headers(message) {
					if h.Name == "Subject" {
						subject = h.Value
					}
				}
				first := []rune(subject)[0]
				if !unicode.Is(unicode.Arabic, first) && first != '\u200f' {
					t.Errorf("the subject begins with %c, so it is laid out from left to right: %s", first, subject)
				}
				if n := strings.Count(html, `dir="rtl"`); n < 4 {
					t.Errorf("dir=rtl stands %d times; html, both tables and the cell need it", n)
				}
			}
			if open, closed := strings.Count(text, "\u2068"), strings.Count(text, "\u2069"); open != closed {
				t.Errorf("%d isolates opened, %d closed", open, closed)
			}
			if open, closed := strings.Count(html, "<bdi"), strings.Count(html, "</bdi>"); open != closed || strings.ContainsAny(html, "\u2068\u2069") {
				t.Errorf("%d <bdi> opened, %d closed; or an isolate is left", open, closed)
			}
			for _, part := range []string{text, html} {
				if strings.Contains(part, "<no value>") || strings.Contains(part, "ZgotmplZ") || strings.Contains(part, "{") && !strings.Contains(part, "<style>") {
					t.Errorf("a template failed silently:\n%s", part)
				}
			}
			for line := range strings.Lines(text) {
				if !slices.Contains([]liaison.Letter{liaison.LetterStatement, liaison.LetterTest, liaison.LetterReview}, letter.kind()) && catalogue.Width(strings.TrimSuffix(line, "\n")) > 110 {
					t.Errorf("a line of %d columns: %s", catalogue.Width(line), line)
				}
			}
		})
	}
}

// TestLeftToRightIsolatedInArabic reads the Arabic letters as a mail program lays them out: whatever runs against the line
// (numbers of statements, addresses, names) stands in an isolate of its own. It is what puts "-3" or "LS12" the right way.
func TestLeftToRightIsolatedInArabic(t *testing.T) {
	own := regexp.MustCompile(`(?s)<style>.*?</style>|<title>.*?</title>|<div class="text".*?</div>|<bdi[^>]*>(?:[^<]|<bdi>[^<]*</bdi>)*</bdi>|<h1[^>]*dir="auto".*?</h1>|<[^>]*>`)
	latin := regexp.MustCompile(`[A-Za-z][A-Za-z.@/-]+`)
	for name, letter := range inLanguages() {
		if !strings.HasSuffix(name, ".ar") {
			continue
		}
		_, text, html, err := RenderIn(letter, "ar")
		if err != nil {
			t.Fatal(err)
		}
		rest := own.ReplaceAllString(html, " ")
		rest = strings.NewReplacer("sha256", "", "&#43;", "", "&lt;", "", "&gt;", "", "&#39;", "").Replace(rest)
		if found := latin.FindAllString(rest, -1); len(found) > 0 {
			t.Errorf("%s: outside every <bdi>: %q", name, found)
		}
		for line := range strings.Lines(text) {
			first, _, ok := strings.Cut(strings.TrimSpace(line), ":")
			arabicFirst := ok && strings.ContainsFunc(first, catalogue.RightToLeft)
			if arabicFirst && latin.MatchString(regexp.MustCompile(`\x{2068}[^\x{2069}]*(\x{2068}[^\x{2069}]*\x{2069})*[^\x{2069}]*\x{2069}`).ReplaceAllString(strings.ReplaceAll(line, "sha256", ""), "")) && !isStatementText(letter, line) {
				t.Errorf("%s: outside every isolate: %s", name, line)
			}
		}
	}
}

func isStatementText(letter Letter, line string) bool {
	s, ok := letter.(Statement)
	return ok && strings.Contains(s.Content.Text+s.Content.Abstract, strings.TrimSpace(line))
}

func TestUnknownLanguageIsEnglish(t *testing.T) {
	for _, letter := range []Letter{replyDue(3), letters()["returned"]} {
		want, wantText, wantHTML, err := Render(letter)
		if err != nil {
			t.Fatal(err)
		}
		got, text, html, err := RenderIn(letter, "de-CH")
		if err != nil || got != want || text != wantText || html != wantHTML {
			t.Errorf("%T in German is not the English letter (%v)", letter, err)
		}
		env := envelope(letter)
		env.Language = "de-CH"
		message, err := Compose(letter, env, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range Headers(message) {
			if h.Name == "Content-Language" && h.Value != "en" {
				t.Errorf("an English letter says it is in %s", h.Value)
			}
		}
	}
	if Speaks("de-CH") || !Speaks("zh-Hans") || !Speaks("") {
		t.Error("Speaks is wrong about German, Chinese or the default")
	}
}

// TestApprovedTextInEveryFrame: the reader's language changes no byte of what was approved.
func TestApprovedTextInEveryFrame(t *testing.T) {
	for _, name := range []string{"statement-action", "statement-arabic", "statement-chinese"} {
		s := letters()[name].(Statement)
		for _, code := range catalogue.Languages {
			_, text, html, err := RenderIn(s, code)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(text, "\n\n"+s.Content.Abstract+"\n") || !strings.Contains(text, "\n\n"+s.Content.Text+"\n") {
				t.Errorf("%s in %s: abstract or text is not as it was approved", name, code)
			}
			if want := fmt.Sprintf(`<div class="text" lang="%s" dir="%s"`, s.Content.Language, catalogue.Direction(s.Content.Language)); strings.Count(html, want) != 2 {
				t.Errorf("%s in %s: abstract and text do not say %s", name, code, want)
			}
			env := envelope(s)
			env.Language = code
			message, err := Compose(s, env, filesOf(s))
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range Headers(message) {
				if h.Name == "Content-Language" && h.Value != s.Content.Language {
					t.Errorf("%s in %s: Content-Language is %s", name, code, h.Value)
				}
			}
		}
	}
}

func TestTemplatesAreTyped(t *testing.T) {
	c, _ := catalogue.For("ar")
	zero := map[string]any{"statement": Statement{}, "review-requested": ReviewRequested{}, "returned": Returned{}, "rejected": Rejected{},
		"dispatched": Dispatched{}, "notice": notice{}, "digest": digestPage{}}
	if diff := cmp.Diff(slices.Sorted(slices.Values(pairs)), slices.Sorted(maps.Keys(zero))); diff != "" {
		t.Fatalf("pairs of templates (-program +test):\n%s", diff)
	}
	fresh := parseTemplates(c) // html/template rewrites what it has executed
	for name, data := range zero {
		if err := templatecheck.CheckText(fresh[name].text, data); err != nil {
			t.Error(err)
		}
		if err := templatecheck.CheckHTML(fresh[name].html, data); err != nil {
			t.Error(err)
		}
	}
}

// TestEveryLetterIsTried: every struct has golden cases, every letter of the table has a struct, and empty ones render.
func TestEveryLetterIsTried(t *testing.T) {
	kinds := map[liaison.Letter]Letter{}
	for _, cases := range []map[string]Letter{letters(), notices()} {
		for _, l := range cases {
			kinds[l.kind()] = l
		}
	}
	b, err := os.ReadFile("letter.go")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Count(string(b), "_ Letter = "); want != len(kinds) {
		t.Errorf("%d letters are declared, %d have golden cases", want, len(kinds))
	}
	for _, kind := range liaison.Letters {
		if kinds[kind] == nil {
			t.Errorf("the table sends %q, which is no letter of this package", kind)
		}
	}
	for _, l := range []Letter{Statement{}, ReviewRequested{}, Returned{}, Rejected{}, Dispatched{}, Tabled{}, PutOff{}, MeetingUnclosed{}, CorrespondenceOpened{}, CorrespondenceClosing{},
		CorrespondenceClosed{}, ObjectedLate{}, Approved{}, ApprovalVoid{}, Amended{}, Bounced{}, Acknowledged{}, ReplyDue{}, Overdue{}, Extension{}, Extension{Granted: true}, Replied{}, IncomingRegistered{}, IncomingAssigned{},
		IncomingRedirected{}, ReportDue{}, ReportLate{}, ReportMissed{}, ProposalAnswered{}, ReportSubmitted{}, ReportPresented{}, LifetimeReview{}, UnknownOutcome{}, ArrivalAsked{}, Digest{},
		Test{}, Refused{}, RelayHeld{}, Misdirected{}, ExtensionAsked{}, Declined{}} {
		for _, code := range catalogue.Languages {
			if _, _, _, err := RenderIn(l, code); err != nil {
				t.Errorf("the empty %T in %s: %v", l, code, err)
			}
		}
		if _, ok := l.(Statement); ok == l.automatic() {
			t.Errorf("%T: a statement is a person's, everything else is automatic", l)
		}
	}
}

// TestEveryKeyIsUsed finds the keys of the catalogue in the templates and in this package.
func TestEveryKeyIsUsed(t *testing.T) {
	c, _ := catalogue.For("en")
	key := regexp.MustCompile(`"([a-z]+(?:-[a-z]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*)"`)
	used := map[string]bool{}
	for _, glob := range []string{"*.go", "letters/*.tmpl", "catalogue/catalogue.go"} {
		names, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range key.FindAllStringSubmatch(string(b), -1) {
				used[m[1]] = true
			}
			for _, m := range regexp.MustCompile(`\b(?:say|plain|label|row|Say|Plain)\(? ?"([a-z-]+\.[a-z0-9-]+)"`).FindAllStringSubmatch(string(b), -1) {
				if !c.Has(m[1]) {
					t.Errorf("%s says %q, which is not in the catalogue", name, m[1])
				}
			}
		}
	}
	for k := range c.Keys() {
		section, _, _ := strings.Cut(k, ".")
		switch {
		case section == "purpose" || section == "capacity" || section == "state" || section == "meaning",
			section == "consensus", section == "confidentiality", section == "status", section == "relation": // by the register's lists, tested there
		case section == "answered": // by the answers there are
		case section == "progress": // in internal/document, tested there
		case strings.HasPrefix(k, "date.month-"):
		case !used[k]:
			t.Errorf("%s is said nowhere", k)
		}
	}
}

func TestThread(t *testing.T) {
	letter := replyDue(3)
	foreign := "AM9PR07MB1234.abc+def$x=y@AM9PR07MB1234.eurprd07.prod.outlook.example"
	for name, x := range map[string]struct {
		inReplyTo  string
		references []string
		want       []Header
	}{
		"none":       {"", nil, nil},
		"first":      {"a@b.example", nil, []Header{{"In-Reply-To", "<a@b.example>"}, {"References", "<a@b.example>"}}},
		"later":      {"c@d.example", []string{"a@b.example", foreign}, []Header{{"In-Reply-To", "<c@d.example>"}, {"References", "<a@b.example> <" + foreign + "> <c@d.example>"}}},
		"no repeat":  {"a@b.example", []string{"a@b.example"}, []Header{{"In-Reply-To", "<a@b.example>"}, {"References", "<a@b.example>"}}},
		"only older": {"", []string{"a@b.example"}, []Header{{"References", "<a@b.example>"}}},
		"long":       {foreign, slices.Repeat([]string{foreign}, maxReferences), []Header{{"In-Reply-To", "<" + foreign + ">"}, {"References", strings.TrimSpace(strings.Repeat("<"+foreign+"> ", maxReferences))}}},
	} {
		t.Run(name, func(t *testing.T) {
			env := envelope(letter)
			env.InReplyTo, env.References = x.inReplyTo, x.references
			message, err := Compose(letter, env, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []Header
			for _, h := range Headers(message) {
				if h.Name == "In-Reply-To" || h.Name == "References" {
					got = append(got, h)
				}
			}
			slices.SortFunc(got, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Errorf("thread (-want +got):\n%s", diff)
			}
		})
	}
	for name, id := range map[string]string{"angles": "<a@b.example>", "space": "a b@c.example", "CRLF": "a@b.example\r\nBcc: x@y.example", "no domain": "a", "two": "a@b.example> <c@d.example", "not ASCII": "é@b.example", "long": strings.Repeat("a", 250) + "@b.example"} {
		for field, set := range map[string]func(*Envelope){"in_reply_to": func(e *Envelope) { e.InReplyTo = id }, "references": func(e *Envelope) { e.References = []string{"x@y.example", id} }} {
			env := envelope(letter)
			set(&env)
			_, err := Compose(letter, env, nil)
			if e, ok := errors.AsType[*liaison.Error](err); !ok || e.Code != liaison.Invalid || e.Field != field {
				t.Errorf("%s as %s: got %v, want a refusal", name, field, err)
			}
		}
	}
	env := envelope(letter)
	env.References = slices.Repeat([]string{"a@b.example"}, maxReferences+1)
	if _, err := Compose(letter, env, nil); liaison.CodeOf(err) != liaison.Invalid {
		t.Errorf("a thread too long: got %v, want a refusal", err)
	}
}

func TestMark(t *testing.T) {
	for s, want := range map[string]string{
		"a<b>&'\"+":                        "a&lt;b&gt;&amp;&#39;&#34;&#43;",
		"\u2068a\u2069 b":                  "<bdi>a</bdi> b",
		"\u2069a":                          "a",
		"\u2068a":                          "<bdi>a</bdi>",
		"\u2068\u2068a\u2069":              "<bdi><bdi>a</bdi></bdi>",
		"\u2068<script>\u2069\u2069":       "<bdi>&lt;script&gt;</bdi>",
		"\u2067a\u2069 \u2066b\u2069 \x00": "\u2067a \u2066b \uFFFD",
	} {
		if got := string(mark(s)); got != want {
			t.Errorf("mark(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestSubjectFromRightToLeft(t *testing.T) {
	ar, _ := catalogue.For("ar")
	en, _ := catalogue.For("en")
	for _, x := range []struct {
		c       *catalogue.Catalogue
		s, want string
	}{{ar, "للعلم [X]", "للعلم [X]"}, {ar, "[X] للعلم", "\u200f[X] للعلم"}, {ar, "4 للعلم", "\u200f4 للعلم"}, {en, "[X] طلب", "[X] طلب"}, {ar, "", ""}} {
		if got := rightStart(x.c, x.s); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}

func TestSize(t *testing.T) {
	for code, cases := range map[string]map[int64]string{
		"en": {0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1 000 bytes", 48213: "48 213 bytes", 7340032: "7 340 032 bytes"},
		"ru": {1: "1 байт", 2: "2 байта", 5: "5 байт", 48213: "48 213 байт"},
		"ar": {1: "بايت واحد", 2: "بايتان", 5: "5 بايتات", 17: "17 بايتاً", 48200: "\u206848 200\u2069 بايت"},
	} {
		c, _ := catalogue.For(code)
		for n, want := range cases {
			if got := c.Say("size.bytes", "n", n); got != want {
				t.Errorf("%s: %d is %q, want %q", code, n, got, want)
			}
		}
	}
}

// TestDigestIsQuiet: what has no short form is left out, and the number counts what stands there.
func TestDigestIsQuiet(t *testing.T) {
	d := notices()["digest"].(Digest)
	subject, text, _, err := Render(d)
	if err != nil {
		t.Fatal(err)
	}
	if want := "[JCA-ML] 4 notices: 5 November 2026"; subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
	if strings.Contains(text, "Next meeting of JCA-ML") {
		t.Error("a statement stands in a digest")
	}
}
