package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jca-ml/liaison/internal/audit"
	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/kept"
	"github.com/jca-ml/liaison/internal/profile"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/mail"
)

type auditCmd struct {
	Verify        auditVerifyCmd        `cmd:"" help:"Check every leaf, hash and checkpoint, and the register against the log: of the database, or of an export."`
	Export        auditExportCmd        `cmd:"" help:"Write the log, its checkpoints and the register's side of it to a file that anyone can verify."`
	VerifyReceipt auditVerifyReceiptCmd `cmd:"" help:"Check a receipt, with nothing but files."`
}

type auditVerifyCmd struct {
	Export     string   `arg:"" optional:"" help:"An export, or - for one from the standard input; else the database is checked." placeholder:"EXPORT"`
	Key        []string `help:"Verifier key of the log or of a witness, or a file of them; else the policy of LIAISON_AUDIT_POLICY, else what the database itself names." placeholder:"KEY|FILE"`
	Checkpoint []string `help:"A signed checkpoint that left the system, or an e-mail (.eml) that carries one. A rewritten database cannot agree with it." type:"existingfile" placeholder:"FILE"`
	TSARoots   string   `name:"tsa-roots" help:"Certificates, PEM, of the time-stamping authority that tokens are held against; else those of LIAISON_TSA_ROOTS, else any." type:"existingfile" placeholder:"FILE"`
	NoBytes    bool     `help:"Leave the bytes of messages, texts and files unread, which takes most of the time where there are many; the result says so. An export has none."`
	State      string   `help:"File to keep what was seen in, so that the next check goes on from there, also after one that was interrupted." type:"path" placeholder:"FILE"`
}

func (cmd auditVerifyCmd) Run(ctx context.Context, c *cli) error {
	outside, err := cmd.outside()
	if err != nil {
		return err
	}
	var policy *receipt.Policy
	if len(cmd.Key) > 0 {
		keys, err := readKeys(cmd.Key)
		if err != nil {
			return err
		}
		p := receipt.KeysOnly(keys...)
		p.IgnoreUnknown = true
		policy = &p
	}
	if cmd.Export != "" {
		stamps, err := stampTrust(cmd.TSARoots, "")
		if err != nil {
			return err
		}
		return cmd.export(policy, outside, stamps)
	}
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if cmd.TSARoots != "" {
		cfg.TSARoots, cfg.TSAPolicy = cmd.TSARoots, ""
	}
	o, err := auditOptions(cfg)
	if err != nil {
		return err
	}
	if policy != nil {
		o.Policy = policy
	}
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	o.Outside, o.NoBytes = outside, cmd.NoBytes
	if o.Resume, err = cmd.resume(); err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	bar := newBar("leaves checked")
	o.Progress = bar.show
	report, err := s.AuditWith(ctx, o)
	bar.end()
	if err != nil {
		if cmd.State != "" && report.Seen != nil {
			if err := cmd.keep(report.Seen); err != nil {
				return err
			}
			fmt.Fprintln(os.Stderr, "liaison: what was seen is kept; the same command goes on from there")
		}
		for _, p := range report.Problems {
			fmt.Println(p)
		}
		if cmd.State != "" && len(report.Problems) > 0 {
			fmt.Fprintln(os.Stderr, "liaison: something is wrong, so nothing of this check is kept; the same command finds it again")
		}
		return err
	}
	stamped := 0
	for _, l := range report.Logs {
		fmt.Printf("log %d\nsize %d\nroot %s\ncheckpoints %d\ntime-stamps %d\n", l.Number, l.Size, l.Root, l.Checkpoints, l.Stamps)
		stamped += l.Stamps
	}
	for _, x := range report.Bytes {
		fmt.Printf("hashed again %d of kind %s, %d bytes\n", x.Rows, x.What, x.Bytes)
	}
	report.Notices = append(report.Notices, anyAuthority(stamped, o.Stamps)...)
	if err := verdict(report.Problems, report.Notices, o.Policy != nil, len(outside) > 0); err != nil {
		return err
	}
	return cmd.keep(report.Seen)
}

// auditOptions are the keys and the authorities that a check of the database is held against, as far as they are configured.
func auditOptions(cfg config.Config) (o store.AuditOptions, err error) {
	if o.Stamps, err = stampTrust(cfg.TSARoots, cfg.TSAPolicy); err != nil {
		return o, err
	}
	if cfg.AuditPolicy == "" {
		return o, nil
	}
	p, err := readPolicy(cfg.AuditPolicy)
	if err != nil {
		return o, err
	}
	if p.IgnoreUnknown = true; len(p.Logs) > 0 {
		o.Policy = &p
	}
	return o, nil
}

