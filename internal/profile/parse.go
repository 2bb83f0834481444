package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/jca-ml/liaison/liaison"
)

// maxFile bounds a file of a profile: ours have a few kilobytes.
const maxFile = 1 << 20

// Parse reads one version of a profile from the bytes of a file. It lists everything that is wrong with it.
func Parse(file string, b []byte) (p liaison.Profile, problems []Problem) {
	r := &reader{file: file, p: &p, sources: map[string]string{}}
	if len(b) > maxFile {
		r.refuse(nil, "readable", "the file has %d bytes; a profile has a few kilobytes", len(b))
		return p, r.problems
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		r.problems = append(r.problems, syntax(file, err))
		return p, r.problems
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.refuse(nil, "readable", "the file is empty")
		return p, r.problems
	}
	root := doc.Content[0]
	r.plain(root)
	if len(r.problems) > 0 {
		return p, r.problems
	}
	r.sourcesOf(root)
	r.object(root, "", rootKeys(r))
	r.together(root)
	if len(r.problems) > 0 {
		return p, r.problems
	}
	says, err := json.Marshal(r.says(root, ""))
	if err != nil { // maps, lists, texts: they can be encoded
		r.refuse(root, "readable", "%v", err)
	}
	p.Digest = liaison.DigestOf(says)
	return p, r.problems
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func syntax(file string, err error) Problem {
	p := Problem{File: file, Rule: "YAML", Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		p.Line, _ = strconv.Atoi(m[1]) // digits, by the pattern
		p.Message = m[2]
	}
	return p
}

// reader walks through one file.
type reader struct {
	file     string
	p        *liaison.Profile
	sources  map[string]string
	problems []Problem
}

func (r *reader) refuse(n *yaml.Node, rule, format string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	r.problems = append(r.problems, Problem{r.file, line, rule, fmt.Sprintf(format, args...)})
}

// plain refuses what makes a file hard to judge: anchors and aliases, tags, keys that are no words or stand twice.
func (r *reader) plain(n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.refuse(n, "plain values", "anchors and aliases are not read; write the value out")
		return
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.refuse(n, "plain values", "the tag %s is not read", n.Tag)
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]int{}
		for i := 0; i < len(n.Content); i += 2 {
			k := n.Content[i]
			if first, twice := seen[k.Value]; twice {
				r.refuse(k, "no key twice", "%q stands in line %d already", k.Value, first)
			}
			seen[k.Value] = k.Line
		}
	}
	for _, c := range n.Content {
		r.plain(c)
	}
}

// key is one value that a mapping can have.
type key struct {
	name     string
	required bool
	read     func(n *yaml.Node, path string)
}

// object reads a mapping; a key that nobody reads is refused, and so is a required one that is missing.
func (r *reader) object(n *yaml.Node, at string, keys []key) {
	if n.Kind != yaml.MappingNode {
		r.refuse(n, "form of the value", "%s is a list of keys with values", orFile(at))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		j := slices.IndexFunc(keys, func(x key) bool { return x.name == k.Value })
		if j < 0 {
			r.refuse(k, "known keys", "%q is not a key here; there are %s", k.Value, names(keys))
			continue
		}
		seen[k.Value] = true
		if keys[j].read == nil {
			continue
		}
		path := strings.TrimPrefix(at+"."+k.Value, ".")
		keys[j].read(r.value(v, path), path)
	}
	for _, k := range keys {
		if k.required && !seen[k.name] {
			r.refuse(n, "required keys", "%s has no %q", orFile(at), k.name)
		}
	}
}

func orFile(at string) string {
	if at == "" {
		return "the file"
	}
	return at
}

func names(keys []key) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.name
	}
	return strings.Join(out, ", ")
}

func isAnnotated(n *yaml.Node) bool {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Value == "value" {
			return true
		}
	}
	return false
}

// value takes a value out of {value, source, confidence, note} and keeps what stands beside it.
func (r *reader) value(n *yaml.Node, path string) *yaml.Node {
	if !isAnnotated(n) {
		return n
	}
	var inner *yaml.Node
	note := liaison.ProfileNote{Path: path}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch k.Value {
		case "value":
			inner = v
		case "source":
			note.Source = r.source(v)
		case "confidence":
			note.Confidence = r.confidence(v)
		case "note":
			r.text(&note.Note)(v, path+".note")
		default:
			r.refuse(k, "known keys", "%q is not a key beside a value; there are value, source, confidence, note", k.Value)
		}
	}
	if note.Source == "" && note.Confidence == "" {
		r.refuse(n, "source or confidence", "%s says neither where it comes from nor how sure it is", path)
	}
	if note.Confidence == "" {
		note.Confidence = liaison.Sourced
	}
	r.p.Notes = append(r.p.Notes, note)
	return inner
}

func (r *reader) sourcesOf(root *yaml.Node) {
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		if n := root.Content[i+1]; root.Content[i].Value == "sources" && n.Kind == yaml.MappingNode {
			for j := 0; j+1 < len(n.Content); j += 2 {
				r.sources[n.Content[j].Value] = n.Content[j+1].Value
			}
		}
	}
}

