package seed

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// Engine is the one write path; the examples go through it like everything else.
type Engine interface {
	Do(ctx context.Context, cmd liaison.Command) (liaison.Answer, error)
	// Nudge has a statement's workflow take over what the register says, and starts it where none is running.
	Nudge(ctx context.Context, id liaison.StatementID, state liaison.State) error
}

// example is a statement and how far it goes. Titles, groups and dates named in the texts are those of real liaison
// statements on machine learning; the texts are ours.
type example struct {
	title, inReplyTo, meeting, abstract, text string
	to                                        []address
	deadlineIn                                int // days from today, 0 for none
	by                                        liaison.Person
	attach                                    string // a small table, as a file
	then                                      []step

	daysAgo int // it was drafted and dispatched so long ago; 0 is today
	replies []answered

	more func(*liaison.Content) // what else its envelope says
}

// answered is something that the addressee at the position says, or that somebody decides about its reply, once the statement is out.
type answered struct {
	position int
	says     liaison.Response
	does     liaison.CommandKind
	by       liaison.Person
	reason   string
}

type address struct {
	body    liaison.Code
	purpose liaison.Purpose
}

type step struct {
	kind   liaison.CommandKind
	by     liaison.Person
	reason string
	hold   bool
}

const meeting = "JCA-ML, Geneva, 16 March 2023"

