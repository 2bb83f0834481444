package architecture_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jca-ml/liaison/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const module = "github.com/jca-ml/liaison"

// root is the top folder of the repository, seen from here.
var root = filepath.Join("..", "..")

// layers are the packages from the ground up. A package imports only what stands in a row above its own. A new package
// fails the test until somebody has said where it belongs.
var layers = [][]string{
	{"liaison"},
	{"mail/catalogue", "internal/receipt", "internal/stamp", "internal/profile", "internal/inbound", "internal/kept", "internal/calendar", "migrations", "internal/demo/parts"},
	{"mail", "internal/audit", "internal/witness", "internal/config", "internal/document"},
	{"internal/store"},
	{"internal/post", "internal/seed", "internal/signer", "internal/inbound/listen"},
	{"activities"},
	{"workflows"},
	{"internal/engine", "worker"},
	{"web", "api"},
	{"internal/demo"},
	{"cmd/liaison"},
}

// forTests are imported by tests only, with what they may import of ours. internal/testkit is for the tests of every package,
// so it rests on almost nothing.
var forTests = map[string][]string{
	"internal/testkit":          {"internal/demo/parts"},
	"internal/testkit/chromium": {"liaison"},
	"internal/architecture":     {},
	"internal/faults":           {},
	"internal/bench":            {},
}

// narrow are packages that may import less than their layer allows.
var narrow = map[string][]string{
	"liaison":             {},
	"mail/catalogue":      {"liaison"},
	"mail":                {"liaison", "mail/catalogue"},
	"internal/calendar":   {"liaison"},
	"internal/document":   {"liaison", "mail/catalogue"},
	"internal/receipt":    {},
	"internal/stamp":      {},
	"internal/profile":    {"liaison"},
	"internal/audit":      {"liaison", "internal/receipt", "internal/stamp"},
	"internal/demo/parts": {},
	"migrations":          {},
	"worker":              {"activities", "workflows"},
	"internal/engine":     {"liaison", "internal/store", "activities", "workflows"},
	"workflows":           {"liaison", "internal/store", "activities"}, // method references and their types
}

// never are imports that a layer would allow and the architecture does not: pages and programs declare the small Engine that
// they need.
var never = map[string][]string{
	"web": {"workflows", "activities", "worker", "internal/engine"},
	"api": {"workflows", "activities", "worker", "internal/engine"},
}

// onlyIn are packages of others that only some of ours may use, so that the rest does not depend on the choice.
var onlyIn = map[string][]string{
	"go.temporal.io/":       {"activities", "workflows", "worker", "internal/engine", "internal/config", "internal/demo/parts", "internal/demo", "cmd/liaison"},
	"github.com/digitorus/": {"internal/stamp"},
	"github.com/jackc/":     {"internal/store", "migrations", "internal/testkit", "internal/demo/parts", "internal/demo", "cmd/liaison"},
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// packages are those of the root module, as the go command sees them.
var packages = sync.OnceValues(func() (map[string]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	all := map[string]listed{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all[short(p.ImportPath)] = p
	}
})

func list(t *testing.T) map[string]listed {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// short is the path of one of our packages within the module; any other path stays as it is.
func short(path string) string { return strings.TrimPrefix(path, module+"/") }

func ours(imports []string) (out []string) {
	for _, i := range imports {
		if strings.HasPrefix(i, module+"/") {
			out = append(out, short(i))
		}
	}
	return out
}

func layer(p string) int {
	return slices.IndexFunc(layers, func(row []string) bool { return slices.Contains(row, p) })
}

func TestDependenciesPointDown(t *testing.T) {
	for name, p := range list(t) {
		allowed, isForTests := forTests[name]
		if layer(name) < 0 && !isForTests {
			t.Errorf("%s: say in the layers of this test where it belongs", name)
			continue
		}
		for _, i := range ours(p.Imports) {
			switch _, testOnly := forTests[i]; {
			case testOnly:
				t.Errorf("%s imports %s, which is for tests only", name, i)
			case isForTests && !slices.Contains(allowed, i):
				t.Errorf("%s imports %s; it is for the tests of every package and may rest on %v only", name, i, allowed)
			case !isForTests && layer(i) >= layer(name):
				t.Errorf("%s imports %s, which stands no lower", name, i)
			case narrow[name] != nil && !slices.Contains(narrow[name], i):
				t.Errorf("%s imports %s; of ours it may import %v only", name, i, narrow[name])
			case slices.Contains(never[name], i):
				t.Errorf("%s imports %s: it declares the interface that it needs instead", name, i)
			}
		}
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(short(i), "cmd/") {
				t.Errorf("%s imports %s: nothing imports a program", name, i)
			}
		}
		for _, i := range p.Imports {
			for prefix, users := range onlyIn {
				if strings.HasPrefix(i, prefix) && !slices.Contains(users, name) {
					t.Errorf("%s imports %s, which only %v do", name, i, users)
				}
			}
		}
	}
}

// TestTheDomainIsPure: the standard library only, and of that neither files nor network nor processes.
func TestTheDomainIsPure(t *testing.T) {
	p, ok := list(t)["liaison"]
	if !ok {
		t.Fatal("there is no package liaison")
	}
	for _, i := range p.Imports {
		if first, _, _ := strings.Cut(i, "/"); strings.Contains(first, ".") {
			t.Errorf("liaison imports %s, which is not of the standard library", i)
		}
		for _, effect := range []string{"os", "net", "io/fs", "database/sql", "log", "log/slog", "context", "math/rand", "math/rand/v2", "crypto/rand", "syscall"} {
			if i == effect || strings.HasPrefix(i, effect+"/") && effect != "net" && effect != "log" {
				t.Errorf("liaison imports %s: it has no effects, no clock and no chance", i)
			}
		}
	}
}

// TestReadsNeverAskTemporal: the pages are served from the database, so they are there when Temporal is not.
func TestReadsNeverAskTemporal(t *testing.T) {
	for _, name := range []string{"web", "internal/store", "internal/post", "mail"} {
		for _, d := range list(t)[name].Deps {
			if strings.HasPrefix(d, "go.temporal.io/") {
				t.Errorf("%s depends on %s", name, d)
			}
		}
	}
}

// TestTheTemporalServerIsNotLinked: it is a program of its own in a module of its own.
func TestTheTemporalServerIsNotLinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-deps", "-test", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "go.temporal.io/sdk/client") {
		t.Fatal("go list -deps does not even find the SDK")
	}
	for _, d := range deps {
		if strings.HasPrefix(d, "go.temporal.io/server") {
			t.Errorf("the root module depends on %s", d)
		}
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mod), "go.temporal.io/server") {
		t.Error("go.mod names the Temporal server")
	}
}
