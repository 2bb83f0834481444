package signer_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
)

func rootsOf(t testing.TB, a *testkit.TSA) stamp.Trust {
	t.Helper()
	pem, err := os.ReadFile(a.Roots)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := stamp.ParseRoots(pem)
	if err != nil {
		t.Fatal(err)
	}
	return stamp.Trust{Roots: pool}
}

// stamped is a signed log and a stamper of it that works with the signer's role only.
func stamped(t *testing.T) (*store.Store, *pgxpool.Pool, *testkit.TSA, *signer.Stamper, *time.Time) {
	t.Helper()
	a := testkit.NewTSA(t)
	s, pool := open(t)
	sg, _ := newSigner(t, s, receipt.Policy{})
	now := time.Now()
	st := &signer.Stamper{
		Log: store.New(login(t, pool, store.RoleSigner)), Key: sg.Key(), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Authority: stamp.Authority{URL: a.URL, Trust: rootsOf(t, a)},
	}
	stampStep(t, st)
	if a.Asked() != 0 {
		t.Error("the authority is asked before anything is signed")
	}
	step(t, sg)
	return s, pool, a, st, &now
}

func stampStep(t testing.TB, st *signer.Stamper) time.Duration {
	t.Helper()
	again, err := st.Step(t.Context())
	if err != nil || again <= 0 || again > time.Hour {
		t.Fatalf("again in %s, %v", again, err)
	}
	return again
}

func TestOneTimeStampADay(t *testing.T) {
	s, pool, a, st, now := stamped(t)
	for range 3 {
		stampStep(t, st)
	}
	if a.Asked() != 1 {
		t.Errorf("asked %d times on one day", a.Asked())
	}
	*now = now.Add(24 * time.Hour)
	st.Authority.Now = func() time.Time { return now.Add(-24 * time.Hour) } // OpenSSL's clock cannot be put forward
	stampStep(t, st)
	list, err := s.Stamps(t.Context(), 1)
	if err != nil || a.Asked() != 2 {
		t.Fatalf("asked %d times on two days, %v", a.Asked(), err)
	}
	for _, x := range list {
		if err := a.Verify([]byte(x.Note), x.Token); err != nil {
			t.Error(err)
		}
		if says, err := rootsOf(t, a).Check(x.Token, []byte(x.Note)); err != nil || !says.At.Equal(x.At) || says.Authority != x.Authority {
			t.Errorf("%+v, %v", says, err)
		}
	}
	for _, sql := range []string{`UPDATE audit.stamp SET authority = 'x'`, `DELETE FROM audit.stamp`, `TRUNCATE audit.stamp`} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("even the owner may: %s", sql)
		}
	}
}

// TestAuthorityThatIsDown: nothing waits for it, it is asked less and less often, and what it said is on the record.
func TestAuthorityThatIsDown(t *testing.T) {
	s, _, a, st, now := stamped(t)
	a.Answer(func([]byte, func([]byte) []byte) (int, []byte) { return http.StatusServiceUnavailable, nil })
	var waits []time.Duration
	for range 5 {
		again := stampStep(t, st)
		waits = append(waits, again)
		*now = now.Add(again)
	}
	for i := 1; i < len(waits); i++ {
		if waits[i] < waits[i-1] {
			t.Errorf("it is asked more often: %v", waits)
		}
	}
	n, last, err := s.StampFailures(t.Context(), time.Time{})
	if err != nil || n != 5 || last.Authority != a.URL || !strings.Contains(last.Words, "503") {
		t.Errorf("%d %+v %v", n, last, err)
	}
	a.Answer(nil)
	st.Authority.Now = time.Now
	*now = time.Now()
	stampStep(t, st)
	x, err := s.NewestStamp(t.Context())
	if err != nil || a.Verify([]byte(x.Note), x.Token) != nil {
		t.Errorf("%+v %v", x, err)
	}
	if again := stampStep(t, st); a.Asked() != 6 || again > time.Hour {
		t.Errorf("asked %d times", a.Asked())
	}
	verified(t, s, store.AuditOptions{Stamps: rootsOf(t, a)})
}

// TestForeignCheckpointIsNotStamped: whoever writes a checkpoint of their own into the database gets no time for it.
func TestForeignCheckpointIsNotStamped(t *testing.T) {
	_, pool, a, st, _ := stamped(t)
	exec(t, pool, `INSERT INTO audit.checkpoint SELECT log, size + 1000, origin, root, vkey, replace(note, E'\n'||size||E'\n', E'\n'||(size+1000)||E'\n'), signed_at FROM audit.checkpoint`)
	if _, err := st.Step(t.Context()); err == nil || a.Asked() != 0 {
		t.Errorf("asked %d times, %v", a.Asked(), err)
	}
}

// TestStampsAreVerified: in the database, in an export, and by the checker that shares no code with us; what is not the token of the
// checkpoint is found.
func TestStampsAreVerified(t *testing.T) {
	s, _, a, st, _ := stamped(t)
	stampStep(t, st)
	trust, key := rootsOf(t, a), receipt.KeysOnly(st.Key)
	if l := verified(t, s, store.AuditOptions{Policy: &key, Stamps: trust}).Logs[0]; l.Stamps != 1 {
		t.Errorf("%d time-stamps hold", l.Stamps)
	}
	whole := export(t, s, false)
	check := func(b []byte, trust stamp.Trust) (int, string) {
		t.Helper()
		r, err := audit.VerifyExport(bytes.NewReader(b), audit.Outside{Policy: &key, Stamps: trust}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, p := range r.Problems {
			said = append(said, p.String())
		}
		return r.Logs[0].Stamps, strings.Join(said, "; ")
	}
	if n, said := check(whole, trust); n != 1 || said != "" {
		t.Errorf("%d time-stamps hold; %s", n, said)
	}
	other := rootsOf(t, testkit.NewTSA(t))
	if n, said := check(whole, other); n != 0 || !strings.Contains(said, "authority that was not named") {
		t.Errorf("against another authority: %d, %s", n, said)
	}
	if n, said := check(bytes.Replace(whole, []byte(`"token":"MII`), []byte(`"token":"MIJ`), 1), trust); n != 0 || !strings.Contains(said, "the time-stamp of") {
		t.Errorf("with another byte in the token: %d, %s", n, said)
	}

	// a token over something else, put in by who can do everything
	token, says, err := st.Authority.Stamp(t.Context(), []byte("something else"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddStamp(t.Context(), store.Stamp{Log: 1, Size: c.Size, At: says.At.Add(time.Second), Asked: says.At, Authority: says.Authority, Token: token}); err != nil {
		t.Fatal(err)
	}
	r, err := s.AuditWith(t.Context(), store.AuditOptions{Policy: &key, Stamps: trust})
	if err != nil || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].String(), "is for other bytes") {
		t.Errorf("%v %v", r.Problems, err)
	}
}
