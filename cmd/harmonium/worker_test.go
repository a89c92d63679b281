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
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
)

// client talks to a worker.
type client struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Reader
	ended chan error
}

// newClient starts a worker in this process whose commands are run by command.
func newClient(t *testing.T, command func(context.Context, []string, *terminal) int) *client {
	inRead, in := io.Pipe()
	out, outWrite := io.Pipe()
	c := &client{t, in, bufio.NewReader(out), make(chan error, 1)}
	go func() {
		c.ended <- work(t.Context(), inRead, outWrite, command)
		outWrite.Close()
	}()
	t.Cleanup(func() { in.Close(); io.Copy(io.Discard, out); <-c.ended })
	if hello := c.next(); hello.Protocol != 1 || hello.Version != version() {
		t.Fatalf("the first line is %+v", hello)
	}
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) run(id int64, args ...string) {
	c.t.Helper()
	text, err := json.Marshal(request{ID: &id, Run: args})
	if err != nil {
		c.t.Fatal(err)
	}
	c.say(string(bytes.Replace(text, []byte(`,"interrupt":null`), nil, 1)))
}

func (c *client) next() (a answer) {
	c.t.Helper()
	line, err := c.lines.ReadBytes('\n')
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		c.t.Fatalf("%s: %v", line, err)
	}
	return a
}

// result waits for the end of a command, and passes over what comes before.
func (c *client) result(id int64) *Completed {
	c.t.Helper()
	for {
		if a := c.next(); a.Error != "" {
			c.t.Fatal(a.Error)
		} else if a.Completed != nil && *a.ID == id {
			return a.Completed
		}
	}
}

// ends closes the input and waits for the worker.
func (c *client) ends() error {
	c.in.Close()
	go io.Copy(io.Discard, c.lines)
	err := <-c.ended
	c.ended <- err
	return err
}

// A command in a worker gives what it gives by itself.
func TestWorkerRunsCommands(t *testing.T) {
	t.Parallel()
	c, dir := newClient(t, execute), t.TempDir()
	bars := []string{"data", "bars", "--rows", "3", "--columns", "3", "-n", "200", "--json", "-o", dir + "/x.npy"}
	for id, args := range [][]string{
		bars, {"train", dir + "/x.npy", "--hidden", "4", "--updates", "20", "-o", dir + "/run"},
		{"score", dir + "/run", "--data", dir + "/x.npy"}, {"data", "info", dir + "/x.npy"},
		{"eval", dir + "/nothing"}, {"data", "--help"}, {"no-verb"}, {},
	} {
		c.run(int64(id), args...)
		got := c.result(int64(id))
		if id == 1 {
			if got.Exit != exitDone || !strings.Contains(got.Stdout, "20 in ") {
				t.Errorf("train: %+v", got)
			}
			continue
		}
		var stdout, stderr bytes.Buffer
		exit := execute(t.Context(), args, &terminal{stdout: &stdout, stderr: &stderr})
		if want := (Completed{exit, stdout.String(), stderr.String()}); *got != want {
			t.Errorf("%q gives %+v, want %+v", args, *got, want)
		}
	}
	if err := c.ends(); err != nil {
		t.Error(err)
	}
}

// Lines that are no requests are answered by what is wrong with them, and the worker goes on.
func TestWorkerRefusesLines(t *testing.T) {
	t.Parallel()
	c := newClient(t, execute)
	for k, line := range []string{
		`data`, `{"id": 1`, `[]`, `{}`, `{"id": 1}`, `{"run": ["version"]}`, `{"id": 1, "run": "version"}`,
		`{"id": "a", "run": []}`, `{"id": 1.5, "run": []}`, `{"id": 1, "run": ["version"], "interrupt": 1}`,
		`{"id": 1, "interrupt": 1}`, `{"id": 1, "run": [], "dir": "/"}`, `{"interrupt": 1} {"interrupt": 1}`, "null",
	} {
		c.say(line)
		if a := c.next(); !strings.HasPrefix(a.Error, fmt.Sprintf("line %d: no request: ", k+1)) ||
			!strings.Contains(a.Error, `want {"id": N, "run": [ARG, …]} or {"interrupt": N}`) {
			t.Errorf("%s: answer %+v", line, a)
		}
	}
	for _, arg := range []string{`\udcff.npy`, "\xff.npy", "\ufffd"} { // which would become another name
		c.say(`{"id": 1, "run": ["data", "info", "` + arg + `"]}`)
		if a := c.next(); !strings.Contains(a.Error, "no request: an argument is not in UTF-8") {
			t.Errorf("%q: answer %+v", arg, a)
		}
	}
	c.say("\n  \n" + `{"interrupt": 12}`) // blank lines, and a command that has ended: nothing to say
	c.run(-7, "version")
	if got := c.result(-7); got.Exit != exitDone {
		t.Errorf("after them: %+v", got)
	}
}

