package architecture_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// files are those of the repository, tracked or about to be, relative to its root.
func files(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var names []string
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil { // one that is deleted and not committed yet is listed too
			names = append(names, name)
		}
	}
	if len(names) < 50 {
		t.Fatalf("git finds only %d files", len(names))
	}
	return names
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goFiles(t *testing.T, choose func(name string) bool) map[string]*ast.File {
	t.Helper()
	out := map[string]*ast.File{}
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || !choose(name) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, read(t, name), parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out[name] = f
	}
	if len(out) == 0 {
		t.Fatal("no Go file was chosen")
	}
	return out
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

// calls finds the calls of receiver.name, or of any receiver's when receiver is "".
func calls(n ast.Node, receiver string, names ...string) (found []string) {
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(names, s.Sel.Name) {
				if x, ok := s.X.(*ast.Ident); ok && (receiver == "" || x.Name == receiver) {
					found = append(found, x.Name+"."+s.Sel.Name)
				}
			}
		}
		return true
	})
	return found
}

// TestNoTestSleeps: a test that waits for the clock is slow on a good day and fails on a bad one. Tests wait for what is to
// happen (testkit.Eventually), or in a world whose clock is theirs (testing/synctest, Temporal's test environment).
func TestNoTestSleeps(t *testing.T) {
	for name, f := range goFiles(t, func(name string) bool { return isTest(name) || strings.HasPrefix(name, "internal/testkit/") }) {
		for _, c := range calls(f, "time", "Sleep") {
			t.Errorf("%s calls %s", name, c)
		}
	}
}

// mayskip are tests that are not for every machine, wherever they run.
var mayskip = map[string]string{
	"internal/demo/parts/postgres_test.go": "only root drops to another user",
	"internal/faults/faults_test.go":       "KNOWN: ", // a limit that is written down there, with what it would take
}

// TestNoTestSkipsOnCI: a missing part skips loudly on a laptop and fails where CI is set; what skips looks at CI beside it.
func TestNoTestSkipsOnCI(t *testing.T) {
	for name, f := range goFiles(t, func(name string) bool { return isTest(name) && !strings.HasPrefix(name, "internal/testkit/") }) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || len(calls(fn, "", "Skip", "Skipf", "SkipNow")) == 0 || benchmarks(fn) {
				continue
			}
			looks := len(calls(fn, "testing", "Short")) > 0 // asked for by whoever runs them; CI does not
			ast.Inspect(fn, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					s, err := strconv.Unquote(l.Value)
					looks = looks || err == nil && (s == "CI" || s == mayskip[name] && s != "")
				}
				return true
			})
			if !looks {
				t.Errorf("%s: %s skips and does not look whether it is on CI", name, fn.Name.Name)
			}
		}
	}
}

// benchmarks reports whether the function is of a benchmark, which measures and does not prove.
func benchmarks(fn *ast.FuncDecl) bool {
	return slices.ContainsFunc(fn.Type.Params.List, func(f *ast.Field) bool {
		star, ok := f.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		s, ok := star.X.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "B"
	})
}

// TestThinFilesStayThin: when a file of workflows or activities grows past a few screens, the domain is too poor.
func TestThinFilesStayThin(t *testing.T) {
	const most = 250
	for _, name := range files(t) {
		dir := filepath.Dir(name)
		if (dir != "workflows" && dir != "activities") || isTest(name) || !strings.HasSuffix(name, ".go") {
			continue
		}
		if n := bytes.Count(read(t, name), []byte("\n")); n > most {
			t.Errorf("%s has %d lines, more than %d: move its rules to package liaison", name, n, most)
		}
	}
}

// cited are the forms in which sources are named in comments.
var cited = regexp.MustCompile(`Rec\. ITU-T [A-Z]\.\d+(?: \(\d{4}\))?|RFC \d{3,5}|TSB Circular \d+|CVE-\d{4}-\d+|FIPS \d+(?:-\d+)?`)

