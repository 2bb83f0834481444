package mail

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	jca = liaison.Body{Code: "itu-t/jca-ml", Kind: liaison.Group, Name: "Joint Coordination Activity on Machine Learning",
		ShortName: "JCA-ML", Title: "Machine learning", Parent: "itu-t/sg13", Email: "jca-ml@itu.example"}
	chair   = liaison.Person{ID: "p1", Name: "Kangchan Lee", Email: "chair@etri.example", Affiliation: "ETRI"}
	drafter = liaison.Person{ID: "p2", Name: "Ana Drafter", Email: "ana@jca-ml.example", Affiliation: "JCA-ML"}
	noon    = time.Date(2026, 11, 5, 12, 0, 0, 0, time.FixedZone("CET", 3600))
	digest  = liaison.DigestOf([]byte("a revision"))

	sg17 = liaison.Addressee{Body: "itu-t/sg17", Name: "ITU-T SG17 (Security)", Email: "sg17@itu.example", Purpose: liaison.ForAction}
	sc42 = liaison.Addressee{Body: "iso-iec/jtc1/sc42", Name: "ISO/IEC JTC 1/SC 42 (Artificial intelligence)", Email: "sc42@iso.example", Purpose: liaison.ForComment}
	w3c  = liaison.Addressee{Body: "w3c", Name: "W3C", Email: "team-liaisons@w3.example", Purpose: liaison.ForInformation}

	roadmap = []byte("%PDF-1.7 roadmap\n")
	matrix  = []byte("standard;body;status\nY.3172;SG13;in force\n")
)

func content() liaison.Content {
	return liaison.Content{
		Source: jca.Code, Title: "Request to review the machine learning standardization roadmap",
		InReplyTo: "ITU-T SG17, LS 41 of 3 September 2026", Questions: "N/A", Meeting: "Geneva, 2-4 November 2026",
		Addressees: []liaison.Addressee{sg17, sc42, w3c}, Deadline: "2027-01-12",
		Contacts: []liaison.Contact{
			{Name: "Kangchan Lee", Organization: "ETRI", Country: "Republic of Korea", Email: "chair@etri.example", Phone: "+82 42 000 0000"},
			{Name: "Ana Drafter", Organization: "JCA-ML", Email: "ana@jca-ml.example"},
		},
		ReplyTo: "jca-ml@itu.example", Language: "en",
		Abstract: "JCA-ML keeps a roadmap of standards on machine learning in networks. It asks SG17 to check the entries on security and to name what is missing.",
		Text: "JCA-ML thanks SG17 for its liaison statement on the security of machine learning.\n\n" +
			"It asks SG17:\n  1. to check the twelve entries of the roadmap that name SG17 as their home;\n  2. to name any work that is missing.\n\n" +
			". A line that begins with a dot, and one that is much longer than the seventy-two columns in which the template sets its own sentences, must both arrive as they were approved.\n\n" +
			"JCA-ML looks forward to continued cooperation.",
		Attachments: []liaison.Attachment{
			{Name: "JCA-ML-LS12-att1.pdf", MediaType: "application/pdf", Size: int64(len(roadmap)), Digest: liaison.DigestOf(roadmap)},
			{Name: "Übersicht der Normen.csv", MediaType: "text/csv", Size: int64(len(matrix)), Digest: liaison.DigestOf(matrix)},
		},
	}
}

var attached = []File{{"JCA-ML-LS12-att1.pdf", "application/pdf", roadmap}, {"Übersicht der Normen.csv", "text/csv", matrix}}

func statement(to liaison.Addressee) Statement {
	return Statement{Ref: "JCA-ML-LS12", Source: jca, Parent: "ITU-T SG13", Addressee: to, Content: content(),
		Approval: &Approval{Level: "JCA-ML Chair", Name: "Kangchan Lee", Date: "2026-11-05"}, URL: "https://liaison.example/a/TOKEN", Answers: true}
}

func plain(title, language, text string) Statement {
	s := statement(sg17)
	s.Content.Title, s.Content.Language, s.Content.Text = title, language, text
	s.Content.Attachments, s.Content.InReplyTo, s.Content.Meeting = nil, "", ""
	return s
}

func rows() []DispatchedRow {
	return []DispatchedRow{
		{sg17.Name, sg17.Email, "For action", liaison.TransmissionAccepted, "2.0.0 Ok: queued as 4F1B2"},
		{sc42.Name, sc42.Email, "For comment", liaison.TransmissionUnknown, ""},
		{w3c.Name, w3c.Email, "For information", liaison.TransmissionRefused, "5.1.1 <team-liaisons@w3.example>: no such mailbox\n5.1.1 see https://w3.example/mail"},
	}
}

