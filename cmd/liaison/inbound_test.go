package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/jca-ml/liaison/internal/inbound"
	"github.com/jca-ml/liaison/internal/store"
	"github.com/jca-ml/liaison/internal/testkit"
	"github.com/jca-ml/liaison/liaison"
	"github.com/jca-ml/liaison/migrations"
)

// TestInbound runs the command as an operator configures it, and brings it a message by SMTP.
func TestInbound(t *testing.T) {
	url := testkit.DatabaseURL(t, migrations.Up)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"LIAISON_DATABASE_URL": url, "LIAISON_INBOUND_DOMAIN": "in.example", "LIAISON_INBOUND_KEY": strings.Repeat("ab", 32), "LIAISON_INBOUND_ALSO": "groups.example",
		"LIAISON_INBOUND_SMTP_LISTEN": address, "LIAISON_LOG_LEVEL": "error",
	} {
		t.Setenv(key, value)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- inboundCmd{}.Run(ctx, &cli{}) }()
	testkit.Eventually(t, 30*time.Second, func() error {
		select {
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		default:
		}
		return bring(address, "someone@there.example", "group@groups.example", "From: someone@there.example\r\nSubject: LS/o on terms\r\n\r\nText\r\n")
	})
	var refusal *smtp.SMTPError
	if err := bring(address, "a@b.example", "x@elsewhere.example", "Subject: x\r\n\r\n"); !errors.As(err, &refusal) || refusal.Code != 550 {
		t.Errorf("for a domain that is not ours: %v", err)
	}
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	testkit.Eventually(t, 30*time.Second, func() error {
		tray, err := s.Tray(t.Context(), "", 10)
		if err == nil && (len(tray) != 1 || tray[0].Understood.Kind != inbound.Statement || tray[0].EnvelopeRecipient != "group@groups.example" || tray[0].Source != "smtp") {
			err = errors.New("it is not in the tray")
		}
		return err
	})
	cancel()
	if err := <-done; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func bring(address, from, to, message string) error {
	c, err := smtp.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail(from, []string{to}, strings.NewReader(message))
}

func TestInboundRefusesItsSettings(t *testing.T) {
	url := testkit.DatabaseURL(t, migrations.Up)
	for name, settings := range map[string]map[string]string{
		"no way in":                   {},
		"a domain without a key":      {"LIAISON_INBOUND_DOMAIN": "in.example", "LIAISON_INBOUND_SMTP_LISTEN": "127.0.0.1:0"},
		"a key that is none":          {"LIAISON_INBOUND_DOMAIN": "in.example", "LIAISON_INBOUND_KEY": "secret", "LIAISON_INBOUND_SMTP_LISTEN": "127.0.0.1:0"},
		"a domain that is none":       {"LIAISON_INBOUND_DOMAIN": "a b", "LIAISON_INBOUND_KEY": strings.Repeat("ab", 32)},
		"a mailbox without a name":    {"LIAISON_IMAP_ADDRESS": "imap.example:993"},
		"a mailbox without TLS, away": {"LIAISON_IMAP_ADDRESS": "imap.example:143", "LIAISON_IMAP_USERNAME": "u", "LIAISON_IMAP_PASSWORD": "p", "LIAISON_IMAP_TLS": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("LIAISON_DATABASE_URL", url)
			for key, value := range settings {
				t.Setenv(key, value)
			}
			if err := (inboundCmd{}).Run(t.Context(), &cli{}); liaison.CodeOf(err) != liaison.Invalid {
				t.Errorf("answered with %v", err)
			}
		})
	}
}

func TestMain(m *testing.M) { testkit.Main(m) }
