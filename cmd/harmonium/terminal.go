package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/group"
)

// terminal is where a command's results and progress go, with the flags that all commands share.
type terminal struct {
	stdout, stderr io.Writer
	workers        int              // of --workers
	device         string           // of --device
	compute        *compute.Context // of workers and device, in the form of HARMONIUM_ISA
	json, quiet    bool

	// join returns the group of the processes that were started with this one, nil for none. group is that of a command
	// that they divide, own is where this rank alone may say why it failed.
	join  func() (group.Group, error)
	group group.Group
	own   io.Writer
	waits waits

	// In a worker: where progress goes as events, and contexts that outlive a command. nil elsewhere.
	events func(progressEvent)
	open   func(device string, workers int, isa compute.ISA) (*compute.Context, error)
}

// result prints v as JSON, or calls table for people.
func (t *terminal) result(v any, table func(w io.Writer)) error {
	if err := t.compute.Err(); err != nil {
		return err
	}
	if t.json {
		e := json.NewEncoder(t.stdout)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// warn prints a line on standard error, also when quiet.
func (t *terminal) warn(format string, args ...any) { fmt.Fprintf(t.stderr, format+"\n", args...) }

// notes tells what was left out of a file.
func (t *terminal) notes(path string, notes []string) {
	for _, note := range notes {
		t.warn("note: %s: %s", path, note)
	}
}

// noteGenotypes tells how many genotypes of a table that was written have a state that means nothing.
func (t *terminal) noteGenotypes(path string, set *data.Set) {
	if odd, all := set.OddGenotypes(); odd > 0 {
		t.warn("note: %s: %d of %d genotypes (%.2g %%) have the bit >=2 without the bit >=1, which no data have; a table has 1 there",
			path, odd, all, 100*float64(odd)/float64(all))
	}
}

// sparkline draws the last values of a curve as bars of eight heights, from the least to the largest of them.
type sparkline []float64

const sparkWidth = 8

func (s *sparkline) add(x float64) { *s = append(*s, x)[max(0, len(*s)+1-sparkWidth):] }

func (s sparkline) String() string {
	bars := []rune("▁▂▃▄▅▆▇█")
	var text strings.Builder
	for _, x := range s {
		low, high := slices.Min(s), slices.Max(s)
		k := 0
		if high > low {
			k = int((x - low) / (high - low) * float64(len(bars)-1))
		}
		text.WriteRune(bars[k])
	}
	return text.String()
}

// say prints a line of progress on standard error, unless quiet.
func (t *terminal) say(format string, args ...any) {
	if !t.quiet {
		t.warn(format, args...)
	}
}
