package liaison

import "slices"

// FileChange is what became of one attached file between two revisions, by its name.
type FileChange struct {
	Name          string
	Before, After *Attachment // nil where the revision has no file of the name
}

// Bytes reports whether there is a file of the name in both, and its bytes are others: the change that nobody sees in a list of names
// (rules of the field, edge case 13).
func (c FileChange) Bytes() bool {
	return c.Before != nil && c.After != nil && c.Before.Digest != c.After.Digest
}

// Differs reports whether anything of the file is not as it was.
func (c FileChange) Differs() bool {
	return c.Before == nil || c.After == nil || *c.Before != *c.After
}

// CompareFiles pairs the files of two revisions by name, in the order of the later one; those that are gone come last. Where a name
// stands several times, the first pairs with the first.
func CompareFiles(before, after []Attachment) []FileChange {
	rest := slices.Clone(before)
	var out []FileChange
	for _, a := range after {
		c := FileChange{Name: a.Name, After: &a}
		if i := slices.IndexFunc(rest, func(b Attachment) bool { return b.Name == a.Name }); i >= 0 {
			b := rest[i]
			c.Before = &b
			rest = slices.Delete(rest, i, i+1)
		}
		out = append(out, c)
	}
	for _, b := range rest {
		out = append(out, FileChange{Name: b.Name, Before: &b})
	}
	return out
}
