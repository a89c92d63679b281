package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
)

// workerProtocol is the version of what a worker reads and writes; docs/cli.md describes it.
const workerProtocol = 1

func newWorker(t *terminal) *cobra.Command {
	var scratch []string
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run commands for another program, which asks for them line by line",
		Long: `Run commands for another program, as the Python package does: a call of a process that is there
costs a millisecond or so, a tenth of what a new one does. Requests come on standard input, a JSON
object a line, and answers go to standard output in the same form; docs/cli.md describes them.
Commands run side by side. The worker ends where its input does, and then interrupts those that
still run, as Ctrl-C would: their work is saved.`,
		Example: `  echo '{"id": 1, "run": ["version", "--json"]}' | harmonium worker`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if t.events != nil {
				return badInput(errors.New("a worker runs no other worker: start it as a process"))
			}
			for _, name := range []string{"workers", "device", "json", "quiet"} {
				if cmd.Flags().Changed(name) {
					return badInput(fmt.Errorf("--%s has no effect on a worker: give it with each command", name))
				}
			}
			for _, folder := range scratch {
				if err := checkScratch(folder); err != nil {
					return badInput(err)
				}
			}
			data.RefuseStandardInput("it has the requests to the worker")
			err := work(cmd.Context(), os.Stdin, t.stdout, execute)
			if cmd.Context().Err() == nil { // whoever asked has gone, and doesn't need them any more
				for _, folder := range scratch {
					err = errors.Join(err, os.RemoveAll(folder))
				}
			}
			return err
		},
	}
	cmd.Flags().StringArrayVar(&scratch, "scratch", nil,
		"a folder of temporary files, harmonium-…, of the program that asks; removed where the input ends, as it does if that program is killed")
	return cmd
}

// checkScratch refuses to remove a folder later that doesn't look like one of temporary files.
func checkScratch(folder string) error {
	info, err := os.Lstat(folder)
	switch {
	case err != nil:
		return fmt.Errorf("--scratch: %w", err)
	case !info.IsDir() || !strings.HasPrefix(info.Name(), "harmonium-"):
		return fmt.Errorf("--scratch: %s would be removed, want a folder named harmonium-…", folder)
	}
	return nil
}

// A request is a line of a worker's input: a command to run by the name of an id, or the id of one to interrupt.
type request struct {
	ID        *int64   `json:"id"`
	Run       []string `json:"run"`
	Interrupt *int64   `json:"interrupt"`
}

func parseRequest(line []byte) (request, error) {
	const want = `want {"id": N, "run": [ARG, …]} or {"interrupt": N} on one line`
	var r request
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("it ends too early")
		}
		return r, fmt.Errorf("no request: %w; %s", err, want)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r, fmt.Errorf("no request: more follows an object; %s", want)
	}
	if run := r.ID != nil && r.Run != nil; run == (r.Interrupt != nil) || !run && (r.ID != nil || r.Run != nil) {
		return r, fmt.Errorf("no request: %s", want)
	}
	if slices.ContainsFunc(r.Run, func(arg string) bool { return strings.ContainsRune(arg, utf8.RuneError) }) {
		return r, errors.New("no request: an argument is not in UTF-8, or has U+FFFD, which stands for what is not: want another name")
	}
	return r, nil
}

// An answer is a line of a worker's output. The first line has Protocol and Version, others are about a command, or have
// the Error of a line that is no request.
type answer struct {
	Protocol int            `json:"protocol,omitempty"`
	Version  string         `json:"version,omitempty"`
	Error    string         `json:"error,omitempty"`
	ID       *int64         `json:"id,omitempty"`
	Progress *progressEvent `json:"progress,omitempty"`
	Warning  *string        `json:"warning,omitempty"`
	*Completed
}

