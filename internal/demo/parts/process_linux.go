package parts

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func sysProcAttr(cred *syscall.Credential, death syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death, Credential: cred}
}

// ourselves names the running program in a way that also a user may execute who cannot reach its directory.
func ourselves() (string, error) { return "/proc/self/exe", nil }

// processID tells a process from a later one with the same number.
type processID struct {
	pid    int
	parent int
	start  string // clock ticks since boot, field 22 of /proc/PID/stat
}

// readProcess reads /proc/PID/stat (proc_pid_stat(5)); zombies count as gone.
func readProcess(pid int) (processID, bool) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return processID{}, false
	}
	// The name stands in parentheses and may hold anything; the fields after it are numbered from 3.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return processID{}, false
	}
	parent, err := strconv.Atoi(f[1])
	if err != nil {
		return processID{}, false
	}
	return processID{pid: pid, parent: parent, start: f[19]}, true
}

func (id processID) alive() bool {
	now, ok := readProcess(id.pid)
	return ok && now.start == id.start
}

func (id processID) kill() {
	if id.alive() {
		_ = syscall.Kill(id.pid, syscall.SIGKILL)
	}
}

func allProcesses() []processID {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var all []processID
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if id, ok := readProcess(pid); ok {
			all = append(all, id)
		}
	}
	return all
}

// descendants are the living children of pid, their children, and so on.
func descendants(pid int) []processID {
	children := map[int][]processID{}
	for _, id := range allProcesses() {
		children[id.parent] = append(children[id.parent], id)
	}
	var found []processID
	next := []int{pid}
	for len(next) > 0 {
		for _, id := range children[next[0]] {
			found = append(found, id)
			next = append(next, id.pid)
		}
		next = next[1:]
	}
	return found
}

// processesIn are the living processes called name whose working directory is dir, as far as we may see. The second result
// says whether this system can tell.
func processesIn(dir, name string) ([]processID, bool) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, true
	}
	var found []processID
	for _, id := range allProcesses() {
		proc := filepath.Join("/proc", strconv.Itoa(id.pid))
		if cwd, err := os.Readlink(filepath.Join(proc, "cwd")); err != nil || cwd != dir {
			continue
		}
		if comm, err := os.ReadFile(filepath.Join(proc, "comm")); err == nil && strings.TrimSpace(string(comm)) == name {
			found = append(found, id)
		}
	}
	return found, true
}
