package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/internal/seed"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

// under writes versions of JCA-ML's profile, by what is replaced in the one that comes with the program, beside it.
func under(t *testing.T, dir string, versions ...[]string) *profile.Set {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "profile", "profiles", "jca-a1-clause-5.v1.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, replace := range versions {
		text := strings.NewReplacer(replace...).Replace(string(b))
		if err := os.WriteFile(filepath.Join(dir, replace[1][len("version: "):]+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, err := profile.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAPublishedProfileIsNeverChanged(t *testing.T) {
	s, _ := open(t)
	if err := s.PublishProfiles(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.PublishProfiles(t.Context()); err != nil { // every start
		t.Fatal(err)
	}
	dir := t.TempDir()
	two := []string{"version: 1", "version: 3", "from: 2019-09-13", "from: 2026-11-02"}
	if err := s.Under(under(t, dir, two)).PublishProfiles(t.Context()); err != nil {
		t.Fatalf("a new version is refused: %v", err)
	}
	err := s.Under(under(t, dir, append(two, "window_days: {value: 14", "window_days: {value: 3"))).PublishProfiles(t.Context())
	refused(t, err, liaison.Invalid)
	if err == nil || !strings.Contains(err.Error(), "jca-a1-clause-5 version 3") || !strings.Contains(err.Error(), "as version 4") {
		t.Errorf("a version changed in place: %v", err)
	}
	// a file that nothing was decided under yet can go; here the terms of reference lean on it
	err = s.PublishProfiles(t.Context())
	refused(t, err, liaison.Invalid)
	if err == nil || !strings.Contains(err.Error(), "Put its file back") {
		t.Errorf("a version whose file is gone: %v", err)
	}
}

func TestTermsThatPinNothing(t *testing.T) {
	s, pool := open(t)
	if _, err := pool.Exec(t.Context(), `UPDATE terms_of_reference SET profile = 'house-rules'`); err != nil {
		t.Fatal(err)
	}
	refused(t, s.PublishProfiles(t.Context()), liaison.Invalid)
	_, err := s.GroupSnapshot(t.Context(), seed.JCAML)
	refused(t, err, liaison.Invalid)
}

// TestWhatWasDecidedStaysJudgedByItsVersion approves under one version and looks again when the next is in force.
func TestWhatWasDecidedStaysJudgedByItsVersion(t *testing.T) {
	first, pool := open(t)
	set := under(t, t.TempDir(), []string{"version: 1", "version: 3", "from: 2019-09-13", "from: 2026-11-20", "{group} Chair", "{group} by its Chair", "{group}-LS%d", "{group}/%03d"})
	on := func(day string) *store.Store {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return first.Under(set).At(func() time.Time { return at.Add(12 * time.Hour) })
	}
	before, after := on("2026-11-19"), on("2026-11-20")
	old := draft(t, before, "w3c")
	carry(t, before, old, liaison.DoSubmit, liaison.DoApprove)
	for day, s := range map[string]*store.Store{"before": before, "after": after} {
		snap, err := s.Snapshot(t.Context(), old)
		if err != nil || snap.Profile.Version != 2 || snap.Profile.ApprovalLevel != "JCA-ML Chair" || snap.Ref != "JCA-ML-LS1" {
			t.Errorf("%s the change, what was approved is judged by version %d as %q, %v", day, snap.Profile.Version, snap.Profile.ApprovalLevel, err)
		}
	}
	recent := draft(t, before, "w3c") // drafted under the old one, decided under the new one
	carry(t, before, recent, liaison.DoSubmit)
	carry(t, after, recent, liaison.DoApprove)
	snap, err := after.Snapshot(t.Context(), recent)
	if err != nil || snap.Profile.Version != 3 || snap.Ref != "JCA-ML/002" {
		t.Errorf("after the change, version %d judges and numbers %q, %v", snap.Profile.Version, snap.Ref, err)
	}
	var versions string
	if err := pool.QueryRow(t.Context(), `SELECT string_agg(profile || ' ' || profile_version, ', ' ORDER BY decided_at) FROM decision`).Scan(&versions); err != nil || versions != "jca-a1-clause-5 2, jca-a1-clause-5 3" {
		t.Errorf("the decisions record %q, %v", versions, err)
	}
	if _, err := first.Snapshot(t.Context(), recent); err == nil || !strings.Contains(err.Error(), "version 3") { // a program without the version
		t.Errorf("without the version that it was decided under: %v", err)
	}
}
