package liaison_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/liaison"
)

// TestCanonicalBytes fixes the bytes that approvals bind to. They may not change: what was approved in earlier years is
// compared with them.
func TestCanonicalBytes(t *testing.T) {
	c := liaison.Content{
		Source: "itu-t/jca-ml", Title: "  Terms & definitions <draft> ", Questions: "N/A",
		Addressees: []liaison.Addressee{{Body: "w3c", Name: "W3C", Email: "team@w3c.example", Purpose: liaison.ForAction}},
		Deadline:   "2027-01-31", Contacts: []liaison.Contact{{Name: "Kangchan Lee", Email: "chair@jca-ml.example"}, {}},
		ReplyTo: "jca-ml@liaison.example", Language: "en", Abstract: "A\u2028b", Text: "\r\nFirst.  \r\n\r\nSecond: \"é\", 機械学習.\n\n",
	}
	const want = `{"format":"liaison-revision/1","content":{"source":"itu-t/jca-ml","title":"Terms & definitions <draft>","in_reply_to":"","questions":"N/A","meeting":"",` +
		`"addressees":[{"body":"w3c","name":"W3C","email":"team@w3c.example","purpose":"action"}],"deadline":"2027-01-31",` +
		`"contacts":[{"name":"Kangchan Lee","organization":"","country":"","email":"chair@jca-ml.example","phone":""}],"reply_to":"jca-ml@liaison.example","language":"en",` +
		`"abstract":"A\u2028b","text":"First.\n\nSecond: \"é\", 機械学習.","attachments":[]}}`
	got, err := liaison.Canonical(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("canonical bytes (-want +got):\n%s", diff)
	}
}

// TestCanonicalBytesOfTheWholeEnvelope fixes where the fields that came later stand, and how they are spelt.
func TestCanonicalBytesOfTheWholeEnvelope(t *testing.T) {
	c := whole()
	c.Keywords, c.Identifiers = append(c.Keywords, " "), append(c.Identifiers, liaison.Identifier{Scheme: "nothing"})
	c.Relations, c.Links = append(c.Relations, liaison.Relation{Kind: liaison.Revises}), append(c.Links, liaison.Link{Title: "nowhere"})
	c.Contacts = append(c.Contacts, liaison.Contact{Role: liaison.TechnicalContact})
	const want = `{"format":"liaison-revision/1","content":{"source":"itu-t/jca-ml","working_parties":"WP1/13","title":"Roadmap of standards on machine learning","in_reply_to":"ITU-T SG13, SG13-LS165, August 2020",` +
		`"relations":[{"kind":"replies-to","ref":"ITU-T SG13, SG13-LS165, August 2020"},{"kind":"revises","statement":"0190c0de-0000-7000-8000-00000000ffff"}],"questions":"N/A",` +
		`"meeting":"JCA-ML, Geneva, 16 March 2023","agreed":{"by":"Rapporteur group for Q7/13","place":"Geneva","on":"2026-11-19"},"next_meetings":"JCA-ML, 3 December 2026, online",` +
		`"addressees":[{"body":"itu-t/sg13","name":"ITU-T SG13","email":"sg13@itu-t.example","purpose":"action","sentence":"Please answer by the record."},` +
		`{"body":"w3c","name":"W3C","email":"team-liaisons@w3c.example","purpose":"information","copy_for":"itu-t/sg13"}],"deadline":"2027-01-31",` +
		`"contacts":[{"name":"Kangchan Lee","organization":"ETRI","country":"Rep. of Korea","email":"chair@jca-ml.example","phone":"+82 42 860 0000","role":"response"}],` +
		`"reply_to":"jca-ml@liaison.example","action_holder":"Amina Diallo","language":"en","original_language":"en","other_languages":["fr"],"keywords":["machine learning","roadmap"],` +
		`"release":"Rel-19","work_item":"FS_AIML","identifiers":[{"scheme":"SG13 TD","value":"TD268"}],"consensus":"consensus","confidentiality":"members","embargo":"2026-12-15","outside_scope":"The parent group asked for it.",` +
		`"abstract":"Asks for entries of the roadmap.","text":"Please review the entries of your group.\n\nNothing else is asked.",` +
		`"attachments":[{"name":"entries.csv","media_type":"text/csv","size":12,"digest":"ENTRIES","title":"Entries","status":"draft"}],"links":[{"title":"Roadmap","url":"https://roadmap.example/ml"}]}}`
	got, err := liaison.Canonical(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, "ENTRIES", string(liaison.DigestOf([]byte("entries")))), string(got)); diff != "" {
		t.Errorf("canonical bytes (-want +got):\n%s", diff)
	}
	back, err := liaison.ParseCanonical(got)
	if err != nil || len(liaison.Compare(back, c.Tidy())) > 0 {
		t.Errorf("read back as %+v, %v", back, err)
	}
}

