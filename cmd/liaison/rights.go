package main

import (
	"context"
	"log/slog"
	"strings"

	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// checkRights holds what this process may do in the database against what its role needs. More than that is a warning, and
// a refusal with LIAISON_STRICT_ROLES; less is always a refusal. The demo runs as the database's owner, and says so.
func checkRights(ctx context.Context, cfg config.Config, log *slog.Logger, s *store.Store, role store.Role) error {
	r, err := s.Rights(ctx, role)
	if err != nil {
		return err
	}
	if len(r.Missing) > 0 {
		return liaison.Refuse(liaison.Invalid, "The database user %s %s. Run `liaison migrate` as the owner of the database, then GRANT %s TO %s.", r.User, strings.Join(r.Missing, ", "), role, r.User)
	}
	if len(r.Settings) > 0 {
		if cfg.StrictRoles {
			return liaison.Refuse(liaison.Invalid, "The database server runs with %s off: what it acknowledges can be lost in a power cut. Switch it on.", strings.Join(r.Settings, " and "))
		}
		log.Warn("the database can lose what it acknowledged", "off", strings.Join(r.Settings, ", "))
	}
	if len(r.Excess) == 0 {
		return nil
	}
	if cfg.StrictRoles {
		return liaison.Refuse(liaison.Invalid, "The database user %s has more rights than %s: it %s. Give this process a login of its own that is only a member of %s.", r.User, role, strings.Join(r.Excess, "; it "), role)
	}
	log.Warn("more rights in the database than this process needs", "user", r.User, "role", role, "excess", strings.Join(r.Excess, "; "))
	return nil
}