// letters are the golden cases.
func letters() map[string]Letter {
	arabic := plain("طلب مراجعة خارطة طريق تقييس تعلم الآلة (JCA-ML)", "ar",
		"يشكر نشاط التنسيق المشترك JCA-ML لجنة الدراسات 17.\n\nويطلب منها مراجعة خارطة الطريق قبل الموعد المحدد.")
	arabic.Content.Abstract = "طلب مراجعة خارطة الطريق."
	chinese := plain("关于审查机器学习标准化路线图的请求", "zh-Hans", "JCA-ML感谢第17研究组的联络声明。\n\n请在截止日期之前审查路线图。")
	chinese.Content.Abstract = "请审查路线图。"
	long := plain(strings.TrimSpace(strings.Repeat("Reply to the liaison statement on the security of learned models ", 5))[:300], "en", content().Text)
	preview := statement(sg17)
	preview.Ref, preview.Approval, preview.URL = "", nil, ""
	record := statement(w3c)
	record.URL, record.Answers = "https://liaison.example/s/12", false
	linked := statement(sg17)
	linked.Linked = linked.Content.Attachments[:1]
	bare := statement(w3c)
	bare.Content = liaison.Content{Title: "Next meeting of JCA-ML", Addressees: []liaison.Addressee{w3c}, Text: "It is on 16 March 2027.", Abstract: "A date."}

	whole := statement(sg17)
	x := &whole.Content
	x.WorkingParties, x.NextMeetings, x.ActionHolder, x.Keywords = "WP1/13", "JCA-ML, 3 December 2026, online\nJCA-ML, 16 March 2027, Geneva", "Ana Drafter", []string{"machine learning", "roadmap"}
	x.Agreed = &liaison.Agreement{By: "Rapporteur group for Q7/13", Place: "Geneva", On: "2026-10-19"}
	x.Relations = []liaison.Relation{{Kind: liaison.RepliesTo, Ref: "ITU-T SG17, LS 41"}, {Kind: liaison.Revises, Ref: "JCA-ML-LS7"}}
	x.OriginalLanguage, x.OtherLanguages, x.Release, x.WorkItem = "en", []string{"fr", "ar"}, "Rel-19", "FS_AIML"
	x.Identifiers, x.Consensus, x.Confidentiality = []liaison.Identifier{{Scheme: "SG13 TD", Value: "TD268"}}, liaison.RoughConsensus, liaison.AmongMembers
	x.OutsideScope = "The parent group asked for it."
	x.Links = []liaison.Link{{Title: "Roadmap", URL: "https://roadmap.example/ml"}}
	x.Contacts = slices.Clone(x.Contacts)
	x.Contacts[0].Role, x.Contacts[1].Role = liaison.ResponseContact, liaison.TechnicalContact
	x.Attachments = slices.Clone(x.Attachments)
	x.Attachments[0].Title, x.Attachments[0].Status = "Entries of the roadmap", liaison.DraftDocument
	x.Addressees = append(slices.Clone(x.Addressees), liaison.Addressee{Body: "itu-t/tsb", Name: "TSB", Email: "tsb@itu-t.example", Purpose: liaison.ForCopy, CopyFor: "itu-t/sg17"})
	whole.Addressee.Sentence = "This statement is of JCA-ML, not of ITU-T as a whole."

	complete := rows()
	for i := range complete {
		complete[i].State, complete[i].Reply = liaison.TransmissionAccepted, "2.0.0 Ok"
	}
	const reason = "The second question is for SG13, not for SG17.\n\n- Split it off.\n- Then send this one again; its deadline can stay as it is, which leaves the addressee nine weeks."
	return map[string]Letter{
		"statement-action":      statement(sg17),
		"statement-comment":     statement(sc42),
		"statement-information": record,
		"statement-test":        Test{statement(sg17)},
		"statement-preview":     preview,
		"statement-linked":      linked,
		"statement-bare":        bare,
		"statement-whole":       whole,
		"statement-arabic":      arabic,
		"statement-chinese":     chinese,
		"statement-long-title":  long,
		"review-requested": ReviewRequested{To: chair, Group: jca, Content: content(), Revision: 2, Digest: digest,
			Drafter: drafter.Name, URL: "https://liaison.example/s/12/review", Settings: "https://liaison.example/me"},
		"returned": Returned{To: drafter, Group: jca, Title: content().Title, Revision: 2, By: chair.Name, Acting: "Chair",
			Reason: reason, URL: "https://liaison.example/s/12", Settings: "https://liaison.example/me"},
		"rejected": Rejected{To: drafter, Group: jca, Title: content().Title, Revision: 2, By: chair.Name, Acting: "Chair",
			Reason: reason, URL: "https://liaison.example/s/12", Settings: "https://liaison.example/me"},
		"dispatched": Dispatched{To: drafter, Group: jca, Ref: "JCA-ML-LS12", Title: content().Title, Complete: true,
			Rows: complete, URL: "https://liaison.example/s/12", Settings: "https://liaison.example/me"},
		"dispatched-in-part": Dispatched{To: drafter, Group: jca, Ref: "JCA-ML-LS12", Title: content().Title,
			Rows: rows(), URL: "https://liaison.example/s/12"},
	}
}