func TestDigestOf(t *testing.T) {
	// FIPS 180-4, "abc"
	if d := liaison.DigestOf([]byte("abc")); d != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || d.Short() != "ba7816bf8f01" {
		t.Errorf("%s, short %s", d, d.Short())
	}
	if s := liaison.Digest("abc").Short(); s != "abc" {
		t.Errorf("short form of a short one is %q", s)
	}
}

// leaf is one value inside a content that can be changed.
type leaf struct {
	path  string
	field string // the field of [liaison.Content] that it is in, by its name in JSON
	alter func(*liaison.Content)
}

// leaves finds every value in content by reflection, so that a field added later is in the test without a word. What makes a
// statement a report is looked into where content has it.
func leaves(t *testing.T, content func() liaison.Content) []leaf {
	t.Helper()
	var out []leaf
	var walk func(path, field string, get func(*liaison.Content) reflect.Value)
	walk = func(path, field string, get func(*liaison.Content) reflect.Value) {
		c := whole()
		v := get(&c)
		switch v.Kind() {
		case reflect.String:
			out = append(out, leaf{path, field, func(c *liaison.Content) { v := get(c); v.SetString(v.String() + "x") }})
		case reflect.Bool:
			out = append(out, leaf{path, field, func(c *liaison.Content) { v := get(c); v.SetBool(!v.Bool()) }})
		case reflect.Pointer:
			if !v.IsNil() {
				walk(path, field, func(c *liaison.Content) reflect.Value { return get(c).Elem() })
			}
		case reflect.Int, reflect.Int64:
			out = append(out, leaf{path, field, func(c *liaison.Content) { v := get(c); v.SetInt(v.Int() + 1) }})
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				out = append(out, leaf{path, field, func(c *liaison.Content) {
					v := get(c)
					v.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Second)))
				}})
				return
			}
			for f := range v.Type().Fields() {
				inner := field
				if inner == "" {
					inner, _, _ = strings.Cut(f.Tag.Get("json"), ",")
				}
				walk(path+"."+f.Name, inner, func(c *liaison.Content) reflect.Value { return get(c).FieldByIndex(f.Index) })
			}
		case reflect.Slice:
			if v.Len() == 0 {
				t.Fatalf("%s is empty in the test's content: nothing in it is tested", path)
			}
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), field, func(c *liaison.Content) reflect.Value { return get(c).Index(i) })
			}
			out = append(out, leaf{path + " one less", field, func(c *liaison.Content) { v := get(c); v.Set(v.Slice(0, v.Len()-1)) }})
			out = append(out, leaf{path + " one more", field, func(c *liaison.Content) { v := get(c); v.Set(reflect.Append(v, v.Index(0))) }})
		default:
			t.Fatalf("%s is a %s, which this test does not know", path, v.Kind())
		}
	}
	walk("", "", func(c *liaison.Content) reflect.Value { return reflect.ValueOf(c).Elem() })
	return out
}

// TestEveryFieldIsInTheDigestAndInCompare changes one value after the other: nothing that leaves can be outside of what is
// approved, and nothing that changed can be missing from what a person is shown.
func TestEveryFieldIsInTheDigestAndInCompare(t *testing.T) {
	t.Run("statement", func(t *testing.T) { everyFieldCounts(t, content) })
	t.Run("progress report", func(t *testing.T) { everyFieldCounts(t, reportContent) })
}

func everyFieldCounts(t *testing.T, content func() liaison.Content) {
	all := leaves(t, content)
	if len(all) < 30 {
		t.Fatalf("only %d values were found in a content", len(all))
	}
	seen := map[liaison.Digest]string{digestOf(whole()): "the unchanged content"}
	for _, l := range all {
		c := whole()
		l.alter(&c)
		d := digestOf(c)
		if strings.HasSuffix(l.path, ".Proposals[0].Number") {
			delete(seen, d)
		}
		if other, twice := seen[d]; twice {
			t.Errorf("%s: the digest is that of %s", l.path, other)
		}
		seen[d] = l.path
		var fields []string
		for _, x := range liaison.Compare(whole(), c) {
			fields = append(fields, x.Field)
			if x.Before == x.After || x.Label == "" {
				t.Errorf("%s: the difference is shown as %+v", l.path, x)
			}
		}
		if strings.HasSuffix(l.path, ".Proposals[0].Number") { // given by the place
			continue
		}
		if l.field == "report" {
			if len(fields) == 0 || slices.ContainsFunc(fields, func(f string) bool { return !strings.HasPrefix(f, "report.") }) {
				t.Errorf("%s: Compare names %q", l.path, fields)
			}
			continue
		}
		if diff := cmp.Diff([]string{l.field}, fields); diff != "" {
			t.Errorf("%s: Compare names other fields (-want +got):\n%s", l.path, diff)
		}
	}
}

