package document_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/document"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail/catalogue"
)

var update = flag.Bool("update", false, "write the golden files anew")

// report is one with something under every heading. long makes its tables break across pages.
func report(t *testing.T, language string, long int) (liaison.Content, document.About) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	at := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 12, 0, 0, 0, zone) }
	jca := liaison.Body{Code: "itu-t/jca-ml", Name: "Joint Coordination Activity on Machine Learning", ShortName: "JCA-ML"}
	sg13 := liaison.Body{Code: "itu-t/sg13", Name: "Study Group 13", ShortName: "ITU-T SG13"}
	f := liaison.ReportFacts{
		Group: jca, Parent: sg13, Zone: zone, From: "2026-07-01", Until: "2026-11-22", AsOf: at(11, 23),
		For:     liaison.Meeting{ID: "m", Title: "Study Group 13 meeting", From: "2027-03-01"},
		Waiting: map[liaison.State]int{liaison.Draft: 2, liaison.InReview: 1},
		Meetings: []liaison.Meeting{
			{ID: "a", Title: "Meeting of JCA-ML", Place: "online", From: "2026-09-16", Until: "2026-09-17", State: liaison.MeetingClosed, Source: "TSB Circular 72", Agenda: []liaison.AgendaItem{{Number: 1, Title: "Opening"}, {Number: 9, Title: "Approval of outgoing liaison statements"}}},
			{ID: "b", Title: "Meeting of JCA-ML", Place: "online", From: "2026-12-03", Until: "2026-12-03", State: liaison.MeetingPlanned},
		},
		Officers:   []liaison.Appointment{{Person: liaison.Person{Name: "Marco Carugi"}, Group: jca.Code, Office: liaison.OfficeViceChair, From: "2026-09-16", Evidence: "JCA-ML meeting"}},
		Terms:      []liaison.TermsOfReference{{Group: jca.Code, Version: 1, InForce: "2026-08-01", Parent: sg13.Code, ReviewedBy: "2026-10-01", Source: "TSB Circular 72, Annex 1"}},
		In:         []liaison.InFact{{Received: at(8, 2), From: "tsbsg17@itu.example", Title: "LS/i on security of machine learning models [from ITU-T SG17]", Disposition: "progress.disposition-unassigned"}},
		Unanswered: []liaison.OpenProposal{{Statement: "r", Ref: "JCA-ML-R1", Proposal: liaison.Proposal{Number: 2, Title: "A common list of terms"}, Body: liaison.Body{Code: "itu-t/sg17", ShortName: "ITU-T SG17"}}},
	}
	for i := range max(long, 3) {
		month := time.Month(7 + i%4)
		f.Out = append(f.Out, liaison.OutFact{
			ID: liaison.StatementID(fmt.Sprint(i)), Ref: fmt.Sprintf("JCA-ML-LS%d", i+1), Title: "LS/o on review of the AI standardization roadmap", State: liaison.Dispatched, Level: "JCA-ML Chair",
			Submitted: at(month, 1), Approved: at(month, 3), Dispatched: at(month, 3), Approval: liaison.Approval{Mode: liaison.ByOfficer, As: liaison.AsChair}, Override: map[bool]liaison.Override{true: {Reason: "asked for by TSAG", Because: "TSAG decides on the roadmap", By: "Kangchan Lee"}}[i == 1],
			To: []liaison.OutAddressee{
				{Body: sg13.Code, Name: "ITU-T SG13", Kind: liaison.Group, Purpose: liaison.ForAction, Sent: at(month, 3), Due: "2026-10-01", Answer: map[bool]liaison.AnswerKind{true: liaison.AnswerOnTime, false: liaison.AnswerLate}[i%3 == 0], Answered: at(10, 1+i%3)},
				{Body: "w3c", Name: "W3C", Kind: liaison.Organization, Purpose: liaison.ForComment, Sent: at(month, 3), Due: "2026-11-30"},
			},
		})
	}
	r := liaison.Assemble(f)
	r.Provisional = true
	r.Notes = []liaison.Note{{Section: "", Text: "Three statements left in this period.\n\nAll of them concern the roadmap."}, {Section: liaison.SectionRoadmap, Text: "The roadmap was reviewed with every addressee."}}
	r.Proposals = []liaison.Proposal{{Number: 1, Title: "A joint meeting <with> SG17 & SG11", Text: "It is proposed to meet jointly.\n\nOne day is enough.", To: []liaison.Code{sg13.Code}}}
	c := liaison.Content{Source: jca.Code, Language: language, Report: &r, Title: document.Title(r, jca, language), Abstract: document.Abstract(r, jca, sg13, language)}
	return c, document.About{Group: jca, Parent: sg13, Ref: "", Bodies: map[liaison.Code]liaison.Body{sg13.Code: sg13}}
}

