package testkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jca-ml/liaison/internal/demo/parts"
)

// errNoMailServer means that Postfix or Dovecot is not installed, or that we are not root, whom they need.
var errNoMailServer = errors.New("no mail server to test with: as root, run scripts/parts mailservers (Debian: postfix dovecot-imapd dovecot-lmtpd)")

// needMailServer skips the test where the program is missing, and fails it on CI.
func needMailServer(t testing.TB, programs ...string) {
	t.Helper()
	missing := os.Getuid() != 0
	for _, p := range programs {
		if _, err := os.Stat(p); err != nil {
			missing = true
		}
	}
	if missing && os.Getenv("CI") == "" {
		t.Skipf("NOT TESTED, a part is missing: %v", errNoMailServer)
	} else if missing {
		t.Fatal(errNoMailServer)
	}
}

// Postfix starts Debian's Postfix for the test, in a directory and on a port of its own on 127.0.0.1, and stops it when the
// test ends. It takes mail from this machine for the given domains, each with the way on to it as its transport table has
// it ("smtp:[127.0.0.1]:2525"), and refuses every other. Deferred mail is tried again within seconds, and delay is reported
// after one. It returns host:port, and a function that reads its log.
func Postfix(t testing.TB, transports map[string]string) (address string, log func() string) {
	t.Helper()
	const programs = "/usr/lib/postfix/sbin"
	needMailServer(t, "/usr/sbin/postfix", programs+"/master")
	dir := Dir(t)
	if err := os.Chmod(dir, 0o755); err != nil { // Postfix's own user goes in
		t.Fatal(err)
	}
	for _, d := range []string{"etc", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own(t, filepath.Join(dir, "data"), "postfix")
	var table []string
	for domain, transport := range transports {
		table = append(table, fmt.Sprintf("{ %s = %s }", domain, transport))
	}
	slices.Sort(table)
	port := freePort(t)
	write(t, filepath.Join(dir, "etc", "main.cf"), fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
command_directory = /usr/sbin
daemon_directory = %[2]s
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_recipient_restrictions = permit_mynetworks, reject
alias_maps =
alias_database =
maillog_file = %[1]s/log
maillog_file_prefixes = /
smtp_dns_support_level = disabled
transport_maps = inline:{ %[3]s }
default_transport = error:5.1.2 this server knows no such domain
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
delay_warning_time = 1s
smtp_destination_rate_delay = 0
smtpd_client_connection_count_limit = 0
`, dir, programs, strings.Join(table, ", ")))
	write(t, filepath.Join(dir, "etc", "master.cf"), strings.ReplaceAll(postfixServices, "PORT", port))
	logFile := filepath.Join(dir, "log")
	log = func() string {
		b, _ := os.ReadFile(logFile) // what can be read of it
		return string(b)
	}
	// `postfix start` and its kin detach; the master itself, told to debug, stays a child of ours and dies with us.
	if out, err := exec.CommandContext(t.Context(), "/usr/sbin/postfix", "-c", filepath.Join(dir, "etc"), "check").CombinedOutput(); err != nil {
		t.Fatalf("testkit: postfix check: %v\n%s%s", err, out, log())
	}
	start(t, dir, "Postfix", programs+"/master", "-d", "-c", filepath.Join(dir, "etc"))
	address = net.JoinHostPort("127.0.0.1", port)
	answers(t, address, "220", log)
	return address, log
}

const postfixServices = `PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// Dovecot starts Debian's Dovecot for the test, in a directory and on ports of its own on 127.0.0.1, and stops it when the
// test ends. All addresses have the same mailbox, which any user name opens with the password "secret", without TLS.
func Dovecot(t testing.TB) (imapAddress, lmtpAddress string, log func() string) {
	t.Helper()
	needMailServer(t, "/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp")
	dir := Dir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	own(t, home, "mail")
	imapPort, lmtpPort := freePort(t), freePort(t)
	logFile := filepath.Join(dir, "log")
	conf := filepath.Join(dir, "dovecot.conf")
	write(t, conf, fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:%[1]s/home/mail
recipient_delimiter = +
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=mail gid=mail home=%[1]s/home allow_all_users=yes
}
service imap-login {
  inet_listener imap {
    port = %[2]s
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = %[3]s
  }
}
protocol lmtp {
  postmaster_address = postmaster@mail.example
  hostname = mail.example
}
`, dir, imapPort, lmtpPort))
	log = func() string {
		b, _ := os.ReadFile(logFile) // what can be read of it
		return string(b)
	}
	start(t, dir, "Dovecot", "/usr/sbin/dovecot", "-F", "-c", conf)
	imapAddress, lmtpAddress = net.JoinHostPort("127.0.0.1", imapPort), net.JoinHostPort("127.0.0.1", lmtpPort)
	answers(t, imapAddress, "* OK", log)
	answers(t, lmtpAddress, "220", log)
	return imapAddress, lmtpAddress, log
}

func start(t testing.TB, dir, name, path string, args ...string) {
	t.Helper()
	p, err := parts.StartProcess(parts.ProcessOptions{Name: name, Path: path, Args: args, LogFile: filepath.Join(dir, "output"), DeathSignal: 15})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Logf("testkit: stop %s: %v", name, err)
		}
	})
}

// answers waits until the server greets.
func answers(t testing.TB, address, greeting string, log func() string) {
	t.Helper()
	Eventually(t, 30*time.Second, func() error {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return fmt.Errorf("%w; its log:\n%s", err, log())
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		b := make([]byte, len(greeting))
		if _, err := io.ReadFull(conn, b); err != nil {
			return fmt.Errorf("%s does not greet: %w; its log:\n%s", address, err, log())
		}
		if string(b) != greeting {
			return fmt.Errorf("%s greets with %q; its log:\n%s", address, b, log())
		}
		return nil
	})
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func own(t testing.TB, path, name string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