// export checks a file; it needs no settings and no database.
func (cmd auditVerifyCmd) export(policy *receipt.Policy, outside [][]byte, stamps stamp.Trust) error {
	var in io.Reader = os.Stdin
	if cmd.Export != "-" {
		f, err := os.Open(cmd.Export)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	bar := newBar("leaves checked")
	report, err := audit.VerifyExport(in, audit.Outside{Policy: policy, Checkpoints: outside, Stamps: stamps, Rules: profile.Embedded().Cited}, func(n int64) { bar.show(n, 0) })
	bar.end()
	if err != nil {
		return err
	}
	fmt.Printf("export of %s\n", report.Made.Format(time.RFC3339))
	stamped := 0
	for _, l := range report.Logs {
		fmt.Printf("log %d %s\nsize %d\nroot %s\ncheckpoints %d\ntime-stamps %d\n", l.Number, l.Origin, l.Size, l.Root, l.Checkpoints, l.Stamps)
		stamped += l.Stamps
	}
	report.Notices = append(report.Notices, anyAuthority(stamped, stamps)...)
	return verdict(report.Problems, report.Notices, policy != nil, len(outside) > 0)
}

// anyAuthority says that time-stamps hold and nobody asked whose they are.
func anyAuthority(n int, t stamp.Trust) []string {
	if n == 0 || t.Roots != nil {
		return nil
	}
	return []string{fmt.Sprintf("%d time-stamps hold in themselves; --tsa-roots FILE holds them against the certificates of an authority", n)}
}

// verdict prints what was found, and how much it is worth.
func verdict(problems []audit.Problem, notices []string, keys, outside bool) error {
	for _, p := range problems {
		fmt.Println(p)
	}
	for _, n := range notices {
		fmt.Println("note:", n)
	}
	if len(problems) > 0 {
		return fmt.Errorf("the log does not verify: %d problems", len(problems))
	}
	switch {
	case outside && keys:
		fmt.Println("the log verifies, and agrees with the checkpoint that left it")
	case keys:
		fmt.Println("the log verifies, and its checkpoints are signed with the keys given; only a checkpoint that left the system (--checkpoint) shows that nothing was rewritten with the stolen key")
	default:
		fmt.Println("the log verifies; compare its root with one that left this machine earlier (--checkpoint, --key), because a consistent forgery cannot be seen from here")
	}
	return nil
}

// outside reads the checkpoints named, from their files or from the header of an e-mail.
func (cmd auditVerifyCmd) outside() (out [][]byte, err error) {
	for _, name := range cmd.Checkpoint {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		switch {
		case strings.HasSuffix(name, ".eml"):
			if b, err = mail.CheckpointOf(b); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		case strings.HasSuffix(name, ".tlog-proof"):
			p, err := receipt.ParseProof(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			b = p.Checkpoint
		}
		out = append(out, b)
	}
	return out, nil
}

// seenLog is the file that lets a check go on.
type seenLog struct {
	Format string `json:"format"`
	store.Seen
}

// seenFormat is 3 since an interrupted check keeps nothing of a log that something is wrong with: what was kept before can lack it.
const seenFormat = "liaison-verified/3"

func (cmd auditVerifyCmd) resume() (*store.Seen, error) {
	if cmd.State == "" {
		return nil, nil
	}
	b, err := os.ReadFile(cmd.State)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var seen seenLog
	if err := json.Unmarshal(b, &seen); err != nil || seen.Format != seenFormat {
		return nil, liaison.Refuse(liaison.Invalid, "%s is not the state of a verification. Remove it to check from the first leaf.", cmd.State)
	}
	return &seen.Seen, nil
}

func (cmd auditVerifyCmd) keep(seen *store.Seen) error {
	if cmd.State == "" || seen == nil {
		return nil
	}
	b, err := json.Marshal(seenLog{seenFormat, *seen})
	if err != nil {
		return err
	}
	return kept.Write(cmd.State, append(b, '\n'), 0o600)
}

type auditExportCmd struct {
	File  string `arg:"" help:"File to write, or - for the standard output." placeholder:"FILE"`
	Salts bool   `help:"With names, addresses and free text, and the salts that prove them. Without, they are commitments."`
}

func (cmd auditExportCmd) Run(ctx context.Context, c *cli) (err error) {
	cfg, _, err := c.load()
	if err != nil {
		return err
	}
	if err := cfg.Need("LIAISON_DATABASE_URL"); err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer s.Close()
	out := os.Stdout
	if cmd.File != "-" {
		if out, err = os.OpenFile(cmd.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, out.Close()) }()
	}
	bar := newBar("leaves exported")
	defer bar.end()
	return s.Export(ctx, out, store.ExportOptions{Salts: cmd.Salts, Progress: func(n int64) { bar.show(n, 0) }})
}

// bar shows how far something is, on a terminal only: redrawn in place, a few times a second.
type bar struct {
	what  string
	tty   bool
	shown time.Time
}

func newBar(what string) *bar {
	info, err := os.Stderr.Stat()
	return &bar{what: what, tty: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

const barWidth = 30

func (b *bar) show(n, all int64) {
	if !b.tty || time.Since(b.shown) < 200*time.Millisecond {
		return
	}
	b.shown = time.Now()
	if all <= 0 {
		fmt.Fprintf(os.Stderr, "\r%d %s\x1b[K", n, b.what)
		return
	}
	full := int(barWidth * n / all)
	fmt.Fprintf(os.Stderr, "\r[%s%s] %3d%%  %d of %d %s\x1b[K", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*n/all, n, all, b.what)
}

func (b *bar) end() {
	if b.tty && !b.shown.IsZero() {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
