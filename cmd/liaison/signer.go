package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/jca-ml/liaison/internal/config"
	"github.com/jca-ml/liaison/internal/receipt"
	"github.com/jca-ml/liaison/internal/signer"
	"github.com/jca-ml/liaison/internal/stamp"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/liaison"
)

type signerCmd struct {
	Run       signerRunCmd       `cmd:"" default:"1" help:"Sign, until stopped. The first time, and only then, it makes its key."`
	Init      signerInitCmd      `cmd:"" help:"Make the key and print the public one, for those who will verify."`
	NewOrigin signerNewOriginCmd `cmd:"" help:"Begin a new log after a restore lost leaves that were signed, or when the signer's directory is lost; LIAISON_SIGNER_DIR and LIAISON_LOG_ORIGIN name the new ones."`
}

// signing opens what the commands of the signer share.
func signing(ctx context.Context, c *cli) (cfg config.Config, s *store.Store, err error) {
	if cfg, _, err = c.load(); err != nil {
		return cfg, nil, err
	}
	var missing []error
	for name, value := range map[string]string{"LIAISON_LOG_ORIGIN": cfg.LogOrigin, "LIAISON_SIGNER_DIR": cfg.SignerDir, "LIAISON_DATABASE_URL": cfg.DatabaseURL} {
		if value == "" {
			missing = append(missing, liaison.Refuse(liaison.Invalid, "%s is not set; run `liaison config` for what it means.", name))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return cfg, nil, err
	}
	s, err = store.Open(ctx, cfg.DatabaseURL)
	return cfg, s, err
}

// readPolicy reads the policy file, or gives one that asks for no witness.
func readPolicy(name string) (receipt.Policy, error) {
	if name == "" {
		return receipt.Policy{Quorum: "none"}, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return receipt.Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	p, err := receipt.ParsePolicy(string(b))
	if err != nil {
		return p, liaison.Refuse(liaison.Invalid, "%s: %s", name, err)
	}
	return p, nil
}

type signerRunCmd struct{}

func (signerRunCmd) Run(ctx context.Context, c *cli) (err error) {
	cfg, s, err := signing(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	logger, err := newLogger(cfg, os.Stderr)
	if err != nil {
		return err
	}
	if err := checkRights(ctx, cfg, logger, s, store.RoleSigner); err != nil {
		return err
	}
	return runSigner(ctx, cfg, s, logger)
}

// runSigner signs until ctx is cancelled, making the key of a log that nobody has signed.
func runSigner(ctx context.Context, cfg config.Config, s *store.Store, logger *slog.Logger) (err error) {
	policy, err := readPolicy(cfg.AuditPolicy)
	if err != nil {
		return err
	}
	vkey, err := signer.Ready(ctx, s, cfg.SignerDir, cfg.LogOrigin)
	if err != nil {
		return err
	}
	sg, err := signer.Open(ctx, signer.Config{Log: s, Dir: cfg.SignerDir, Policy: policy, Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sg.Close()) }()
	authority, err := stamping(cfg)
	if err != nil {
		return err
	}
	logger.Info("signer started", "key", vkey, "witnesses", len(policy.Witnesses), "quorum", policy.Quorum)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return sg.Run(ctx, cfg.SignerEvery) })
	if authority != nil {
		st := &signer.Stamper{Log: s, Key: sg.Key(), Authority: *authority, Logger: logger, Now: time.Now}
		g.Go(func() error { return st.Run(ctx) })
	}
	if cfg.SignerListen != "" {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /checkpoint", func(w http.ResponseWriter, _ *http.Request) {
			b := sg.Newest()
			if b == nil {
				http.Error(w, "no checkpoint yet", http.StatusNotFound)
				return
			}
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write(b)
		})
		g.Go(func() error { return listen(ctx, cfg.SignerListen, mux) })
	}
	return g.Wait()
}

