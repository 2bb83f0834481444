package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Role is one of the database's group roles: what a process is there.
type Role string

// The roles, made by migration 0004.
const (
	RoleApp     Role = "liaison_app"     // the pages
	RoleWorker  Role = "liaison_worker"  // workflows and mail
	RoleSigner  Role = "liaison_signer"  // checkpoints
	RoleAuditor Role = "liaison_auditor" // verification and export
)

// Rights is what the database lets this process do, as far as it matters to the log.
type Rights struct {
	User     string
	Excess   []string // what it may and should not, in words
	Missing  []string // what it may not and should
	Settings []string // of the server, that make what is acknowledged perishable
}

// Rights asks the database what this process may do beyond its role, and whether the server keeps what it acknowledges.
func (s *Store) Rights(ctx context.Context, role Role) (r Rights, err error) {
	b := &pgx.Batch{}
	b.Queue(`SELECT current_user`).QueryRow(func(row pgx.Row) error { return row.Scan(&r.User) })
	b.Queue(`
		SELECT what FROM (VALUES
			((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), 'is a superuser'),
			((SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user), 'may create roles'),
			((SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user), 'bypasses row security'),
			((SELECT rolreplication FROM pg_roles WHERE rolname = current_user), 'may replicate'),
			(pg_has_role((SELECT proowner FROM pg_proc WHERE oid = to_regprocedure('audit.append(uuid[],bytea[])')), 'MEMBER'), 'is, or may become, the owner of the audit log'),
			(has_schema_privilege('audit', 'CREATE'), 'may create objects in the schema audit'),
			(has_schema_privilege('public', 'CREATE'), 'may create objects in the schema public'),
			(has_database_privilege(current_database(), 'TEMP'), 'may make temporary tables'),
			(has_table_privilege('audit.leaf', 'INSERT') OR has_table_privilege('audit.leaf', 'UPDATE') OR has_table_privilege('audit.leaf', 'DELETE') OR has_table_privilege('audit.leaf', 'TRUNCATE'), 'may write audit.leaf directly'),
			(has_table_privilege('audit.node', 'INSERT') OR has_table_privilege('audit.node', 'UPDATE') OR has_table_privilege('audit.node', 'DELETE') OR has_table_privilege('audit.node', 'TRUNCATE'), 'may write audit.node directly'),
			(has_table_privilege('audit.leaf', 'TRIGGER') OR has_table_privilege('event', 'TRIGGER'), 'may put triggers on the log'),
			(has_table_privilege('event', 'UPDATE') OR has_table_privilege('event', 'DELETE'), 'may change or delete events'),
			(has_table_privilege('audit.checkpoint', 'UPDATE') OR has_table_privilege('audit.checkpoint', 'DELETE'), 'may change or delete checkpoints'),
			($1 <> 'liaison_signer' AND has_table_privilege('audit.checkpoint', 'INSERT'), 'may publish checkpoints, which is the signer''s'),
			($1 <> 'liaison_signer' AND has_table_privilege('audit.stamp', 'INSERT'), 'may keep time-stamps, which is the signer''s'),
			(has_table_privilege('audit.stamp', 'UPDATE') OR has_table_privilege('audit.stamp', 'DELETE'), 'may change or delete time-stamps'),
			($1 IN ('liaison_signer', 'liaison_auditor') AND has_function_privilege('audit.append(uuid[],bytea[])', 'EXECUTE'), 'may append to the log'),
			(has_function_privilege('audit.begin(bytea)', 'EXECUTE'), 'may begin a new log'),
			($1 = 'liaison_signer' AND has_any_column_privilege('statement', 'SELECT'), 'may read the register'),
			($1 IN ('liaison_app', 'liaison_auditor') AND (has_table_privilege('transmission', 'UPDATE') OR has_table_privilege('decision', 'INSERT')), 'may write what only the worker writes')
		) AS rights (has, what) WHERE has`, role).Query(func(rows pgx.Rows) (err error) {
		r.Excess, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	b.Queue(`
		SELECT what FROM (VALUES
			($1 IN ('liaison_app', 'liaison_worker') AND NOT has_function_privilege('audit.append(uuid[],bytea[])', 'EXECUTE'), 'may not append to the log'),
			(NOT has_table_privilege('audit.leaf', 'SELECT'), 'may not read the log'),
			($1 = 'liaison_signer' AND NOT has_table_privilege('audit.checkpoint', 'INSERT'), 'may not publish checkpoints'),
			($1 = 'liaison_signer' AND NOT has_table_privilege('audit.stamp', 'INSERT'), 'may not keep time-stamps'),
			($1 = 'liaison_worker' AND NOT has_table_privilege('transmission', 'UPDATE'), 'may not write the dispatch ledger')
		) AS rights (lacks, what) WHERE lacks`, role).Query(func(rows pgx.Rows) (err error) {
		r.Missing, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	b.Queue(`SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name`).Query(func(rows pgx.Rows) (err error) {
		r.Settings, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return r, unavailable(fmt.Errorf("ask the database for our rights: %w", err))
	}
	return r, nil
}
