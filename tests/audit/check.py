"""Check an export or a receipt of the audit log, from docs/audit-format.md alone.

    python3 check.py export  EXPORT KEY [CHECKPOINT]
    python3 check.py receipt RECEIPT KEY... [LEAF]
    python3 check.py stamp   TOKEN CHECKPOINT

KEY is a verifier key. It shares no code with the product and needs nothing but Python's standard library. It is written
to be read, not to be quick. It exits 0 and prints what it found, or exits 1 and prints what is wrong.
"""

import base64
import hashlib
import json
import sys


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Wrong(Exception):
    pass


def need(condition, words):
    if not condition:
        raise Wrong(words)


# ---- Ed25519, verification only (RFC 8032, 5.1)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def decompress(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT % P
        if (v * x * x - u) % P:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(n, p):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, p)
        p, n = add(p, p), n >> 1
    return out


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(key, message, signature):
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ---- notes, keys, checkpoints


def unbase64(text, words):
    try:
        b = base64.b64decode(text, validate=True)
    except Exception:
        raise Wrong(words + " is not base64")
    need(base64.b64encode(b).decode() == text, words + " is not encoded as it must be")
    return b


def parse_key(text):
    name, ident, encoded = text.strip().split("+", 2)
    b = unbase64(encoded, "the key")
    need(len(b) == 33 and b[0] in (1, 4), "the key has another type")
    need(sha256(name.encode(), b"\n", b)[:4].hex() == ident, "the key has another id")
    return {"name": name, "id": bytes.fromhex(ident), "type": b[0], "key": b[1:]}


def parse_note(note):
    text, empty, rest = note.rpartition("\n\n")
    need(empty, "no empty line before the signatures")
    text += "\n"
    signatures, seen = [], set()
    need(rest.endswith("\n"), "the last signature has no end of line")
    for line in rest[:-1].split("\n"):
        need(line.startswith("\u2014 ") and line.count(" ") == 2, "a line is not a signature")
        _, name, encoded = line.split(" ")
        b = unbase64(encoded, "a signature")
        need((name, b[:4]) not in seen, "two signatures of one key")
        seen.add((name, b[:4]))
        signatures.append((name, b[:4], b[4:]))
    return text, signatures


def open_checkpoint(note, keys, ignore_unknown=False):
    """Check the signatures and return origin, size, root, and the times of witnesses."""
    text, signatures = parse_note(note)
    lines = text.split("\n")
    need(len(lines) == 4 and lines[3] == "", "a checkpoint has three lines")
    origin, size, root = lines[0], int(lines[1]), unbase64(lines[2], "the root")
    need(str(size) == lines[1] and len(root) == 32, "the checkpoint is not encoded as it must be")
    by_log, times = False, {}
    for name, ident, signature in signatures:
        known = [k for k in keys if k["name"] == name and k["id"] == ident]
        if not known:
            need(ignore_unknown, "a signature of " + name + ", whose key was not given")
            continue
        k = known[0]
        if k["type"] == 1:
            need(name == origin, "signed by another log")
            need(ed25519(k["key"], text.encode(), signature), "the signature of " + name + " is wrong")
            by_log = True
        else:
            need(len(signature) == 72, "the cosignature of " + name + " is wrong")
            time = int.from_bytes(signature[:8], "big")
            message = "cosignature/v1\ntime %d\n%s" % (time, text)
            need(ed25519(k["key"], message.encode(), signature[8:]), "the cosignature of " + name + " is wrong")
            times[name] = time
    need(by_log, "no signature of the log")
    return origin, size, root, times


# ---- time-stamps (RFC 3161): what a token is over, and when; its signature is for `openssl ts -verify`


def der(b):
    """The values that stand in a row in DER, as (tag, content)."""
    out = []
    while b:
        need(len(b) > 1 and b[0] & 31 != 31, "not DER")
        length, at = b[1], 2
        if length & 128:
            n = length & 127
            length, at = int.from_bytes(b[2 : 2 + n], "big"), 2 + n
            need(0 < n < 5 and length >= (128 if n == 1 else 1 << 8 * (n - 1)), "not DER")
        need(len(b) >= at + length, "not DER")
        out.append((b[0], b[at : at + length]))
        b = b[at + length :]
    return out


