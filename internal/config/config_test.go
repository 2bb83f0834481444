package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jca-ml/liaison/internal/config"
)

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "liaison.conf")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func setting(t *testing.T, settings []config.Setting, key string) config.Setting {
	t.Helper()
	for _, s := range settings {
		if s.Key == key {
			return s
		}
	}
	t.Fatalf("%s is not listed", key)
	return config.Setting{}
}

func TestPrecedence(t *testing.T) {
	name := file(t, "# a comment\n\nLIAISON_LISTEN = \"127.0.0.1:1\"\nLIAISON_URL=http://file.example\nLIAISON_MAIL_RETRY=1m,2m\n")
	c, settings, err := config.Load(name, []string{"LIAISON_LISTEN=127.0.0.1:2", "HOME=/nowhere", "TEMPORAL_VERSION_CHECK_DISABLED=1"})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]config.Setting{
		"LIAISON_LISTEN":    {Value: "127.0.0.1:2", Origin: "environment"},
		"LIAISON_URL":       {Value: "http://file.example", Origin: name + " line 4"},
		"LIAISON_LOG_LEVEL": {Value: "info", Origin: "default"},
	} {
		if got := setting(t, settings, key); got.Value != want.Value || got.Origin != want.Origin || got.Help == "" {
			t.Errorf("%s is %+v, want %+v", key, got, want)
		}
	}
	if c.Listen != "127.0.0.1:2" || c.URL != "http://file.example" || c.TemporalNamespace != "liaison" {
		t.Errorf("the values are %+v", c)
	}
	if diff := cmp.Diff([]time.Duration{time.Minute, 2 * time.Minute}, c.Retry().Delays); diff != "" || c.Retry().GiveUp != 96*time.Hour {
		t.Errorf("the schedule of deferred messages (-want +got): %s, given up after %s", diff, c.Retry().GiveUp)
	}
	if settings[0].Key != "LIAISON_DATABASE_URL" || settings[1].Key != "LIAISON_LISTEN" {
		t.Error("the settings are not listed in the order of the struct")
	}
}

func TestEmptyIsDefault(t *testing.T) {
	c, settings, err := config.Load("", []string{"LIAISON_MAIL_RETRY=", "LIAISON_LISTEN="})
	if err != nil {
		t.Fatal(err)
	}
	if got := setting(t, settings, "LIAISON_LISTEN"); got.Value != c.Listen || c.Listen != "127.0.0.1:8080" || got.Origin != "default" {
		t.Errorf("shown is %+v, effective %q", got, c.Listen)
	}
	if len(c.MailRetry) != 5 {
		t.Errorf("an empty schedule gives %v: a message would be given up at once", c.MailRetry)
	}
}

func TestRefusals(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nothing.conf")
	for name, test := range map[string]struct {
		file    string
		environ []string
		says    []string
	}{
		"unknown key in the environment":  {environ: []string{"LIAISON_LISTN=x"}, says: []string{"environment", `"LIAISON_LISTN"`, "LIAISON_LISTEN"}},
		"unknown key in the file":         {file: "\nLIAISON_DATABASE=x\n", says: []string{"line 2", `"LIAISON_DATABASE"`, "is it LIAISON_DATABASE_URL?"}},
		"unknown key without any like it": {environ: []string{"LIAISON_=x"}, says: []string{"liaison config"}},
		"no key at all":                   {file: "hello\n", says: []string{"line 1", `"hello"`, "is not a setting"}},
		"a key of nobody's in the file":   {file: "PATH=/bin\n", says: []string{`"PATH"`}},
		"bad duration":                    {environ: []string{"LIAISON_MAIL_GIVE_UP=soon"}, says: []string{"environment: LIAISON_MAIL_GIVE_UP", `"soon"`}},
		"bad duration in a list":          {file: "LIAISON_MAIL_RETRY=5m,5\n", says: []string{"line 1: LIAISON_MAIL_RETRY"}},
		"a wait of no time":               {environ: []string{"LIAISON_MAIL_RETRY=5m,0s"}, says: []string{"LIAISON_MAIL_RETRY", "0s is no time to wait"}},
		"a wait backwards":                {environ: []string{"LIAISON_MAIL_GIVE_UP=-1h"}, says: []string{"-1h"}},
		"bad truth value":                 {environ: []string{"LIAISON_DEMO=perhaps"}, says: []string{"LIAISON_DEMO", "perhaps"}},
		"several at once":                 {environ: []string{"LIAISON_DEMO=perhaps", "LIAISON_X=1", "LIAISON_MAIL_GIVE_UP=soon"}, says: []string{"LIAISON_DEMO", "LIAISON_X", "LIAISON_MAIL_GIVE_UP"}},
		"a secret's file is missing":      {environ: []string{"LIAISON_SMTP_PASSWORD_FILE=" + missing}, says: []string{"LIAISON_SMTP_PASSWORD_FILE", "no such file"}},
		"a secret in two ways":            {environ: []string{"LIAISON_SMTP_PASSWORD_FILE=" + missing, "LIAISON_SMTP_PASSWORD=geheim"}, says: []string{"both LIAISON_SMTP_PASSWORD and LIAISON_SMTP_PASSWORD_FILE"}},
	} {
		t.Run(name, func(t *testing.T) {
			var conf string
			if test.file != "" {
				conf = file(t, test.file)
			}
			_, _, err := config.Load(conf, test.environ)
			if err == nil {
				t.Fatal("taken")
			}
			for _, s := range test.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("the refusal does not say %q: %v", s, err)
				}
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the refusal tells a secret: %v", err)
			}
		})
	}
	if _, _, err := config.Load(missing, nil); err == nil || !strings.Contains(err.Error(), "nothing.conf") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("geheim\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, settings, err := config.Load("", []string{"LIAISON_SMTP_PASSWORD_FILE=" + secret})
	if err != nil || c.SMTPPassword != "geheim" {
		t.Fatalf("the password is %q, %v", c.SMTPPassword, err)
	}
	if s := setting(t, settings, "LIAISON_SMTP_PASSWORD"); s.Value != "********" || s.Origin != "file "+secret {
		t.Errorf("shown as %+v", s)
	}
	// The environment overrides the configuration file, whichever of the two ways each of them uses.
	for conf, environ := range map[string]string{
		"LIAISON_SMTP_PASSWORD_FILE=" + secret: "LIAISON_SMTP_PASSWORD=other",
		"LIAISON_SMTP_PASSWORD=wrong":          "LIAISON_SMTP_PASSWORD=other",
	} {
		c, _, err := config.Load(file(t, conf), []string{environ})
		if err != nil || c.SMTPPassword != "other" {
			t.Errorf("%s under %s gives %q, %v", conf, environ, c.SMTPPassword, err)
		}
	}
	c, _, err = config.Load(file(t, "LIAISON_SMTP_PASSWORD=wrong"), []string{"LIAISON_SMTP_PASSWORD_FILE=" + secret})
	if err != nil || c.SMTPPassword != "geheim" {
		t.Errorf("a secret's file in the environment gives %q, %v", c.SMTPPassword, err)
	}
}

