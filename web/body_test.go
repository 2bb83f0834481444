package web

import (
	"net/url"
	"testing"

	"github.com/jca-ml/liaison/liaison"
)

// TestBodyCards: section 10 of the rules of the field, on the cards of bodies.
func TestBodyCards(t *testing.T) {
	w := newWorld(t)
	err := w.store.Enter(t.Context(), []liaison.Body{
		{Code: "itu-t/sg8", Kind: liaison.Group, Name: "Study Group 8", ShortName: "SG8", Until: "2000-12-31", Successor: "itu-t/sg16", Source: "test"},
		{Code: "itu-t/sg11", Kind: liaison.Group, Name: "Study Group 11", ShortName: "ITU-T SG11", Email: "sg11@itu.example", Source: "test"},
		{Code: "iec/smb/sg11", Kind: liaison.Organization, Name: "IEC SMB Strategic Group 11", ShortName: "IEC SMB SG 11", Email: "sg11@iec.example", Source: "test"},
	}, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	reader := w.as(editor)
	t.Run("edge 33: a group that ended names who has its work, and theirs names it", func(t *testing.T) {
		reader.at("/bodies/itu-t/sg16").says(t, "Ended on 31 December 2024. Its work went to SG21 , which is addressed in its place.", "Took over from SG8")
		reader.at("/bodies/itu-t/sg8").says(t, "Its work went to SG16 and is now with SG21 , which is addressed in its place.")
		reader.at("/bodies/itu-t/sg21").says(t, "Took over from SG16").keepsQuiet(t, "Ended on")
		w.wellFormed(t, "/bodies/itu-t/sg8", reader.at("/bodies/itu-t/sg8"))
	})
	t.Run("edge 34: the SG 11 of another organization is named as what it is not", func(t *testing.T) {
		reader.at("/bodies/iec/smb/sg11").says(t, "Not to be taken for ITU-T SG11")
		reader.at("/bodies/itu-t/sg11").says(t, "Not to be taken for IEC SMB SG 11")
		reader.at("/bodies/w3c").keepsQuiet(t, "Not to be taken for")
	})
	t.Run("edge 35: the card of JCA-ML is found with another hyphen", func(t *testing.T) {
		reader.at("/bodies/"+url.PathEscape("itu-t")+"/"+url.PathEscape("JCA\u2011ML")).says(t, "Joint Coordination Activity on Machine Learning")
	})
}
