package web

import (
	"slices"
	"strings"

	"github.com/jca-ml/liaison/liaison"
)

// moreField is a field of the envelope that is a line, a list in a line or in lines, a day or a choice: how it is typed, and how
// that is read.
type moreField struct {
	step       string // of the form
	name, hint string
	kind       string // text, date, choice; "" for a line
	options    func() []option
	get        func(liaison.Content) string
	set        func(*liaison.Content, string)
}

func lineField(name, step, hint, kind string, at func(*liaison.Content) *string) moreField {
	return moreField{
		step: step, name: name, hint: hint, kind: kind,
		get: func(c liaison.Content) string { return *at(&c) }, set: func(c *liaison.Content, s string) { *at(c) = s },
	}
}

func listField(name, step, hint string, at func(*liaison.Content) *[]string) moreField {
	return moreField{
		step: step, name: name, hint: hint,
		get: func(c liaison.Content) string { return strings.Join(*at(&c), ", ") },
		set: func(c *liaison.Content, s string) { *at(c) = strings.Split(s, ",") },
	}
}

// moreFields are those of [liaison.Content] that the form shows below the main ones of each step.
var moreFields = []moreField{
	lineField("working_parties", "envelope", "Of the source, as in WP1/13.", "", func(c *liaison.Content) *string { return &c.WorkingParties }),
	{
		step: "envelope", name: "agreed", hint: "Group | place | day, as in Rapporteur group for Q4/15 | London | 2017-10-06. It is named as agreed there, and never as approved.",
		get: func(c liaison.Content) string {
			if c.Agreed == nil {
				return ""
			}
			return c.Agreed.By + " | " + c.Agreed.Place + " | " + string(c.Agreed.On)
		},
		set: func(c *liaison.Content, s string) {
			by, rest, _ := strings.Cut(s, "|")
			place, day, _ := strings.Cut(rest, "|")
			c.Agreed = &liaison.Agreement{By: by, Place: place, On: liaison.Date(strings.TrimSpace(day))}
		},
	},
	lineField("next_meetings", "envelope", "Of the source, one a line: what, when, where.", "text", func(c *liaison.Content) *string { return &c.NextMeetings }),
	lineField("action_holder", "envelope", "Who in the group sees to it.", "", func(c *liaison.Content) *string { return &c.ActionHolder }),
	listField("keywords", "envelope", "With commas between them.", func(c *liaison.Content) *[]string { return &c.Keywords }),
	{
		step: "envelope", name: "identifiers", kind: "text", hint: "Numbers that it has elsewhere, one a line, as in SG13 TD: TD268.",
		get: func(c liaison.Content) string {
			var lines []string
			for _, i := range c.Identifiers {
				if i.Scheme == "" {
					lines = append(lines, i.Value)
				} else {
					lines = append(lines, i.Scheme+": "+i.Value)
				}
			}
			return strings.Join(lines, "\n")
		},
		set: func(c *liaison.Content, s string) {
			c.Identifiers = nil
			for line := range strings.SplitSeq(s, "\n") {
				scheme, value, found := strings.Cut(line, ":")
				if !found {
					scheme, value = "", line
				}
				c.Identifiers = append(c.Identifiers, liaison.Identifier{Scheme: scheme, Value: value})
			}
		},
	},
	lineField("release", "envelope", "Of 3GPP, as in Rel-19.", "", func(c *liaison.Content) *string { return &c.Release }),
	lineField("work_item", "envelope", "Of 3GPP or of the addressee, as in FS_AIML.", "", func(c *liaison.Content) *string { return &c.WorkItem }),
	lineField("outside_scope", "envelope", "Fill it in only if the terms of reference do not cover it: why it is sent all the same.", "text", func(c *liaison.Content) *string { return &c.OutsideScope }),
	{
		step: "addressees", name: "confidentiality", kind: "choice", hint: "Who may see it once it is sent.",
		options: func() (out []option) {
			for _, x := range liaison.ConfidentialityDegrees {
				out = append(out, option{Value: string(x.Degree), Label: x.Label})
			}
			return out
		},
		get: func(c liaison.Content) string { return string(c.Confidentiality) },
		set: func(c *liaison.Content, s string) { c.Confidentiality = liaison.Confidentiality(s) },
	},
	{
		step: "addressees", name: "embargo", kind: "date", hint: "The first day on which it may be sent and seen.",
		get: func(c liaison.Content) string { return string(c.Embargo) },
		set: func(c *liaison.Content, s string) { c.Embargo = liaison.Date(strings.TrimSpace(s)) },
	},
	{
		step: "text", name: "consensus", kind: "choice", hint: "How far the group stands behind what is said.",
		options: func() (out []option) {
			for _, x := range liaison.ConsensusLevels {
				out = append(out, option{Value: string(x.Level), Label: x.Label})
			}
			return out
		},
		get: func(c liaison.Content) string { return string(c.Consensus) },
		set: func(c *liaison.Content, s string) { c.Consensus = liaison.Consensus(s) },
	},
	{
		step: "text", name: "original_language", kind: "choice", hint: "If there are several: the one that counts.",
		options: func() []option { return append([]option{{Value: "", Label: "Not stated"}}, languages...) },
		get:     func(c liaison.Content) string { return c.OriginalLanguage },
		set:     func(c *liaison.Content, s string) { c.OriginalLanguage = s },
	},
	listField("other_languages", "text", "In which it is attached besides, with commas, as in fr, es.", func(c *liaison.Content) *[]string { return &c.OtherLanguages }),
	{
		step: "files", name: "links", kind: "text", hint: "Documents that are not sent along, one a line: title | https://address.",
		get: func(c liaison.Content) string {
			var lines []string
			for _, l := range c.Links {
				if l.Title == "" {
					lines = append(lines, l.URL)
				} else {
					lines = append(lines, l.Title+" | "+l.URL)
				}
			}
			return strings.Join(lines, "\n")
		},
		set: func(c *liaison.Content, s string) {
			c.Links = nil
			for line := range strings.SplitSeq(s, "\n") {
				title, address := "", line
				if i := strings.LastIndex(line, "|"); i >= 0 {
					title, address = line[:i], line[i+1:]
				}
				c.Links = append(c.Links, liaison.Link{Title: title, URL: address})
			}
		},
	},
}

