package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jca-ml/liaison/liaison"
)

// bodyColumns are those of a body with the mailbox that the secretariat recorded last, or the one that its row came with.
const bodyColumns = `code, kind, name, short_name, title, coalesce(parent, ''), coalesce(nullif((
		SELECT convert_from(r.canonical, 'UTF8')::jsonb #>> '{reach,mailbox}' FROM body_reach r WHERE r.body_code = body.code ORDER BY r.version DESC LIMIT 1), ''), email),
	coalesce(in_force_from::text, ''), coalesce(in_force_until::text, ''), coalesce(successor, ''), source, language, links_only, signed_mail`

func scanBody(row pgx.CollectableRow) (liaison.Body, error) {
	var b liaison.Body
	err := row.Scan(&b.Code, &b.Kind, &b.Name, &b.ShortName, &b.Title, &b.Parent, &b.Email, &b.From, &b.Until, &b.Successor, &b.Source, &b.Language, &b.LinksOnly, &b.Signed)
	return b, err
}

// Bodies lists every body, in the order of their codes with numbers counted as numbers.
func (s *Store) Bodies(ctx context.Context) ([]liaison.Body, error) { return bodies(ctx, s.pool) }

func bodies(ctx context.Context, q querier) ([]liaison.Body, error) {
	rows, err := q.Query(ctx, `
		SELECT `+bodyColumns+` FROM body
		ORDER BY kind, regexp_replace(code, '[0-9]+$', ''), coalesce(substring(code from '[0-9]+$'), '0')::bigint, code`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read bodies: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanBody)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read bodies: %w", err))
	}
	return out, nil
}

// BodiesOf reads bodies by their codes, in no order. One that is not there is left out.
func (s *Store) BodiesOf(ctx context.Context, codes []liaison.Code) ([]liaison.Body, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+bodyColumns+` FROM body WHERE code = ANY ($1)`, codes)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read bodies: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanBody)
	return out, unavailable(err)
}

// Body returns one body, or [liaison.NotFound].
func (s *Store) Body(ctx context.Context, code liaison.Code) (liaison.Body, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+bodyColumns+` FROM body WHERE code = $1`, code)
	if err != nil {
		return liaison.Body{}, unavailable(fmt.Errorf("read body: %w", err))
	}
	b, err := pgx.CollectExactlyOneRow(rows, scanBody)
	if errors.Is(err, pgx.ErrNoRows) {
		return b, liaison.Refuse(liaison.NotFound, "There is no body with the code %s.", code)
	} else if err != nil {
		return b, unavailable(fmt.Errorf("read body: %w", err))
	}
	return b, nil
}

// SetMail says how a body wants its mail from now on. Messages that are sealed stay as they are.
func (s *Store) SetMail(ctx context.Context, code liaison.Code, linksOnly, signed bool) error {
	tag, err := s.pool.Exec(ctx, `UPDATE body SET links_only = $2, signed_mail = $3 WHERE code = $1`, code, linksOnly, signed)
	if err != nil {
		return unavailable(fmt.Errorf("record how a body wants its mail: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return liaison.Refuse(liaison.NotFound, "There is no body with the code %s.", code)
	}
	return nil
}

const termsSQL = `SELECT group_code, version, in_force::text, parent, scope, profile, coalesce(reviewed_by::text, ''), source FROM terms_of_reference`

func scanTerms(row pgx.CollectableRow) (liaison.TermsOfReference, error) {
	var t liaison.TermsOfReference
	err := row.Scan(&t.Group, &t.Version, &t.InForce, &t.Parent, &t.Scope, &t.Profile, &t.ReviewedBy, &t.Source)
	return t, err
}

// TermsOfReference lists the versions of a group's terms of reference, newest first.
func (s *Store) TermsOfReference(ctx context.Context, group liaison.Code) ([]liaison.TermsOfReference, error) {
	rows, err := s.pool.Query(ctx, termsSQL+` WHERE group_code = $1 ORDER BY version DESC`, group)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read terms of reference: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanTerms)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read terms of reference: %w", err))
	}
	return out, nil
}

