//go:build unix && !linux

package parts

import (
	"os"
	"syscall"
)

// Without Linux's death signal a kill -9 of ours leaves the child behind; the next start finds and stops it.
func sysProcAttr(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}

func ourselves() (string, error) { return os.Executable() }

type processID struct{ pid int }

func (id processID) alive() bool { return syscall.Kill(id.pid, 0) == nil }
func (id processID) kill()       { _ = syscall.Kill(id.pid, syscall.SIGKILL) }

func descendants(int) []processID { return nil }

func processesIn(string, string) ([]processID, bool) { return nil, false }
