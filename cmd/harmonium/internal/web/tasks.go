package web

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
)

const (
	taskBytes = 64 << 20 // of a model that tasks look at
	mostTasks = 8        // of a kind that are kept
	unwatched = 15 * time.Second
)

// report is how far a task is, and what came of it: there is a result, or an error, when it has ended.
type report struct {
	Version string  `json:"version"` // of the model, to ask for the same one again
	Newer   bool    `json:"newer"`   // whether the run has another model by now
	Stage   string  `json:"stage"`   // what is being done, in words
	Done    float64 `json:"done"`    // part of that; 0 where it isn't known
	Result  any     `json:"result,omitempty"`
	Error   string  `json:"error,omitempty"`
}

// tasks computes something of one model at a time, and keeps the last answers.
type tasks struct {
	what      string        // is computed, in words
	computing chan struct{} // a token for the task that goes on, shared by all kinds: the page takes one processor
	work      func(ctx context.Context, r *run.Run, progress func(stage string, done float64)) (any, error)

	mu   sync.Mutex
	list []*task // the last asked for first
}

// task is the work for one model file. It is given up when nobody has asked for it for a while.
type task struct {
	dir, version string
	cancel       *time.Timer

	mu     sync.Mutex
	report report
}

// computed answers with what tasks compute of a run's model: ?run=ID. The first request begins the task, and tells the
// version of the model. Later ones, ?run=ID&version=VERSION, are told how far that task is, until it is done.
func (s *Server) computed(t *tasks) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		opened, ok := s.open(w, r)
		if !ok {
			return
		}
		info, err := os.Stat(filepath.Join(opened.Dir, run.ModelName))
		switch {
		case err != nil:
			refuse(w, http.StatusUnprocessableEntity, "there is no model yet")
		case info.Size() > taskBytes:
			refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf(
				"the model has %d MB, and the page looks for %s of up to %d MB; 'harmonium inspect' draws them",
				info.Size()>>20, t.what, taskBytes>>20))
		default:
			now := fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size())
			a := t.ask(opened, r.URL.Query().Get("version"), now)
			a.Newer = a.Version != now
			answer(w, a)
		}
	}
}

// ask returns what is known of a run's model, of the version that is asked for or else of the one that there is now.
func (t *tasks) ask(r *run.Run, asked, now string) report {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := -1
	for _, version := range []string{asked, now} {
		if at < 0 {
			at = slices.IndexFunc(t.list, func(one *task) bool { return one.dir == r.Dir && one.version == version })
		}
	}
	if at < 0 {
		ctx, cancel := context.WithCancel(context.Background())
		begun := &task{dir: r.Dir, version: now, cancel: time.AfterFunc(unwatched, cancel)}
		begun.set(report{Stage: "Waiting for what is computed for another page"})
		go func() {
			defer cancel()
			t.run(ctx, begun, r)
		}()
		t.list, at = append(t.list, begun), len(t.list)
	}
	one := t.list[at]
	one.cancel.Reset(unwatched)
	t.list = slices.Delete(t.list, at, at+1)
	a := one.get()
	if a.Error == "" { // the next task may go well
		t.list = slices.Insert(t.list, 0, one)
	}
	t.list = t.list[:min(len(t.list), mostTasks)]
	return a
}

// forget lets the next request begin another task.
func (t *tasks) forget(one *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.DeleteFunc(t.list, func(other *task) bool { return other == one })
}

// run is a task from its beginning to its end.
func (t *tasks) run(ctx context.Context, one *task, r *run.Run) {
	select {
	case t.computing <- struct{}{}:
		defer func() { <-t.computing }()
	case <-ctx.Done():
		t.forget(one)
		return
	}
	result, err := t.work(ctx, r, func(stage string, done float64) { one.set(report{Stage: stage, Done: done}) })
	switch {
	case ctx.Err() != nil:
		t.forget(one)
	case err != nil:
		one.set(report{Error: err.Error()})
	default:
		one.set(report{Result: result})
	}
}

func (o *task) set(a report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.report, o.report.Version = a, o.version
}

func (o *task) get() report {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.report
}
