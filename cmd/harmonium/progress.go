package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// progress tells how far long work is. It is shown as a bar on a terminal, as lines elsewhere, by events to whom a
// worker serves, and not at all if quiet.
type progress struct {
	name    string
	total   int64
	display display // nil: quiet

	begun time.Time
	first atomic.Int64 // what was done at the first report, by a run before
	done  atomic.Int64
}

// A display shows progress. Workers report side by side.
type display interface {
	show(done int64, message string)
	stop() // at the end
}

// progress begins to show work of total steps. Call its stop at the end.
func (t *terminal) progress(name string, total int64) *progress {
	p := &progress{name: name, total: total, begun: time.Now()}
	p.first.Store(-1)
	f, isFile := t.stderr.(*os.File)
	switch {
	case t.quiet:
	case t.events != nil:
		p.display = &eventDisplay{name: name, total: total, send: t.events}
	case isFile && term.IsTerminal(int(f.Fd())):
		p.display = newBarDisplay(p, f)
	default:
		p.display = &lineDisplay{of: p, to: t.stderr, shown: p.begun}
	}
	return p
}

// set shows the number of steps done with a message.
func (p *progress) set(done int64, message string) {
	p.first.CompareAndSwap(-1, done)
	p.done.Store(done)
	if p.display != nil {
		p.display.show(done, message)
	}
}

// stop ends the display.
func (p *progress) stop() {
	if p.display != nil {
		p.display.stop()
	}
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

// barDisplay is a bar that moves, and is gone at the end.
type barDisplay struct {
	bars    *mpb.Progress
	bar     *mpb.Bar
	message atomic.Value // string; the bar is drawn by a goroutine of its own
}

// movingEvery is the time between moves of a bar, and between events.
const movingEvery = 100 * time.Millisecond

func newBarDisplay(p *progress, to io.Writer) *barDisplay {
	b := &barDisplay{bars: mpb.New(mpb.WithOutput(to), mpb.WithWidth(24), mpb.WithRefreshRate(movingEvery))}
	b.message.Store("")
	b.bar = b.bars.AddBar(p.total,
		mpb.PrependDecorators(decor.Name(p.name+" ")),
		mpb.AppendDecorators(
			decor.Percentage(),
			decor.Any(func(decor.Statistics) string { return "  " + p.left() + b.message.Load().(string) }),
		),
		mpb.BarRemoveOnComplete(),
	)
	return b
}

func (b *barDisplay) show(done int64, message string) {
	b.message.Store(message)
	b.bar.SetCurrent(done)
}

func (b *barDisplay) stop() {
	b.bar.Abort(true)
	b.bars.Wait()
}

// lineDisplay writes a line now and then, where no bar can move.
type lineDisplay struct {
	of *progress
	to io.Writer

	mu    sync.Mutex
	shown time.Time
}

// lineEvery is the time between lines.
const lineEvery = 2 * time.Second

func (l *lineDisplay) show(done int64, message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.shown) < lineEvery {
		return
	}
	l.shown = time.Now()
	fmt.Fprintf(l.to, "%s %3.0f%%  %s%s\n", l.of.name, 100*float64(done)/float64(max(l.of.total, 1)), l.of.left(), message)
}

func (*lineDisplay) stop() {}

// A progressEvent is progress for programs.
type progressEvent struct {
	Name    string `json:"name"`
	Done    int64  `json:"done"`
	Total   int64  `json:"total"`
	Message string `json:"message"`
}

// eventDisplay sends the first state, the last one, and others now and then.
type eventDisplay struct {
	name  string
	total int64
	send  func(progressEvent)

	mu     sync.Mutex
	shown  time.Time
	unsent *progressEvent
}

func (e *eventDisplay) show(done int64, message string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	event := progressEvent{e.name, done, e.total, message}
	if time.Since(e.shown) < movingEvery {
		e.unsent = &event
		return
	}
	e.shown, e.unsent = time.Now(), nil
	e.send(event)
}

func (e *eventDisplay) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.unsent != nil {
		e.send(*e.unsent)
		e.unsent = nil
	}
}