var examples = []example{
	{ // the oldest is entered first, so that the record is in the order of time
		title:      "LS/o on work items on federated learning",
		meeting:    meeting,
		abstract:   "JCA-ML asks which groups work on federated learning, for the roadmap of standards.",
		text:       "JCA-ML keeps the roadmap of standards on machine learning. Please name your work items on federated learning, with their state and the date by which they are to be approved.\n\nGroups addressed for information need not reply.",
		to:         []address{{"itu-t/sg12", liaison.ForAction}, {"itu-t/sg20", liaison.ForAction}, {"itu-t/sg2", liaison.ForComment}, {"itu-t/sg5", liaison.ForAction}, {"itu-t/sg11", liaison.ForAction}, {"w3c", liaison.ForInformation}},
		deadlineIn: -9, by: Editor, daysAgo: 75,
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoApprove, by: Chair}, {kind: liaison.DoDispatch, by: Chair}},
		replies: []answered{
			{position: 2, says: liaison.Response{Kind: liaison.RespondReplied, Name: "Hana Sato", Text: "SG20 has two work items; they are entered in the roadmap now."}},
			{position: 3, does: liaison.DoWaive, by: Chair, reason: "SG2 told the chair in Geneva that it has no such work."},
			{position: 4, says: liaison.Response{Kind: liaison.RespondExtensionAsked, Name: "Luis Ortega", Text: "SG5 meets in two months.", Date: "60"}},
			{position: 4, does: liaison.DoGrantExtension, by: Chair, reason: "The next meeting of SG5 is the right place."},
			{position: 5, says: liaison.Response{Kind: liaison.RespondExtensionAsked, Name: "Irene Papadaki", Text: "SG11 needs two weeks more.", Date: "14"}},
		},
	},
	{
		title:    "LS/o on deliverables of Focus Group ML5G to ITU-T, ITU-R study groups and other groups",
		meeting:  meeting,
		abstract: "JCA-ML draws attention to the deliverables of the Focus Group on machine learning for future networks including 5G, and asks the addressed groups to say which of them they take up.",
		text:     "The Focus Group on machine learning for future networks including 5G (FG ML5G) finished its work and handed its deliverables to its parent group, ITU-T Study Group 13, which made them known in August 2020 (SG13-LS-165).\n\nJCA-ML keeps the roadmap of standards on machine learning. For that it would like to know, from each group addressed for action, which of the deliverables it has taken up or means to take up, in which work item, and by when.\n\nGroups addressed for information need not reply.",
		to:       []address{{"itu-t/sg11", liaison.ForAction}, {"itu-t/sg12", liaison.ForAction}, {"itu-t/sg17", liaison.ForAction}, {"itu-t/sg20", liaison.ForInformation}, {"w3c", liaison.ForInformation}},
		more: func(c *liaison.Content) {
			c.Keywords, c.Consensus, c.ActionHolder = []string{"machine learning", "5G", "deliverables"}, liaison.ConsensusOfGroup, Editor.Name
			c.NextMeetings = "JCA-ML, 3 December 2026, online\nITU-T SG13, 1-12 March 2027, Geneva"
			c.Identifiers = []liaison.Identifier{{Scheme: "ITU-T SG13", Value: "SG13-LS-165"}}
			c.Contacts[0].Role = liaison.ResponseContact
			c.Contacts = append(c.Contacts, liaison.Contact{Name: Editor.Name, Organization: Editor.Affiliation, Email: Editor.Email, Role: liaison.TechnicalContact})
			c.Attachments[0].Title, c.Attachments[0].Status = "Deliverables, to be completed", liaison.ApprovedDoc
			c.Links = []liaison.Link{{Title: "Deliverables of FG ML5G", URL: "https://www.itu.int/en/ITU-T/focusgroups/ml5g/Pages/default.aspx"}}
		},
		deadlineIn: 61, by: Editor, attach: "deliverable;group;work item\nArchitectural framework;;\nUse cases;;\nData handling;;\n",
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoApprove, by: Chair}},
	},
	{
		title:    "LS on results of ITU's work on machine learning for 5G networks",
		meeting:  meeting,
		abstract: "For information: where the results of ITU's work on machine learning for 5G networks are found, for groups outside ITU.",
		text:     "In August 2019 ITU-T informed partner organizations of the first results of its work on machine learning for 5G networks (ML5G-O-023).\n\nSince then these results have become Recommendations of the Y.3170 series. JCA-ML offers this note so that terms and architecture can be used alike. No reply is required.",
		to:       []address{{"ietf", liaison.ForInformation}, {"ieee", liaison.ForInformation}, {"iso-iec/jtc1/sc42", liaison.ForInformation}},
		by:       Editor2,
		then: []step{{kind: liaison.DoSubmit, by: Editor2}, {kind: liaison.DoApprove, by: Chair},
			{kind: liaison.DoClose, by: Secretary, reason: "For information only; every addressee's server accepted it."}},
	},
	{
		title:    "LS/o on terms and definitions for machine learning",
		meeting:  meeting,
		abstract: "JCA-ML asks for a review of the terms that ITU-T uses for machine learning, to keep them in line with existing definitions.",
		text:     "Its terms of reference ask JCA-ML to promote the use of terms and definitions in line with those already standardized.\n\nAttached is the list of terms on machine learning that ITU-T study groups use at present. ISO/IEC JTC 1/SC 42 and ISO/TC 37 are kindly asked to point out where a standardized definition exists and differs.",
		to:       []address{{"iso-iec/jtc1/sc42", liaison.ForAction}, {"iso/tc37", liaison.ForComment}, {"iec/smb/sg12", liaison.ForInformation}, {"itu-t/sg13", liaison.ForInformation}},
		more: func(c *liaison.Content) {
			c.Consensus, c.Keywords, c.OriginalLanguage = liaison.RoughConsensus, []string{"terms", "definitions"}, "en"
			c.Attachments[0].Title, c.Attachments[0].Status = "Terms in use", liaison.DraftDocument
		},
		deadlineIn: 45, by: Editor, attach: "term;definition in ITU-T;source\nmachine learning;;Y.3172\nmachine learning model;;Y.3172\n",
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoApprove, by: Chair}},
	},
	{
		title:      "LS/o on review of the AI standardization roadmap",
		abstract:   "A regular request to update the entries of the AI standardization roadmap (ITU-T Y-series, Supplement 72).",
		text:       "JCA-ML reviews the AI standardization roadmap regularly. Please check the entries of your organization, correct what has changed and add what is new.\n\nAn empty answer is an answer too: it tells us that the entries are right.",
		to:         []address{{"iec/smb/sg11", liaison.ForAction}, {"khronos", liaison.ForAction}, {"iec/tc62", liaison.ForAction}, {"itu-t/sg21", liaison.ForAction}},
		deadlineIn: 90, by: Editor2,
		then: []step{{kind: liaison.DoSubmit, by: Editor2}, {kind: liaison.DoApprove, by: Chair}},
	},
	{
		title:     "LS/o/r on initiation of new work item Q.MP-GenAI - Reply to liaison statement from ITU-T SG11 (Geneva, 3-11 March 2026) concerning monitoring parameters of networks supporting generative artificial intelligence services",
		inReplyTo: "ITU-T SG11, LS on initiation of new work item Q.MP-GenAI, 1 April 2026",
		abstract:  "JCA-ML thanks SG11 for the notice of its new work item, names related work in SG12 and SG13, and proposes a joint look at the parameters.",
		text:      "JCA-ML thanks ITU-T SG11 for the liaison statement on its new work item Q.MP-GenAI, \"Monitoring parameters of network supporting generative artificial intelligence services\".\n\nTwo study groups work on neighbouring subjects: SG12 on quality of experience, SG13 on network architecture for machine learning. To avoid duplication, JCA-ML proposes that the three groups compare their lists of parameters before consent.",
		to:        []address{{"itu-t/sg11", liaison.InResponse}, {"itu-t/sg12", liaison.ForAction}, {"itu-t/sg13", liaison.ForAction}},
		more: func(c *liaison.Content) {
			c.Relations = []liaison.Relation{{Kind: liaison.RepliesTo, Ref: "ITU-T SG11, LS on initiation of new work item Q.MP-GenAI, 1 April 2026"}}
			c.WorkItem, c.WorkingParties = "Q.MP-GenAI", ""
			c.Addressees = append(c.Addressees, liaison.Addressee{Body: "itu-t/sg11/q11", Purpose: liaison.ForInformation}, liaison.Addressee{Body: "itu-t/tsb", Purpose: liaison.ForCopy})
		},
		deadlineIn: 30, by: Editor,
		then: []step{{kind: liaison.DoSubmit, by: Editor}},
	},
	{
		title:    "LS/o inviting representatives to JCA-ML",
		abstract: "Invitation to name a representative to JCA-ML.",
		text:     "To further coordination, JCA-ML invites your group to name a representative who takes part in its meetings and brings in your current work on machine learning.",
		to:       []address{{"iec/smb/acsec", liaison.ForAction}, {"iso-iec/jtc1/sc29", liaison.ForAction}, {"khronos", liaison.ForAction}, {"w3c", liaison.ForAction}}, deadlineIn: 75, by: Editor2,
		then: []step{{kind: liaison.DoSubmit, by: Editor2}},
	},
	{
		title:    "LS/o on terms and definitions of machine learning in coded media",
		abstract: "Asks which definitions of machine learning terms the addressee uses, so that both sides use them alike.",
		text:     "JCA-ML promotes the consistent use of terms and definitions. Please name the definitions of terms of machine learning that your documents use, and where they come from.",
		to:       []address{{"iso-iec/jtc1/sc29", liaison.ForAction}}, deadlineIn: 80, by: Editor,
		more: func(c *liaison.Content) {
			c.Agreed = &liaison.Agreement{By: "Ad hoc group on terminology of JCA-ML", Place: "online", On: inDays(-3)}
		},
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoOpenWindow, by: Chair}},
	},
	{
		title:    "LS/o on use cases of machine learning in home and access networks",
		meeting:  meeting,
		abstract: "Collected use cases, sent to SG15 so that it can judge what they ask of access networks.",
		text:     "JCA-ML collected use cases of machine learning in home and access networks from its members. They are offered to ITU-T SG15 for its work.",
		to:       []address{{"itu-t/sg15", liaison.ForInformation}, {"itu-t/sg5", liaison.ForInformation}}, by: Editor,
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoApprove, by: Chair, hold: true}},
	},
	{
		title:    "LS/o on gap analysis for machine learning in network management",
		abstract: "Draws attention to gaps found by the parent group.",
		text:     "Study Group 13 is responsible for the gap analysis on machine learning. JCA-ML supports it and sends the gaps that concern network management.",
		to:       []address{{"itu-t/sg2", liaison.ForComment}}, by: Editor2, deadlineIn: 40,
		then: []step{{kind: liaison.DoSubmit, by: Editor2},
			{kind: liaison.DoReturn, by: Chair, reason: "Please name the gaps one by one in the text; a reader at SG2 cannot open the contribution that you refer to."}},
	},
	{
		title:    "LS/o proposing a common test specification for machine learning models",
		abstract: "Proposal of a common test specification.",
		text:     "JCA-ML proposes that the addressed groups write a common test specification for machine learning models in networks.",
		to:       []address{{"itu-t/sg11", liaison.ForAction}, {"iso-iec/jtc1/sc42", liaison.ForAction}}, by: Editor, deadlineIn: 60,
		then: []step{{kind: liaison.DoSubmit, by: Editor},
			{kind: liaison.DoReject, by: Chair, reason: "A JCA does not write technical specifications (Rec. ITU-T A.1, clause 5); this is for a study group to propose."}},
	},
	{
		title:    "LS/o on joint workshop on machine learning and accessibility",
		abstract: "Announces a workshop.",
		text:     "JCA-ML plans a workshop on machine learning and accessibility and invites contributions.",
		to:       []address{{"w3c", liaison.ForInformation}}, by: Editor,
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoWithdraw, by: Editor, reason: "The workshop was moved to next year."}},
	},
	{
		title:    "LS/o on bringing entries of the AI standardization roadmap up to date",
		abstract: "JCA-ML asks study groups to bring their entries of the roadmap up to date before its next revision.",
		text:     "Its terms of reference ask JCA-ML to review roadmaps regularly. The entries of your group in the AI standardization roadmap (Supplement 72 to the Y series) are from 2022.\n\nPlease tell us which deliverables were finished, which were begun and which were given up since then. JCA-ML puts the answers together for the next revision.",
		to:       []address{{"itu-t/sg11", liaison.ForAction}, {"itu-t/sg17", liaison.ForAction}, {"iso-iec/jtc1/sc42", liaison.ForInformation}}, by: Editor, deadlineIn: 90,
		then: []step{{kind: liaison.DoSubmit, by: Editor}, {kind: liaison.DoTable, by: Secretary}},
	},
	{
		title: "LS/o on energy use of training machine learning models",
		text:  "First notes: SG5 has methods for the energy use of data centres; which of them fit the training of models?",
		to:    []address{{"itu-t/sg5", liaison.ForComment}, {"3gpp/sa2", liaison.ForInformation}, {"khronos", liaison.ForInformation}}, by: Editor, deadlineIn: 120,
		more: func(c *liaison.Content) {
			c.Embargo = liaison.DateOf(time.Now().AddDate(0, 0, 21), time.UTC)
			c.Consensus, c.Keywords = liaison.CollectedComments, []string{"energy", "training"}
			c.OutsideScope = "Energy is a subject of SG5; the parent group asked JCA-ML for first notes."
		},
	},
}

