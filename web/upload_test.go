package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/liaison"
)

func TestAttachments(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	for _, tc := range []struct {
		name  string
		files []file
		says  string
		names []string
	}{
		{"several kinds", []file{{"a.docx", "PK\x03\x04..."}, {"b.PDF", "%PDF-1.7"}, {"c.csv", "a;b\n"}}, "", []string{"a.docx", "b.PDF", "c.csv"}},
		{"empty", []file{{"a.pdf", ""}}, "a.pdf is empty.", nil},
		{"a program", []file{{"a.exe", "MZ"}}, "a.exe was not attached", nil},
		{"a program under another name", []file{{"a.pdf", "MZ"}}, "its content is not what its name says", nil},
		{"one good, one not", []file{{"good.txt", "text"}, {"bad.txt", "a\x00b"}}, "bad.txt was not attached", []string{"good.txt"}},
		{"directories and control characters", []file{{"..\\..\\x/\u202Efdp.txt", "text"}}, "", []string{"fdp.txt"}},
		{"the same twice", []file{{"a.txt", "text"}, {"a.txt", "text"}}, "", []string{"a.txt"}},
		{"too many", func() (fs []file) {
			for i := range liaison.MaxAttachments + 1 {
				fs = append(fs, file{fmt.Sprintf("%d.txt", i), fmt.Sprint(i)})
			}
			return fs
		}(), "20.txt is one file too many", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := w.draft(editor, content("Title"))
			page := ada.upload(statementPath(id, "/edit"), with(ada.at(statementPath(id, "/edit")).form(t, "/edit"), "action", "save"), tc.files...)
			if tc.says != "" {
				page.is(t, http.StatusUnprocessableEntity).says(t, tc.says)
				for _, name := range tc.names {
					page.says(t, name)
				}
				return
			}
			page.is(t, http.StatusSeeOther)
			got := w.snapshot(id).Content.Attachments
			if len(got) != len(tc.names) {
				t.Fatalf("attached are %v", got)
			}
			for i, name := range tc.names {
				if got[i].Name != name {
					t.Errorf("attachment %d is %q, want %q", i+1, got[i].Name, name)
				}
			}
			form := with(ada.at(statementPath(id, "/edit")).form(t, "/edit"), "action", "save", "drop", string(got[0].Digest)+"/"+got[0].Name)
			ada.upload(statementPath(id, "/edit"), form).is(t, http.StatusSeeOther)
			if left := w.snapshot(id).Content.Attachments; len(left) != len(got)-1 {
				t.Errorf("after removing one there are %v", left)
			}
		})
	}
}

func TestAFileOfAnotherStatementIsNotAttachedByItsDigest(t *testing.T) {
	w := newWorld(t)
	secret, err := w.store.PutBlob(t.Context(), []byte("%PDF-1.7 secret"))
	if err != nil {
		t.Fatal(err)
	}
	ada, ben := w.as(editor), w.as(colleague)
	a := liaison.Attachment{Name: "x.pdf", MediaType: "application/pdf", Size: 15, Digest: secret}
	mine, theirs := w.draft(editor, content("Mine")), w.draft(colleague, content("Theirs"))
	forged := (&visitor{key: []byte("guessed")}).seal(mine, a)
	ada.upload(statementPath(mine, "/edit"), with(ada.at(statementPath(mine, "/edit")).form(t, "/edit"), "action", "save", "file", forged)).is(t, http.StatusUnprocessableEntity).says(t, "1 file could not be kept")

	// what one session sealed for one statement is good there only
	form := with(ben.at(statementPath(theirs, "/edit")).form(t, "/edit"), "action", "add-addressee")
	sealed := ben.upload(statementPath(theirs, "/edit"), form, file{"x.pdf", "%PDF-1.7 secret"}).form(t, "/edit").Get("file")
	if sealed == "" {
		t.Fatal("the uploaded file did not come back with the form")
	}
	ada.upload(statementPath(mine, "/edit"), with(ada.at(statementPath(mine, "/edit")).form(t, "/edit"), "action", "save", "file", sealed)).is(t, http.StatusUnprocessableEntity)
	if n := len(w.snapshot(mine).Content.Attachments); n != 0 {
		t.Errorf("%d files were attached", n)
	}
}

func TestAFileOverTheLimitKeepsTheForm(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	id := w.draft(editor, content("Title"))
	form := with(ada.at(statementPath(id, "/edit")).form(t, "/edit"), "action", "save", "title", "Typed before the upload")
	page := ada.upload(statementPath(id, "/edit"), form, file{"small.txt", "kept"}, file{"large.pdf", "%PDF-1.7" + strings.Repeat("x", liaison.MaxAttachmentBytes)})
	page.is(t, http.StatusRequestEntityTooLarge).says(t, "large.pdf does not fit", "7 MiB", "small.txt")
	back := page.form(t, "/edit")
	if back.Get("title") != "Typed before the upload" || len(back["file"]) != 1 {
		t.Errorf("the form came back with %q and %d files", back.Get("title"), len(back["file"]))
	}
	// All of it goes over the wire, and still the answer arrives: a browser that is cut off shows none.
	ada.upload(statementPath(id, "/edit"), form, file{"huge.pdf", "%PDF-1.7" + strings.Repeat("x", 3*maxUpload)}).is(t, http.StatusRequestEntityTooLarge).says(t, "was not read to its end", "Typed before the upload")
	ada.upload(statementPath(id, "/edit"), with(back, "action", "save")).is(t, http.StatusSeeOther)
	if got := w.snapshot(id).Content; got.Title != "Typed before the upload" || len(got.Attachments) != 1 {
		t.Errorf("saved are %q and %d files", got.Title, len(got.Attachments))
	}
}

func TestAnUploadIsRefusedBeforeItIsReadWhole(t *testing.T) {
	w := newWorld(t)
	ada := w.as(editor)
	id := w.draft(editor, content("Title"))
	page := ada.at(statementPath(id, "/edit"))
	conn, err := net.Dial("tcp", w.site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	field := func(name, value string) {
		fmt.Fprintf(&head, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, value)
	}
	field("version", page.form(t, "/edit").Get("version"))
	field("title", "Typed")
	head.WriteString("--b\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"huge.pdf\"\r\n\r\n%PDF-1.7")
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n", statementPath(id, "/edit"), w.site.Listener.Addr(), 1<<40)
	for _, c := range ada.client.Jar.Cookies(page.Request.URL) {
		fmt.Fprintf(conn, "Cookie: %s=%s\r\n", c.Name, c.Value)
	}
	fmt.Fprintf(conn, "\r\n%s", head.String())
	if _, err := conn.Write(bytes.Repeat([]byte("x"), maxUpload+1<<20)); err != nil { // of the terabyte that was announced
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), "Typed") {
		t.Errorf("status %d, %v", resp.StatusCode, err)
	}
}

func TestAFormOverItsLimit(t *testing.T) {
	w := newWorld(t)
	id := w.brought(liaison.InReview, "Title")
	lee := w.as(chair)
	form := with(lee.at(statementPath(id, "/review")).form(t, "/review"), "action", "approve", "consultation", "E-mail of 22 November 2026", "reason", strings.Repeat("x", maxForm))
	lee.send("POST", statementPath(id, "/review"), form).is(t, http.StatusRequestEntityTooLarge)
}