// Completed is what the last answer about a command has.
type Completed struct {
	Exit   int    `json:"exit"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

// A worker runs commands in this process, side by side.
type worker struct {
	command  func(ctx context.Context, args []string, t *terminal) (exit int)
	answers  chan answer
	finished chan struct{} // closed when no command runs, nor will

	mu       sync.Mutex
	running  map[int64]context.CancelFunc
	closed   bool
	ended    sync.WaitGroup // of the commands
	contexts map[contextKey]*compute.Context
	idle     *time.Timer

	memoryLimit int64 // of the process, before a command sets one
}

// contextKey is what a compute.Context is opened with.
type contextKey struct {
	device  string
	workers int
	isa     compute.ISA
}

// idleAfter is the time without a command after which memory goes back to the system.
const idleAfter = time.Second

// work runs the commands that in asks for and answers to out, until in ends, ctx is cancelled or out takes no more. The
// commands that run then are interrupted and waited for. command is [execute].
func work(ctx context.Context, in io.Reader, out io.Writer, command func(context.Context, []string, *terminal) int) error {
	w := &worker{
		command: command, answers: make(chan answer, 64), finished: make(chan struct{}), running: map[int64]context.CancelFunc{},
		contexts: map[contextKey]*compute.Context{}, idle: time.AfterFunc(idleAfter, debug.FreeOSMemory),
		memoryLimit: debug.SetMemoryLimit(-1),
	}
	defer w.idle.Stop()
	all, interrupt := context.WithCancel(ctx)
	defer interrupt()
	read, written := make(chan error, 1), make(chan error, 1)
	go func() { written <- w.write(out, interrupt) }()
	w.answers <- answer{Protocol: workerProtocol, Version: version()}
	go func() { read <- w.read(all, in) }()
	var err error
	select {
	case err = <-read:
	case <-all.Done():
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	interrupt()
	w.ended.Wait()
	close(w.finished)
	return errors.Join(err, <-written, ctx.Err())
}

// write writes the answers. Where that fails the commands are interrupted, and what they answer is dropped.
func (w *worker) write(out io.Writer, interrupt func()) (err error) {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	put := func(a answer) {
		if err == nil {
			if err = e.Encode(a); err != nil {
				interrupt()
			}
		}
	}
	for {
		select {
		case a := <-w.answers:
			put(a)
		case <-w.finished:
			for len(w.answers) > 0 {
				put(<-w.answers)
			}
			return err
		}
	}
}

// read does what the lines of in ask for.
func (w *worker) read(ctx context.Context, in io.Reader) error {
	lines := bufio.NewReaderSize(in, 1<<16)
	for number := 1; ; number++ {
		line, tooLong, err := readLine(lines, longestLine)
		if len(line) > 0 || tooLong {
			if refused := w.take(ctx, line, tooLong); refused != nil {
				w.answer(answer{Error: fmt.Sprintf("line %d: %v", number, refused)})
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
}

// longestLine is the length that a request may have, in bytes.
const longestLine = 64 << 20

// readLine reads a line without the white space around it, or passes over one that is longer than most bytes.
func readLine(r *bufio.Reader, most int) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > most; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSpace(line), tooLong, err
		}
	}
}

// take begins what a line asks for, or says why not.
func (w *worker) take(ctx context.Context, line []byte, tooLong bool) error {
	if tooLong {
		return fmt.Errorf("longer than %d MiB", longestLine>>20)
	}
	r, err := parseRequest(line)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Interrupt != nil {
		if interrupt, runs := w.running[*r.Interrupt]; runs { // or it has just ended
			interrupt()
		}
		return nil
	}
	if _, runs := w.running[*r.ID]; runs {
		return fmt.Errorf("the command of id %d still runs: want another id", *r.ID)
	}
	if w.closed {
		return nil
	}
	ctx, interrupt := context.WithCancel(ctx)
	w.running[*r.ID] = interrupt
	w.idle.Stop()
	w.ended.Go(func() { w.run(ctx, *r.ID, r.Run) })
	return nil
}

// answer queues an answer, unless the worker has ended.
func (w *worker) answer(a answer) {
	select {
	case w.answers <- a:
	case <-w.finished:
	}
}

// run runs a command and answers what came of it. Progress is left out while nobody reads: it may not hold up the work.
func (w *worker) run(ctx context.Context, id int64, args []string) {
	stdout := &stream{}
	stderr := &stream{line: func(line string) { w.answer(answer{ID: &id, Warning: &line}) }}
	t := &terminal{stdout: stdout, stderr: stderr, open: w.open, events: func(p progressEvent) {
		select {
		case w.answers <- answer{ID: &id, Progress: &p}:
		default:
		}
	}}
	exit := w.guard(ctx, args, t)
	w.mu.Lock()
	w.running[id]()
	delete(w.running, id) // before the answer, after which the id may be given again
	if len(w.running) == 0 {
		debug.SetMemoryLimit(w.memoryLimit)
		w.idle.Reset(idleAfter)
	}
	w.mu.Unlock()
	w.answer(answer{ID: &id, Completed: &Completed{exit, stdout.String(), stderr.String()}})
}

// guard runs a command whose panic is its own failure alone.
func (w *worker) guard(ctx context.Context, args []string, t *terminal) (exit int) {
	defer func() {
		if p := recover(); p != nil {
			t.warn("harmonium: panic: %v\n%s", p, debug.Stack())
			w.mu.Lock()
			defer w.mu.Unlock()
			clear(w.contexts) // which it may have left in disorder
			exit = exitFailed
		}
	}()
	return w.command(ctx, args, t)
}

// open is [compute.Open] of contexts that are kept for the commands after this one.
func (w *worker) open(device string, workers int, isa compute.ISA) (*compute.Context, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := contextKey{device, workers, isa}
	if c := w.contexts[key]; c != nil && c.Err() == nil {
		return c, nil
	}
	c, err := compute.Open(device, workers, isa)
	if err == nil {
		w.contexts[key] = c
	}
	return c, err
}

// A stream keeps what a command writes, and tells each line as it comes.
type stream struct {
	mu   sync.Mutex // workers may warn side by side
	text strings.Builder
	rest string // of a line that has not ended
	line func(string)
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if s.line != nil {
		lines := strings.Split(s.rest+string(p), "\n")
		s.rest = lines[len(lines)-1]
		for _, line := range lines[:len(lines)-1] {
			s.line(line)
		}
	}
	return len(p), nil
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