func outline(t *testing.T, language string, long int) document.Document {
	t.Helper()
	c, about := report(t, language, long)
	d, err := document.Outline(c, about)
	if err != nil {
		t.Fatal(err)
	}
	return d
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
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-file +got); -update writes it anew:\n%s", name, diff)
	}
}

func TestTextAndHTMLInEveryLanguage(t *testing.T) {
	for _, language := range catalogue.Languages {
		d := outline(t, language, 0)
		golden(t, "report."+language+".txt", []byte(document.Text(d, 76)))
		html, err := document.HTML(d, true, "https://liaison.example", 0)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "report."+language+".html", []byte(html))
		if strings.Contains(string(html), "<with>") {
			t.Errorf("%s: what somebody wrote became markup", language)
		}
	}
}

func TestTextOfLongTablesSaysHowMuchIsLeftOut(t *testing.T) {
	d := outline(t, "en", 60)
	if text := document.Text(d, 76); !strings.Contains(text, "40 more rows stand in the attached document.") || strings.Count(text, "Title: LS/o") != 20+1 {
		t.Errorf("the text does not count what it leaves out:\n%s", text)
	}
	html, err := document.HTML(d, false, "", 10)
	if err != nil || !strings.Contains(string(html), "50 more rows") || strings.Contains(string(html), "<a href") {
		t.Errorf("HTML with ten rows and no links, %v:\n%s", err, html)
	}
}

