package web

import "net/http"

// handler is every route, and what each request passes on its way to one, outermost first.
func (s *server) handler() (http.Handler, error) {
	pages := http.NewServeMux()
	page := func(pattern string, h visitorHandler) { pages.Handle(pattern, s.signedIn(h)) }

	pages.Handle("GET /sign-in", s.open(s.showSignIn))
	pages.Handle("POST /sign-in", s.open(s.signIn))
	pages.Handle("POST /sign-out", s.open(s.signOut))

	pages.Handle("GET /checkpoint", s.open(s.checkpoint))
	pages.Handle("GET /log.vkey", s.open(s.logKey))
	pages.Handle("GET /statements/{id}/messages/{transmission}/receipt", s.open(s.receipt))

	if len(s.keys) > 0 {
		pages.Handle("GET /a/{token}", s.byLink(s.showAddressee))
		pages.Handle("POST /a/{token}", s.byLink(s.answer))
		pages.Handle("POST /a/{token}/proposals", s.byLink(s.answerProposal))
		pages.Handle("GET /own/{code}/{token}", s.byBodyLink(s.showOwn))
		pages.Handle("GET /own/{code}/{token}/feed.xml", s.byBodyLink(s.ownFeed))
		pages.Handle("GET /own/{code}/{token}/calendar.ics", s.byBodyLink(s.ownCalendar))
		pages.Handle("GET /a/{token}/files/{digest}/{name}", s.byLink(s.addresseeFile))
	}

	page("GET /{$}", s.showWaiting)
	page("GET /statements", s.showRegister)
	page("POST /statements/views", s.saveView)
	page("GET /statements/numbers", s.showNumbers)
	page("GET /statements/new", s.showNew)
	page("POST /statements", s.create)
	page("GET /statements/{id}", s.showStatement)
	page("GET /statements/{id}/edit", s.showEdit)
	page("POST /statements/{id}/edit", s.edit)
	page("GET /statements/{id}/report", s.showReport)
	page("POST /statements/{id}/report", s.editReport)
	page("POST /statements/{id}/answers", s.recordAnswer)
	page("GET /statements/{id}/figures/{key}", s.showFigure)
	page("GET /statements/{id}/submit", s.showSubmit)
	page("POST /statements/{id}/submit", s.submit)
	page("GET /statements/{id}/review", s.showReview)
	page("POST /statements/{id}/review", s.decide)
	page("GET /statements/{id}/preview/{position}/html", s.previewHTML)
	page("GET /statements/{id}/compare", s.showCompare)
	page("GET /statements/{id}/amend", s.showAmend)
	page("POST /statements/{id}/amend", s.amend)
	page("POST /statements/{id}/follow", s.followUp)
	page("POST /statements/{id}/approval", s.enterApproval)
	page("POST /statements/{id}/window", s.correspond)
	page("POST /statements/{id}/said", s.enterSaid)
	page("GET /statements/{id}/approval/{digest}", s.approvalEvidence)
	page("POST /statements/{id}/do", s.act)
	page("GET /statements/{id}/history", s.showHistory)
	page("GET /statements/{id}/messages/{transmission}", s.showMessage)
	page("GET /statements/{id}/messages/{transmission}/html", s.messageHTML)
	page("GET /statements/{id}/messages/{transmission}/raw", s.messageRaw)
	page("GET /statements/{id}/messages/{transmission}/responses/{response}/{digest}", s.responseFile)
	page("POST /statements/{id}/messages/{transmission}/link/revoke", s.revokeLink)
	page("GET /statements/{id}/files/{digest}/{name}", s.download)
	page("GET /statements/{id}/receipts.zip", s.statementEvidence)
	page("GET /audit", s.showAudit)
	page("POST /audit", s.verifyAudit)
	page("GET /audit/evidence.zip", s.periodEvidence)
	page("GET /statements/{id}/evidence.zip", s.evidencePack)
	page("POST /bodies/link/revoke", s.revokeOwn)
	page("GET /reports", s.showReports)
	page("POST /reports", s.beginReport)
	page("POST /reports/calendar", s.importCalendar)
	page("GET /dispatch", s.showBoard)
	page("GET /dispatch/unmatched", s.showTray)
	page("POST /dispatch/paused", s.pause)
	page("POST /dispatch/paused/{hold}/resume", s.resume)
	page("GET /me", s.showMe)
	page("POST /me", s.chooseNotices)
	page("POST /me/calendar", s.setSubscription)
	page("GET /statements/{id}/undo", s.showUndo)
	page("GET /inbound/{id}", s.showInbound)
	page("GET /inbound/{id}/html", s.inboundHTML)
	page("GET /inbound/{id}/raw", s.inboundRaw)
	page("POST /inbound/{id}/link", s.linkInbound)
	page("GET /statements/{id}/replies/{position}", s.showReply)
	page("POST /statements/{id}/replies/{position}", s.actOnReply)
	page("GET /deadlines", s.showDeadlines)
	page("GET /deadlines/calendar", s.showCalendar)
	page("GET /absences", s.showAbsences)
	page("POST /absences", s.recordAbsence)
	page("POST /absences/{id}/end", s.endAbsence)
	page("GET /employers", s.showEmployers)
	page("POST /employers", s.recordEmployer)
	page("POST /employers/{id}/end", s.endEmployer)
	page("GET /bodies", s.showBodies)
	page("POST /bodies", s.addBody)
	page("GET /bodies/{code...}", s.showBody)
	page("POST /bodies/{code...}", s.saveReach)
	if s.inbox != nil {
		page("GET /inbox", s.showInbox)
		page("GET /inbox/{id}", s.showMail)
		page("GET /inbox/{id}/html", s.mailHTML)
		page("GET /inbox/{id}/raw", s.mailRaw)
		page("GET /inbox/{id}/attachments/{n}/{name}", s.mailAttachment)
	}

	all := http.NewServeMux()
	all.HandleFunc("GET /livez", s.livez)
	all.HandleFunc("GET /readyz", s.readyz)
	all.HandleFunc("GET /static/{file}", s.static)
	if len(s.keys) > 0 { // a calendar program has no session, and gets none
		all.Handle("GET /calendar/{person}/{token}/{file}", bySecret(s, s.followCalendar, s.showSubscribed))
	}
	all.Handle("/", s.session(s.orError(pages)))

	guarded, err := s.sameOrigin(all)
	if err != nil {
		return nil, err
	}
	return s.logged(s.headers(guarded)), nil
}