// TestEverySourceIsListed: what a comment leans on stands in docs/references.md, with its title and what we use it for.
func TestEverySourceIsListed(t *testing.T) {
	list := string(read(t, filepath.Join("docs", "references.md")))
	entries := map[string]bool{}
	for line := range strings.Lines(list) {
		cells := strings.Split(line, "|")
		if name := strings.TrimSpace(strings.Join(cells[min(1, len(cells)-1):min(2, len(cells))], "")); cited.MatchString(name) {
			entries[cited.FindString(name)] = true
			if len(cells) != 5 || strings.TrimSpace(cells[2]) == "" || strings.TrimSpace(cells[3]) == "" {
				t.Errorf("docs/references.md: %s has no title or no use: %q", name, line)
			}
		}
	}
	for _, name := range files(t) {
		ext := filepath.Ext(name)
		if ext != ".go" && ext != ".sql" || name == "docs/schema.sql" {
			continue
		}
		text := read(t, name)
		if ext == ".go" { // comments only: texts of examples cite too
			f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var comments strings.Builder
			for _, c := range f.Comments {
				comments.WriteString(strings.Join(strings.Fields(c.Text()), " ") + "\n")
			}
			text = []byte(comments.String())
		}
		for _, c := range cited.FindAllString(string(text), -1) {
			if !entries[c] {
				t.Errorf("%s cites %s, which docs/references.md does not list", name, c)
			}
		}
	}
}

// TestNothingIsLeftForLater: what is not done is an issue, not a line in a file.
func TestNothingIsLeftForLater(t *testing.T) {
	marks := regexp.MustCompile(`\b(` + "TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK" + `)\b`)
	for _, name := range files(t) {
		text := read(t, name)
		if !utf8.Valid(text) || strings.Contains(name, "/testdata/") || filepath.Base(name) == "go.sum" {
			continue
		}
		for n, line := range bytes.Split(text, []byte("\n")) {
			if m := marks.Find(line); m != nil {
				t.Errorf("%s:%d: %s", name, n+1, m)
			}
		}
	}
}

// TestNoFileKnowsThisMachine: no home directory, no checkout, no registry of whoever wrote it.
func TestNoFileKnowsThisMachine(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	foreign := []string{here + "/", here + `"`}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		foreign = append(foreign, home+"/")
	}
	for _, setting := range []string{"GOPROXY", "GONOSUMDB", "GOSUMDB"} {
		out, err := exec.Command("go", "env", setting).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range regexp.MustCompile(`[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?`).FindAllString(string(out), -1) {
			if !slices.Contains([]string{"proxy.golang.org", "sum.golang.org"}, host) {
				foreign = append(foreign, host)
			}
		}
	}
	homes := regexp.MustCompile(`(^|[^\w.])(/home/[a-z][\w-]*/|/Users/[A-Za-z]|[A-Z]:\\Users\\)`)
	for _, name := range files(t) {
		text := read(t, name)
		for _, f := range foreign {
			if bytes.Contains(text, []byte(f)) {
				t.Errorf("%s holds %q, which is of this machine", name, f)
			}
		}
		for _, m := range homes.FindAll(text, -1) {
			if !bytes.Contains(m, []byte("/home/linuxbrew/")) { // where Homebrew is on every Linux
				t.Errorf("%s holds the home directory %q", name, m)
			}
		}
	}
}

// TestTheDomainIsDocumented: every exported name of package liaison has its sentence.
func TestTheDomainIsDocumented(t *testing.T) {
	n := 0
	for name, f := range goFiles(t, func(name string) bool { return filepath.Dir(name) == "liaison" && !isTest(name) }) {
		missing := func(id *ast.Ident, docs ...*ast.CommentGroup) {
			if !id.IsExported() {
				return
			}
			n++
			for _, d := range docs {
				if strings.TrimSpace(d.Text()) != "" {
					return
				}
			}
			t.Errorf("%s: %s has no comment", name, id.Name)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				exported := d.Recv == nil
				if d.Recv != nil {
					recv := d.Recv.List[0].Type
					if star, ok := recv.(*ast.StarExpr); ok {
						recv = star.X
					}
					id, ok := recv.(*ast.Ident)
					exported = ok && id.IsExported() && d.Name.Name != "Error" // what the interface error says of it is enough
				}
				if exported {
					missing(d.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						missing(s.Name, d.Doc, s.Doc, s.Comment)
					case *ast.ValueSpec:
						for _, id := range s.Names {
							missing(id, d.Doc, s.Doc, s.Comment)
						}
					}
				}
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d exported names were found", n)
	}
}
