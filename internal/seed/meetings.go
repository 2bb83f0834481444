package seed

import "github.com/jca-ml/liaison/liaison"

// sitting is the meeting that the demo can open at once.
const sitting liaison.MeetingID = "0190c0de-0000-7000-8000-000000000205"

// Sitting is a meeting of these days, invented, with the agenda of the first one: what is tabled for it can be decided as soon as the
// chair or the secretariat opens it.
func Sitting() liaison.Meeting {
	return liaison.Meeting{
		ID: sitting, Group: JCAML, Title: "Extraordinary meeting of JCA-ML", Place: "online", From: inDays(0), Until: inDays(2), Source: "invented for the demo", Announced: inDays(-35),
		Agenda: Meetings()[1].Agenda,
	}
}

// Meetings are the first meeting of JCA-ML, the meeting of its parent that it was held with, and those that the demo plans
// ahead. The first two are facts; the days of the others are invented.
func Meetings() []liaison.Meeting {
	const announced = "invented for the demo"
	agenda := []liaison.AgendaItem{ // TSB Circular 72, Annex 2, in our words
		{Number: 1, Title: "Opening, welcome and objectives of the meeting"},
		{Number: 2, Title: "Approval of the agenda"},
		{Number: 3, Title: "Review of the terms of reference"},
		{Number: 4, Title: "Working methods and tools"},
		{Number: 5, Title: "Appointment of representatives of study groups, SDOs and forums"},
		{Number: 6, Title: "Consideration of input documents"},
		{Number: 7, Title: "Review of current work of ITU-T study groups, SDOs and forums"},
		{Number: 8, Title: "Future action plan"},
		{Number: 9, Title: "Approval of outgoing liaison statements"},
		{Number: 10, Title: "Future meetings and activities"},
		{Number: 11, Title: "Any other business"},
		{Number: 12, Title: "Close of the meeting"},
	}
	return []liaison.Meeting{
		{ID: "0190c0de-0000-7000-8000-000000000201", Group: "itu-t/sg13", Title: "Study Group 13 meeting", Place: "Geneva", From: "2023-03-13", Until: "2023-03-24", State: liaison.MeetingClosed, Source: circular},
		{
			ID: "0190c0de-0000-7000-8000-000000000202", Group: JCAML, Title: "First meeting of JCA-ML", Place: "Geneva", From: "2023-03-16", Until: "2023-03-16",
			State: liaison.MeetingClosed, With: "0190c0de-0000-7000-8000-000000000201", Source: circular, Agenda: agenda,
		},
		{ID: "0190c0de-0000-7000-8000-000000000203", Group: "itu-t/sg13", Title: "Study Group 13 meeting", Place: "Geneva", From: "2027-03-01", Until: "2027-03-12", State: liaison.MeetingPlanned, Source: announced},
		{
			ID: "0190c0de-0000-7000-8000-000000000204", Group: JCAML, Title: "Meeting of JCA-ML", Place: "online", From: "2026-12-03", Until: "2026-12-03",
			State: liaison.MeetingPlanned, Source: announced, Agenda: agenda,
		},
	}
}
