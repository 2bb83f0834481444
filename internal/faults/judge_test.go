package faults

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
)

// entry is a line of the ledger, read by SQL of our own.
type entry struct {
	Letter    string
	Recipient string
	MessageID string
	State     string
	Digest    string // of the sealed bytes
	Attempts  int
	Dots      int // attempts with a dot
}

func ledger(ctx context.Context, pool *pgxpool.Pool, statements ...liaison.StatementID) ([]entry, error) {
	rows, err := pool.Query(ctx, `
		SELECT t.letter, t.recipient_email, t.message_id, t.state, coalesce(m.digest, ''),
			(SELECT count(*) FROM attempt a WHERE a.transmission_id = t.id),
			(SELECT count(*) FROM attempt a WHERE a.transmission_id = t.id AND a.dot_at IS NOT NULL)
		FROM transmission t LEFT JOIN message m ON m.transmission_id = t.id
		WHERE t.statement_id = ANY($1::uuid[]) AND t.batch IS NOT NULL ORDER BY t.statement_id, t.letter DESC, t.position`, statements)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
}

// underway are the states of a message with which the engine is not done yet.
var underway = []string{"queued", "attempting", "deferred"}

// entries waits until no line of the ledger of statements is in a state that passes. Whoever asks first and reads the ledger after
// meets the letters about what has just come to its end, which are sent now.
func (r *rig) entries(t *testing.T, bound time.Duration, passing []string, ids ...liaison.StatementID) (all []entry) {
	t.Helper()
	testkit.Eventually(t, bound, func() (err error) {
		if all, err = ledger(t.Context(), r.pool, ids...); err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(e entry) bool { return slices.Contains(passing, e.State) }); i >= 0 {
			return fmt.Errorf("%s to %s is %s", all[i].Letter, all[i].Recipient, all[i].State)
		}
		return nil
	})
	return all
}

// tally is what a comparison counted.
type tally struct {
	Messages, Received, Accepted, Unknown, Refused, Attempts int
	Duplicates                                               int // copies beyond the first
	Doubts                                                   int // unknown and received
}

func (n tally) String() string {
	return fmt.Sprintf("%d messages in %d attempts, %d received, %d lost, %d copies too many, %d accepted, %d unknown",
		n.Messages, n.Attempts, n.Received, n.Messages-n.Received, n.Duplicates, n.Accepted, n.Unknown)
}

// judge compares the ledger with what the world received of it and names everything that is not as promised. refused is how often
// the world said no to a recipient.
func judge(entries []entry, world []letter, refused map[string]int) (n tally, problems []string) {
	complain := func(e entry, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("%s to %s (%s): ", e.Letter, e.Recipient, e.State)+fmt.Sprintf(format, args...))
	}
	for _, e := range entries {
		n.Messages++
		n.Attempts += e.Attempts
		var copies []letter
		for _, l := range world {
			if l.MessageID == e.MessageID {
				copies = append(copies, l)
			}
		}
		for _, c := range copies {
			if c.Recipient != e.Recipient {
				complain(e, "went to %s", c.Recipient)
			}
			if sum := sha256.Sum256(c.Bytes); hex.EncodeToString(sum[:]) != e.Digest {
				complain(e, "arrived in other bytes than were sealed")
			}
		}
		if len(copies) > 0 {
			n.Received++
		}
		if len(copies) > 1 {
			n.Duplicates += len(copies) - 1
			complain(e, "received %d times", len(copies))
		}
		switch e.State {
		case "accepted":
			n.Accepted++
			if len(copies) == 0 {
				complain(e, "never received")
			}
		case "unknown":
			n.Unknown++
			if len(copies) > 0 {
				n.Doubts++
			}
			if e.Dots == 0 {
				complain(e, "no attempt came to the final dot, so there is no doubt")
			}
		case "refused":
			n.Refused++
			if refused[e.Recipient] == 0 {
				complain(e, "nobody refused it")
			}
			if len(copies) > 0 {
				complain(e, "received all the same")
			}
		default:
			complain(e, "left behind")
		}
	}
	return n, problems
}

// TestJudge plants one fault at a time; a judge that lets one pass would prove nothing.
func TestJudge(t *testing.T) {
	message := []byte("Message-ID: <m1@x.example>\r\n\r\ntext\r\n")
	sum := sha256.Sum256(message)
	digest := hex.EncodeToString(sum[:])
	good := entry{Letter: "statement", Recipient: "a@x.example", MessageID: "m1@x.example", State: "accepted", Digest: digest, Attempts: 1, Dots: 1}
	arrived := letter{"m1@x.example", "a@x.example", message}
	tests := []struct {
		name    string
		entry   func(e *entry)
		world   []letter
		refused int
		want    string // in the complaint, "" for none
	}{
		{"as promised", func(*entry) {}, []letter{arrived}, 0, ""},
		{"in doubt and received", func(e *entry) { e.State = "unknown" }, []letter{arrived}, 0, ""},
		{"in doubt and not received", func(e *entry) { e.State = "unknown" }, nil, 0, ""},
		{"refused", func(e *entry) { e.State = "refused" }, nil, 1, ""},
		{"received twice", func(*entry) {}, []letter{arrived, arrived}, 0, "received 2 times"},
		{"in doubt and received twice", func(e *entry) { e.State = "unknown" }, []letter{arrived, arrived}, 0, "received 2 times"},
		{"accepted and lost", func(*entry) {}, nil, 0, "never received"},
		{"other bytes", func(*entry) {}, []letter{{"m1@x.example", "a@x.example", []byte("Message-ID: <m1@x.example>\r\n\r\nother\r\n")}}, 0, "other bytes"},
		{"other recipient", func(*entry) {}, []letter{{"m1@x.example", "b@x.example", message}}, 0, "went to b@x.example"},
		{"doubt without a dot", func(e *entry) { e.State, e.Dots = "unknown", 0 }, nil, 0, "no doubt"},
		{"refused by nobody", func(e *entry) { e.State = "refused" }, nil, 0, "nobody refused"},
		{"refused and received", func(e *entry) { e.State = "refused" }, []letter{arrived}, 1, "all the same"},
		{"queued for ever", func(e *entry) { e.State = "queued" }, nil, 0, "left behind"},
		{"attempted for ever", func(e *entry) { e.State = "attempting" }, nil, 0, "left behind"},
		{"deferred for ever", func(e *entry) { e.State = "deferred" }, []letter{arrived}, 0, "left behind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := good
			tt.entry(&e)
			_, problems := judge([]entry{e}, tt.world, map[string]int{e.Recipient: tt.refused})
			if tt.want == "" {
				if diff := cmp.Diff([]string(nil), problems); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return
			}
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tt.want) }) {
				t.Errorf("got %q, want a complaint about %q", problems, tt.want)
			}
		})
	}
}
