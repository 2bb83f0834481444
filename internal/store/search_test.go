package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// titled drafts a statement with a title and a text.
func titled(t *testing.T, s *store.Store, language, title, text string, change ...func(*liaison.Content)) liaison.StatementID {
	t.Helper()
	id := liaison.StatementID(uuid.NewString())
	c := content("w3c")
	c.Language, c.Title, c.Abstract, c.Text = language, title, "-", text
	for _, f := range change {
		f(&c)
	}
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, c); err != nil {
		t.Fatal(err)
	}
	return id
}

// titles are those of what a search finds, in order.
func titles(t *testing.T, s *store.Store, who liaison.PersonID, f store.Filter) []string {
	t.Helper()
	found, err := s.Search(t.Context(), who, f)
	if err != nil {
		t.Fatalf("%q: %v", f.Query, err)
	}
	out := []string{}
	for _, l := range found.Lines {
		out = append(out, l.Title)
	}
	return out
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	attachment, err := s.PutBlob(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	titled(t, s, "en", "English", "The group reviewed monitoring parameters of networks. <b>Not a mark.</b>")
	titled(t, s, "fr", "French", "Les groupes examinent les paramètres de surveillance des réseaux.")
	titled(t, s, "es", "Spanish", "Los grupos examinan los parámetros de supervisión de las redes.")
	titled(t, s, "ru", "Russian", "Группы рассматривают параметры мониторинга сетей.")
	titled(t, s, "ar", "Arabic", "تراجع الأفرقة معلمات مراقبة الشبكات.")
	titled(t, s, "zh", "Chinese", "各组正在审查网络监测参数和机器学习模型。")
	titled(t, s, "en", "Cites JCA-ML-LS12", "See JCA-ML-LS12 and Y.3172.")
	titled(t, s, "en", "Cites JCA-ML-LS123", "See JCA\u2011ML\u2011LS123 and SG132.", func(c *liaison.Content) { c.Addressees[0].Body = "itu-t/sg13" })
	titled(t, s, "en", "Has a file", "Nothing else.", func(c *liaison.Content) {
		c.Attachments = []liaison.Attachment{{Name: "roadmap-2027_final.csv", MediaType: "text/csv", Size: 1, Digest: attachment}}
	})
	for query, want := range map[string][]string{
		"review network":                      {"English"},
		"\"monitoring parameters\"":           {"English"},
		"\"parameters monitoring\"":           {},
		"groupe réseau":                       {"French"},
		"examinar red":                        {"Spanish"},
		"рассматривать сеть":                  {"Russian"},
		"الشبكات":                             {"Arabic"},
		"机器学习":                                {"Chinese"},
		"学习机器":                                {},
		"网络 模型":                               {"Chinese"},
		"JCA-ML-LS12":                         {"Cites JCA-ML-LS12"},
		"jca-ml-ls123":                        {"Cites JCA-ML-LS123"},
		"JCA‑ML‑LS12":                         {"Cites JCA-ML-LS12"}, // with U+2011
		"LS123":                               {"Cites JCA-ML-LS123"},
		"Y.3172":                              {"Cites JCA-ML-LS12"},
		"SG13":                                {"Cites JCA-ML-LS123"},
		"SG132":                               {"Cites JCA-ML-LS123"},
		"itu-t/sg13":                          {"Cites JCA-ML-LS123"},
		"roadmap-2027":                        {"Has a file"},
		"SG13 nothing":                        {},
		"networks -\"monitoring parameters\"": {},
		"networks -wombats":                   {"English"},
		"networks -parameters":                {},
		"мониторинга OR réseaux":              {"Russian", "French"},
		"' ; DROP TABLE search":               {},
		"a:b & | ! <-> \\ '":                  {},
	} {
		found := []string{}
		result, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: query})
		if err != nil && liaison.CodeOf(err) != liaison.Invalid {
			t.Errorf("%q: %v", query, err)
			continue
		}
		for _, l := range result.Lines {
			found = append(found, l.Title)
		}
		if len(want) > 1 { // which of two fits better is not what is tested here
			if len(found) != len(want) {
				t.Errorf("%q found %v, want %v", query, found, want)
			}
			continue
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%q (-want +found):\n%s", query, diff)
		}
	}
	_, err = s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: "the of"})
	if err == nil {
		_, err = s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: " - \" "})
	}
	refused(t, err, liaison.Invalid)

	found, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: "monitoring"})
	if err != nil || len(found.Lines) != 1 {
		t.Fatal(err)
	}
	text, hits := "", 0
	for _, q := range found.Quotes[found.Lines[0].ID] {
		text += q.Text
		if q.Hit {
			hits++
			if !strings.EqualFold(q.Text, "monitoring") {
				t.Errorf("marked %q", q.Text)
			}
		}
	}
	if hits != 1 || !strings.Contains(text, "Not a mark.") {
		t.Errorf("quotes %q, %d marked", text, hits)
	}
	found, err = s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: "机器学习"})
	if err != nil || len(found.Lines) != 1 {
		t.Fatal(err)
	}
	text = ""
	for _, q := range found.Quotes[found.Lines[0].ID] {
		text += q.Text
	}
	if !strings.Contains(text, "和机器学习模型") {
		t.Errorf("quotes %q", text)
	}
}

