// Package mail turns decisions into letters, letters into bytes, and hands bytes to a relay.
//
//	Letter ──Render──> subject, text, HTML ──Compose──> bytes, stored ──Session.Send──> Result ──State──> accepted
//	  │                                                                                                   refused
//	catalogue/LANGUAGE.json  the words           rendered once, sent as often as it takes                 deferred
//	letters/NAME.*.tmpl      the form                                                                     unknown
//
// One letter is one struct. The statement and the letters about a decision have a form of their own, a pair of templates;
// all others share the pair "notice" (routing block, one sentence, what somebody wrote, one link) and differ in data. No
// template holds a word: they come from package catalogue, in the reader's language. A message is rendered once; what is
// stored is what is sent, on every attempt.
//
// go-mail renders, dials, starts TLS and authenticates. The transaction itself (MAIL, RCPT, DATA, the final dot) is ours,
// because what is certain afterwards depends on exactly where it broke: before the final dot is written nothing can have
// been accepted, after it only a reply tells (RFC 5321, 4.2.5; RFC 1047).
package mail
