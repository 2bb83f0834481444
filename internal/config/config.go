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

	MailFrom   string          `env:"LIAISON_MAIL_FROM" help:"sender of every message, in a domain of our own"`
	MailRetry  []time.Duration `env:"LIAISON_MAIL_RETRY" envDefault:"5m,30m,1h,2h,4h" help:"wait behind each deferral, the last one from then on"`
	MailGiveUp time.Duration   `env:"LIAISON_MAIL_GIVE_UP" envDefault:"96h" help:"how long a deferred message is tried"`
}

// Retry is the schedule of deferred messages.
func (c Config) Retry() liaison.Retry {
	return liaison.Retry{Delays: c.MailRetry, GiveUp: c.MailGiveUp}
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
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		_, ours := keys[strings.TrimSuffix(key, "_FILE")]
		switch {
		case ours:
			values[key], origins[key] = value, "environment"
		case strings.HasPrefix(key, "LIAISON_") && !slices.Contains(other, key):
			problems = append(problems, unknown("environment", key, keys))
		}
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
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return c, nil, err
	}
	return c, settings(c, keys, values, origins), nil
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
		if !set {
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
	if u, err := url.Parse(value); how == "url" && err == nil && u.User != nil {
		return u.Redacted()
	} else if how == "url" && err == nil {
		return value
	}
	return "********"
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
