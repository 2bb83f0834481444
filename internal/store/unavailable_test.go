package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/jca-ml/liaison/liaison"
)

// TestUnavailableByError: what a server that is killed, stopped, started or overrun says, and what its lost connections say, is
// that it is away; what a server says that is there is a defect of ours, however it came.
func TestUnavailableByError(t *testing.T) {
	t.Parallel()
	state := func(code string) error {
		return &pgconn.PgError{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: code}
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, test := range map[string]struct {
		err  error
		away bool
	}{
		"admin_shutdown":                    {state("57P01"), true},
		"crash_shutdown":                    {state("57P02"), true},
		"cannot_connect_now":                {state("57P03"), true},
		"database_dropped":                  {state("57P04"), true},
		"idle_session_timeout":              {state("57P05"), true},
		"query_canceled":                    {state("57014"), true},
		"connection_exception":              {state("08000"), true},
		"connection_does_not_exist":         {state("08003"), true},
		"connection_failure":                {state("08006"), true},
		"protocol_violation":                {state("08P01"), true},
		"too_many_connections":              {state("53300"), true},
		"disk_full":                         {state("53100"), true},
		"io_error":                          {state("58030"), true},
		"read_only_sql_transaction":         {state("25006"), true},
		"idle_in_transaction":               {state("25P03"), true},
		"serialization_failure":             {state("40001"), true},
		"statement_completion_unknown":      {state("40003"), true},
		"deadlock_detected":                 {state("40P01"), true},
		"lock_not_available":                {state("55P03"), true},
		"any FATAL":                         {&pgconn.PgError{SeverityUnlocalized: "FATAL", Code: "XX000"}, true},
		"any PANIC":                         {&pgconn.PgError{SeverityUnlocalized: "PANIC", Code: "XX001"}, true},
		"end of file":                       {io.EOF, true},
		"unexpected end of file":            {io.ErrUnexpectedEOF, true},
		"reset":                             {reset, true},
		"refused":                           {refused, true},
		"broken pipe":                       {&net.OpError{Op: "write", Err: syscall.EPIPE}, true},
		"closed by us":                      {net.ErrClosed, true},
		"conn closed":                       {pgconn.ErrConnClosed, true},
		"transaction closed":                {pgx.ErrTxClosed, true},
		"pool closed":                       {puddle.ErrClosedPool, true},
		"deadline of a try":                 {context.DeadlineExceeded, true},
		"cancelled":                         {context.Canceled, true},
		"deadline of a socket":              {os.ErrDeadlineExceeded, true},
		"connect":                           {&pgconn.ConnectError{Config: &pgconn.Config{}}, true},
		"joined with another":               {errors.Join(errors.New("close"), io.ErrUnexpectedEOF), true},
		"unique_violation":                  {state("23505"), false},
		"check_violation":                   {state("23514"), false},
		"undefined_table":                   {state("42P01"), false},
		"invalid byte sequence":             {state("22021"), false},
		"in_failed_sql_transaction":         {state("25P02"), false},
		"transaction_integrity_violation":   {state("40002"), false},
		"internal_error":                    {state("XX000"), false},
		"data_corrupted":                    {state("XX001"), false},
		"raise_exception":                   {state("P0001"), false},
		"no rows":                           {pgx.ErrNoRows, false},
		"commit that rolled back":           {pgx.ErrTxCommitRollback, false},
		"a defect":                          {errors.New("nil map"), false},
		"a server that answers with a code": {fmt.Errorf("%w: %w", state("23505"), io.EOF), false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{test.err, fmt.Errorf("record outcome: %w", test.err), fmt.Errorf("a: %w", fmt.Errorf("b: %w", test.err))} {
				got := unavailable(err)
				if (liaison.CodeOf(got) == liaison.Unavailable) != test.away || !errors.Is(got, test.err) {
					t.Errorf("%v became %v, code %s", err, got, liaison.CodeOf(got))
				}
			}
		})
	}
	// A refusal is one, whatever stands behind it.
	refusal := fmt.Errorf("%w: %w", liaison.Refuse(liaison.Conflict, "No."), io.EOF)
	if got := unavailable(refusal); liaison.CodeOf(got) != liaison.Conflict {
		t.Errorf("a refusal became %v", got)
	}
	if unavailable(nil) != nil {
		t.Error("no error became one")
	}
}
