package post_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/post"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
	"github.com/jca-ml/liaison/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func register(ctx context.Context, url string) error {
	if err := migrations.Up(ctx, url); err != nil {
		return err
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	return seed.Register(ctx, s)
}

func header(message []byte, name string) string {
	for _, h := range mail.Headers(message) {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

// TestEachReaderInTheirLanguage sends one statement to bodies of three languages, and asks a chair of a fourth to decide.
func TestEachReaderInTheirLanguage(t *testing.T) {
	pool := testkit.Database(t, register)
	s := store.New(pool)
	for body, language := range map[liaison.Code]string{"itu-t/sg17": "ar", "w3c": "zh-Hans", "ietf": "de"} {
		if _, err := pool.Exec(t.Context(), `UPDATE body SET language = $2 WHERE code = $1`, body, language); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `UPDATE person SET language = 'fr' WHERE id = $1`, seed.Chair.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE person SET language = 'no language' WHERE id = $1`, seed.Chair.ID); err == nil {
		t.Error("the database took what is no language tag")
	}

	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	id := liaison.StatementID(uuid.NewString())
	content := liaison.Content{
		Source: seed.JCAML, Title: "Roadmap of standards on machine learning", Questions: "N/A", Deadline: "2099-01-31", Language: "en",
		Contacts: []liaison.Contact{{Name: seed.Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: seed.Chair.Email}},
		ReplyTo:  "jca-ml@liaison.example", Abstract: "Asks for entries of the roadmap.", Text: "Please review the entries of your group.",
		Addressees: []liaison.Addressee{{Body: "itu-t/sg17", Purpose: liaison.ForAction}, {Body: "w3c", Purpose: liaison.ForInformation},
			{Body: "ietf", Purpose: liaison.ForInformation}, {Body: "ieee", Purpose: liaison.ForInformation}},
	}
	if _, err := s.Create(t.Context(), id, seed.Editor.ID, content); err != nil {
		t.Fatal(err)
	}
	give := func(kind liaison.CommandKind, by liaison.Person) {
		t.Helper()
		snap, err := s.Snapshot(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Do(t.Context(), liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: kind, Statement: id, Actor: by.ID, Digest: snap.Digest, Consulted: seed.Consulted()}); err != nil {
			t.Fatal(err)
		}
	}
	give(liaison.DoSubmit, seed.Editor)
	give(liaison.DoApprove, seed.Chair)

	office := &post.Office{Store: s, From: "jca-ml@liaison.example", URL: "https://liaison.example"}
	snap, err := s.Snapshot(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Transmissions(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{ // in the first lines of the text
		"itu-t/sg17": "بيان اتصال", "w3c": "联络声明", "ietf": "LIAISON STATEMENT", "ieee": "LIAISON STATEMENT",
	}
	offices := map[string]string{"itu-t/sg17": "الرئيس", "w3c": "主席", "ietf": "JCA-ML Chair", "ieee": "JCA-ML Chair"}
	for _, x := range all {
		message, err := office.Render(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		text, _, err := mail.Parts(message)
		if err != nil {
			t.Fatal(err)
		}
		if x.Letter == liaison.LetterReview {
			if header(message, "Content-Language") != "fr" || !strings.Contains(header(message, "Subject"), "Pour décision") || !strings.Contains(text, "Bonjour Kangchan Lee,") {
				t.Errorf("the chair, who reads French, got %q in %s:\n%s", header(message, "Subject"), header(message, "Content-Language"), text)
			}
			continue
		}
		if x.Letter == liaison.LetterApproved {
			if !strings.Contains(text, "Kangchan Lee (chair) approved this liaison statement. It is JCA-ML-LS1") || x.Person != seed.Editor.ID && x.Person != seed.Secretary.ID {
				t.Errorf("%s is told:\n%s", x.Name, text)
			}
			continue
		}
		body := string(x.Body)
		if !strings.HasPrefix(text, words[body]) || !strings.Contains(text, offices[body]) || !strings.Contains(text, content.Text) {
			t.Errorf("%s: want %s and the text as it was approved:\n%s", body, words[body], text)
		}
		if got := header(message, "Content-Language"); got != "en" {
			t.Errorf("%s: the statement is in English, the header says %s", body, got)
		}
		preview, err := office.Preview(t.Context(), snap, x.Position)
		if err != nil {
			t.Fatal(err)
		}
		if shown, _, err := mail.Parts(preview); err != nil || shown != text {
			t.Errorf("%s: what the chair is shown is not what leaves (%v):\n%s", body, err, shown)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 2 || strings.Count(log.String(), "language=de") != 2 {
		t.Errorf("German has no words; a rendering and a preview should say so, the log has:\n%s", log.String())
	}
}