// stamping is the time-stamping authority that is configured, nil for none.
func stamping(cfg config.Config) (*stamp.Authority, error) {
	if cfg.TSAURL == "" {
		return nil, nil
	}
	if u, err := url.Parse(cfg.TSAURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, liaison.Refuse(liaison.Invalid, "LIAISON_TSA_URL is %q; write it as https://tsa.example.org.", cfg.TSAURL)
	}
	if cfg.TSARoots == "" {
		return nil, liaison.Refuse(liaison.Invalid, "LIAISON_TSA_URL is set and LIAISON_TSA_ROOTS is not. Name a file with the certificates that the authority publishes; without them anybody's token would do.")
	}
	trust, err := stampTrust(cfg.TSARoots, cfg.TSAPolicy)
	return &stamp.Authority{URL: cfg.TSAURL, Trust: trust}, err
}

// stampTrust is what time-stamp tokens are held against; no file of roots is any authority.
func stampTrust(roots, policy string) (t stamp.Trust, err error) {
	if t.Policy, err = stamp.ParsePolicy(policy); err != nil {
		return t, liaison.Refuse(liaison.Invalid, "the policy of the time-stamping authority: %s.", err)
	}
	if roots == "" {
		return t, nil
	}
	pem, err := os.ReadFile(roots)
	if err != nil {
		return t, fmt.Errorf("read the certificates of the time-stamping authority: %w", err)
	}
	if t.Roots, err = stamp.ParseRoots(pem); err != nil {
		return t, liaison.Refuse(liaison.Invalid, "%s: %s.", roots, err)
	}
	return t, nil
}

// listen answers on the address until ctx is cancelled.
func listen(ctx context.Context, address string, h http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	defer context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(end) // the process ends anyway
	})()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", address, err)
	}
	return nil
}

type signerInitCmd struct{}

func (signerInitCmd) Run(ctx context.Context, c *cli) error {
	cfg, s, err := signing(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	vkey, err := signer.Ready(ctx, s, cfg.SignerDir, cfg.LogOrigin)
	if err != nil {
		return err
	}
	fmt.Println(vkey)
	return nil
}

type signerNewOriginCmd struct {
	From string `arg:"" optional:"" help:"Directory of the signer whose log lost leaves; it stays as it is." type:"existingdir"`
	Lost bool   `help:"There is no such directory any more: the new log names the last published checkpoint."`
}

func (cmd signerNewOriginCmd) Run(ctx context.Context, c *cli) error {
	if cmd.Lost == (cmd.From != "") {
		return liaison.Refuse(liaison.Invalid, "Name the directory of the old signer or, if that is lost for good, say --lost.")
	}
	cfg, s, err := signing(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	var vkey string
	if cmd.Lost {
		vkey, err = signer.NewOriginOfLost(ctx, s, cfg.SignerDir, cfg.LogOrigin, time.Now())
	} else {
		vkey, err = signer.NewOrigin(ctx, s, cmd.From, cfg.SignerDir, cfg.LogOrigin, time.Now())
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s\n\nA new log has begun. Give this key to everybody who has the old one; the old one stays good for the receipts that it signed.\n", vkey)
	return nil
}

type witnessCmd struct {
	Dir    string   `required:"" help:"Directory of the witness's key and of what it cosigned last." type:"path" placeholder:"DIR"`
	Name   string   `required:"" help:"Name of the witness, in a domain of its owner: example.org/witness."`
	Log    []string `required:"" help:"Verifier key of a log to cosign, or a file of them (one a line, or a C2SP policy)." placeholder:"KEY|FILE"`
	Listen string   `help:"Address to answer on." default:"127.0.0.1:8090"`
}

// readKeys reads verifier keys, given as such or as files that hold them, one a line or in a policy.
func readKeys(given []string) ([]receipt.Key, error) {
	var out []receipt.Key
	for _, g := range given {
		if k, err := receipt.ParseKey(g); err == nil {
			out = append(out, k)
			continue
		}
		b, err := os.ReadFile(g)
		if err != nil {
			return nil, liaison.Refuse(liaison.Invalid, "%q is neither a verifier key nor a file of them.", g)
		}
		if p, err := receipt.ParsePolicy(string(b)); err == nil {
			for _, l := range p.Logs {
				out = append(out, l.Key)
			}
			for _, w := range p.Witnesses {
				out = append(out, w.Key)
			}
			continue
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			k, err := receipt.ParseKey(line)
			if err != nil {
				return nil, liaison.Refuse(liaison.Invalid, "%s: %s", g, err)
			}
			out = append(out, k)
		}
	}
	return out, nil
}
