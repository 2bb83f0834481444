// Package config reads how a process is to run: from the environment, and from an optional file of KEY=value lines that
// the environment overrides. A key that nobody reads is an error, so that a typing mistake is not a silent default.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/jca-ml/liaison/liaison"
)

// Config is everything that can be set. A secret KEY can also be given as KEY_FILE, the name of a file that holds it.
type Config struct {
	DatabaseURL string `env:"LIAISON_DATABASE_URL" secret:"url" help:"PostgreSQL, as postgres://user:password@host:5432/database"`

	Listen   string `env:"LIAISON_LISTEN" envDefault:"127.0.0.1:8080" help:"address that the pages are served on"`
	URL      string `env:"LIAISON_URL" envDefault:"http://127.0.0.1:8080" help:"where people reach the pages; stands in e-mails"`
	Demo     bool   `env:"LIAISON_DEMO" envDefault:"false" help:"sign in by choosing a person; only on loopback"`
	Log      string `env:"LIAISON_LOG" envDefault:"text" help:"form of the log: text or json"`
	LogLevel string `env:"LIAISON_LOG_LEVEL" envDefault:"info" help:"debug, info, warn or error"`

	TemporalAddress    string `env:"TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233" help:"Temporal, as host:port"`
	TemporalNamespace  string `env:"TEMPORAL_NAMESPACE" envDefault:"liaison" help:"Temporal namespace; its retention should be 30 days or more"`
	TemporalAPIKey     string `env:"TEMPORAL_API_KEY" secret:"all" help:"API key, for Temporal Cloud"`
	TemporalTLS        bool   `env:"TEMPORAL_TLS" envDefault:"false" help:"speak TLS to Temporal; implied by an API key or a certificate"`
	TemporalTLSCert    string `env:"TEMPORAL_TLS_CLIENT_CERT_PATH" help:"client certificate, for mutual TLS"`
	TemporalTLSKey     string `env:"TEMPORAL_TLS_CLIENT_KEY_PATH" help:"its key"`
	TemporalTLSCA      string `env:"TEMPORAL_TLS_SERVER_CA_CERT_PATH" help:"authority of the server's certificate"`
	TemporalServerName string `env:"TEMPORAL_TLS_SERVER_NAME" help:"name in the server's certificate, if it is not the host"`

	SMTPAddress  string `env:"LIAISON_SMTP_ADDRESS" envDefault:"127.0.0.1:25" help:"relay that takes our messages, as host:port"`
	SMTPHello    string `env:"LIAISON_SMTP_HELLO" help:"our name in EHLO"`
	SMTPUsername string `env:"LIAISON_SMTP_USERNAME" help:"for the relay"`
	SMTPPassword string `env:"LIAISON_SMTP_PASSWORD" secret:"all" help:"for the relay"`
	SMTPTLS      string `env:"LIAISON_SMTP_TLS" envDefault:"mandatory" help:"mandatory, opportunistic or none"`

	SMTPConnections int `env:"LIAISON_SMTP_CONNECTIONS" envDefault:"16" help:"connections of a worker to the relay at once; they are kept for further messages"`

	MailFrom   string          `env:"LIAISON_MAIL_FROM" help:"sender of every message, in a domain of our own"`
	MailRetry  []time.Duration `env:"LIAISON_MAIL_RETRY" envDefault:"5m,30m,1h,2h,4h" help:"wait behind each deferral, the last one from then on"`
	MailGiveUp time.Duration   `env:"LIAISON_MAIL_GIVE_UP" envDefault:"96h" help:"how long a deferred message is tried"`

	MailSettle    time.Duration `env:"LIAISON_MAIL_SETTLE" envDefault:"30m" help:"how long our own copy of a message in doubt is waited for, while test messages come back, before it counts as not taken over; at least twice the relay's own wait for a deferred copy"`
	MailCanary    time.Duration `env:"LIAISON_MAIL_CANARY" envDefault:"5m" help:"how often a test message is sent to ourselves through the relay, where an inbound domain is set"`
	MailAtOnce    int           `env:"LIAISON_MAIL_AT_ONCE" envDefault:"8" help:"messages of a worker on their way to one destination domain at once, so that a slow one does not have all connections to the relay; 0 for no bound"`
	MailPerMinute int           `env:"LIAISON_MAIL_PER_MINUTE" envDefault:"0" help:"messages of a worker to one destination domain in a minute; halved when it asks for less; 0 for no bound until it does, as suits a relay of our own, which queues"`
	MailBudget    int           `env:"LIAISON_MAIL_BUDGET" envDefault:"7340032" help:"bytes of files that a message carries; what is more is linked to on the addressee's page"`
	DispatchUndo  time.Duration `env:"LIAISON_DISPATCH_UNDO" envDefault:"60s" help:"how long behind its approval a statement is dispatched, so that it can still be held or withdrawn; 0s for at once"`

	Profiles string `env:"LIAISON_PROFILES" help:"directory of rule profiles, as *.yaml, besides those that come with the program"`

	LogOrigin    string        `env:"LIAISON_LOG_ORIGIN" help:"name of the audit log that the signer signs, in a domain of our own: example.org/liaison/log1"`
	SignerDir    string        `env:"LIAISON_SIGNER_DIR" help:"directory of the signer's key and of what it signed last; the signer's alone"`
	SignerEvery  time.Duration `env:"LIAISON_SIGNER_EVERY" envDefault:"2s" help:"how often the signer looks for new leaves"`
	SignerListen string        `env:"LIAISON_SIGNER_LISTEN" help:"address on which the signer itself serves GET /checkpoint; empty for none"`
	AuditPolicy  string        `env:"LIAISON_AUDIT_POLICY" help:"file of log keys, witnesses and the quorum, as C2SP tlog-policy"`
	TSAURL       string        `env:"LIAISON_TSA_URL" help:"time-stamping authority (RFC 3161) that the signer asks once a day for a token over the newest checkpoint, as https://tsa.example.org; empty for none"`
	TSARoots     string        `env:"LIAISON_TSA_ROOTS" help:"file of certificates, PEM, that the authority's has to lead to"`
	TSAPolicy    string        `env:"LIAISON_TSA_POLICY" help:"policy of the authority that is asked for, as 1.2.3.4; empty for its own"`
	StrictRoles  bool          `env:"LIAISON_STRICT_ROLES" envDefault:"false" help:"refuse to start with more rights in the database than the process needs"`

	InboundDomain string   `env:"LIAISON_INBOUND_DOMAIN" help:"domain that delivery reports and replies come back to; empty sends without return addresses of our own"`
	InboundKey    string   `env:"LIAISON_INBOUND_KEY" secret:"all" help:"key of the tokens in those addresses and in the link of each message to an addressee: 64 hexadecimal digits, as openssl rand -hex 32 makes"`
	InboundKeyOld []string `env:"LIAISON_INBOUND_KEY_OLD" secret:"all" help:"earlier keys, with commas between them, while messages with their tokens are still out"`
	InboundAlso   []string `env:"LIAISON_INBOUND_ALSO" help:"more domains that mail is taken for, with commas: those of the groups' mailboxes"`
	InboundSMTP   string   `env:"LIAISON_INBOUND_SMTP_LISTEN" help:"address on which mail is taken by SMTP; empty for none"`
	InboundLMTP   string   `env:"LIAISON_INBOUND_LMTP_LISTEN" help:"address, or unix:/path, on which mail is taken by LMTP; empty for none"`
	InboundCert   string   `env:"LIAISON_INBOUND_TLS_CERT" help:"certificate for STARTTLS there"`
	InboundTLSKey string   `env:"LIAISON_INBOUND_TLS_KEY" help:"its key, a file"`

	IMAPAddress  string        `env:"LIAISON_IMAP_ADDRESS" help:"IMAP server of the mailbox that inbound mail is read from, as host:port; empty for none"`
	IMAPUsername string        `env:"LIAISON_IMAP_USERNAME" help:"for the mailbox"`
	IMAPPassword string        `env:"LIAISON_IMAP_PASSWORD" secret:"all" help:"for the mailbox"`
	IMAPMailbox  string        `env:"LIAISON_IMAP_MAILBOX" envDefault:"INBOX" help:"which one"`
	IMAPTLS      string        `env:"LIAISON_IMAP_TLS" envDefault:"implicit" help:"implicit, starttls, or none on this machine only"`
	IMAPPoll     time.Duration `env:"LIAISON_IMAP_POLL" envDefault:"1m" help:"how often it is looked at even if the server says nothing"`

	DKIMDomain   string `env:"LIAISON_DKIM_DOMAIN" help:"domain that messages are signed for (DKIM); empty leaves it to the relay"`
	DKIMSelector string `env:"LIAISON_DKIM_SELECTOR" help:"selector of the key's DNS record"`
	DKIMKey      string `env:"LIAISON_DKIM_KEY" help:"file of the private key, RSA or Ed25519, as PEM"`

	SMIMECert string `env:"LIAISON_SMIME_CERT" help:"file of the S/MIME certificate for the sender's address, and of the one that signed it, as PEM; for bodies whose messages are to be signed"`
	SMIMEKey  string `env:"LIAISON_SMIME_KEY" help:"file of its key, RSA or ECDSA, as PEM"`
}

