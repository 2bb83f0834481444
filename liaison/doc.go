// Package liaison is the domain: what a liaison statement is, the states it goes through, who may do what to it, and
// what a decision binds to. It is pure: the standard library only, no I/O and no clock. Every other package asks this
// one; none of them decides.
//
//	draft ──submit──> in-review ──approve──> approved ──dispatch──> dispatching ──settle──> dispatched ──close──> closed
//	  ^                  │   └──reject──> rejected                               └─settle─> dispatched-in-part ─┘
//	  └─────return───────┤
//	                     └──table──> tabled ──approve, as it is or with edits──> approved
//
// The picture is a view of [Table], which is the one place where the procedure is written down; docs/states.md is made
// from it. [Next] applies the table to one statement and one command and says what changes, or refuses in words that a
// person can act on.
package liaison
