package liaison

// Person is someone who acts in the system. What they may do follows from their appointments, never from the account.
type Person struct {
	ID          PersonID
	Name        string
	Email       string
	Affiliation string
	Language    string // of letters to them (BCP 47); "" is entered as "en"
}

// Office is what a person is appointed to in a group.
type Office string

// The offices of a group. The secretariat is the TSB for ITU-T groups (terms of reference of JCA-ML, clause 3).
const (
	OfficeChair     Office = "chair"
	OfficeViceChair Office = "vice-chair"
	OfficeSecretary Office = "secretary"
	OfficeEditor    Office = "editor"
	OfficeAuditor   Office = "auditor" // reads the audit log, decides nothing, and reads no more of statements than anybody
)

// Offices lists every office with its label, as the database's CHECK does.
var Offices = []struct {
	Office Office
	Label  string
}{
	{OfficeChair, "Chair"},
	{OfficeViceChair, "Vice-chair"},
	{OfficeSecretary, "Secretariat"},
	{OfficeEditor, "Editor"},
	{OfficeAuditor, "Auditor"},
}

// Label is the office in words.
func (o Office) Label() string {
	for _, x := range Offices {
		if x.Office == o {
			return x.Label
		}
	}
	return string(o)
}

// Appointment puts a person in an office of a group from a day until a day, both inclusive. Who held the chair on the
// day of a decision is read from here, so appointments end; they are not deleted.
type Appointment struct {
	Person   Person
	Group    Code
	Office   Office
	From     Date
	Until    Date   // "" while it lasts
	Evidence string // the document that appoints: "TSB Circular 72"
}