def stamp(token, note):
    """Check that the token is over the checkpoint, and say when it was given."""
    [(_, info)] = der(token)  # ContentInfo
    kind, (_, signed) = der(info)[0], der(info)[1]
    need(kind[1].hex() == "2a864886f70d010702", "not a signed message")
    [(_, signed)] = der(signed)  # SignedData
    content = der(der(signed)[2][1])  # encapContentInfo
    need(content[0][1].hex() == "2a864886f70d0109100104", "not a time-stamp")
    [(_, tst)] = der(der(content[1][1])[0][1])  # TSTInfo
    fields = der(tst)
    algorithm, (_, imprint) = der(fields[2][1])
    need(der(algorithm[1])[0][1].hex() == "608648016503040201", "a digest other than SHA-256")
    need(imprint == sha256(note.encode()), "a time-stamp is over something else than its checkpoint")
    t = next(v for tag, v in fields if tag == 0x18).decode()
    return "%s-%s-%sT%s:%s:%sZ" % (t[:4], t[4:6], t[6:8], t[8:10], t[10:12], t[12:14])


# ---- trees


class Tree:
    def __init__(self):
        self.size, self.parts = 0, []

    def add(self, leaf):
        h, n = sha256(b"\0", leaf), self.size
        while n & 1:
            h, n = sha256(b"\1", self.parts.pop(), h), n >> 1
        self.parts.append(h)
        self.size += 1

    def root(self):
        if not self.parts:
            return sha256()
        h = self.parts[-1]
        for p in reversed(self.parts[:-1]):
            h = sha256(b"\1", p, h)
        return h


