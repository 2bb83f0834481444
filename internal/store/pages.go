package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// Office is an appointment, with the label of its group for a page to name it by.
type Office struct {
	liaison.Appointment
	GroupLabel string
}

// Visitor is what every page needs to know of the person who asks for it.
type Visitor struct {
	Person  liaison.Person
	Offices []Office       // held today
	Zone    *time.Location // of the group that the person holds an office in, else UTC
}

var officeSQL = `
	SELECT p.id, p.name, p.email, p.affiliation, p.language, a.group_code, a.office, a.held_from::text, coalesce(a.held_until::text, ''), a.evidence,
		coalesce(nullif(g.short_name, ''), g.name)
	FROM appointment a JOIN person p ON p.id = a.person_id JOIN body g ON g.code = a.group_code
	WHERE ` + todayIn("$1", "a.group_code") + ` BETWEEN a.held_from AND coalesce(a.held_until, 'infinity') `

const officeOrder = ` ORDER BY array_position(ARRAY['chair', 'vice-chair', 'secretary', 'editor', 'auditor'], a.office), a.group_code, p.name`

func scanOffice(row pgx.CollectableRow) (Office, error) {
	var o Office
	err := row.Scan(&o.Person.ID, &o.Person.Name, &o.Person.Email, &o.Person.Affiliation, &o.Person.Language, &o.Group, &o.Office, &o.From, &o.Until, &o.Evidence, &o.GroupLabel)
	return o, err
}

// Visitor reads a person and the offices they hold today, or [liaison.NotFound].
func (s *Store) Visitor(ctx context.Context, id liaison.PersonID) (Visitor, error) {
	if err := validID(string(id)); err != nil {
		return Visitor{}, err
	}
	days, err := todays(s.pool.rules(), s.now())
	if err != nil {
		return Visitor{}, err
	}
	v := Visitor{Zone: time.UTC}
	b := &pgx.Batch{}
	b.Queue(`SELECT id, name, email, affiliation, language FROM person WHERE id = $1`, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&v.Person.ID, &v.Person.Name, &v.Person.Email, &v.Person.Affiliation, &v.Person.Language)
	})
	b.Queue(officeSQL+`AND a.person_id = $2`+officeOrder, days, id).Query(func(rows pgx.Rows) (err error) {
		v.Offices, err = pgx.CollectRows(rows, scanOffice)
		return err
	})
	var pins string
	b.Queue(`
		SELECT t.profile FROM appointment a JOIN terms_of_reference t ON t.group_code = a.group_code
		WHERE a.person_id = $1 AND coalesce(a.held_until, 'infinity') >= `+todayIn("$2", "a.group_code")+`
		ORDER BY a.group_code, t.in_force DESC, t.version DESC LIMIT 1`, id, days).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&pins); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return nil
	})
	if err := s.pool.SendBatch(ctx, b).Close(); errors.Is(err, pgx.ErrNoRows) {
		return Visitor{}, liaison.Refuse(liaison.NotFound, "There is no such person.")
	} else if err != nil {
		return Visitor{}, unavailable(fmt.Errorf("read visitor: %w", err))
	}
	if p, err := inForce(s.pool.rules(), pins, s.now()); err == nil {
		zone, err := p.Zone()
		if err != nil {
			return Visitor{}, err
		}
		v.Zone = zone
	}
	return v, nil
}

// InOffice lists everyone who holds an office today, chairs first.
func (s *Store) InOffice(ctx context.Context) ([]Office, error) {
	days, err := todays(s.pool.rules(), s.now())
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, officeSQL+officeOrder, days)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read officers: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanOffice)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read officers: %w", err))
	}
	return out, nil
}

// StatementsTo lists the statements whose latest revision is addressed to the body, as far as the person may see them,
// what changed last first, at most limit.
func (s *Store) StatementsTo(ctx context.Context, who liaison.PersonID, body liaison.Code, limit int) ([]Line, error) {
	r, err := s.reader(ctx, who)
	if err != nil {
		return nil, err
	}
	page, err := s.lines(ctx, limit, lineSQL+`
		WHERE EXISTS (SELECT FROM addressee a WHERE a.statement_id = s.id AND a.revision = s.revision AND a.body_code = $1)
			AND (s.group_code = ANY ($2) OR s.state = ANY ($3) AND NOT s.confidential OR s.drafter_id = $4)
		ORDER BY s.changed_at DESC, s.id DESC LIMIT $5`, body, r.groups(), publicStates(), r.person, limit+1)
	return page.Lines, err
}