func envelope(letter Letter) Envelope {
	env := Envelope{FromName: "JCA-ML", FromEmail: "jca-ml@itu.example", ToName: drafter.Name, ToEmail: drafter.Email,
		MessageID: MessageID([16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, "mail.liaison.example"), Date: noon}
	if s, ok := letter.(Statement); ok {
		env.ToName, env.ToEmail, env.ReplyTo = s.Addressee.Name, s.Addressee.Email, s.Content.ReplyTo
	}
	if _, ok := letter.(ReviewRequested); ok {
		env.ToName, env.ToEmail = chair.Name, chair.Email
	}
	return env
}

func filesOf(letter Letter) []File {
	s, ok := letter.(interface{ attachments() []liaison.Attachment })
	if !ok {
		return nil
	}
	var files []File
	for _, a := range s.attachments() {
		for _, f := range attached {
			if f.Name == a.Name {
				files = append(files, f)
			}
		}
	}
	return files
}

var boundary = regexp.MustCompile(`boundary="?([0-9a-zA-Z'()+_,./:=?-]+)"?`)

// settled gives MIME boundaries, which are random, names by their order.
func settled(message []byte) []byte {
	for i, m := range boundary.FindAllSubmatch(message, -1) {
		message = bytes.ReplaceAll(message, m[1], fmt.Appendf(nil, "BOUNDARY%d", i+1))
	}
	return message
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test ./mail -update and read what it wrote)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestLetters(t *testing.T) {
	for name, letter := range letters() {
		t.Run(name, func(t *testing.T) {
			message, err := Compose(letter, envelope(letter), filesOf(letter))
			if err != nil {
				t.Fatal(err)
			}
			text, html, err := Parts(message)
			if err != nil {
				t.Fatal(err)
			}
			headers, _, _ := bytes.Cut(settled(message), []byte("\r\n\r\n"))
			golden(t, name+".txt", []byte(text))
			golden(t, name+".html", []byte(html))
			golden(t, name+".headers", append(bytes.ReplaceAll(headers, []byte("\r\n"), []byte("\n")), '\n'))

			_, wantText, wantHTML, err := Render(letter)
			if err != nil {
				t.Fatal(err)
			}
			if text != wantText || html != wantHTML {
				t.Error("what arrives is not what was rendered")
			}
			for _, part := range []string{text, html} {
				if strings.Contains(strings.ToLower(part), "deliver") {
					t.Error("a letter says delivered, which nobody told us")
				}
				if strings.Contains(part, "<no value>") || strings.Contains(part, "ZgotmplZ") {
					t.Errorf("a template failed silently:\n%s", part)
				}
			}
		})
	}
	t.Run("no golden file without its case", func(t *testing.T) {
		files, err := filepath.Glob("testdata/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), filepath.Ext(f))
			_, english := letters()[name]
			if _, ok := inLanguages()[name]; !ok && !english {
				t.Errorf("%s belongs to no case", f)
			}
		}
	})
}

func TestStatementTextIsNotTouched(t *testing.T) {
	text := "  indented\n\n\n\tTab, then a very long line " + strings.Repeat("without an end ", 200) + "\n.\n..\nFrom here <b>&amp; \u201cthere\u201d\n-- \nend"
	s := plain("T", "en", text)
	s.Content.Abstract = text
	message, err := Compose(s, envelope(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, html, err := Parts(message)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(got, text) != 2 {
		t.Errorf("the text part does not hold the abstract and the text as they are:\n%s", got)
	}
	if strings.Contains(html, "<b>") || !strings.Contains(html, "&lt;b&gt;&amp;amp;") {
		t.Error("the HTML part does not escape the text")
	}
}

func TestProseHasAtMost72Columns(t *testing.T) {
	for name, letter := range letters() {
		_, text, _, err := Render(letter)
		if err != nil {
			t.Fatal(err)
		}
		_, foot, ok := strings.Cut(text, strings.Repeat("-", Columns)+"\n")
		if !ok {
			t.Errorf("%s has no rule above its foot", name)
		}
		for line := range strings.Lines(foot) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > Columns && strings.Contains(line, " ") {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
		}
	}
}

func TestFailuresComeFirst(t *testing.T) {
	var got []liaison.TransmissionState
	for _, r := range (Dispatched{Rows: rows()}).Sorted() {
		got = append(got, r.State)
	}
	want := []liaison.TransmissionState{liaison.TransmissionRefused, liaison.TransmissionUnknown, liaison.TransmissionAccepted}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
