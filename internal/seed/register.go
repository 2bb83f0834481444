// Package seed holds the facts that a register for JCA-ML begins with: the group, its officers, parent, scope and terms of
// reference, the study groups, and every external body that the terms of reference name.
//
// Sources: TSB Circular 72 (Geneva, 8 February 2023); for the study groups in force, the outcome of WTSA-24. Mailboxes are
// not facts: they are all under .example, where no mail can go. Persons other than the two officers named in the circular
// are invented.
package seed

import (
	"context"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// JCAML is the group that everything here is about.
const JCAML liaison.Code = "itu-t/jca-ml"

// The people of the register.
var (
	Chair     = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000001", Name: "Kangchan Lee", Email: "chair@jca-ml.example", Affiliation: "Electronics and Telecommunications Research Institute (ETRI), Rep. of Korea", Language: "en"}
	ViceChair = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000002", Name: "Marco Carugi", Email: "vice-chair@jca-ml.example", Affiliation: "Huawei Technologies Co., Ltd., China", Language: "en"}
	Secretary = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000003", Name: "Tamar Okafor", Email: "secretariat@jca-ml.example", Affiliation: "Telecommunication Standardization Bureau (TSB)", Language: "en"}
	Editor    = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000004", Name: "Amina Diallo", Email: "amina.diallo@jca-ml.example", Affiliation: "Invited expert", Language: "en"}
	Editor2   = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000005", Name: "Daniel Fischer", Email: "daniel.fischer@jca-ml.example", Affiliation: "Representative of ITU-T SG17", Language: "en"}
	Reader    = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000006", Name: "Rosa Almeida", Email: "rosa.almeida@audit.example", Affiliation: "Auditor", Language: "en"}
	Auditor   = liaison.Person{ID: "0190c0de-0000-7000-8000-000000000007", Name: "Henrik Solberg", Email: "henrik.solberg@audit.example", Affiliation: "External auditor"}
)

const circular = "TSB Circular 72 (Geneva, 8 February 2023)"

// People is everybody above.
func People() []liaison.Person {
	return []liaison.Person{Chair, ViceChair, Secretary, Editor, Editor2, Reader, Auditor}
}

// Officers are the appointments of JCA-ML.
func Officers() []liaison.Appointment {
	return []liaison.Appointment{
		{Person: Chair, Group: JCAML, Office: liaison.OfficeChair, From: "2023-02-08", Evidence: circular},
		{Person: ViceChair, Group: JCAML, Office: liaison.OfficeViceChair, From: "2023-02-08", Evidence: circular},
		{Person: Secretary, Group: JCAML, Office: liaison.OfficeSecretary, From: "2023-02-08", Evidence: circular + ", Annex 1, clause 3"},
		{Person: Editor, Group: JCAML, Office: liaison.OfficeEditor, From: "2023-03-16", Evidence: "first meeting of JCA-ML"},
		{Person: Editor2, Group: JCAML, Office: liaison.OfficeEditor, From: "2023-03-16", Evidence: "first meeting of JCA-ML"},
		{Person: Auditor, Group: JCAML, Office: liaison.OfficeAuditor, From: "2023-03-16", Evidence: "named by the parent group for the review of the dispatch history"},
	}
}

// Terms are the terms of reference of JCA-ML.
func Terms() []liaison.TermsOfReference {
	return []liaison.TermsOfReference{{
		Group: JCAML, Version: 1, InForce: "2023-02-08", Parent: "itu-t/sg13", Profile: "jca-a1-clause-5", ReviewedBy: "2025-01-01",
		Source: circular + ", Annex 1",
		Scope: "Coordinates ITU-T's work programme on the application of machine learning and its related telecommunication/ICT standardization work, " +
			"and extends cooperation with external standards development organizations, consortia, forums and academia that study the application of machine learning.",
	}}
}

// Bodies are the groups of ITU-T and the external bodies of the terms of reference.
func Bodies() []liaison.Body {
	const (
		questions = "a form of address that study groups use; which Questions there are, each study period says anew"
		wtsa24    = "WTSA-24 (New Delhi, 15-24 October 2024)"
		tor24     = circular + ", Annex 1, clause 2.4"
	)
	group := func(code liaison.Code, short, name, title, source string) liaison.Body {
		return liaison.Body{Code: code, Kind: liaison.Group, Name: name, ShortName: short, Title: title, Parent: "itu-t", Email: mailbox(code, "itu-t.example"), Source: source, Language: "en"}
	}
	outside := func(code liaison.Code, short, name, title, email string) liaison.Body {
		return liaison.Body{Code: code, Kind: liaison.Organization, Name: name, ShortName: short, Title: title, Email: email, Source: tor24, Language: "en"}
	}
	ended := func(b liaison.Body, successor liaison.Code) liaison.Body {
		b.Until, b.Successor = "2024-12-31", successor
		return b
	}
	begun := func(b liaison.Body) liaison.Body { b.From = "2025-01-01"; return b }

	jca := group(JCAML, "JCA-ML", "Joint Coordination Activity on Machine Learning", "Machine learning", circular)
	jca.Parent, jca.From, jca.Email = "itu-t/sg13", "2022-07-15", "jca-ml@liaison.example"

	itu := group("itu-t", "ITU-T", "ITU Telecommunication Standardization Sector", "", circular)
	itu.Parent = ""

	return []liaison.Body{
		itu,
		group("itu-t/tsag", "TSAG", "Telecommunication Standardization Advisory Group", "", circular),
		group("itu-t/tsb", "TSB", "Telecommunication Standardization Bureau", "Secretariat", circular),
		group("itu-t/sg2", "ITU-T SG2", "Study Group 2", "Operational aspects of service provision and telecommunications management", wtsa24),
		group("itu-t/sg3", "ITU-T SG3", "Study Group 3", "Tariff and accounting principles and international telecommunication/ICT economic and policy issues", wtsa24),
		group("itu-t/sg5", "ITU-T SG5", "Study Group 5", "Electromagnetic fields, environment, climate action and circular economy", wtsa24),
		ended(group("itu-t/sg9", "ITU-T SG9", "Study Group 9", "Audiovisual content transmission and integrated broadband cable networks", wtsa24), "itu-t/sg21"),
		group("itu-t/sg11", "ITU-T SG11", "Study Group 11", "Signalling requirements, protocols, test specifications and combating counterfeit telecommunication/ICT devices", wtsa24),
		group("itu-t/sg12", "ITU-T SG12", "Study Group 12", "Performance, quality of service and quality of experience", wtsa24),
		group("itu-t/sg13", "ITU-T SG13", "Study Group 13", "Future networks and emerging network technologies", circular),
		group("itu-t/sg15", "ITU-T SG15", "Study Group 15", "Networks, technologies and infrastructures for transport, access and home", wtsa24),
		ended(group("itu-t/sg16", "ITU-T SG16", "Study Group 16", "Multimedia and related digital technologies", wtsa24), "itu-t/sg21"),
		group("itu-t/sg17", "ITU-T SG17", "Study Group 17", "Security", wtsa24),
		group("itu-t/sg20", "ITU-T SG20", "Study Group 20", "Internet of things (IoT) and smart cities and communities", wtsa24),
		begun(group("itu-t/sg21", "ITU-T SG21", "Study Group 21", "Technologies for multimedia, content delivery and cable television", wtsa24)),
		jca,

		outside("iso-iec/jtc1", "ISO/IEC JTC 1", "ISO/IEC Joint Technical Committee 1", "Information technology", "liaisons@jtc1.example"),
		outside("iso-iec/jtc1/sc29", "ISO/IEC JTC 1/SC 29", "ISO/IEC JTC 1/SC 29", "Coding of audio, picture, multimedia and hypermedia information", "liaisons@sc29.jtc1.example"),
		outside("iso-iec/jtc1/sc42", "ISO/IEC JTC 1/SC 42", "ISO/IEC JTC 1/SC 42", "Artificial intelligence", "liaisons@sc42.jtc1.example"),
		outside("iso/tc37", "ISO/TC 37", "ISO/TC 37", "Language and terminology", "ack@tc37.iso.example"),
		outside("iec/tc62", "IEC TC 62", "IEC TC 62", "Medical equipment, software, and systems", "silent@tc62.iec.example"),
		outside("iec/smb/acsec", "IEC SMB ACSEC", "IEC SMB Advisory Committee on Information security and data privacy", "Information security and data privacy", "liaisons@acsec.iec.example"),
		outside("iec/smb/sg11", "IEC SMB SG 11", "IEC SMB Strategic Group 11", "Strategic Group of the IEC; not ITU-T Study Group 11", "full@smb-sg11.iec.example"),
		outside("iec/smb/sg12", "IEC SMB SG 12", "IEC SMB Strategic Group 12", "Strategic Group of the IEC; not ITU-T Study Group 12", "bounce@smb-sg12.iec.example"),
		outside("ieee", "IEEE", "Institute of Electrical and Electronics Engineers", "", "slow@ieee.example"),
		{Code: "itu-t/sg13/wp1", Kind: liaison.Group, Name: "Working Party 1/13", ShortName: "ITU-T WP1/13", Parent: "itu-t/sg13", Source: questions, Language: "en"},
		{Code: "itu-t/sg13/q7", Kind: liaison.Group, Name: "Question 7/13", ShortName: "ITU-T Q7/13", Parent: "itu-t/sg13", Source: questions, Language: "en"},
		{Code: "itu-t/sg11/q11", Kind: liaison.Group, Name: "Question 11/11", ShortName: "ITU-T Q11/11", Parent: "itu-t/sg11", Source: questions, Language: "en"},
		{Code: "3gpp", Kind: liaison.Organization, Name: "3rd Generation Partnership Project", ShortName: "3GPP", Email: "liaisons@3gpp.example", Source: "sends and receives liaison statements of ITU-T study groups", Language: "en"},
		{Code: "3gpp/sa2", Kind: liaison.Organization, Name: "3GPP TSG SA WG2", ShortName: "3GPP SA2", Title: "System architecture", Parent: "3gpp", Email: "sa2@3gpp.example", Source: "sends and receives liaison statements of ITU-T study groups", Language: "en"},
		{Code: "ietf/secretariat", Kind: liaison.Organization, Name: "IETF Secretariat", ShortName: "IETF Secretariat", Parent: "ietf", Email: "secretariat@ietf.example", Source: "RFC 4052, section 4", Language: "en"},
		{Code: "ietf", Kind: liaison.Organization, Name: "Internet Engineering Task Force", ShortName: "IETF", Email: "liaison-coordination@ietf.example", Source: "exchanges liaison statements with ITU-T since 2010", Language: "en"},
		outside("khronos", "Khronos Group", "Khronos Group", "", "busy@khronos.example"),
		outside("w3c", "W3C", "World Wide Web Consortium", "", "team-liaisons@w3c.example"),
	}
}

// mailbox is the functional mailbox of a group: the last part of its code.
func mailbox(code liaison.Code, domain string) string {
	for i := len(code) - 1; i >= 0; i-- {
		if code[i] == '/' {
			return string(code[i+1:]) + "@" + domain
		}
	}
	return "liaisons@" + domain
}

// Reaches say how bodies are reached, as far as sources say it. Each is to be confirmed by the body.
func Reaches() map[liaison.Code]liaison.Reach {
	return map[liaison.Code]liaison.Reach{
		"itu-t/sg13": {Channel: liaison.ByMail, Standing: liaison.OwnGroup, Relationship: "Parent group of JCA-ML", Source: circular, Confirmed: "2026-09-01"},
		"ietf": {
			Channel: liaison.ByMail, Copies: []liaison.Code{"ietf/secretariat"}, Publishes: true, Formats: []string{"pdf", "txt", "html", "csv"}, Standing: liaison.Qualified,
			Sentence: "This statement is of the group that sends it. No reply is not consent.", Source: "RFC 4052, section 4; RFC 4053", Confirmed: "2026-07-20",
			Contacts: []liaison.Contact{{Name: "Liaison coordination", Organization: "IETF", Email: "liaison-coordination@ietf.example", Role: liaison.ResponseContact}},
		},
		"iso-iec/jtc1/sc42": {Channel: liaison.ByMail, MembersOnly: true, Standing: liaison.Qualified, Relationship: "Category A liaison", Source: "Rec. ITU-T A.23, Annex A", Confirmed: "2025-06-01"},
		"3gpp":              {Channel: liaison.ByMail, Publishes: true, Standing: liaison.Qualified, Relationship: "statements go to the working group, replies to the coordinator", Source: "3GPP template for liaison statements", Confirmed: "2026-05-01"},
		"iec/tc62":          {Channel: liaison.ByMail, Standing: liaison.Qualified, Formerly: []string{"Electrical equipment in medical practice"}, Source: circular + ", Annex 1, clause 2.4"},
		"khronos":           {Channel: liaison.ByTracker, Address: "https://tracker.khronos.example/liaisons", Standing: liaison.Unqualified, Source: circular + ", Annex 1, clause 2.4: open-source communities"},
		"w3c":               {Channel: liaison.ByList, Address: "https://lists.w3c.example/team-liaisons", Standing: liaison.Qualified, Relationship: "liaisons are coordinated by the Team", Source: "W3C Process", Confirmed: "2026-08-15"},
	}
}

// Register enters all of it; what is there already stays as it is.
func Register(ctx context.Context, s *store.Store) error {
	if err := s.Enter(ctx, Bodies(), People(), Officers(), Terms()); err != nil {
		return err
	}
	return s.EnterMeetings(ctx, Meetings())
}