// Officers lists who held an office of the group and when, those in office first.
func (s *Store) Officers(ctx context.Context, group liaison.Code) ([]liaison.Appointment, error) {
	rows, err := s.pool.Query(ctx, appointmentSQL+` WHERE a.group_code = $1
		ORDER BY a.held_until IS NOT NULL, array_position(ARRAY['chair', 'vice-chair', 'secretary', 'editor'], a.office), a.held_from DESC`, group)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read officers: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanAppointment)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read officers: %w", err))
	}
	return out, nil
}

const appointmentSQL = `
	SELECT p.id, p.name, p.email, p.affiliation, p.language, a.group_code, a.office, a.held_from::text, coalesce(a.held_until::text, ''), a.evidence
	FROM appointment a JOIN person p ON p.id = a.person_id`

func scanAppointment(row pgx.CollectableRow) (liaison.Appointment, error) {
	var a liaison.Appointment
	err := row.Scan(&a.Person.ID, &a.Person.Name, &a.Person.Email, &a.Person.Affiliation, &a.Person.Language, &a.Group, &a.Office, &a.From, &a.Until, &a.Evidence)
	return a, err
}

// Groups lists the groups that have terms of reference and so can send statements.
func (s *Store) Groups(ctx context.Context) ([]liaison.Body, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+bodyColumns+` FROM body WHERE EXISTS (SELECT FROM terms_of_reference t WHERE t.group_code = body.code) ORDER BY code`)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read groups: %w", err))
	}
	out, err := pgx.CollectRows(rows, scanBody)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read groups: %w", err))
	}
	return out, nil
}

// Enter adds bodies, people, appointments and terms of reference to the register, all or none. What is there already, by
// its key, is left as it is, so entering twice is harmless.
func (s *Store) Enter(ctx context.Context, bs []liaison.Body, people []liaison.Person, officers []liaison.Appointment, terms []liaison.TermsOfReference) error {
	return s.write(ctx, func(t *tx) error {
		b := &pgx.Batch{}
		for _, x := range bs { // parents and successors may come later in the list: linked in a second pass
			b.Queue(`
				INSERT INTO body (code, kind, name, short_name, title, email, in_force_from, in_force_until, source, language, links_only, signed_mail)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce(nullif($10, ''), 'en'), $11, $12) ON CONFLICT (code) DO NOTHING`,
				x.Code, x.Kind, x.Name, x.ShortName, x.Title, x.Email, nullable(x.From), nullable(x.Until), x.Source, x.Language, x.LinksOnly, x.Signed)
		}
		for _, x := range bs {
			b.Queue(`UPDATE body SET parent = coalesce(parent, $2), successor = coalesce(successor, $3) WHERE code = $1`,
				x.Code, nullable(x.Parent), nullable(x.Successor))
		}
		for _, p := range people {
			b.Queue(`INSERT INTO person (id, name, email, affiliation, language) VALUES ($1, $2, $3, $4, coalesce(nullif($5, ''), 'en')) ON CONFLICT DO NOTHING`,
				p.ID, p.Name, p.Email, p.Affiliation, p.Language)
		}
		for _, a := range officers {
			b.Queue(`
				INSERT INTO appointment (person_id, group_code, office, held_from, held_until, evidence)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
				a.Person.ID, a.Group, a.Office, a.From, nullable(a.Until), a.Evidence)
		}
		for _, x := range terms {
			b.Queue(`
				INSERT INTO terms_of_reference (group_code, version, in_force, parent, scope, profile, reviewed_by, source)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
				x.Group, x.Version, x.InForce, x.Parent, x.Scope, x.Profile, nullable(x.ReviewedBy), x.Source)
		}
		if err := t.SendBatch(ctx, b).Close(); err != nil {
			return fmt.Errorf("enter into the register: %w", err)
		}
		return nil
	})
}

// resolve fills in what the register knows of the addressees today: [liaison.Directory.Address].
func resolve(ctx context.Context, q querier, c liaison.Content, snap Snapshot) (liaison.Content, []string, error) {
	d, err := directory(ctx, q)
	if err != nil {
		return c, nil, err
	}
	return d.Address(c, snap.Profile, snap.Today)
}

// today is the day in the zone of a profile.
func today(p liaison.Profile, now time.Time) (liaison.Date, error) {
	zone, err := p.Zone()
	if err != nil {
		return "", err
	}
	return liaison.DateOf(now, zone), nil
}
