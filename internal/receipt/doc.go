// Package receipt reads, makes and checks what leaves the audit log: checkpoints and proofs. It knows nothing of
// statements and needs no database, so that a receipt can be checked by anyone, anywhere, in ten years; docs/audit-format.md
// says enough to write it again in another language.
//
//	leaf bytes ──RFC 6962──> leaf hash ──proof──> root ──in──> checkpoint ──signed by──> log key, witness keys ──in──> policy
//
// The formats are those of C2SP: signed-note and tlog-checkpoint, tlog-cosignature (Ed25519), tlog-proof, tlog-policy.
//
// Reading is strict. Whatever is read is encoded again and compared with what was given, so that one content has one
// encoding and no bit of a receipt can change without being noticed.
package receipt