// A line may fill the buffer and more; one beyond the bound is passed over, and the next one counts.
func TestReadLine(t *testing.T) {
	long := strings.Repeat("a b ", 1000)
	r := bufio.NewReaderSize(strings.NewReader(long+"x\n"+long+long+"\n y \r\nz"), 16)
	for _, want := range []struct {
		line    string
		tooLong bool
		err     error
	}{{long + "x", false, nil}, {"", true, nil}, {"y", false, nil}, {"z", false, io.EOF}, {"", false, io.EOF}} {
		line, tooLong, err := readLine(r, 5000)
		if string(line) != want.line || tooLong != want.tooLong || !errors.Is(err, want.err) {
			t.Errorf("%.20q of %d bytes, %v, %v; want %.20q, %v, %v", line, len(line), tooLong, err, want.line, want.tooLong, want.err)
		}
	}
}

// Commands run side by side. An interrupt is for one of them, and the end of the input for all.
func TestWorkerInterrupts(t *testing.T) {
	t.Parallel()
	c, dir := newClient(t, execute), t.TempDir()
	c.run(1, "data", "bars", "--rows", "3", "--columns", "3", "-n", "200", "-o", dir+"/x.npy")
	c.result(1)
	for id := range int64(3) {
		c.run(id, "train", dir+"/x.npy", "--hidden", "4", "--epochs", "1000000", "--json", "-o", fmt.Sprintf("%s/run%d", dir, id))
		for a := c.next(); *a.ID != id; a = c.next() { // until it trains
		}
	}
	c.run(1, "version")
	if a := c.next(); a.Progress == nil && !strings.Contains(a.Error, "id 1 still runs") {
		t.Errorf("an id twice: %+v", a)
	}
	c.say(`{"interrupt": 1}`)
	interrupted := func(id int64, got *Completed) {
		t.Helper()
		var result trainResult
		if err := json.Unmarshal([]byte(got.Stdout), &result); got.Exit != exitInterrupted || err != nil || result.Finished != "interrupted" {
			t.Errorf("exit status %d, %v, %+v", got.Exit, err, result)
		}
		if files, _ := filepath.Glob(fmt.Sprintf("%s/run%d/checkpoint/*.safetensors", dir, id)); len(files) == 0 {
			t.Errorf("run%d has no checkpoint", id)
		}
	}
	interrupted(1, func() *Completed {
		for {
			if a := c.next(); a.Completed != nil {
				return a.Completed
			}
		}
	}())
	c.run(1, "version") // the id is free
	if got := c.result(1); got.Exit != exitDone {
		t.Errorf("meanwhile: %+v", got)
	}
	c.in.Close()
	first := c.next()
	for ; first.Completed == nil; first = c.next() {
	}
	second := c.next()
	for ; second.Completed == nil; second = c.next() {
	}
	interrupted(*first.ID, first.Completed)
	interrupted(*second.ID, second.Completed)
	if err := c.ends(); err != nil || *first.ID+*second.ID != 2 {
		t.Errorf("ids %d and %d, error %v", *first.ID, *second.ID, err)
	}
}