func (r *reader) source(n *yaml.Node) string {
	s, ok := r.sources[n.Value]
	if n.Kind != yaml.ScalarNode || !ok {
		r.refuse(n, "known sources", "%q is not among the file's sources: %s", n.Value, strings.Join(slices.Sorted(maps.Keys(r.sources)), ", "))
	}
	return s
}

func (r *reader) confidence(n *yaml.Node) liaison.Confidence {
	all := []liaison.Confidence{liaison.Sourced, liaison.High, liaison.Medium, liaison.Low}
	if !slices.Contains(all, liaison.Confidence(n.Value)) {
		r.refuse(n, "known confidences", "%q is no confidence; there are sourced, high, medium, low", n.Value)
	}
	return liaison.Confidence(n.Value)
}

func (r *reader) text(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" || strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' }) {
			r.refuse(n, "form of the value", "%s is one line of text", path)
			return
		}
		*to = n.Value
	}
}

func (r *reader) word(to *string, pattern *regexp.Regexp, rule, like string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || !pattern.MatchString(n.Value) {
			r.refuse(n, rule, "%s is %q; it is written as in %s", path, n.Value, like)
			return
		}
		*to = n.Value
	}
}

func (r *reader) number(to *int, least, most int) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		i, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || i < least || i > most {
			r.refuse(n, "days and numbers", "%s is %q; it is a whole number from %d to %d", path, n.Value, least, most)
			return
		}
		*to = i
	}
}

func (r *reader) flag(to *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			r.refuse(n, "yes or no", "%s is %q; it is true or false", path, n.Value)
			return
		}
		*to = n.Value == "true"
	}
}

func (r *reader) date(to *liaison.Date) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		d, err := liaison.ParseDate(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || d == "" {
			r.refuse(n, "days and numbers", "%s is %q; it is a day as in 2025-05-30", path, n.Value)
			return
		}
		*to = d
	}
}

// list reads a list, each element by read.
func (r *reader) list(read func(n *yaml.Node, path string)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.SequenceNode {
			r.refuse(n, "form of the value", "%s is a list", path)
			return
		}
		for i, e := range n.Content {
			read(e, fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

// choice reads one word of a known list.
func choice[T ~string](r *reader, rule string, known []T, take func(T)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.ScalarNode || !slices.Contains(known, T(n.Value)) {
			words := make([]string, len(known))
			for i, k := range known {
				words[i] = string(k)
			}
			r.refuse(n, rule, "%s is %q; there are %s", path, n.Value, strings.Join(words, ", "))
			return
		}
		take(T(n.Value))
	}
}

// once reads one word of a known list into a list in which no word stands twice.
func once[T ~string](r *reader, rule string, known []T, to *[]T) func(*yaml.Node, string) {
	return r.list(func(n *yaml.Node, path string) {
		choice(r, rule, known, func(v T) {
			if slices.Contains(*to, v) {
				r.refuse(n, "nothing twice", "%s: %q stands twice", path, v)
				return
			}
			*to = append(*to, v)
		})(n, path)
	})
}

// days reads days before something, the most first.
func (r *reader) days(to *[]int) func(*yaml.Node, string) {
	return r.list(func(n *yaml.Node, path string) {
		var d int
		r.number(&d, 0, 366)(n, path)
		if k := len(*to); k > 0 && (*to)[k-1] <= d {
			r.refuse(n, "days and numbers", "%s is %d after %d; the days before a date go down", path, d, (*to)[k-1])
		}
		*to = append(*to, d)
	})
}

func (r *reader) zone(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		_, err := time.LoadLocation(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || n.Value == "" || n.Value == "Local" {
			r.refuse(n, "time zones", "%s is %q, which is no zone of the IANA table, as Europe/Zurich is", path, n.Value)
			return
		}
		*to = n.Value
	}
}

var oneVerb = regexp.MustCompile(`^[^%\x00-\x1f]*%(0?\d)?d[^%\x00-\x1f]*$`)

// numberForm reads a form with exactly one place for the number.
func (r *reader) numberForm(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		plain := strings.ReplaceAll(n.Value, "{group}", "G")
		if n.Kind != yaml.ScalarNode || !oneVerb.MatchString(plain) || strings.ContainsAny(plain, "{}") || len(n.Value) > 60 {
			r.refuse(n, "form of numbers", "%s is %q; it has exactly one %%d for the number, and {group} for the group, as in {group}-LS%%d", path, n.Value)
			return
		}
		*to = n.Value
	}
}

// says is what the file says, without comments, sources, confidences and notes.
func (r *reader) says(n *yaml.Node, at string) any {
	if isAnnotated(n) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "value" {
				return r.says(n.Content[i+1], at)
			}
		}
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			switch k := n.Content[i].Value; k {
			case "source", "sources", "confidence", "note":
			default:
				m[k] = r.says(n.Content[i+1], at+"."+k)
			}
		}
		return m
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			l = append(l, r.says(c, at))
		}
		return l
	}
	return n.Value
}
