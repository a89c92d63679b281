package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/harmonium-rbm/harmonium/compute"
)

// terminal is where a command's results and progress go, with the flags that all commands share.
type terminal struct {
	stdout, stderr io.Writer
	workers        int              // of --workers
	device         string           // of --device
	compute        *compute.Context // of workers and device, in the form of HARMONIUM_ISA
	json, quiet    bool
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

// plainEvery is the time between progress lines where no bar can move.
const plainEvery = 2 * time.Second

// progress shows how far long work is: a moving bar on a terminal, plain lines elsewhere, nothing if quiet.
type progress struct {
	t       *terminal
	name    string
	total   int64
	bars    *mpb.Progress
	bar     *mpb.Bar
	message atomic.Value // string; the bar is drawn by a goroutine of its own
	mu      sync.Mutex   // workers report side by side
	printed time.Time

	begun time.Time
	first atomic.Int64 // what was done at the first report, by a run before
	done  atomic.Int64
}

// progress begins to show work of total steps. Call its stop at the end.
func (t *terminal) progress(name string, total int64) *progress {
	p := &progress{t: t, name: name, total: total, printed: time.Now(), begun: time.Now()}
	p.message.Store("")
	p.first.Store(-1)
	f, isFile := t.stderr.(*os.File)
	if t.quiet || !isFile || !term.IsTerminal(int(f.Fd())) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(f), mpb.WithWidth(24), mpb.WithRefreshRate(100*time.Millisecond))
	p.bar = p.bars.AddBar(total,
		mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(
			decor.Percentage(),
			decor.Any(func(decor.Statistics) string { return "  " + p.left() + p.message.Load().(string) }),
		),
		mpb.BarRemoveOnComplete(),
	)
	return p
}

// set shows the number of steps done with a message.
func (p *progress) set(done int64, message string) {
	p.first.CompareAndSwap(-1, done)
	p.done.Store(done)
	if p.bar != nil {
		p.message.Store(message)
		p.bar.SetCurrent(done)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.t.quiet || time.Since(p.printed) < plainEvery {
		return
	}
	p.printed = time.Now()
	fmt.Fprintf(p.t.stderr, "%s %3.0f%%  %s%s\n", p.name, 100*float64(done)/float64(max(p.total, 1)), p.left(), message)
}

// left tells how long the rest may take, once that can be told.
func (p *progress) left() string {
	rate := p.rate()
	if rate == 0 {
		return ""
	}
	seconds := float64(p.total-p.done.Load()) / rate
	return time.Duration(seconds*float64(time.Second)).Round(time.Second).String() + " left  "
}

// rate is the number of steps a second, or 0 in the beginning.
func (p *progress) rate() float64 {
	steps, seconds := p.done.Load()-p.first.Load(), time.Since(p.begun).Seconds()
	if steps <= 0 || seconds < 0.5 {
		return 0
	}
	return float64(steps) / seconds
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

// stop removes the bar.
func (p *progress) stop() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}

// say prints a line of progress on standard error, unless quiet.
func (t *terminal) say(format string, args ...any) {
	if !t.quiet {
		t.warn(format, args...)
	}
}