// Statements brings the examples into every state there is, through the engine, so that their records, their mails and
// their entries in the log are as real as any. progress is told the title of each. It does nothing when the register has
// a statement already.
func Statements(ctx context.Context, s *store.Store, e Engine, progress func(string)) error {
	if err := s.EnterReaches(ctx, Reaches()); err != nil {
		return err
	}
	counts, err := s.Counts(ctx, Chair.ID)
	if err != nil {
		return err
	}
	if len(counts) > 0 {
		return nil
	}
	if err := s.EnterMeeting(ctx, Secretary.ID, Sitting()); err != nil {
		return fmt.Errorf("enter the example of a meeting: %w", err)
	}
	for _, x := range examples {
		progress(x.title)
		if err := x.enter(ctx, s, e); err != nil {
			return fmt.Errorf("enter the example %q: %w", x.title, err)
		}
	}
	progress("A progress report to the parent group")
	if err := report(ctx, s, e); err != nil {
		return fmt.Errorf("enter the example of a progress report: %w", err)
	}
	return nil
}

// report is a progress report for the next meeting of the parent group, with a proposal, sent.
func report(ctx context.Context, s *store.Store, e Engine) error {
	if err := s.ReckonReports(ctx, JCAML); err != nil {
		return err
	}
	due, err := s.DueReports(ctx, JCAML)
	if err != nil || len(due) == 0 {
		return err
	}
	id := liaison.StatementID(uuid.NewString())
	if _, err := s.BeginReport(ctx, id, Secretary.ID, due[0].ID); err != nil {
		return err
	}
	snap, err := s.Snapshot(ctx, id)
	if err != nil {
		return err
	}
	c := snap.Content
	c.Addressees = append(c.Addressees, liaison.Addressee{Body: "itu-t/sg17", Purpose: liaison.ForInformation, Reason: "proposal 1 concerns its work on security"})
	c.Report.Notes = []liaison.Note{
		{Text: "In this period JCA-ML asked for entries of the roadmap and for a review of its terms. Most of the replies are still on their way."},
		{Section: liaison.SectionOverlaps, Text: "Two study groups write requirements for the monitoring of generative services. Both were told of the other."},
	}
	c.Report.Proposals = []liaison.Proposal{{
		Title: "One list of terms on machine learning", Text: "It is proposed that study groups take their terms from one list, which JCA-ML keeps with ISO/IEC JTC 1/SC 42.", To: []liaison.Code{"itu-t/sg13", "itu-t/sg17"},
	}}
	if _, err := s.Save(ctx, id, Secretary.ID, snap.DraftVersion, c); err != nil {
		return err
	}
	for _, st := range []step{{kind: liaison.DoSubmit, by: Secretary}, {kind: liaison.DoApprove, by: Chair}} {
		if snap, err = s.Snapshot(ctx, id); err != nil {
			return err
		}
		if _, err := e.Do(ctx, liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: st.kind, Statement: id, Actor: st.by.ID, Digest: snap.Digest, Consulted: Consulted()}); err != nil {
			return fmt.Errorf("%s: %w", st.kind, err)
		}
	}
	return nil
}