// moreStep are the further fields of one step. They are folded away while they are empty and nothing is wrong with them.
type moreStep struct {
	Fields []input
	Open   bool
}

func (p *composePage) more(f composeForm, profile liaison.Profile, ps problems) {
	steps := map[string]*moreStep{"envelope": &p.MoreEnvelope, "addressees": &p.MoreAddressees, "text": &p.MoreText, "files": &p.MoreFiles}
	for _, x := range moreFields {
		value, rule := f.More[x.name], profile.Rule(x.name)
		id := fieldID(x.name)
		if rule.Need == liaison.Unused && value == "" && !ps.Has(id) {
			continue
		}
		in := input{ID: id, Name: x.name, Label: labelOf(x.name), Hint: x.hint + needed(rule), Value: value, Kind: x.kind, Error: ps.Of(id), Warn: p.warnings[id]}
		if x.options != nil {
			in.Options = choose(x.options(), value)
		}
		step := steps[x.step]
		step.Fields = append(step.Fields, in)
		step.Open = step.Open || value != "" || in.Error != "" || in.Warn != ""
	}
}

// choose marks the option that is selected; a value that is no option comes back as one.
func choose(options []option, value string) []option {
	options = slices.Clone(options)
	i := slices.IndexFunc(options, func(o option) bool { return o.Value == value })
	if i < 0 {
		return append(options, option{value, value, true})
	}
	options[i].Selected = true
	return options
}

func labelOf(field string) string {
	for _, x := range liaison.Envelope {
		if x.Field == field {
			return x.Label
		}
	}
	return field
}

// needed says behind a hint whether the group's profile asks for the field.
func needed(r liaison.FieldRule) string {
	words := ""
	for _, x := range liaison.Conditions {
		if x.Condition == r.When {
			words = " when " + x.Words
		}
	}
	switch r.Need {
	case liaison.Mandatory:
		return " Needed."
	case liaison.Conditional:
		return " Needed" + words + "."
	case liaison.Advised:
		return " Advised" + words + "."
	}
	return ""
}
