package main

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/group"
)

// A training on ranks names the one that the others wait for, and says once where all of them exchange and wait for most
// of the time.
func TestWaitsAreTold(t *testing.T) {
	const stretch = 10 * time.Second
	for _, c := range []struct {
		name   string
		waited [3]time.Duration
		want   []string // at two evaluations
	}{
		{"fair", [3]time.Duration{2 * time.Second, 2 * time.Second, time.Second}, []string{"", ""}},
		{"slow", [3]time.Duration{4 * time.Second, 1 * time.Second, 4 * time.Second},
			[]string{"rank 1 on goroutine 1 is slow: others wait for it 30 % of the time", "rank 1 on goroutine 1 is slow"}},
		{"network", [3]time.Duration{7 * time.Second, 6 * time.Second, 7 * time.Second},
			[]string{"3 ranks exchange and wait for 60 % of the time", ""}},
	} {
		var said bytes.Buffer
		var running sync.WaitGroup
		for r, g := range group.Local(3) {
			said := io.Writer(&said)
			if r > 0 {
				said = io.Discard
			}
			clock := &group.Clock{Group: g}
			rank := &terminal{stderr: said, group: clock, waits: waits{clock: clock}}
			running.Go(func() {
				for range 2 {
					rank.waits.last = time.Now().Add(-stretch)
					clock.Waited += c.waited[r]
					rank.reportSlowRank()
				}
			})
		}
		running.Wait()
		lines := strings.SplitAfter(said.String(), "\n")
		for _, want := range c.want {
			if want == "" {
				continue
			}
			if !strings.Contains(lines[0], want) {
				t.Errorf("%s: says %q, want %q", c.name, lines[0], want)
			}
			lines = lines[1:]
		}
		if rest := strings.Join(lines, ""); rest != "" {
			t.Errorf("%s: says %q too", c.name, rest)
		}
	}
}