// Consulted is how the management team of JCA-ML was consulted about what the examples approve between meetings.
func Consulted() *liaison.Consultation {
	return &liaison.Consultation{Kind: liaison.ConsultedOutside, Reference: "E-mail to the management team, answered by all"}
}

func (x example) enter(ctx context.Context, s *store.Store, e Engine) error {
	c := liaison.Content{
		Source: JCAML, Title: x.title, InReplyTo: x.inReplyTo, Questions: "N/A", Meeting: x.meeting, Abstract: x.abstract, Text: x.text, Language: "en",
		Contacts: []liaison.Contact{{Name: Chair.Name, Organization: "ETRI", Country: "Rep. of Korea", Email: Chair.Email}},
		ReplyTo:  "jca-ml@liaison.example",
	}
	for _, a := range x.to {
		c.Addressees = append(c.Addressees, liaison.Addressee{Body: a.body, Purpose: a.purpose})
	}
	if x.deadlineIn != 0 {
		c.Deadline = inDays(x.deadlineIn)
	}
	if x.attach != "" {
		digest, err := s.PutBlob(ctx, []byte(x.attach))
		if err != nil {
			return err
		}
		c.Attachments = []liaison.Attachment{{Name: "for-completion.csv", MediaType: "text/csv", Size: int64(len(x.attach)), Digest: digest}}
	}
	if x.more != nil {
		x.more(&c)
	}
	id := liaison.StatementID(uuid.NewString())
	do := e.Do
	if x.daysAgo > 0 { // by the clock of that day, straight into the register; the engine takes over what is to be sent
		s = s.At(func() time.Time { return time.Now().AddDate(0, 0, -x.daysAgo) })
		do = s.Do
	}
	if _, err := s.Create(ctx, id, x.by.ID, c); err != nil {
		return err
	}
	for _, st := range x.then {
		if err := settled(ctx, s, id, st.kind); err != nil {
			return err
		}
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			return err
		}
		_, _, last := snap.WindowDays() // as the profile proposes
		if _, err := do(ctx, liaison.Command{
			Window: &liaison.Opening{Last: last},
			ID:     liaison.CommandID(uuid.NewString()), Kind: st.kind, Statement: id, Actor: st.by.ID,
			Digest: snap.Digest, Reason: st.reason, Hold: st.hold, Consulted: Consulted(), Meeting: sitting, Item: 9,
		}); err != nil {
			return fmt.Errorf("%s: %w", st.kind, err)
		}
	}
	if x.daysAgo == 0 {
		return nil
	}
	return x.answer(ctx, s.At(time.Now), e, id)
}

