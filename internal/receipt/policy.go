package receipt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Policy says whose signatures count (C2SP tlog-policy): a checkpoint needs one of the logs and the quorum of witnesses.
// Who checks receipts gets it once, from somebody they trust, and not from the receipt.
type Policy struct {
	Logs      []PolicyLog
	Witnesses []PolicyWitness
	Quorum    string // name of a witness or a group, or "none"

	// IgnoreUnknown passes over signatures of keys that the policy does not name, as C2SP asks of a note's reader. Without it
	// they are refused: a line that nobody checks is a line in which a bit can change.
	IgnoreUnknown bool

	groups map[string]group
}

// PolicyLog is a log that is accepted. The name of its key is its origin.
type PolicyLog struct {
	Key Key
	URL string
}

// PolicyWitness is a witness by the name that the policy calls it.
type PolicyWitness struct {
	Name string
	Key  Key
	URL  string // where add-checkpoint is, or ""
}

type group struct {
	needs   int
	members []string
}

// KeysOnly is the policy that accepts the logs among the keys, with the other keys as witnesses that need not have signed.
func KeysOnly(keys ...Key) Policy {
	p := Policy{Quorum: "none"}
	for _, k := range keys {
		if k.Type == LogKey {
			p.Logs = append(p.Logs, PolicyLog{Key: k})
		} else {
			p.Witnesses = append(p.Witnesses, PolicyWitness{Name: k.Name, Key: k})
		}
	}
	return p
}

// ParsePolicy reads a policy file.
func ParsePolicy(text string) (Policy, error) {
	p := Policy{groups: map[string]group{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.FieldsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r == ' ' || r == '\t' })
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := p.line(words); err != nil {
			return Policy{}, fmt.Errorf("policy, line %d: %w", n, err)
		}
	}
	if p.Quorum == "" {
		return Policy{}, errors.New(`policy: it has no line "quorum"; write "quorum none" if no witness is needed`)
	}
	return p, nil
}

func (p *Policy) line(words []string) error {
	args := words[1:]
	at := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch words[0] {
	case "log":
		k, err := ParseKey(at(0))
		if err != nil {
			return err
		}
		if k.Type != LogKey || len(args) > 2 || p.knows(k) {
			return errors.New("a log needs an Ed25519 key of its own (type 1) and at most an address")
		}
		p.Logs = append(p.Logs, PolicyLog{k, at(1)})
	case "witness":
		k, err := ParseKey(at(1))
		if err != nil {
			return err
		}
		if k.Type != WitnessKey || len(args) > 3 || p.knows(k) || p.taken(at(0)) {
			return errors.New("a witness needs a name and a cosignature key (type 4) of its own, and at most an address")
		}
		p.Witnesses = append(p.Witnesses, PolicyWitness{at(0), k, at(2)})
	case "group":
		if len(args) < 3 || p.taken(args[0]) {
			return errors.New(`a group is "group NAME all|any|NUMBER MEMBER..." under a new name`)
		}
		g := group{members: args[2:]}
		switch args[1] {
		case "all":
			g.needs = len(g.members)
		case "any":
			g.needs = 1
		default:
			k, err := strconv.Atoi(args[1])
			if err != nil || k < 1 || k > len(g.members) || strconv.Itoa(k) != args[1] {
				return fmt.Errorf("%q of %d members cannot be needed", args[1], len(g.members))
			}
			g.needs = k
		}
		for i, m := range g.members {
			if m == "none" || !p.taken(m) || slices.Contains(g.members[:i], m) {
				return fmt.Errorf("the member %q is not a witness or group of a line before, or stands twice", m)
			}
		}
		p.groups[args[0]] = g
	case "quorum":
		if len(args) != 1 || p.Quorum != "" || !p.taken(args[0]) {
			return errors.New("there is one quorum, and it names a witness or group of a line before, or none")
		}
		p.Quorum = args[0]
	default:
		return fmt.Errorf("%q is not log, witness, group or quorum", words[0])
	}
	return nil
}

func (p *Policy) taken(name string) bool {
	_, isGroup := p.groups[name]
	return name == "" || name == "none" || isGroup || slices.ContainsFunc(p.Witnesses, func(w PolicyWitness) bool { return w.Name == name })
}

func (p *Policy) knows(k Key) bool {
	same := func(o Key) bool { return o.Public.Equal(k.Public) }
	return slices.ContainsFunc(p.Logs, func(l PolicyLog) bool { return same(l.Key) }) || slices.ContainsFunc(p.Witnesses, func(w PolicyWitness) bool { return same(w.Key) })
}

// Check reads a signed checkpoint and checks every signature on it. It refuses one without a signature of the log that its
// origin names, one with a wrong signature, and one that the quorum has not cosigned.
func (p Policy) Check(checkpoint []byte) (Checkpoint, []Cosigned, error) {
	c, n, err := ParseCheckpoint(checkpoint)
	if err != nil {
		return c, nil, err
	}
	var witnesses []Cosigned
	byLog := false
	signed := map[string]bool{}
	for _, s := range n.Signatures {
		who, isLog, at, err := p.check(c, n.Text, s)
		switch {
		case err != nil && errors.Is(err, ErrOtherKey) && p.IgnoreUnknown:
		case errors.Is(err, ErrOtherKey):
			return c, nil, fmt.Errorf("it carries a signature of %s whose key was not given: give the key, or say that unknown signatures are to be ignored", s.Name)
		case err != nil:
			return c, nil, err
		case isLog:
			byLog = true
		default:
			signed[who] = true
			witnesses = append(witnesses, Cosigned{s.Name, at})
		}
	}
	if !byLog {
		return c, nil, fmt.Errorf("the checkpoint of %s is not signed with a key that was given for it", c.Origin)
	}
	if !p.met(p.Quorum, signed) {
		return c, nil, fmt.Errorf("the checkpoint has not the cosignatures that the policy asks for (quorum %s)", p.Quorum)
	}
	return c, witnesses, nil
}

// check finds the key of a signature and checks it.
func (p Policy) check(c Checkpoint, text string, s Signature) (who string, isLog bool, at time.Time, err error) {
	for _, l := range p.Logs {
		if l.Key.Name != c.Origin {
			continue // a key speaks for the log of its own name only
		}
		if at, err := l.Key.Check(text, s); !errors.Is(err, ErrOtherKey) {
			return l.Key.Name, true, at, err
		}
	}
	for _, w := range p.Witnesses {
		if at, err := w.Key.Check(text, s); !errors.Is(err, ErrOtherKey) {
			return w.Name, false, at, err
		}
	}
	return "", false, at, ErrOtherKey
}

func (p Policy) met(name string, signed map[string]bool) bool {
	if name == "none" {
		return true
	}
	g, ok := p.groups[name]
	if !ok {
		return signed[name]
	}
	n := 0
	for _, m := range g.members {
		if p.met(m, signed) {
			n++
		}
	}
	return n >= g.needs
}
