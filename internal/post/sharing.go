package post

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

// RenderEach renders queued messages as [Office.Render] does and hands each to keep, one at a time, in no order. What they
// have in common is read once. It holds the files that the messages share and, beside what keep holds, a message or two.
func (o *Office) RenderEach(ctx context.Context, ts []store.Transmission, keep func(store.Transmission, []byte) error) error {
	shared := o.sharing()
	var codes []liaison.Code
	for _, t := range ts {
		codes = append(codes, t.Body)
	}
	if err := shared.readBodies(ctx, codes); err != nil {
		return err
	}
	var one sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shared.atOnce(ctx, ts))
	for _, t := range ts {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			message, err := shared.Render(ctx, t)
			if err != nil {
				return err
			}
			one.Lock()
			defer one.Unlock()
			return keep(t, message)
		})
	}
	return g.Wait()
}

// small is how large the files of a statement may be for its messages to be rendered side by side: rendering takes several
// times their size.
const small = 1 << 20

// atOnce is how many messages are rendered side by side.
func (o *Office) atOnce(ctx context.Context, ts []store.Transmission) int {
	for _, t := range ts {
		snap, err := o.snapshot(ctx, t.Statement) // an error comes up again when the message is rendered
		if err == nil && snap.Content.AttachedSize() > small {
			return 1
		}
	}
	return runtime.GOMAXPROCS(0)
}

// Check refuses when the message to one of the addressees of a statement cannot be made. In each language one is made whole,
// the first with the files, which are the same for all; of the others what is their own is checked, their headers.
func (o *Office) Check(ctx context.Context, id liaison.StatementID) error {
	shared := o.sharing()
	snap, err := shared.snapshot(ctx, id)
	if err != nil {
		return err
	}
	var codes []liaison.Code
	for _, a := range snap.Content.Addressees {
		codes = append(codes, a.Body)
	}
	if err := shared.readBodies(ctx, codes); err != nil {
		return err
	}
	spoken := map[string]bool{}
	for i, a := range snap.Content.Addressees {
		if err := shared.check(ctx, snap, i+1, spoken); err != nil {
			return fmt.Errorf("the message to %s cannot be made: %w", a.Name, err)
		}
	}
	return nil
}

func (o *Office) check(ctx context.Context, snap store.Snapshot, position int, spoken map[string]bool) error {
	if _, err := o.signed(ctx, snap.Content.Addressees[position-1].Body); err != nil {
		return err
	}
	d, err := o.preview(ctx, snap, position)
	switch {
	case err != nil || d.sealed != "":
		return err
	case spoken[d.env.Language]:
		return mail.CheckHeaders(d.letter, d.env)
	case len(spoken) > 0:
		err = mail.Check(d.letter, d.env)
	default:
		_, err = o.compose(ctx, d.letter, d.env)
	}
	spoken[d.env.Language] = true
	return err
}

// shared is what several messages that are made at the same time have in common, each read once.
type shared struct {
	snaps         reads[liaison.StatementID, store.Snapshot]
	transmissions reads[liaison.StatementID, []store.Transmission]
	people        reads[liaison.PersonID, liaison.Person]
	bodies        reads[liaison.Code, liaison.Body]
	blobs         reads[liaison.Digest, []byte]
	checkpoints   reads[struct{}, []byte]
}

// reads are results by their keys. An error is no result, and is tried again.
type reads[K comparable, V any] struct {
	mu  sync.Mutex
	got map[K]V
}

func (r *reads[K, V]) get(key K, read func() (V, error)) (V, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.got[key]; ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		r.keep(key, v)
	}
	return v, err
}

// put keeps what was read with others.
func (r *reads[K, V]) put(key K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(key, v)
}

func (r *reads[K, V]) keep(key K, v V) {
	if r.got == nil {
		r.got = map[K]V{}
	}
	r.got[key] = v
}

// sharing is the same office for messages that are made at the same time.
func (o *Office) sharing() *Office {
	same := *o
	same.shared = &shared{}
	return &same
}

func (o *Office) snapshot(ctx context.Context, id liaison.StatementID) (store.Snapshot, error) {
	if o.shared == nil {
		return o.Store.Snapshot(ctx, id)
	}
	return o.shared.snaps.get(id, func() (store.Snapshot, error) { return o.Store.Snapshot(ctx, id) })
}

func (o *Office) transmissions(ctx context.Context, id liaison.StatementID) ([]store.Transmission, error) {
	if o.shared == nil {
		return o.Store.Transmissions(ctx, id)
	}
	return o.shared.transmissions.get(id, func() ([]store.Transmission, error) { return o.Store.Transmissions(ctx, id) })
}

func (o *Office) person(ctx context.Context, id liaison.PersonID) (liaison.Person, error) {
	if o.shared == nil {
		return o.Store.Person(ctx, id)
	}
	return o.shared.people.get(id, func() (liaison.Person, error) { return o.Store.Person(ctx, id) })
}

func (o *Office) body(ctx context.Context, code liaison.Code) (liaison.Body, error) {
	if o.shared == nil {
		return o.Store.Body(ctx, code)
	}
	return o.shared.bodies.get(code, func() (liaison.Body, error) { return o.Store.Body(ctx, code) })
}

// readBodies reads all that will be asked for at once.
func (o *Office) readBodies(ctx context.Context, codes []liaison.Code) error {
	bodies, err := o.Store.BodiesOf(ctx, codes)
	for _, b := range bodies {
		o.shared.bodies.put(b.Code, b)
	}
	return err
}

func (o *Office) blob(ctx context.Context, d liaison.Digest) ([]byte, error) {
	if o.shared == nil {
		return o.Store.Blob(ctx, d)
	}
	return o.shared.blobs.get(d, func() ([]byte, error) { return o.Store.Blob(ctx, d) })
}

func (o *Office) checkpoint(ctx context.Context) ([]byte, error) {
	if o.shared == nil {
		return o.awaitCheckpoint(ctx)
	}
	return o.shared.checkpoints.get(struct{}{}, func() ([]byte, error) { return o.awaitCheckpoint(ctx) })
}
