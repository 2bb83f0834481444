package liaison

// DefaultBudget is how many bytes of files a message carries when nothing else is said. In base64 they are 10 MiB with their
// line ends, which is as much as mail servers commonly take.
const DefaultBudget = 7 << 20

// Carried divides the files of a statement into those that a message carries and those that it only links to, which together
// would be more than budget bytes. Files are carried in their order, as long as they fit; a budget of 0 carries none.
func Carried(files []Attachment, budget int64) (attached, linked []Attachment) {
	for _, f := range files {
		if f.Size > budget || budget == 0 {
			linked = append(linked, f)
			continue
		}
		attached = append(attached, f)
		budget -= f.Size
	}
	return attached, linked
}