func TestNoSecretIsShown(t *testing.T) {
	for _, database := range []string{
		"postgres://liaison:geheim@db.example:5432/liaison",
		"postgresql://db.example/liaison?user=liaison&password=geheim",
		"postgresql://db.example/liaison?sslpassword=geheim",
		"host=db.example user=liaison password=geheim",
		"user=liaison password=geheim host=/run",
		"postgres://liaison:geheim@[::1/x", // not even a URL
		"geheim",
	} {
		_, settings, err := config.Load("", []string{"LIAISON_DATABASE_URL=" + database, "TEMPORAL_API_KEY=geheim", "LIAISON_SMTP_PASSWORD=geheim"})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range settings {
			if strings.Contains(s.Value, "geheim") {
				t.Errorf("%s is shown as %s", s.Key, s.Value)
			}
		}
	}
	_, settings, err := config.Load("", []string{"LIAISON_DATABASE_URL=postgres://liaison:geheim@db.example:5432/liaison"})
	if err != nil {
		t.Fatal(err)
	}
	if s := setting(t, settings, "LIAISON_DATABASE_URL"); s.Value != "postgres://liaison:xxxxx@db.example:5432/liaison" {
		t.Errorf("where the database is cannot be seen: %s", s.Value)
	}
	if s := setting(t, settings, "LIAISON_SMTP_PASSWORD"); s.Value != "" {
		t.Errorf("a secret that is not set is shown as %q", s.Value)
	}
}

func TestNeed(t *testing.T) {
	var c config.Config
	if err := c.Need("LIAISON_DATABASE_URL", "LIAISON_MAIL_FROM"); err == nil || !strings.Contains(err.Error(), "LIAISON_DATABASE_URL is not set") || !strings.Contains(err.Error(), "LIAISON_MAIL_FROM is not set") {
		t.Errorf("%v", err)
	}
	c.DatabaseURL, c.MailFrom = "postgres://x", "Liaison <liaison@x.example>"
	if err := c.Need("LIAISON_MAIL_FROM"); err == nil || !strings.Contains(err.Error(), "not an e-mail address") {
		t.Errorf("%v", err)
	}
	c.MailFrom = "liaison@x.example"
	if err := c.Need("LIAISON_DATABASE_URL", "LIAISON_MAIL_FROM"); err != nil {
		t.Error(err)
	}
}

func TestTemporalOptions(t *testing.T) {
	c, _, err := config.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.Temporal()
	if err != nil || o.HostPort != "127.0.0.1:7233" || o.Namespace != "liaison" || o.ConnectionOptions.TLS != nil {
		t.Errorf("%+v, %v", o, err)
	}
	c.TemporalAPIKey = "geheim"
	if o, err = c.Temporal(); err != nil || o.ConnectionOptions.TLS == nil || o.Credentials == nil {
		t.Errorf("an API key gives TLS %v and credentials %v, %v", o.ConnectionOptions.TLS, o.Credentials, err)
	}
	c.TemporalAPIKey, c.TemporalTLSCert, c.TemporalTLSKey = "", "missing.pem", "missing.key"
	if _, err := c.Temporal(); err == nil {
		t.Error("a certificate that is not there is no error")
	}
}