// TestSearchFollowsTheStatement: what is found is what the statement says now, in the transaction that says so.
func TestSearchFollowsTheStatement(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	id := titled(t, s, "en", "Wombat", "First words.")
	find := func(query string) []string { return titles(t, s, seed.Chair.ID, store.Filter{Query: query}) }
	c := content("w3c")
	c.Title, c.Text = "Quokka", "Other words."
	if _, err := s.Save(t.Context(), id, seed.Editor.ID, 1, c); err != nil {
		t.Fatal(err)
	}
	if len(find("wombat")) != 0 || len(find("quokka")) != 1 {
		t.Error("saved, and found as it was before")
	}
	carry(t, s, id, liaison.DoSubmit, liaison.DoApprove)
	if diff := cmp.Diff([]string{"Quokka"}, find("JCA-ML-LS1")); diff != "" {
		t.Error(diff)
	}
	if _, err := correct(t, s, id, func(c *liaison.Content) { c.Text = "Other words, kookaburra." }); err != nil {
		t.Fatal(err)
	}
	if len(find("kookaburra")) != 1 {
		t.Error("corrected, and found as it was before")
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM search`); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Reindex(t.Context()); err != nil || n != 1 || len(find("kookaburra")) != 1 || len(find("JCA-ML-LS1")) != 1 {
		t.Errorf("indexed %d again, %v", n, err)
	}
	if n, err := s.Reindex(t.Context()); err != nil || n != 0 {
		t.Errorf("and again %d, %v", n, err)
	}
}

// TestSearchShowsNobodyWhatTheyMayNotRead looks as somebody who holds no office, in both ways of searching.
func TestSearchShowsNobodyWhatTheyMayNotRead(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	var public liaison.StatementID
	for i := range 40 {
		id := titled(t, s, "en", "Platypus", "Secret.")
		if i == 20 {
			carry(t, s, id, liaison.DoSubmit, liaison.DoApprove, liaison.DoDispatch)
			public = id
		}
	}
	for _, f := range []store.Filter{{Query: "platypus"}, {Query: "platypus", Limit: 1}, {Query: "secret", States: []liaison.State{liaison.Draft}}, {Query: "JCA-ML-LS1"}} {
		found, err := s.Search(t.Context(), seed.Auditor.ID, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range found.Lines {
			if l.ID != public {
				t.Errorf("%+v finds %s, which is %s", f, l.ID, l.State)
			}
		}
		if found.Total > 1 || len(found.Quotes) > 1 {
			t.Errorf("%+v: it counts %d, quotes %d", f, found.Total, len(found.Quotes))
		}
	}
	found, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: "platypus"})
	if err != nil || len(found.Lines) != 20 || !found.Newest {
		t.Fatalf("the chair finds %d, newest first %t, %v", len(found.Lines), found.Newest, err)
	}
	counts, err := s.Counts(t.Context(), seed.Auditor.ID)
	if diff := cmp.Diff(map[liaison.State]int{liaison.Dispatching: 1}, counts); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
}

// TestPagesOfASearch go through everything once, in both ways.
func TestPagesOfASearch(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for i := range 30 {
		text := "Common."
		if i%3 == 0 {
			text += " Rare."
		}
		titled(t, s, "en", "Statement", text)
	}
	for query, want := range map[string]int{"common": 30, "rare": 10} {
		seen := map[liaison.StatementID]bool{}
		f := store.Filter{Query: query, Limit: 4}
		if query == "rare" {
			f.Limit = 12
		}
		for range 20 {
			found, err := s.Search(t.Context(), seed.Chair.ID, f)
			if err != nil {
				t.Fatal(err)
			}
			if found.Newest != (query == "common") {
				t.Errorf("%s: newest first %t", query, found.Newest)
			}
			for _, l := range found.Lines {
				if seen[l.ID] {
					t.Errorf("%s: %s twice", query, l.ID)
				}
				seen[l.ID] = true
			}
			if f.Limit == 12 {
				f.Limit = 4 // from the second page on in small ones
			}
			if f.After = found.Next; f.After == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d found, want %d", query, len(seen), want)
		}
	}
	for _, bad := range []string{"r,", "r,x", "n,x", "r,1,2026-01-01T00:00:00Z,x", "r,1"} {
		_, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: "rare", After: bad})
		refused(t, err, liaison.Invalid)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	now := time.Now()
	one := titled(t, s, "en", "One", "x", func(c *liaison.Content) { c.Deadline = "2098-01-31" })
	two := titled(t, s, "en", "Two", "x", func(c *liaison.Content) {
		c.Addressees = []liaison.Addressee{{Body: "w3c", Purpose: liaison.ForAction}, {Body: "ieee", Purpose: liaison.ForInformation}}
	})
	carry(t, s, one, liaison.DoSubmit)
	carry(t, s, two, liaison.DoSubmit, liaison.DoApprove)
	for name, test := range map[string]struct {
		filter store.Filter
		want   []string
	}{
		"all":                             {store.Filter{}, []string{"Two", "One"}},
		"by body":                         {store.Filter{Body: "ieee"}, []string{"Two"}},
		"by body and purpose":             {store.Filter{Body: "ieee", Purpose: liaison.ForAction}, []string{}},
		"by purpose":                      {store.Filter{Purpose: liaison.ForInformation}, []string{"Two"}},
		"by whose turn":                   {store.Filter{Turn: liaison.AsChair}, []string{"One"}},
		"by whose turn, in another state": {store.Filter{Turn: liaison.AsChair, States: []liaison.State{liaison.Approved}}, []string{}},
		"by deadline":                     {store.Filter{Due: "2098-06-01"}, []string{"One"}},
		"changed since tomorrow":          {store.Filter{Since: now.Add(24 * time.Hour)}, []string{}},
		"changed before tomorrow":         {store.Filter{Until: now.Add(24 * time.Hour)}, []string{"Two", "One"}},
		"by state":                        {store.Filter{States: []liaison.State{liaison.Approved}}, []string{"Two"}},
		"by words in a state":             {store.Filter{Query: "x", States: []liaison.State{liaison.Approved}}, []string{"Two"}},
		"by words to a body":              {store.Filter{Query: "x", Body: "ieee"}, []string{"Two"}},
	} {
		got := []string{}
		if test.filter.Query != "" {
			got = titles(t, s, seed.Chair.ID, test.filter)
		} else {
			page, err := s.Statements(t.Context(), seed.Chair.ID, test.filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Lines {
				got = append(got, l.Title)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSavedViews(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for _, v := range []store.SavedView{{"Waiting", "waiting=chair"}, {"b", "q=x"}, {"Waiting", "waiting=secretary"}} {
		if err := s.SaveView(t.Context(), seed.Chair.ID, v); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []store.SavedView{{" ", "q=x"}, {strings.Repeat("x", 81), "q=x"}, {"a\nb", "q=x"}, {"a", strings.Repeat("x", 2001)}} {
		refused(t, s.SaveView(t.Context(), seed.Chair.ID, bad), liaison.Invalid)
	}
	got, err := s.SavedViews(t.Context(), seed.Chair.ID)
	if diff := cmp.Diff([]store.SavedView{{"b", "q=x"}, {"Waiting", "waiting=secretary"}}, got); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
	if other, err := s.SavedViews(t.Context(), seed.Editor.ID); err != nil || len(other) != 0 {
		t.Errorf("another's: %v, %v", other, err)
	}
	if err := s.DropView(t.Context(), seed.Chair.ID, "b"); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.SavedViews(t.Context(), seed.Chair.ID); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
}

// TestQuotesOfLongTexts: what is quoted of a long text is where the words stand in it, however a language bends them.
func TestQuotesOfLongTexts(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	filler := strings.Repeat("Nothing of it stands in this line.\n", 350) // 12,000 characters
	cjk := strings.Repeat("此处没有任何内容。", 1000)
	for _, x := range []struct{ language, title, text string }{
		{"en", "In English", filler + "Several studies of wayfinding, and then a lighthouse keeper." + filler[:3000] + "wayfinding at last."},
		{"en", "Apart", "A tortoise first. " + filler + "Then the hare."},
		{"en", "A phrase", "The kettle is blue. " + filler + "Here stands a blue kettle."},
		{"fr", "En français", filler + "Des listes complètes sont jointes."},
		{"es", "En español", filler + "Gracias por su atención a las especificaciones."},
		{"ru", "По-русски", filler + "Просим рассматривать параметры мониторинга."},
		{"ar", "بالعربية", filler + "يرجى استعراض الشبكات."},
		{"zh", "中文", cjk + "请审查和机器学习模型有关的参数。"},
		{"en", "Only in the title: periscope", filler},
		{"en", "Only in the title: stated", "Nothing at first, and then standards. " + filler},
		{"en", "A code", filler + "It follows Y.9876 closely."},
	} {
		titled(t, s, x.language, x.title, x.text)
	}
	for query, want := range map[string]struct{ marked, round string }{
		"study":                   {"studies", "wayfinding"},
		"lighthouse wayfinding":   {"lighthouse", "keeper"},
		"hare tortoise":           {"tortoise", "first"},
		`"blue kettle"`:           {"kettle", "Here stands"},
		"complète":                {"complètes", "jointes"},
		"atención especificación": {"atención", "Gracias"},
		"рассматривает":           {"рассматривать", "параметры"},
		"الشبكة":                  {"الشبكات", "استعراض"},
		"机器学习":                    {"机器学习", "审查和机器学习模型"},
		"periscope":               {"", "Nothing of it"},
		"stated":                  {"", "Nothing at first"},
		"Y.9876":                  {"", "It follows Y.9876"},
	} {
		found, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: query})
		if err != nil || len(found.Lines) != 1 {
			t.Errorf("%s: %d found, %v", query, len(found.Lines), err)
			continue
		}
		text, marked := "", ""
		for _, q := range found.Quotes[found.Lines[0].ID] {
			if text += q.Text; q.Hit {
				marked += q.Text + " "
			}
		}
		if !strings.Contains(marked, want.marked) || !strings.Contains(text, want.round) || want.marked == "" && marked != "" {
			t.Errorf("%s: quotes %q, marked %q; want %q marked, beside %q", query, text, marked, want.marked, want.round)
		}
	}
}

// TestWhatIsPutInOrderIsTheNewest: of more statements than are put in order it is the newest, and words of very many are answered by the newest.
func TestWhatIsPutInOrderIsTheNewest(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	// Oldest first, as a register grows: 6,000 with one word, 450 with another, 200 with neither.
	if _, err := pool.Exec(t.Context(), `WITH made AS (
			INSERT INTO statement (id, group_code, state, version, drafter_id, title, created_at, changed_at)
			SELECT gen_random_uuid(), 'itu-t/jca-ml', 'draft', 1, $1, CASE WHEN i <= 6000 THEN 'crowd' WHEN i <= 6450 THEN 'uncommon' ELSE 'other' END || ' number' || i, now(), now() - (7000 - i) * interval '1 minute'
			FROM generate_series(1, 6650) i RETURNING id, title)
		INSERT INTO search (statement_id, language, body, words) SELECT id, 'en', title, to_tsvector('simple', title) FROM made`, seed.Editor.ID); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		query  string
		newest bool
		first  string
		total  int
	}{{"uncommon", false, "uncommon number6450", 400}, {"crowd", true, "crowd number6000", 0}} {
		found, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: x.query, Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Lines) != 20 || found.Lines[0].Title != x.first || found.Newest != x.newest || found.Total != x.total {
			t.Errorf("%s: %d lines, first %q, newest first %t, %d in all", x.query, len(found.Lines), found.Lines[0].Title, found.Newest, found.Total)
		}
	}
	// Words of too many and a filter that leaves none of those that were looked up.
	found, err := s.Search(t.Context(), seed.Chair.ID, store.Filter{Query: "crowd", States: []liaison.State{liaison.Closed}})
	if err != nil || len(found.Lines) != 0 || !found.Newest {
		t.Errorf("in a state that none is in: %+v, %v", found, err)
	}
}

// TestAQueryIsAskedOnce: languages that read a word the same way ask for it once.
func TestAQueryIsAskedOnce(t *testing.T) {
	t.Parallel()
	_, pool := open(t)
	for words, want := range map[string]string{"rare": "'rare' | 'rar'", "learning": "'learning' | 'learn'", "networks": "'networks' | 'network'"} {
		var got string
		if err := pool.QueryRow(t.Context(), `SELECT search_query($1, '{}', '')::text`, words).Scan(&got); err != nil || got != want {
			t.Errorf("%s became %s, %v; want %s", words, got, err, want)
		}
	}
}
