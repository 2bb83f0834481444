package web

import (
	"mime"
	"net/http"
	"strconv"

	"github.com/jca-ml/liaison/liaison"
)

var errNoFile = liaison.Refuse(liaison.NotFound, "There is no such file, or it is not yours to read.")

// download sends an attachment: one that this statement has, to who may read it. Who works on the statement also gets those
// of earlier revisions.
func (s *server) download(w http.ResponseWriter, r *http.Request, me *visitor) error {
	snap, err := s.readable(r, me)
	if err != nil {
		return err
	}
	attached := snap.Content.Attachments
	if insider(snap, me) && snap.Revision > 0 {
		revisions, err := s.store.Revisions(r.Context(), snap.ID)
		if err != nil {
			return err
		}
		for _, rev := range revisions {
			attached = append(attached, rev.Content.Attachments...)
		}
	}
	for _, a := range attached {
		if string(a.Digest) != r.PathValue("digest") || a.Name != r.PathValue("name") {
			continue
		}
		content, err := s.store.Blob(r.Context(), a.Digest)
		if err != nil {
			return err
		}
		writeFile(w, a.Name, a.MediaType, content)
		return nil
	}
	return errNoFile
}

// writeFile sends what somebody else made, for saving and never for showing in our name.
func writeFile(w http.ResponseWriter, name, mediaType string, content []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	if _, _, err := mime.ParseMediaType(mediaType); err != nil {
		mediaType = "application/octet-stream"
	}
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // who asked has gone away; there is nobody to tell
}