// Retry is the schedule of deferred messages.
func (c Config) Retry() liaison.Retry {
	return liaison.Retry{Delays: c.MailRetry, GiveUp: c.MailGiveUp}
}

// Settling is how messages in doubt are settled: without an inbound domain nothing of ours comes back, and they are for a
// person.
func (c Config) Settling() liaison.Settling {
	if c.InboundDomain == "" {
		return liaison.Settling{}
	}
	return liaison.Settling{Window: c.MailSettle, Canary: c.MailCanary}
}

// Setting is one effective value and where it comes from, secrets masked.
type Setting struct {
	Key, Value, Origin, Help string
}

// other are keys with our prefix that parts of the program read themselves.
var other = []string{"LIAISON_CONFIG", "LIAISON_POSTGRES_BIN", "LIAISON_POSTGRES_MIRROR", "LIAISON_TEMPORAL_BIN", "LIAISON_TEST_POSTGRES", "LIAISON_DATA"}

// Load reads the file, if one is named, and the environment, given as KEY=value.
func Load(file string, environ []string) (Config, []Setting, error) {
	keys := known()
	values, origins := map[string]string{}, map[string]string{}
	var problems []error
	if file != "" {
		if err := readFile(file, keys, values, origins); err != nil {
			problems = append(problems, err)
		}
	}
	given := map[string]string{}
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		_, ours := keys[strings.TrimSuffix(key, "_FILE")]
		switch {
		case ours:
			given[key] = value
		case strings.HasPrefix(key, "LIAISON_") && !slices.Contains(other, key):
			problems = append(problems, unknown("environment", key, keys))
		}
	}
	for key, value := range given {
		base := strings.TrimSuffix(key, "_FILE")
		if _, both := given[base+"_FILE"]; both && key == base {
			problems = append(problems, fmt.Errorf("environment: both %s and %s_FILE are set; keep one", base, base))
		}
		if key == base { // what the configuration file says of it, in whichever way, is overridden
			delete(values, base+"_FILE")
		} else {
			delete(values, base)
		}
		values[key], origins[key] = value, "environment"
	}
	for key, name := range maps.Clone(values) {
		if base, ok := strings.CutSuffix(key, "_FILE"); ok {
			delete(values, key)
			b, err := os.ReadFile(name)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", key, err))
				continue
			}
			values[base], origins[base] = strings.TrimRight(string(b), "\r\n"), "file "+name
		}
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: values}); err != nil {
		problems = append(problems, byKey(err, origins))
	}
	for _, d := range append(slices.Clone(c.MailRetry), c.MailGiveUp) {
		if d <= 0 && len(problems) == 0 {
			problems = append(problems, fmt.Errorf("LIAISON_MAIL_RETRY and LIAISON_MAIL_GIVE_UP: %s is no time to wait; write as in 30m", d))
		}
	}
	if len(problems) == 0 && (c.MailSettle <= 0 || c.MailCanary <= 0 || c.DispatchUndo < 0 || c.MailAtOnce < 0 || c.MailPerMinute < 0 || c.SMTPConnections < 1 || c.MailBudget < 1) {
		problems = append(problems, errors.New("LIAISON_MAIL_SETTLE and LIAISON_MAIL_CANARY are times to wait, as in 30m; LIAISON_DISPATCH_UNDO, LIAISON_MAIL_AT_ONCE and LIAISON_MAIL_PER_MINUTE cannot be negative; LIAISON_SMTP_CONNECTIONS and LIAISON_MAIL_BUDGET are at least 1"))
	}
	if err := errors.Join(problems...); err != nil {
		return c, nil, err
	}
	return c, settings(c, keys, values, origins), nil
}

