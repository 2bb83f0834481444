package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// limiter bounds how often something may be done, by key: a bucket holds burst and gets one back after every interval. It
// keeps at most most buckets; when they are all in use, who is new shares one.
type limiter struct {
	burst    float64
	interval time.Duration
	most     int
	now      func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
	shared  bucket
}

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(burst int, interval time.Duration, most int, now func() time.Time) *limiter {
	return &limiter{burst: float64(burst), interval: interval, most: most, now: now, buckets: map[string]*bucket{}, shared: bucket{left: float64(burst)}}
}

// allow takes one from the key's bucket; when it is empty it says how long until the next.
func (l *limiter) allow(key string) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.buckets[key]
	if b == nil && len(l.buckets) >= l.most {
		for k, x := range l.buckets { // a full bucket says nothing that a new one does not
			if l.fill(x, now); x.left >= l.burst {
				delete(l.buckets, k)
			}
		}
		if len(l.buckets) >= l.most {
			b = &l.shared
		}
	}
	if b == nil {
		b = &bucket{left: l.burst, at: now}
		l.buckets[key] = b
	}
	l.fill(b, now)
	if b.left < 1 {
		return false, time.Duration((1 - b.left) * float64(l.interval))
	}
	b.left--
	return true, 0
}

func (l *limiter) fill(b *bucket, now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.left = min(l.burst, b.left+float64(d)/float64(l.interval))
		b.at = now
	}
}

// caller is where a request comes from, as far as limits are concerned: an IPv4 address, or the network of an IPv6 one,
// because whoever has one has all of it. Behind a proxy on our own network it is what the proxy says.
func caller(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.IsLoopback() || ip.IsPrivate() {
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			last := all[len(all)-1]
			if given, err := netip.ParseAddr(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])); err == nil {
				ip = given.Unmap()
			}
		}
	}
	ip = ip.WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
