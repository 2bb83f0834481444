package activities

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/jca-ml/liaison/liaison"
)

// Fail makes err into what Temporal carries: its type is the [liaison.ErrorCode]. A refusal stays one and is not worth trying
// again. A part that is away is; and so is a defect, of which nobody knows whether it is there the next time, unless whoever
// asks would rather have it for an answer (NonRetryableErrorTypes).
func Fail(err error) error {
	if err == nil {
		return nil
	}
	code := liaison.CodeOf(err)
	var fieldName string
	message := err.Error()
	if e, ok := errors.AsType[*liaison.Error](err); ok {
		fieldName, message = e.Field, e.Message
	}
	return temporal.NewApplicationErrorWithOptions(message, string(code), temporal.ApplicationErrorOptions{
		NonRetryable: code != liaison.Unavailable && code != liaison.Internal, Cause: cause(err), Details: []any{fieldName},
	})
}

// cause keeps what is behind an unavailable part for the operator; a refusal has nothing behind it.
func cause(err error) error {
	if liaison.CodeOf(err) == liaison.Unavailable {
		return err
	}
	return nil
}

// Cause gets the [liaison.Error] back out of what Temporal carried; any other error stays as it is.
func Cause(err error) error {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return err
	}
	switch code := liaison.ErrorCode(app.Type()); code {
	case liaison.Invalid, liaison.Forbidden, liaison.NotFound, liaison.Conflict, liaison.Stale, liaison.TooLarge, liaison.Unavailable:
		var fieldName string
		if app.HasDetails() {
			if derr := app.Details(&fieldName); derr != nil {
				return errors.Join(err, derr)
			}
		}
		return &liaison.Error{Code: code, Field: fieldName, Message: app.Message()}
	}
	return err
}