// byKey names in each error of reading a value the key that it was set by, not our own field.
func byKey(err error, origins map[string]string) error {
	all, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return err
	}
	var out []error
	for _, err := range all.Errors {
		if p, ok := errors.AsType[env.ParseError](err); ok {
			if f, ok := reflect.TypeFor[Config]().FieldByName(p.Name); ok {
				key := f.Tag.Get("env")
				err = fmt.Errorf("%s: %s: %w", origins[key], key, p.Err)
			}
		}
		out = append(out, err)
	}
	return errors.Join(out...)
}

type key struct {
	secret, help, fallback string
	order                  int
}

func known() map[string]key {
	keys := map[string]key{}
	for f := range reflect.TypeFor[Config]().Fields() {
		keys[f.Tag.Get("env")] = key{f.Tag.Get("secret"), f.Tag.Get("help"), f.Tag.Get("envDefault"), len(keys)}
	}
	return keys
}

func readFile(name string, keys map[string]key, values, origins map[string]string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	var problems []error
	scan := bufio.NewScanner(f)
	for n := 1; scan.Scan(); n++ {
		text := strings.TrimSpace(scan.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		at := fmt.Sprintf("%s line %d", name, n)
		k, value, ok := strings.Cut(text, "=")
		k = strings.TrimSpace(k)
		if _, ours := keys[strings.TrimSuffix(k, "_FILE")]; !ok || !ours {
			problems = append(problems, unknown(at, k, keys))
			continue
		}
		values[k], origins[k] = strings.Trim(strings.TrimSpace(value), `"`), at
	}
	return errors.Join(append(problems, scan.Err())...)
}

func unknown(where, name string, keys map[string]key) error {
	var near []string
	for k := range keys {
		if strings.Contains(k, strings.TrimPrefix(name, "LIAISON_")) || strings.HasPrefix(k, name[:min(len(name), 12)]) {
			near = append(near, k)
		}
	}
	slices.Sort(near)
	hint := "run `liaison config` for the list"
	if len(near) > 0 && len(near) < 6 {
		hint = "is it " + strings.Join(near, " or ") + "?"
	}
	return fmt.Errorf("%s: %q is not a setting; %s", where, name, hint)
}

func settings(c Config, keys map[string]key, values, origins map[string]string) []Setting {
	names := slices.SortedFunc(maps.Keys(keys), func(a, b string) int { return keys[a].order - keys[b].order })
	var out []Setting
	for _, name := range names {
		k := keys[name]
		value, set := values[name]
		origin := origins[name]
		if !set || value == "" {
			value, origin = k.fallback, "default"
		}
		out = append(out, Setting{name, mask(k.secret, value), origin, k.help})
	}
	return out
}

func mask(how, value string) string {
	if value == "" || how == "" {
		return value
	}
	// The password can also stand among the parameters, or in PostgreSQL's other form, key=value.
	u, err := url.Parse(value)
	if how != "url" || err != nil || u.Scheme == "" || u.Host == "" || strings.Contains(strings.ToLower(u.RawQuery), "password") {
		return "********"
	}
	return u.Redacted()
}

// Need refuses a configuration that lacks what a process cannot do without.
func (c Config) Need(names ...string) error {
	var problems []error
	have := map[string]string{"LIAISON_DATABASE_URL": c.DatabaseURL, "LIAISON_MAIL_FROM": c.MailFrom}
	for _, n := range names {
		if have[n] == "" {
			problems = append(problems, fmt.Errorf("%s is not set; run `liaison config` for what it means", n))
		}
	}
	if slices.Contains(names, "LIAISON_MAIL_FROM") && c.MailFrom != "" {
		if _, err := liaison.ParseEmail(c.MailFrom); err != nil {
			problems = append(problems, fmt.Errorf("LIAISON_MAIL_FROM: %w", err))
		}
	}
	return errors.Join(problems...)
}
