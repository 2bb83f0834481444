package liaison

import (
	"fmt"
	"net/url"
	"strings"
)

// ContactRole is what a contact is named for (RFC 4053, 2.2.1.1: response contact and technical contact).
type ContactRole string

// The roles.
const (
	AnyContact       ContactRole = ""
	ResponseContact  ContactRole = "response"
	TechnicalContact ContactRole = "technical"
)

// ContactRoles lists every role with its label.
var ContactRoles = []struct {
	Role  ContactRole
	Label string
}{
	{AnyContact, "Contact"},
	{ResponseContact, "Response contact"},
	{TechnicalContact, "Technical contact"},
}

// Label is the role in words, or "" for what is none.
func (r ContactRole) Label() string {
	for _, x := range ContactRoles {
		if x.Role == r {
			return x.Label
		}
	}
	return ""
}

// RelationKind is how a statement relates to another.
type RelationKind string

// The kinds.
const (
	RepliesTo RelationKind = "replies-to"
	Revises   RelationKind = "revises"
	Corrects  RelationKind = "corrects"
	Recalls   RelationKind = "recalls"
	Forwards  RelationKind = "forwards"
)

// RelationKinds lists every kind with its label.
var RelationKinds = []struct {
	Kind  RelationKind
	Label string
}{
	{RepliesTo, "Replies to"},
	{Revises, "Revises"},
	{Corrects, "Corrects"},
	{Recalls, "Recalls"},
	{Forwards, "Forwards"},
}

// Label is the kind in words, or "" for what is none.
func (k RelationKind) Label() string {
	for _, x := range RelationKinds {
		if x.Kind == k {
			return x.Label
		}
	}
	return ""
}

// Relation names another statement that this one is about.
type Relation struct {
	Kind      RelationKind `json:"kind"`
	Statement StatementID  `json:"statement,omitempty"` // if it is in this register
	Ref       string       `json:"ref,omitempty"`       // how it is cited: source, number and date
}

// Identifier is the number that something of this statement has elsewhere: that of the other body, that of a temporary
// document.
type Identifier struct {
	Scheme string `json:"scheme"` // whose numbers they are: "3GPP TDoc", "SG13 TD"
	Value  string `json:"value"`
}

// Link names a document that is not sent along and may change or go.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"` // http or https
}

// Consensus is how far the source stands behind what a statement says (draft-iab-rfc4053bis: it should be stated).
type Consensus string

// The levels.
const (
	NoConsensusStated Consensus = ""
	ConsensusOfGroup  Consensus = "consensus"
	RoughConsensus    Consensus = "rough-consensus"
	CollectedComments Consensus = "collected-comments" // RFC 4053, 3.2.2.3: sent as such where there is no consensus
	ViewOfOfficers    Consensus = "officers"
)

// ConsensusLevels lists every level with its label.
var ConsensusLevels = []struct {
	Level Consensus
	Label string
}{
	{NoConsensusStated, "Not stated"},
	{ConsensusOfGroup, "Consensus of the group"},
	{RoughConsensus, "Rough consensus of the group"},
	{CollectedComments, "Collected comments, no consensus"},
	{ViewOfOfficers, "View of the officers, not of the group"},
}

// Label is the level in words, or "" for what is none.
func (c Consensus) Label() string {
	for _, x := range ConsensusLevels {
		if x.Level == c {
			return x.Label
		}
	}
	return ""
}

// DocumentStatus is how far a document that is sent along has come at the body that it is of (RFC 4053, 3.2.1.1).
type DocumentStatus string

// The statuses.
const (
	NoStatus       DocumentStatus = ""
	DraftDocument  DocumentStatus = "draft"
	AgreedDocument DocumentStatus = "agreed"
	ApprovedDoc    DocumentStatus = "approved"
	PublishedDoc   DocumentStatus = "published"
)

// DocumentStatuses lists every status with its label.
var DocumentStatuses = []struct {
	Status DocumentStatus
	Label  string
}{
	{NoStatus, "Status not stated"},
	{DraftDocument, "Draft, work in progress"},
	{AgreedDocument, "Agreed, not approved yet"},
	{ApprovedDoc, "Approved"},
	{PublishedDoc, "Published"},
}

