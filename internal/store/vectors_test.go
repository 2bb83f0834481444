package store_test

import (
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/migrations"
)

// TestRFC6962Proofs: audit.append hashes the eight leaves that Certificate Transparency's own tests use, and what is read back are the
// roots and proofs of those tests (RFC 6962, 2.1.1 and 2.1.2), which stand here as facts; computed again with Python's hashlib
// from the definitions of the RFC, which shares no code with us.
func TestRFC6962Proofs(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, migrations.Up)
	s := store.New(pool)
	// The leaves are no events of ours: their rows have no statement.
	if _, err := pool.Exec(t.Context(), `
		SET session_replication_role = replica;
		INSERT INTO event (id, kind, at, statement_id, version) SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'edited', now(), gen_random_uuid(), 1 FROM generate_series(0, 7) n;
		SELECT audit.append(array_agg(('00000000-0000-7000-8000-00000000000' || n - 1)::uuid ORDER BY n), array_agg(decode(leaf, 'hex') ORDER BY n))
		FROM unnest(ARRAY['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']) WITH ORDINALITY AS leaves (leaf, n)`); err != nil {
		t.Fatal(err)
	}
	const (
		n01   = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
		n23   = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
		n0123 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
		n4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
		n67   = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
		leaf0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
		leaf1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
		leaf4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
		n45   = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
	)
	hashes := func(list []tlog.Hash) (out []string) {
		for _, h := range list {
			out = append(out, hex.EncodeToString(h[:]))
		}
		return out
	}
	for size, want := range map[int64]string{
		1: leaf0, 2: n01, 3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", 4: n0123, 5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef", 7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", 8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	} {
		if root, err := s.RootFromHashes(t.Context(), 1, size); err != nil || hex.EncodeToString(root[:]) != want {
			t.Errorf("the root of %d leaves is %x, want %s, %v", size, root[:], want, err)
		}
	}
	for _, x := range []struct {
		index, size int64
		want        []string
	}{{0, 1, nil}, {0, 8, []string{leaf1, n23, n4567}}, {5, 8, []string{leaf4, n67, n0123}}, {2, 3, []string{n01}}, {1, 5, []string{leaf0, n23, leaf4}}} {
		proof, err := s.ProveLeaf(t.Context(), 1, x.index, x.size)
		if diff := cmp.Diff(x.want, hashes(proof)); err != nil || diff != "" {
			t.Errorf("leaf %d of %d: %v %s", x.index, x.size, err, diff)
		}
	}
	for _, x := range []struct {
		old, size int64
		want      []string
	}{{1, 8, []string{leaf1, n23, n4567}}, {6, 8, []string{n45, n67, n0123}}, {2, 5, []string{n23, leaf4}}} {
		proof, err := s.ProveConsistency(t.Context(), 1, x.old, x.size)
		if diff := cmp.Diff(x.want, hashes(tlogHashes(proof))); err != nil || diff != "" {
			t.Errorf("%d leaves are the beginning of %d: %v %s", x.old, x.size, err, diff)
		}
	}
}

func tlogHashes(p tlog.TreeProof) []tlog.Hash { return p }