// TestCompareIsNotFooledBySeparators moves text across the borders of fields that are shown on one line.
func TestCompareIsNotFooledBySeparators(t *testing.T) {
	for name, alter := range map[string]func(*liaison.Content){
		"contacts": func(c *liaison.Content) {
			c.Contacts = []liaison.Contact{{Name: "Lee", Organization: "ETRI, Rep. of Korea", Country: c.Contacts[0].Email}}
		},
		"attachments": func(c *liaison.Content) { c.Attachments[0].Name, c.Attachments[0].MediaType = "a", "b, c" },
	} {
		before, after := whole(), whole()
		before.Contacts = []liaison.Contact{{Name: "Lee, ETRI", Organization: "Rep. of Korea", Country: before.Contacts[0].Email}}
		before.Attachments[0].Name, before.Attachments[0].MediaType = "a, b", "c"
		after = before
		after.Attachments = slices.Clone(before.Attachments)
		alter(&after)
		if digestOf(before) == digestOf(after) {
			t.Fatalf("%s: the digest is the same", name)
		}
		if len(liaison.Compare(before, after)) != 1 {
			t.Errorf("%s: Compare sees %v, want one difference", name, liaison.Compare(before, after))
		}
	}
}

func TestOrderAndFormOfTextCount(t *testing.T) {
	for name, alter := range map[string]func(*liaison.Content){
		"addressees in another order": func(c *liaison.Content) { slices.Reverse(c.Addressees) },
		"decomposed letters":          func(c *liaison.Content) { c.Title = "Re\u0301sume\u0301" }, // NFC is not applied: what was typed is what leaves
		"a space inside":              func(c *liaison.Content) { c.Text = strings.Replace(c.Text, "review", "re view", 1) },
		"capitals":                    func(c *liaison.Content) { c.Abstract = strings.ToUpper(c.Abstract) },
	} {
		before, after := whole(), whole()
		before.Title = "R\u00e9sum\u00e9"
		after.Title = before.Title
		alter(&after)
		if digestOf(before) == digestOf(after) || len(liaison.Compare(before, after)) == 0 {
			t.Errorf("%s changes nothing", name)
		}
	}
	for name, alter := range map[string]func(*liaison.Content){
		"space around the title":   func(c *liaison.Content) { c.Title = " " + c.Title + "\n" },
		"line ends of a form":      func(c *liaison.Content) { c.Text = strings.ReplaceAll(c.Text, "\n", "\r\n") },
		"space at the end of line": func(c *liaison.Content) { c.Text = strings.ReplaceAll(c.Text, "\n", " \t\n") },
		"an empty contact":         func(c *liaison.Content) { c.Contacts = append(c.Contacts, liaison.Contact{Name: " "}) },
	} {
		c := whole()
		alter(&c)
		if digestOf(c) != digestOf(whole()) {
			t.Errorf("%s changes the digest", name)
		}
	}
}

func TestTidyTwiceIsTidyOnce(t *testing.T) {
	c := whole()
	c.Title, c.Text, c.Contacts[0].Name = " a \u00a0", "\n \t\n  a\r\r\n b \n\n \n", "\tb "
	once := c.Tidy()
	if diff := cmp.Diff(once, once.Tidy()); diff != "" {
		t.Errorf("(-once +twice):\n%s", diff)
	}
	c.Addressees[0].Name = "another"
	if once.Addressees[0].Name == "another" {
		t.Error("the tidied content shares its lists with the first")
	}
}

func TestParseCanonicalReadsBack(t *testing.T) {
	for _, c := range []liaison.Content{whole(), {}, {Text: "\u2028\u0085\ufeff<&>"}} {
		b, err := liaison.Canonical(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := liaison.ParseCanonical(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Tidy(), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		again, err := liaison.Canonical(got)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("read and written again: %s, %v; want %s", again, err, b)
		}
	}
	for _, bad := range []string{"", "null", "{}", `{"format":"liaison-revision/2","content":{}}`, `{"format":"liaison-revision/1","content":[]}`, `{"format":"liaison-revision/1"`, `{"format":"liaison-revision/1"} {}`} {
		if _, err := liaison.ParseCanonical([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzParseCanonical(f *testing.F) {
	b, err := liaison.Canonical(whole())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format":"liaison-revision/1","content":{}}`))
	f.Add([]byte(`{"format":"liaison-revision/1","content":{"text":"\ud800\r\n \t","contacts":null,"addressees":[{}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := liaison.ParseCanonical(b)
		if err != nil {
			return
		}
		first, err := liaison.Canonical(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := liaison.ParseCanonical(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := liaison.Canonical(back); err != nil || !bytes.Equal(first, second) {
			t.Errorf("canonical bytes are not stable, %v:\n%q\n%q", err, first, second)
		}
		if diff := cmp.Diff(c.Tidy(), back); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
