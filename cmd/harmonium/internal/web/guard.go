package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// guard decides which requests are answered. Other pages in the same browser must not read the runs, whether they link
// here, fetch from here, or have a name of theirs resolve to this address.
type guard struct {
	hosts  []string // that requests may name, with any port, as a tunnel may have another; all, where there is a token
	token  [sha256.Size]byte
	open   bool   // no token is needed
	cookie string // with the port in its name, as cookies don't know of ports
}

func newGuard(address, token string) (guard, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return guard{}, err
	}
	g := guard{token: sha256.Sum256([]byte(token)), open: token == "", cookie: "harmonium-" + port}
	if ip := net.ParseIP(host); g.open && (ip == nil || !ip.IsLoopback()) {
		return guard{}, fmt.Errorf("%s is no loopback address, and there is no token", address)
	}
	if g.open {
		g.hosts = []string{host, "localhost", "127.0.0.1", "::1"}
	}
	return g, nil
}

// policy lets the page load what it is made of from here, and nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// admit answers requests that are not to be answered otherwise, and reports whether this one is.
func (g *guard) admit(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "this server only reads")
	case r.ContentLength != 0:
		h.Set("Connection", "close")
		refuse(w, http.StatusRequestEntityTooLarge, "a request with a body")
	case !utf8.ValidString(r.URL.Path):
		refuse(w, http.StatusBadRequest, "a path that is not UTF-8")
	case len(r.URL.RawQuery) > queryBytes:
		refuse(w, http.StatusRequestURITooLong, "a query that is too long")
	case !g.named(r.Host):
		refuse(w, http.StatusForbidden, "a request for another host")
	case foreign(r):
		refuse(w, http.StatusForbidden, "a request from another page")
	default:
		return g.known(w, r)
	}
	return false
}

// named reports whether a Host header may name this server.
func (g *guard) named(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return !g.open || slices.ContainsFunc(g.hosts,
		func(h string) bool { return strings.EqualFold(h, strings.Trim(host, "[]")) })
}

// foreign reports whether a request comes from a page of another origin. Following a link is no such request.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err != nil || !strings.EqualFold(u.Host, r.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.URL.Path != "/"
}

// known reports whether a request carries the token. One that has it in its query gets it as a cookie, and goes on
// without it.
func (g *guard) known(w http.ResponseWriter, r *http.Request) bool {
	if g.open {
		return true
	}
	if given := r.URL.Query().Get("token"); g.matches(given) {
		http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: given, Path: "/", HttpOnly: true,
			SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return false
	}
	if cookie, err := r.Cookie(g.cookie); err == nil && g.matches(cookie.Value) {
		return true
	}
	refuse(w, http.StatusForbidden, "open the address with its token, as 'harmonium serve' has printed it")
	return false
}

func (g *guard) matches(given string) bool {
	sum := sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
}
