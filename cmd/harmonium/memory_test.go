package main

import (
	"errors"
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// sized is a model that is only measured.
func sized(m, n int) *rbm.Model {
	return &rbm.Model{Visible: rbm.NewLayer(rbm.Bernoulli, m), Hidden: rbm.NewLayer(rbm.Bernoulli, n)}
}

// Work that would fill the memory is refused with what it takes, what it may have and the way out; models of ordinary
// size never are.
func TestClaim(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	samples := func(method string, chains int) func(*rbm.Model) error {
		return func(model *rbm.Model) error { return claimSamples(model, method, chains) }
	}
	scores := func(method string) func(*rbm.Model) error {
		return func(model *rbm.Model) error { return claimScores(model, method) }
	}
	for _, c := range []struct {
		name    string
		claim   func(*rbm.Model) error
		m, n    int
		refused string // "" is not
	}{
		{"pseudo", scores(methodPseudo), 20, 2_000_000, ""},
		{"ais", scores(methodAIS), 784, 500, ""},
		{"ais", scores(methodAIS), 784, 10_000, ""},
		{"ais", scores(methodAIS), 20_000, 2_000, ""},
		{"ais", scores(methodAIS), 20, 2_000_000,
			"log Z by AIS of 20×2000000 units would take about 6.7 GB of memory, and may have 4.3 GB: take --method pseudo, or set"},
		{"exact", scores(monitor.MethodExact), 784, 34, ""},
		{"exact", scores(monitor.MethodExact), 10, 2_000_000, ""},
		{"exact", scores(monitor.MethodExact), 30, 30_000_000, "enumeration of 30×30000000 units would take about"},
		{"gibbs", samples("gibbs", 20), 20, 2_000_000, ""},
		{"gibbs", samples("gibbs", 20), 20_000, 2_000, ""},
		{"gibbs", samples("gibbs", 1000), 784, 500, ""},
		{"gibbs", samples("gibbs", 100_000), 20, 2_000_000, "100000 chains of 20×2000000 units would take about"},
		{"tempered", samples(methodTempered, 20), 20, 2_000_000, ""},
		{"tempered", samples(methodTempered, 100), 20, 2_000_000, "100 chains of 20×2000000 units would take about"},
		{"gibbs", samples("gibbs", 20), 2_000_000, 20,
			"the search for modes of 2000000×20 units would take about 12.2 GB of memory, and may have 4.3 GB: take a smaller model"},
		{"exact", samples("exact", 20), 2_000_000, 10, "the search for modes of 2000000×10 units would take about"},
		{"tempered", samples(methodTempered, 1000), 20, 2_000_000, "take fewer --chains, or --method gibbs"},
		{"auto", samples("auto", 20), 20_000, 2_000, ""},
		{"auto", samples("auto", 1000), 20, 2_000_000, "take fewer --chains, or --method gibbs"},
		{"exact", samples("exact", 20), 10, 2_000_000, ""},
	} {
		debug.SetMemoryLimit(math.MaxInt64)
		err := c.claim(sized(c.m, c.n))
		var s *statusError
		switch {
		case c.refused == "" && err != nil, c.refused != "" && (!errors.As(err, &s) || s.status != exitBadInput),
			c.refused != "" && !strings.Contains(err.Error(), c.refused):
			t.Errorf("%s of %d×%d: error %v, want %q", c.name, c.m, c.n, err, c.refused)
		case err == nil && debug.SetMemoryLimit(-1) > mostMemory+1<<30:
			t.Errorf("%s of %d×%d: the collector is not held to the bound", c.name, c.m, c.n)
		}
	}
	// GOMEMLIMIT lifts the bound, or lowers it.
	debug.SetMemoryLimit(9 << 30)
	if err := claimScores(sized(20, 2_000_000), methodAIS); err != nil || debug.SetMemoryLimit(-1) != 9<<30 {
		t.Errorf("with a limit of 9 GiB: error %v, and the limit is %d", err, debug.SetMemoryLimit(-1))
	}
	debug.SetMemoryLimit(100 << 20)
	if err := claimScores(sized(20_000, 2_000), methodAIS); err == nil || !strings.Contains(err.Error(), "may have 0.1 GB") {
		t.Errorf("with a limit of 100 MiB: error %v", err)
	}
}