def root_from_proof(leaf, index, size, proof):
    """RFC 6962, 2.1.1, read backwards: from the leaf up."""
    need(index < size, "the leaf is not in the log")
    h, fn, sn = sha256(b"\0", leaf), index, size - 1
    for p in proof:
        need(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            h = sha256(b"\1", p, h)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            h = sha256(b"\1", h, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof is too short")
    return h


# ---- receipt


def receipt(data, keys, leaf=None):
    head, empty, note = data.decode("utf-8").partition("\n\n")
    need(empty, "no empty line before the checkpoint")
    lines = head.split("\n")
    need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a receipt")
    if lines and lines[0].startswith("extra "):
        inside = unbase64(lines.pop(0)[6:], "the leaf")
        need(leaf is None or leaf == inside, "the leaf given is not the one in the receipt")
        leaf = inside
    need(leaf is not None, "the receipt does not carry its leaf")
    need(lines and lines[0].startswith("index "), "no index")
    text = lines.pop(0)[6:]
    need(text.isascii() and text.isdigit() and str(int(text)) == text, "the index is not encoded as it must be")
    proof = [unbase64(l, "a hash") for l in lines]
    need(all(len(h) == 32 for h in proof), "a hash has another length")
    origin, size, root, times = open_checkpoint(note, keys)
    need(root_from_proof(leaf, int(text), size, proof) == root, "the leaf is not in the log")
    return {"origin": origin, "size": size, "index": int(text), "witnesses": times, "leaf": json.loads(leaf)}


# ---- export


DECISIONS = {"approved": "approve", "returned": "return", "rejected": "reject"}  # what the row of a decision calls it


class Register:
    """What has to agree between the leaves, in their order, and the register's rows."""

    def __init__(self):
        self.statements, self.messages, self.problems, self.absences, self.meetings = {}, {}, [], {}, {}
        self.rows = {}

    def leaf(self, e):
        if "statement" not in e:
            if e["kind"] == "absence-recorded":
                self.absences[e["stands"]] = dict(e)
            if e["kind"] == "absence-ended" and e["stands"] in self.absences:
                self.absences[e["stands"]]["ended"] = e["until"]
            if e["kind"].startswith("meeting-"):
                was = self.meetings.get(e["meeting"], {})
                moved = {"entered": "planned", "opened": "open", "closed": "closed", "cancelled": "cancelled"}.get(e["kind"][8:])
                now = {"group": e["body"], "from": e["on"], "until": e["until"], "state": moved or ("open" if was.get("state") == "open" else "planned")}
                if was.get("state") == "closed" or was.get("group", now["group"]) != now["group"] or moved == "closed" and was and was["state"] not in ("open", "planned"):
                    self.problems.append("event %s: the meeting %s was %s" % (e["id"], e["meeting"], was.get("state", "not there")))
                self.meetings[e["meeting"]] = now
            return
        s = self.statements.setdefault(e["statement"], {"version": 0, "state": "", "approved": {}, "leaving": None, "amended": set(), "decided": []})
        bad = lambda words: self.problems.append("statement %s, event %s: %s" % (e["statement"], e["id"], words))
        before, after = e.get("from", ""), e.get("to", "")
        if before != after:
            if e["version"] != s["version"] + 1 or before != s["state"]:
                bad("a change of state is missing before it")
            s["version"], s["state"] = e["version"], after
        if e["kind"] in DECISIONS:
            s["decided"].append((DECISIONS[e["kind"]], e["revision"], e["digest"], e.get("for", e.get("actor")), e.get("for_as", e.get("acting"))))
        if e["kind"] == "approved":
            meeting, tabled, word = e.get("meeting", ""), before == "tabled", "for" in e
            if e.get("mode") == "meeting":
                m = self.meetings.get(meeting, {})
                if not meeting or tabled and meeting != s.get("tabled") or not tabled and not word:
                    bad("approved at a meeting for which it was not tabled")
                elif not word and not (m.get("state") == "open" and m["from"] <= e["on"] <= m["until"]):
                    bad("approved at a meeting that was not in session")
            elif tabled or meeting:
                bad("tabled for a meeting and approved in another way")
            if e.get("amends") and not (tabled and not word and e["amends"] != e["digest"]):
                bad("approved with edits otherwise than at a meeting")
            if tabled and e.get("amends", e["digest"]) != s.get("shown"):
                bad("approved in other bytes than were tabled")
            s["approved"][e["digest"]] = dict(e, absence=dict(self.absences.get(e.get("stands"), {})))
            s["leaving"] = e["digest"]
        if e["kind"] == "tabled":
            s["tabled"], s["shown"] = e["meeting"], e["digest"]
        if e["kind"] == "reopened":
            s["leaving"] = None
        if e["kind"] == "amended":
            if not s["leaving"] or e.get("amends") != s["leaving"] or e["acting"] != "secretary" or before != "approved":
                bad("corrected from bytes that no approval covers")
            if set(e["changed"].split()) & {"source", "relations", "addressees", "deadline", "confidentiality", "embargo", "attachments"} or "report." in e["changed"]:
                bad("a correction of what is no editorial matter")
            s["leaving"] = e["digest"]
            s["amended"].add(e["digest"])
        if e["kind"] == "dispatching" and e["digest"] != s["leaving"]:
            bad("dispatched without an approval")
        if "transmission" not in e:
            return
        m = self.messages.setdefault(e["transmission"], {"statement": e["statement"], "sealed": None, "attempts": set(), "tried": set(), "accepted": 0, "outcome": None, "bounced": False})
        if "reply_to" in e:
            if e.get("reply_from", "") != m.get("reply", ("",))[0] and not (e.get("reply_from") == "not-awaited" and "reply" not in m):
                bad("a change of where a reply stands is missing before it")
            m["reply"] = (e["reply_to"], e.get("due", ""))
        kind, attempt = e["kind"], e.get("attempt", 0)
        if kind == "sealed":
            if m["sealed"]:
                bad("sealed twice")
            if e["letter"] == "statement" and e["digest"] != s["leaving"]:
                bad("sealed without an approval")
            m["sealed"] = e["message_digest"]
        if kind in ("attempted", "accepted", "refused", "deferred", "unknown") and e.get("message_digest") != m["sealed"]:
            bad("other bytes than were sealed")
        if kind == "attempted":
            if attempt in m["attempts"] or m["accepted"]:
                bad("handed over twice")
            m["attempts"].add(attempt)
        if kind in ("accepted", "unknown") and attempt not in m["attempts"]:
            bad("an outcome without its attempt")
        if kind == "accepted":
            if m["accepted"]:
                bad("accepted twice")
            m["accepted"] = attempt
        if kind in ("accepted", "refused", "deferred", "unknown"):
            m["tried"].add(attempt)
        if kind in ("accepted", "refused", "deferred", "unknown", "assumed", "cancelled"):
            m["outcome"] = kind
        m["bounced"] |= kind == "bounced"

    def row(self, r):
        self.rows.setdefault(r["export"], []).append(r)

    def end(self):
        rows = {r["id"]: r for r in self.rows.get("statement", [])}
        for i, r in rows.items():
            s = self.statements.get(i)
            if not s or s["version"] != r["version"] or s["state"] != r["state"]:
                self.problems.append("statement %s: the register says %s, version %d; the log does not" % (i, r["state"], r["version"]))
                continue
            if r.get("amended_digest") and r["amended_digest"] not in s["amended"]:
                self.problems.append("statement %s: the register has a correction that the log has not" % i)
            for digest, e in s["approved"].items():
                who, office, day = e.get("for", e["actor"]), e.get("for_as", e.get("acting")), e.get("on", e["at"][:10])
                held = [a for a in self.rows.get("appointment", []) if (a["person"], a["group"], a["office"]) == (who, r["group"], office)]
                if office not in ("chair", "vice-chair") or not any(a["from"] <= day and (not a["until"] or a["until"] >= day) for a in held):
                    self.problems.append("statement %s: approved by who did not hold the office" % i)
                m = {m["id"]: m for m in self.rows.get("meeting", [])}.get(e.get("meeting"))
                if e.get("mode") == "meeting" and not (m and m["group"] == r["group"] and m["from"] <= day <= m["until"] and m["state"] != "cancelled"):
                    self.problems.append("statement %s: approved at what was no meeting of the group on that day" % i)
                b = e["absence"]
                if office == "vice-chair" and not (b and b["body"] == r["group"] and b["on"] <= day <= b["until"] and b.get("ended", "9") > day and b.get("deputy", who) == who != b["for"]):
                    self.problems.append("statement %s: approved by a vice-chair without a record of why" % i)
        for m in self.rows.get("meeting", []):
            if self.meetings.get(m["id"], {k: m[k] for k in ("group", "from", "until", "state")}) != {k: m[k] for k in ("group", "from", "until", "state")}:
                self.problems.append("the meeting %s is not in the log as it is in the register" % m["id"])
        for i in self.statements:
            if i not in rows:
                self.problems.append("statement %s: not in the register" % i)
        bad = lambda statement, words, *of: self.problems.append("statement %s: " % statement + words % of)
        messages = {t["id"]: t for t in self.rows.get("transmission", [])}
        for i, t in messages.items():
            m = self.messages.get(i, {"sealed": None, "accepted": 0, "outcome": None, "bounced": False})
            if (t["message_digest"] or None) != m["sealed"] or (t["state"] in ("accepted", "bounced")) != bool(m["accepted"]) or t["state"] == "bounced" and not m["bounced"]:
                bad(t["statement"], "the message %s is not in the log as it is in the ledger", i)
            if t["state"] in ("refused", "unknown", "assumed", "cancelled") and m["outcome"] != t["state"]:
                bad(t["statement"], "the message %s is %s in the ledger, and %s in the log", i, t["state"], m["outcome"])
        replies = set()
        for r in self.rows.get("reply", []):
            replies.add(r["transmission"])
            if self.messages.get(r["transmission"], {}).get("reply", ("not-awaited", "")) != (r["state"], r["due"]):
                bad(r["statement"], "the reply to the message %s is not in the log as it is in the register", r["transmission"])
        attempts = set()
        for a in self.rows.get("attempt", []):
            attempts.add((a["transmission"], a["n"]))
            m = self.messages.get(a["transmission"], {"attempts": set()})
            if a["dot"] != (a["n"] in m["attempts"]):
                self.problems.append("attempt %d of the message %s is not in the log as it is in the ledger" % (a["n"], a["transmission"]))
        for i, m in self.messages.items():  # what the log has and the register has not
            if i not in messages:
                bad(m["statement"], "the message %s is not in the ledger", i)
            if "reply" in m and i not in replies:
                bad(m["statement"], "the reply to the message %s is not in the register", i)
            for n in m["attempts"] | m["tried"]:
                if (i, n) not in attempts:
                    bad(m["statement"], "attempt %d of the message %s is not in the ledger", n, i)
        decisions, amendments = {}, {}
        for d in self.rows.get("decision", []):
            decisions.setdefault(d["statement"], []).append((d["kind"], d["revision"], d["digest"], d["person"], d["acting"]))
        for m in self.rows.get("amendment", []):
            amendments.setdefault(m["statement"], set()).add(m["digest"])
        for i, s in self.statements.items():
            if sorted(s["decided"]) != sorted(decisions.get(i, [])):
                bad(i, "its decisions are not in the log as they are in the register")
            if s["amended"] != amendments.get(i, set()):
                bad(i, "its corrections are not in the log as they are in the register")
        for s in self.rows.get("series", []):
            issues = {(r["number"], r.get("rev", 0), r.get("corrigendum", 0)) for r in rows.values() if (r["group"], r["kind"], r["period"]) == (s["group"], s["kind"], s["period"])}
            for n, rev, corr in issues: # each Rev. and each Corr. behind a number follows on the one before it
                if corr > 0 and (n, rev, corr - 1) not in issues or corr == 0 and rev > 0 and (n, rev - 1, 0) not in issues:
                    self.problems.append("%s %s: number %d, Rev.%d Corr.%d was given, and the one before it was not" % (s["group"], s["period"], n, rev, corr))
            given = {n for n, rev, corr in issues if (rev, corr) == (0, 0)}
            if given & set(range(1, s["last"] + 1)) != set(range(1, s["last"] + 1)):
                self.problems.append("%s %s: a number was never given" % (s["group"], s["period"]))
        return self.problems


def follow(previous, kept, before):
    """The checkpoint that the first leaf of a log names is a claim on the log before it, at its own size."""
    origin, size, root, _ = previous
    need(all(c[0] == origin and c[1] <= size for c in before["checkpoints"]), "a log follows a checkpoint that is not the last one of the log before it")
    need(kept is None or kept == before["published"], "a log says that the one before it was published up to another size")
    if kept is None and size <= before["size"]:
        need(before["roots"].get(size) == root, "a log follows a checkpoint that the leaves of the log before it do not make")


def export(file, keys, outside=None):
    register, logs, number, leaves, commitments = Register(), [], 0, 0, {}

    def line():
        nonlocal number
        b = file.readline()
        need(b.endswith(b"\n"), "the export was cut short")
        number += 1
        return b[:-1]

    head = json.loads(line())
    need(head["export"] == "liaison-export/1", "not an export")
    outside_at = open_checkpoint(outside, keys, True) if outside else None
    before = None  # the log that was read last: its size, its root at the size of every checkpoint and at its end, and its checkpoints
    while True:
        r = json.loads(line())
        if r["export"] == "log":
            checkpoints, notes, stamps = [], {}, []
            while True:
                c = json.loads(line())
                if c["export"] == "leaves":
                    break
                if c["export"] == "stamp":
                    at = stamp(base64.b64decode(c["token"], validate=True), notes[c["size"]])
                    need(at[:19] == c["at"][:19], "a time-stamp says another time than its line")
                    stamps.append(at)
                    continue
                opened = open_checkpoint(c["note"], keys, True)
                notes[c["size"]] = c["note"]
                need(opened[1] == c["size"], "a checkpoint is another one than its line says")
                checkpoints.append(opened)
            need(len({c[0] for c in checkpoints}) < 2, "checkpoints of two origins")
            published = max((c[1] for c in checkpoints), default=0)
            roots = {}
            if outside_at and (not checkpoints or checkpoints[0][0] == outside_at[0]):
                checkpoints.append(outside_at)
            tree = Tree()
            for index in range(r["size"]):
                b = line()
                tree.add(b)
                leaves += 1
                e = json.loads(b)
                if index == 0 and r["number"] > 1:
                    need(e["format"] == "liaison-log/1", "the first leaf names no log before it")
                    follow(open_checkpoint(e["previous"], keys, True), e.get("kept"), before)
                else:
                    need(e["format"] == "liaison-leaf/1", "a leaf of another format")
                    register.leaf(e)
                    if head["salts"]:
                        for name, value in e.items():
                            if isinstance(value, dict):
                                commitments[e["id"], name] = value["sha256"]
                if any(c[1] == tree.size for c in checkpoints):
                    roots[tree.size] = tree.root()
                for c in checkpoints:
                    need(c[1] != tree.size or c[2] == tree.root(), "a checkpoint has another root than its leaves")
            need(all(c[1] <= tree.size for c in checkpoints), "a checkpoint has more leaves than the log")
            roots[tree.size] = tree.root()
            before = {"size": tree.size, "roots": roots, "checkpoints": checkpoints, "published": published}
            logs.append({"number": r["number"], "size": tree.size, "root": base64.b64encode(tree.root()).decode(), "checkpoints": len(checkpoints), "stamps": stamps})
        elif r["export"] == "salt":
            made = sha256(b"liaison-commit/1\0", base64.b64decode(r["salt"]), r["value"].encode()).hex()
            need(commitments.get((r["event"], r["field"])) == made, "a salt opens no commitment")
        elif r["export"] == "end":
            need(r["leaves"] == leaves and r["lines"] == number, "lines were taken out or put in")
            break
        else:
            register.row(r)
    need(not file.read(1), "something behind the last line")
    problems = register.end()
    need(not problems, "; ".join(problems))
    return {"logs": logs}


def main(what, name, *rest):
    keys = [parse_key(k) for k in rest if k.count("+") >= 2]
    files = [f for f in rest if f.count("+") < 2]
    extra = open(files[0], "rb").read() if files else None
    try:
        with open(name, "rb") as f:
            if what == "export":
                out = export(f, keys, extra.decode() if extra else None)
            elif what == "stamp":
                out = {"at": stamp(f.read(), extra.decode())}
            else:
                out = receipt(f.read(), keys, extra)
    except (Wrong, ValueError, KeyError, IndexError, TypeError) as e:
        print("wrong:", e)
        return 1
    print(json.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