// answer has the engine send what was dispatched in the past, and then the addressees answer.
func (x example) answer(ctx context.Context, s *store.Store, e Engine, id liaison.StatementID) error {
	if err := e.Nudge(ctx, id, liaison.Dispatching); err != nil {
		return err
	}
	if err := settled(ctx, s, id, liaison.DoClose); err != nil {
		return err
	}
	for _, a := range x.replies {
		snap, err := s.Snapshot(ctx, id)
		if err != nil {
			return err
		}
		message := snap.Replies[a.position-1].Transmission
		if a.says.Kind == "" {
			if _, err := e.Do(ctx, liaison.Command{ID: liaison.CommandID(uuid.NewString()), Kind: a.does, Statement: id, Actor: a.by.ID, Transmission: message, Reason: a.reason}); err != nil {
				return fmt.Errorf("%s: %w", a.does, err)
			}
			continue
		}
		if days, err := strconv.Atoi(string(a.says.Date)); err == nil {
			a.says.Date = inDays(days)
		}
		if _, err := s.Respond(ctx, message, liaison.CommandID(uuid.NewString()), a.says); err != nil {
			return fmt.Errorf("%s: %w", a.says.Kind, err)
		}
	}
	return nil
}

// inDays is the day so many days from today.
func inDays(n int) liaison.Date { return liaison.DateOf(time.Now().AddDate(0, 0, n), time.UTC) }

// settled waits, before a statement is closed, until its messages are.
func settled(ctx context.Context, s *store.Store, id liaison.StatementID, next liaison.CommandKind) error {
	if next != liaison.DoClose {
		return nil
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		snap, err := s.Snapshot(ctx, id)
		if err != nil || snap.State != liaison.Dispatching {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