// TestAsOfTheGroupsDay: the day of a report is that of the group's zone; a report of an earlier program has the one in UTC.
func TestAsOfTheGroupsDay(t *testing.T) {
	seoul := time.FixedZone("KST", 9*60*60)
	r := liaison.Assemble(liaison.ReportFacts{Zone: seoul, From: "2026-11-01", Until: "2026-11-26", AsOf: time.Date(2026, 11, 27, 8, 0, 0, 0, seoul)})
	for on, want := range map[liaison.Date]string{r.AsOn: "27 November 2026", "": "26 November 2026"} {
		r.AsOn = on
		d, err := document.Outline(liaison.Content{Language: "en", Report: &r}, document.About{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(d.Facts, document.Fact{Label: "As the register had it on", Value: want}) {
			t.Errorf("of %q it says %+v, want %s", on, d.Facts, want)
		}
	}
}

// TestEveryWordIsSaid finds words of the catalogue that no report says any more, and keys that a report cannot say.
func TestEveryWordIsSaid(t *testing.T) {
	c, _ := catalogue.For("en")
	said := map[string]bool{}
	add := func(keys ...string) {
		for _, k := range keys {
			if !c.Has("progress." + k) {
				t.Errorf("there are no words for %s", k)
			}
			said["progress."+k] = true
		}
	}
	for _, s := range liaison.Sections {
		add("section-" + string(s))
	}
	for key, columns := range liaison.TableColumns {
		add("table-" + string(key))
		for _, name := range columns {
			add("column-" + name)
		}
	}
	for _, f := range liaison.Figures {
		add("figure-"+string(f.Key), "means-"+string(f.Key))
		if got := c.Say("progress.means-" + string(f.Key)); got != f.Definition {
			t.Errorf("the figure %s is defined as %q and said as %q", f.Key, f.Definition, got)
		}
	}
	for _, s := range liaison.States {
		add("state-" + string(s.State))
	}
	for _, o := range []liaison.Office{liaison.OfficeChair, liaison.OfficeViceChair, liaison.OfficeSecretary} {
		add("office-" + string(o))
	}
	for _, x := range liaison.Answers {
		add("answer-" + string(x.Kind))
	}
	add("age-0-30", "age-31-60", "age-61-90", "age-over-90",
		"review-none", "review-ahead", "review-overdue", "disposition-linked", "disposition-unassigned", "column-figure", "column-value", "column-definition")
	add("title", "title-of", "abstract-of", "period", "for-meeting", "as-of", "from-to", "provisional", "nil", "nothing", "more", "introduction", "contents", "number-later",
		"share", "days", "unknown", "confidential", "proposal", "proposal-to", "proposal-ask")
	add("state-tabled", "state-by-correspondence")
	add("corrections", "revises", "corrects")
	for _, key := range liaison.EditorsSections {
		add("editor-" + string(key))
	}
	for _, mode := range liaison.ApprovalModes {
		way := []string{string(mode)}
		if mode == liaison.ByOfficer {
			way = []string{"officer-chair", "officer-vice-chair"}
		}
		for _, w := range way {
			add("way-"+w, "way-entered-"+w)
		}
	}
	for key := range c.Keys() {
		if strings.HasPrefix(key, "progress.") && !said[key] {
			t.Errorf("%s is said nowhere", key)
		}
	}
}

func TestNoReport(t *testing.T) {
	if _, err := document.Outline(liaison.Content{Title: "Roadmap"}, document.About{}); err == nil {
		t.Error("a statement that is no report has an outline")
	}
}

func TestUnknownWordsOfOldReports(t *testing.T) {
	c, about := report(t, "en", 0)
	c.Report.Sections = []liaison.Section{{Key: liaison.SectionIncoming, Tables: []liaison.ReportTable{{Key: liaison.TableIncoming, Rows: []liaison.Row{{Cells: []liaison.Cell{{}, {}, {}, {Word: "progress.disposition-merged"}}}}}}}}
	d, err := document.Outline(c, about)
	if err != nil || !strings.Contains(document.Text(d, 76), "Disposition: merged") {
		t.Errorf("%v:\n%s", err, document.Text(d, 76))
	}
}

// hard is a report that is hard to set: 200 statements, titles of 300 characters, words without a space, other scripts, an emoji.
func hard(t *testing.T, language string) document.Document {
	t.Helper()
	c, about := report(t, language, 200)
	for _, s := range c.Report.Sections {
		for _, table := range s.Tables {
			if table.Key != liaison.TableOutgoing {
				continue
			}
			for i, title := range []string{
				strings.Repeat("LS/o on terms and definitions for machine learning in future networks ", 5)[:300], strings.Repeat("W", 300),
				"LS/o on 人工智能标准化路线图", "LS/o о совместном собрании", "بيان اتصال بشأن التعلم الآلي", "LS/o क \u2068isolated\u2069",
			} {
				table.Rows[i].Cells[1] = liaison.Cell{Text: title}
			}
		}
	}
	c.Report.Proposals[0].Title = strings.Repeat("A proposal whose title is very long ", 9)[:300]
	c.Attachments = []liaison.Attachment{{Name: "agenda.pdf", Title: "Agenda of the ninth meeting"}}
	d, err := document.Outline(c, about)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// needsChinese says that this machine has no font with Chinese letters: CI has one.
func needsChinese(t *testing.T, err error) {
	t.Helper()
	if liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "fonts-noto-cjk") {
		t.Errorf("without a font for Chinese: %v", err)
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no font with Chinese letters on this machine; CI installs fonts-wqy-microhei")
	}
	t.Skip("there is no font with Chinese letters on this machine (on Debian: fonts-wqy-microhei)")
}

func TestPDF(t *testing.T) {
	for _, language := range catalogue.Languages {
		t.Run(language, func(t *testing.T) {
			documents := map[string]document.Document{"report": outline(t, language, 60)}
			if slices.Contains([]string{"ar", "en", "zh"}, language) {
				documents["hard"] = hard(t, language)
			}
			for name, d := range documents {
				b, err := document.PDF(d)
				if err != nil && (language == "zh" || name == "hard") {
					needsChinese(t, err)
				}
				if err != nil || !bytes.HasPrefix(b, []byte("%PDF-")) || !bytes.Contains(b, []byte("/StructTreeRoot")) || !bytes.Contains(b, []byte("/Outlines")) {
					t.Fatalf("%s: %d bytes, %v; want a tagged PDF with bookmarks", name, len(b), err)
				}
				if name != "hard" {
					again, err := document.PDF(d)
					if err != nil || !bytes.Equal(b, again) {
						t.Errorf("%s: the same document became other bytes, %v", name, err)
					}
				}
				keep(t, name+"."+language+".pdf", b)
			}
		})
	}
}

// TestEveryLetterHasAFont: no PDF has boxes where letters should be.
func TestEveryLetterHasAFont(t *testing.T) {
	kept := document.Chinese
	t.Cleanup(func() { document.Chinese = kept })
	set := func(language string, words ...string) ([]byte, error) {
		d := document.Document{Title: "Report", Language: language}
		for _, w := range words {
			d.Blocks = append(d.Blocks, document.Block{Paragraph: w})
		}
		return document.PDF(d)
	}
	t.Run("without a font for Chinese, what needs one is refused and says what to install", func(t *testing.T) {
		document.Chinese = []string{filepath.Join(t.TempDir(), "missing.ttc")}
		for _, language := range []string{"zh", "en"} {
			b, err := set(language, "机器学习")
			if liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "fonts-wqy-microhei") || b != nil {
				t.Errorf("%s: %d bytes, %v", language, len(b), err)
			}
		}
		if _, err := set("ar", "التعلم الآلي", "Машинное обучение", "Apprentissage – œuvre", "x ≤ y"); err != nil {
			t.Errorf("letters that the program has a font for: %v", err)
		}
	})
	t.Run("the worker says so when it starts", func(t *testing.T) {
		document.Chinese = []string{filepath.Join(t.TempDir(), "missing.ttc")}
		if err := document.CanSetChinese(); liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("a font that is damaged is not passed over", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "damaged.ttc")
		if err := os.WriteFile(path, []byte("ttcf, and nothing else"), 0o600); err != nil {
			t.Fatal(err)
		}
		document.Chinese = []string{path}
		if _, err := set("zh", "机器学习"); err == nil {
			t.Error("a PDF was made with a font that cannot be read")
		}
	})
	t.Run("a font that lacks a letter is named", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "latin.ttf")
		if err := os.WriteFile(path, dejavusans.TTF, 0o600); err != nil {
			t.Fatal(err)
		}
		document.Chinese = []string{path}
		if _, err := set("en", "Machine learning is 机器学习"); liaison.CodeOf(err) != liaison.Invalid || !strings.Contains(err.Error(), "机器学习") {
			t.Errorf("answered with %v", err)
		}
	})
	t.Run("what no font is for is written as its number", func(t *testing.T) {
		document.Chinese = nil
		smile, err := set("en", "\u0915")
		if err != nil {
			t.Fatal(err)
		}
		number, err := set("en", "[U+0915]")
		if err != nil || !bytes.Equal(smile, number) {
			t.Errorf("a letter of Devanagari is not written as its number, %v", err)
		}
		isolated, err := set("en", "\u2068left\u2069")
		plain, err2 := set("en", "left")
		if err != nil || err2 != nil || !bytes.Equal(isolated, plain) {
			t.Errorf("marks of direction are seen, %v, %v", err, err2)
		}
	})
	document.Chinese = kept
	t.Run("letters of two scripts in one line", func(t *testing.T) {
		b, err := set("en", "Machine learning is 机器学习 &c.")
		if err != nil {
			needsChinese(t, err)
		}
		if bytes.Count(b, []byte("/FontFile")) < 2 {
			t.Error("it embeds fewer than two fonts")
		}
	})
}