// The first and the last state of progress come as events, and each line of standard error.
func TestWorkerEvents(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(_ context.Context, _ []string, tm *terminal) int {
		bar := tm.progress("train", 40)
		for k := range int64(41) {
			bar.set(k, fmt.Sprint("update ", k))
		}
		bar.stop()
		tm.warn("one <&>\ntwo")
		fmt.Fprint(tm.stderr, "thr")
		tm.quiet = true
		quiet := tm.progress("more", 1)
		quiet.set(1, "")
		quiet.stop()
		fmt.Fprint(tm.stderr, "ee\nfour")
		fmt.Fprint(tm.stdout, "out\xff")
		return 3
	})
	c.run(5, "work")
	var got []answer
	for len(got) == 0 || got[len(got)-1].Completed == nil {
		got = append(got, c.next())
	}
	id := int64(5)
	warning := func(text string) answer { return answer{ID: &id, Warning: &text} }
	want := []answer{
		{ID: &id, Progress: &progressEvent{"train", 0, 40, "update 0"}}, {ID: &id, Progress: &progressEvent{"train", 40, 40, "update 40"}},
		warning("one <&>"), warning("two"), warning("three"),
		{ID: &id, Completed: &Completed{3, "out\ufffd", "one <&>\ntwo\nthree\nfour"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A command that panics fails, and others go on.
func TestWorkerPanic(t *testing.T) {
	t.Parallel()
	c := newClient(t, func(ctx context.Context, args []string, tm *terminal) int {
		if args[0] == "panic" {
			panic("as it may")
		}
		return execute(ctx, args, tm)
	})
	c.run(1, "panic")
	if got := c.result(1); got.Exit != exitFailed || !strings.Contains(got.Stderr, "harmonium: panic: as it may\n") ||
		!strings.Contains(got.Stderr, "worker_test.go") {
		t.Errorf("%+v", got)
	}
	c.run(2, "version")
	if got := c.result(2); got.Exit != exitDone {
		t.Errorf("after it: %+v", got)
	}
}

// Who doesn't read holds up no work. Where nobody can read any more the commands are interrupted, and the worker ends.
func TestWorkerUnread(t *testing.T) {
	t.Parallel()
	in, say := io.Pipe()
	out, write := io.Pipe()
	worked, ended := make(chan bool, 1), make(chan error, 1)
	go func() {
		ended <- work(t.Context(), in, write, func(ctx context.Context, _ []string, tm *terminal) int {
			for range 1000 {
				bar := tm.progress("train", 1)
				bar.set(1, "")
				bar.stop()
			}
			worked <- true
			<-ctx.Done()
			return exitInterrupted
		})
	}()
	io.WriteString(say, `{"id": 1, "run": []}`+"\n")
	<-worked
	out.CloseWithError(syscall.EPIPE)
	if err := <-ended; !errors.Is(err, syscall.EPIPE) {
		t.Errorf("error %v, want EPIPE", err)
	}
}

// Commands that begin side by side share a context for each of their settings. The race detector sees whether they wait for
// each other.
func TestWorkerContexts(t *testing.T) {
	t.Parallel()
	w := &worker{contexts: map[contextKey]*compute.Context{}}
	opened := make([]*compute.Context, 16)
	var all sync.WaitGroup
	for k := range opened {
		all.Go(func() {
			c, err := w.open("cpu", 1+k%2, compute.ISAs()[0])
			if err != nil {
				t.Error(err)
			}
			opened[k] = c
		})
	}
	all.Wait()
	for k, c := range opened {
		if c != opened[k%2] || c.Workers() != 1+k%2 {
			t.Errorf("command %d has a context of %d workers, want one of %d that is shared", k, c.Workers(), 1+k%2)
		}
	}
	if len(w.contexts) != 2 {
		t.Errorf("%d contexts are kept, want 2", len(w.contexts))
	}
}

// What a command leaves in the process is gone after it: a bound of memory, goroutines.
func TestWorkerLeavesNothing(t *testing.T) {
	c, dir := newClient(t, execute), t.TempDir()
	c.run(0, "data", "bars", "--rows", "3", "--columns", "3", "-n", "200", "-o", dir+"/x.npy")
	c.result(0)
	c.run(0, "train", dir+"/x.npy", "--hidden", "4", "--updates", "1", "-q", "-o", dir+"/run")
	c.result(0)
	limit := debug.SetMemoryLimit(-1)
	round := func(from int64) {
		const count = 40
		for k := range int64(count) {
			switch k % 4 {
			case 0:
				c.run(from+k, "eval", dir+"/run", "--data", dir+"/x.npy", "--method", "exact", "--workers", fmt.Sprint(1+k%3))
			case 1:
				c.run(from+k, "transform", dir+"/run", "--data", dir+"/x.npy", "-o", fmt.Sprintf("%s/h%d.npy", dir, k))
			default:
				c.run(from+k, "version")
			}
		}
		for range count {
			a := c.next()
			for ; a.Completed == nil; a = c.next() {
			}
			if a.Exit != exitDone {
				t.Errorf("%+v", a.Completed)
			}
		}
	}
	round(0)
	before := runtime.NumGoroutine()
	round(40)
	if after := runtime.NumGoroutine(); after > before+4 { // helpers of the contexts that are kept
		t.Errorf("%d goroutines after 40 commands, and %d after 40 more", before, after)
	}
	c.run(0, "version")
	c.result(0)
	if got := debug.SetMemoryLimit(-1); got != limit {
		t.Errorf("the bound of memory is %d, and was %d", got, limit)
	}
}

// startWorker starts a worker process and reads its first line.
func startWorker(t *testing.T, flags ...string) (cmd *exec.Cmd, in io.WriteCloser, lines *bufio.Scanner, stderr *bytes.Buffer) {
	t.Helper()
	cmd, stderr = exec.Command("harmonium", append([]string{"worker"}, flags...)...), &bytes.Buffer{}
	cmd.Stderr = stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines = bufio.NewScanner(out)
	lines.Scan()
	return cmd, in, lines, stderr
}

// Standard input is the protocol's and no data, and a worker runs no other. Its folders of temporary files go where its
// input ends, and stay where a signal ends it, after which whoever asked may read them.
func TestWorkerProcess(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"end of input", "signal"} {
		scratch := filepath.Join(t.TempDir(), "harmonium-1")
		if err := os.MkdirAll(scratch+"/in/it", 0o777); err != nil {
			t.Fatal(err)
		}
		cmd, in, lines, stderr := startWorker(t, "--scratch", scratch)
		for _, c := range []struct{ args, says string }{
			{`"data", "info", "-"`, "standard input can't be data here: it has the requests to the worker"},
			{`"worker"`, "a worker runs no other worker"},
		} {
			fmt.Fprintf(in, "{\"id\": 1, \"run\": [%s]}\n", c.args)
			lines.Scan() // the warning
			if lines.Scan(); !strings.HasPrefix(lines.Text(), `{"id":1,"exit":2,`) || !strings.Contains(lines.Text(), c.says) {
				t.Errorf("%s: %s", c.args, lines.Text())
			}
		}
		want := exitDone
		if how == "signal" {
			cmd.Process.Signal(os.Interrupt)
			want = exitInterrupted
		} else {
			in.Close()
		}
		for lines.Scan() {
			t.Errorf("%s: %s", how, lines.Text())
		}
		if status := finish(t, cmd); status != want {
			t.Errorf("%s: exit status %d, want %d: %s", how, status, want, stderr)
		}
		if _, err := os.Stat(scratch); (err == nil) != (how == "signal") {
			t.Errorf("%s: the folder: %v", how, err)
		}
	}
}

// Streams may be written to side by side, as workers warn.
func TestStream(t *testing.T) {
	var lines []string
	s := &stream{line: func(line string) { lines = append(lines, line) }}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				fmt.Fprintln(s, "a line")
			}
		})
	}
	group.Wait()
	if len(lines) != 800 || strings.Join(lines, "\n")+"\n" != strings.Repeat("a line\n", 800) || len(s.String()) != 5600 {
		t.Errorf("%d lines, %d bytes", len(lines), len(s.String()))
	}
}

// Whatever is taken for a request is one: it asks for a command or an interrupt, and means the same when written again.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"id": 7, "run": ["train", "x.npy", "--hidden", "64"]}`))
	f.Add([]byte(`{"interrupt": -1}`))
	f.Add([]byte(`{"id": 1, "run": null, "interrupt": 2}`))
	f.Add([]byte(`{"ID": 1, "id": 9223372036854775808, "run": ["\ud800"]} `))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRequest(line)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "no request: ") {
				t.Errorf("error %v", err)
			}
			return
		}
		if (r.ID != nil && r.Run != nil) == (r.Interrupt != nil) || (r.ID == nil) != (r.Run == nil) {
			t.Errorf("%s is taken for %+v", line, r)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseRequest(text); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s written again, %s, is %+v, want %+v, error %v", line, text, again, r, err)
		}
	})
}

// What a call costs in a process that is there.
func BenchmarkWorker(b *testing.B) {
	in, say := io.Pipe()
	out, write := io.Pipe()
	go work(b.Context(), in, write, execute)
	lines := bufio.NewScanner(out)
	lines.Scan()
	for b.Loop() {
		io.WriteString(say, `{"id": 1, "run": ["version"]}`+"\n")
		lines.Scan()
	}
	say.Close()
}
