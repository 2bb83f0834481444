// Package profile reads rule profiles from files: one YAML file for each version of a profile.
//
//	profile: jca-a1-clause-5          what terms of reference pin
//	version: 1
//	from: 2019-09-13                  the first day on which this version judges
//	sources: {a1: "Rec. ITU-T A.1 (2019), clause 5"}
//	deadline_for: {value: [action], source: a1}
//	fields:
//	  - {field: title, need: mandatory, source: a1}
//
// Every value can stand as it is or as {value, source, confidence, note}. What is wrong is said with file, line and the rule
// that was broken. The digest of a version is of what the file says: comments, sources and notes can be mended, values not.
package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/jca-ml/liaison/liaison"
)

//go:embed profiles/*.yaml
var embedded embed.FS

// Set is every version of every profile that the program knows.
type Set struct {
	versions map[string][]liaison.Profile // by key, in the order of their numbers
	files    map[string]string            // which file a version came from, by its citation
}

// Embedded are the profiles that come with the program.
var Embedded = sync.OnceValue(func() *Set {
	s, err := Load("")
	if err != nil {
		panic(err) // our own files; a test reads them
	}
	return s
})

// Load reads the profiles that come with the program and, if dir is not "", those of the files *.yaml in it. The error lists
// everything that is wrong, one [Problem] a line.
func Load(dir string) (*Set, error) {
	s := &Set{versions: map[string][]liaison.Profile{}, files: map[string]string{}}
	within, err := fs.Sub(embedded, "profiles")
	if err != nil {
		return nil, err
	}
	problems := s.read(within, "")
	if dir != "" {
		problems = append(problems, s.read(os.DirFS(dir), dir)...)
	}
	problems = append(problems, s.order()...)
	return s, join(problems)
}

func (s *Set) read(from fs.FS, dir string) (problems []Problem) {
	names, err := fs.Glob(from, "*.yaml")
	if err == nil && len(names) == 0 {
		if _, err = fs.ReadDir(from, "."); err == nil {
			err = errors.New("there is no file *.yaml in it")
		}
	}
	if err != nil {
		return []Problem{{File: dir, Rule: "readable", Message: err.Error()}}
	}
	for _, name := range names {
		file := path.Join(dir, name)
		b, err := fs.ReadFile(from, name)
		if err != nil {
			problems = append(problems, Problem{File: file, Rule: "readable", Message: err.Error()})
			continue
		}
		p, found := Parse(file, b)
		if problems = append(problems, found...); len(found) == 0 {
			problems = append(problems, s.add(file, p)...)
		}
	}
	return problems
}

// add takes a version in; the same version of the same profile can stand in one file only.
func (s *Set) add(file string, p liaison.Profile) []Problem {
	if other, twice := s.files[p.Cite()]; twice {
		return []Problem{{File: file, Line: 1, Rule: "one file for each version", Message: fmt.Sprintf("%s is in %s already; a change of it is a new version", p.Cite(), other)}}
	}
	s.files[p.Cite()] = file
	s.versions[p.Key] = append(s.versions[p.Key], p)
	return nil
}

// order sorts the versions and refuses those whose days do not follow one another.
func (s *Set) order() (problems []Problem) {
	for _, all := range s.versions {
		slices.SortFunc(all, func(a, b liaison.Profile) int { return a.Version - b.Version })
		for i, p := range all {
			if i > 0 && p.From <= all[i-1].From {
				problems = append(problems, Problem{
					File: s.files[p.Cite()], Line: 1, Rule: "versions follow one another",
					Message: fmt.Sprintf("version %d is in force from %s, version %d from %s; a later version begins on a later day", p.Version, p.From, all[i-1].Version, all[i-1].From),
				})
			}
		}
	}
	return problems
}

// On is the version of the profile that judges on day: the last one that is in force then. It refuses with
// [liaison.Invalid] a profile that nobody has written, or that is not in force yet.
func (s *Set) On(key string, day liaison.Date) (liaison.Profile, error) {
	var found *liaison.Profile
	for i, p := range s.versions[key] {
		if p.From <= day {
			found = &s.versions[key][i]
		}
	}
	switch {
	case found != nil:
		return *found, nil
	case len(s.versions[key]) > 0:
		return liaison.Profile{}, liaison.Refuse(liaison.Invalid, "The profile %q is in force from %s on only.", key, s.versions[key][0].From)
	}
	return liaison.Profile{}, liaison.Refuse(liaison.Invalid, "The terms of reference pin the profile %q, which this program does not have. The operator adds its file (LIAISON_PROFILES).", key)
}

// Version is one version of a profile, for what was decided under it.
func (s *Set) Version(key string, version int) (liaison.Profile, bool) {
	for _, p := range s.versions[key] {
		if p.Version == version {
			return p, true
		}
	}
	return liaison.Profile{}, false
}

// Cited is the version that a record cites, as [liaison.Profile.Cite] names it.
func (s *Set) Cited(cite string) (liaison.Profile, bool) {
	for _, p := range s.All() {
		if p.Cite() == cite {
			return p, true
		}
	}
	return liaison.Profile{}, false
}

// All lists every version, by key and number.
func (s *Set) All() (out []liaison.Profile) {
	for _, all := range s.versions {
		out = append(out, all...)
	}
	slices.SortFunc(out, func(a, b liaison.Profile) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return a.Version - b.Version
	})
	return out
}

// Check reads one file by itself, as an operator does before putting it in place.
func Check(file string) (liaison.Profile, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return liaison.Profile{}, err
	}
	p, problems := Parse(file, b)
	return p, join(problems)
}

// Problem is one thing that is wrong with a file.
type Problem struct {
	File    string
	Line    int    // 0 for the file as a whole
	Rule    string // that was broken, in a few words
	Message string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s: %s", p.File, p.Rule, p.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Rule, p.Message)
}

func join(problems []Problem) error {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	var errs []error
	for _, p := range problems {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}
