package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/jca-ml/liaison/liaison"
)

// passing are the SQLSTATEs, by their beginnings, of a server that is going, coming or too busy, and of what the same
// transaction may well get through when it is made again (PostgreSQL, appendix A, "PostgreSQL Error Codes").
var passing = []string{
	"08",    // connection exception
	"53",    // insufficient resources: connections, memory, disk
	"57",    // operator intervention: shutting down, starting up, cancelled, another process crashed
	"58",    // system error outside PostgreSQL: an input or output that failed
	"25006", // a read-only server: we are still with the one that was the primary, or not yet with the new one
	"25P03", // idle in the transaction for too long
	"40001", // serialization failure
	"40003", // statement completion unknown
	"40P01", // deadlock
	"55P03", // a lock was not to be had in time
}

// unavailable gives err the code [liaison.Unavailable] when the database could not be reached, went away or turned us off for
// now, whatever the error came wrapped in; every other error stays as it is.
func unavailable(err error) error {
	if err == nil || liaison.CodeOf(err) != liaison.Internal || !away(err) {
		return err
	}
	return fmt.Errorf("%w: %w", &liaison.Error{Code: liaison.Unavailable, Message: "The database does not answer. Nothing was changed; try again in a moment."}, err)
}

// away reports whether err says that there was nobody to answer, rather than what the answer was.
func away(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if s := pg.SeverityUnlocalized; s == "FATAL" || s == "PANIC" {
			return true // the server ends the session with it
		}
		for _, begins := range passing {
			if strings.HasPrefix(pg.Code, begins) {
				return true
			}
		}
		return false // it answered
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, lost := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, pgconn.ErrConnClosed, pgx.ErrTxClosed, puddle.ErrClosedPool,
		context.Canceled, context.DeadlineExceeded, // whoever asked waits no longer
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return pgconn.Timeout(err) || pgconn.SafeToRetry(err)
}