func TestWord(t *testing.T) {
	for _, language := range catalogue.Languages {
		d := outline(t, language, 60)
		b, err := document.Word(d)
		if err != nil {
			t.Fatal(err)
		}
		again, err := document.Word(d)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("%s: the same document became other bytes, %v", language, err)
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range z.File {
			names = append(names, f.Name)
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := wellFormed(content); err != nil {
				t.Errorf("%s: %s: %v", language, f.Name, err)
			}
			if f.Name == "word/document.xml" {
				for _, want := range []string{"JCA-ML-LS60", "<w:tblHeader/>", "A joint meeting &lt;with&gt; SG17 &amp; SG11", `w:anchor="figures"`, `w:name="figures"`} {
					if !strings.Contains(string(content), want) {
						t.Errorf("%s: the document lacks %s", language, want)
					}
				}
				if rtl := strings.Contains(string(content), "<w:bidiVisual/>"); rtl != (language == "ar") {
					t.Errorf("%s: tables run from right to left: %t", language, rtl)
				}
			}
		}
		if !slices.Contains(names, "[Content_Types].xml") {
			t.Errorf("%s: the parts are %q", language, names)
		}
		keep(t, "report."+language+".docx", b)
		if b, err = document.Word(hard(t, language)); err != nil {
			t.Error(err)
		}
		keep(t, "hard."+language+".docx", b)
	}
}

func wellFormed(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// keep leaves a file for a person to look at, where LIAISON_DOCUMENTS names a folder.
func keep(t *testing.T, name string, b []byte) {
	t.Helper()
	if dir := os.Getenv("LIAISON_DOCUMENTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSVG(t *testing.T) {
	c := document.Chart{Title: `A "chart" <of> bars`, Labels: []string{"2026-07", "an & over-long label that has to be cut somewhere"}, Series: []document.Series{{"Groups", []int{0, 4}}, {"Bodies", []int{1, 2}}}}
	for _, rtl := range []bool{false, true} {
		svg := document.SVG(c, rtl)
		if err := wellFormed([]byte(svg)); err != nil {
			t.Errorf("rtl %t: %v:\n%s", rtl, err, svg)
		}
		if strings.Count(svg, "<rect") != 2+4 || !strings.Contains(svg, `width="0"`) || !strings.Contains(svg, `aria-label="A &#34;chart&#34; &lt;of&gt; bars"`) {
			t.Errorf("rtl %t:\n%s", rtl, svg)
		}
	}
	if document.SVG(c, false) == document.SVG(c, true) {
		t.Error("the picture does not follow the direction of the script")
	}
}