// Label is the status in words, or "" for what is none.
func (s DocumentStatus) Label() string {
	for _, x := range DocumentStatuses {
		if x.Status == s {
			return x.Label
		}
	}
	return ""
}

// Confidentiality is who may see a statement once it is sent.
type Confidentiality string

// The degrees.
const (
	Public       Confidentiality = ""             // everybody who may sign in here, and whoever the addressees show it to
	AmongMembers Confidentiality = "members"      // the source and the members of the addressed bodies
	Confidential Confidentiality = "confidential" // the source's officers and those whom it is sent to
)

// ConfidentialityDegrees lists every degree with its label.
var ConfidentialityDegrees = []struct {
	Degree Confidentiality
	Label  string
}{
	{Public, "Not confidential"},
	{AmongMembers, "For members of the addressed bodies only"},
	{Confidential, "Confidential, for the named recipients only"},
}

// Label is the degree in words, or "" for what is none.
func (c Confidentiality) Label() string {
	for _, x := range ConfidentialityDegrees {
		if x.Degree == c {
			return x.Label
		}
	}
	return ""
}

// lists refuses what the lists of the envelope may not hold: see [Content.Limits].
func (c Content) lists() (errs []*Error) {
	add := func(err *Error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	refuse := func(name, format string, args ...any) {
		errs = append(errs, &Error{Code: Invalid, Field: name, Message: fmt.Sprintf(format, args...)})
	}
	for _, l := range []struct {
		field, what string
		n, limit    int
	}{
		{"relations", "relations to other statements", len(c.Relations), MaxRelations},
		{"other_languages", "other languages", len(c.OtherLanguages), MaxKeywords},
		{"keywords", "keywords", len(c.Keywords), MaxKeywords},
		{"identifiers", "external identifiers", len(c.Identifiers), MaxIdentifiers},
		{"links", "external documents", len(c.Links), MaxLinks},
	} {
		if l.n > l.limit {
			refuse(l.field, "There are %d %s; at most %d fit.", l.n, l.what, l.limit)
		}
	}
	for _, r := range c.Relations {
		add(field("relations", "The statement that this one is about", r.Ref, MaxNote, false))
		add(field("relations", "The id of the statement that this one is about", string(r.Statement), MaxCode, false))
		if r.Kind.Label() == "" {
			refuse("relations", "%q is no relation. Choose one: replies to, revises, corrects, recalls or forwards.", r.Kind)
		}
	}
	for _, k := range c.Keywords {
		add(field("keywords", "A keyword", k, MaxName, false))
	}
	for _, i := range c.Identifiers {
		add(field("identifiers", "Whose number it is", i.Scheme, MaxName, false))
		add(field("identifiers", "The external identifier", i.Value, MaxNote, false))
	}
	for _, l := range c.Links {
		add(field("links", "The title of the external document", l.Title, MaxTitle, false))
		add(field("links", "The address of the external document", l.URL, MaxURL, false))
		if u, err := url.Parse(l.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			refuse("links", "%q is not the address of a document. Write it as https://example.org/document.", l.URL)
		}
	}
	if c.Consensus.Label() == "" {
		refuse("consensus", "%q is no level of consensus. Choose one from the list.", c.Consensus)
	}
	if c.Confidentiality.Label() == "" {
		refuse("confidentiality", "%q is no degree of confidentiality. Choose one from the list.", c.Confidentiality)
	}
	return errs
}

// language checks the form of a language tag (RFC 5646: letters, digits and hyphens), "" being none.
func language(name, label, tag string) *Error {
	if err := field(name, label, tag, 35, false); err != nil {
		return err
	}
	for part := range strings.SplitSeq(tag, "-") {
		if tag != "" && part == "" || strings.ContainsFunc(part, func(r rune) bool { return !isAlnum(r) }) {
			return &Error{Code: Invalid, Field: name, Message: fmt.Sprintf("%s, %q, is not written as a language tag, as in en, fr or zh-Hans.", label, tag)}
		}
	}
	return nil
}
