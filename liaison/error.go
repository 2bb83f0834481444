package liaison

import (
	"errors"
	"fmt"
)

// ErrorCode says which kind of refusal an [Error] is. Each outer face maps it once: web to an HTTP status, the workers
// to Temporal's non-retryable types, the command line to an exit status.
type ErrorCode string

// The kinds of refusal.
const (
	Invalid     ErrorCode = "invalid"     // what was given cannot be accepted as it stands
	Forbidden   ErrorCode = "forbidden"   // this person may not do this
	NotFound    ErrorCode = "not-found"   // there is no such thing, or it is not for this person to see
	Conflict    ErrorCode = "conflict"    // the statement is in a state that does not allow it
	Stale       ErrorCode = "stale"       // it has changed since it was shown
	TooLarge    ErrorCode = "too-large"   // over a stated limit
	Unavailable ErrorCode = "unavailable" // a part we depend on does not answer; trying again is safe
	Internal    ErrorCode = "internal"    // anything else; never shown to a person
)

// Error is a refusal that a person may read: what is wrong and what to do about it.
type Error struct {
	Code    ErrorCode
	Field   string // the field it is about, as it is named in [Content], or empty
	Message string // a whole sentence
}

func (e *Error) Error() string { return e.Message }

// Refuse makes an [Error].
func Refuse(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of the first [Error] in err's chain, and [Internal] for every other error.
func CodeOf(err error) ErrorCode {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
