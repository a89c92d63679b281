package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
)

// library is the set of runs that are shown. Clients name a run by an identifier from this list and never by a path.
type library struct {
	paths []string

	mu    sync.Mutex
	ids   map[string]string // of every directory that was ever seen: an identifier means the same run for ever
	taken map[string]bool
}

// entry is a run of the library.
type entry struct{ id, dir string }

func newLibrary(paths []string) (*library, error) {
	l := &library{ids: map[string]string{}, taken: map[string]bool{}}
	for _, path := range paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(absolute)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is a file, want a run directory or a folder of runs", path)
		}
		l.paths = append(l.paths, absolute)
	}
	return l, nil
}

// entries lists the runs as they are now: a path that is a run, or the runs directly inside it.
func (l *library) entries() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []entry
	add := func(dir string) {
		id, known := l.ids[dir]
		if !known {
			name := filepath.Base(dir)
			id = name
			for k := 2; l.taken[id]; k++ {
				id = name + "~" + strconv.Itoa(k)
			}
			l.ids[dir], l.taken[id] = id, true
		}
		if !slices.ContainsFunc(list, func(e entry) bool { return e.id == id }) { // named twice
			list = append(list, entry{id, dir})
		}
	}
	for _, path := range l.paths {
		if isRun(path) {
			add(path)
			continue
		}
		inside, err := os.ReadDir(path)
		if err != nil {
			continue // deleted; it may come back
		}
		for _, e := range inside {
			if dir := filepath.Join(path, e.Name()); isRun(dir) { // also through a link
				add(dir)
			}
		}
	}
	return list
}

func isRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, run.ConfigName))
	return err == nil
}

// errUnknownRun is the error of an identifier that is not, or no longer, in the library.
var errUnknownRun = errors.New("no such run")

func (l *library) dir(id string) (string, error) {
	for _, e := range l.entries() {
		if e.id == id {
			return e.dir, nil
		}
	}
	return "", fmt.Errorf("%w: %q", errUnknownRun, id)
}

// runSummary is a run in the overview.
type runSummary struct {
	ID       string      `json:"id"`
	Error    string      `json:"error,omitempty"` // what is wrong with its files
	Settings *settings   `json:"settings,omitempty"`
	Last     *run.Metric `json:"last,omitempty"`
	Model    bool        `json:"model"`              // whether there is one yet
	Quiet    float64     `json:"quiet"`              // seconds since anything was written
	Finished string      `json:"finished,omitempty"` // why the training is over
}

// settings are what config.json says about a run, without the places of its files.
type settings struct {
	Model run.Layers `json:"model"`
	Data  struct {
		Rows      int      `json:"train_rows"`
		ValidRows int      `json:"valid_rows"`
		Holdout   float64  `json:"holdout"`
		Threshold *float64 `json:"threshold"`
		Bernoulli bool     `json:"bernoulli"`
	} `json:"data"`
	Training any `json:"training"` // a train.Config, or what an earlier version wrote
}

func settingsOf(c *run.Config) *settings {
	s := &settings{Model: c.Model, Training: c.Training}
	if c.Earlier != nil {
		s.Training = c.Earlier
	}
	s.Data.Rows, s.Data.ValidRows, s.Data.Holdout = c.Rows, c.ValidRows, c.Holdout
	s.Data.Threshold, s.Data.Bernoulli = c.Threshold, c.Bernoulli
	return s
}

// runs answers with the overview, or with that part of it that is about ?run=ID.
func (s *Server) runs(w http.ResponseWriter, r *http.Request) {
	list, only := []runSummary{}, r.URL.Query().Get("run")
	for _, e := range s.library.entries() {
		if only == "" || e.id == only {
			list = append(list, summarise(e))
		}
	}
	answer(w, list)
}

func summarise(e entry) runSummary {
	summary := runSummary{ID: e.id, Quiet: time.Since(changed(e.dir)).Seconds()}
	r, err := run.Open(e.dir)
	if err != nil {
		summary.Error = err.Error()
		return summary
	}
	summary.Settings = settingsOf(r.Config)
	_, err = os.Stat(filepath.Join(e.dir, run.ModelName))
	summary.Model = err == nil
	summary.Finished = r.Finished()
	metrics, err := r.Sampled(1)
	if err != nil {
		summary.Error = err.Error()
	}
	if len(metrics) > 0 {
		summary.Last = &metrics[len(metrics)-1]
	}
	return summary
}

// changed is when a file of a run was last written.
func changed(dir string) time.Time {
	var last time.Time
	for _, name := range []string{run.ConfigName, run.MetricsName, run.ModelName, run.CheckpointName} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// The number of points of a curve.
const (
	fewestPoints = 2
	mostPoints   = 2000
)

// metrics answers with the learning curves of a run: ?run=ID&points=N.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	points, err := strconv.Atoi(r.URL.Query().Get("points"))
	if err != nil || points < fewestPoints || points > mostPoints {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("points must be from %d to %d", fewestPoints, mostPoints))
		return
	}
	opened, ok := s.open(w, r)
	if !ok {
		return
	}
	metrics, err := opened.Sampled(points)
	result := struct {
		Metrics []run.Metric `json:"metrics"`
		Error   string       `json:"error,omitempty"`
	}{Metrics: metrics}
	if err != nil {
		result.Error = err.Error()
	}
	answer(w, result)
}

// open opens the run that a request names, or refuses.
func (s *Server) open(w http.ResponseWriter, r *http.Request) (*run.Run, bool) {
	dir, err := s.library.dir(r.URL.Query().Get("run"))
	if err != nil {
		refuse(w, http.StatusNotFound, err.Error())
		return nil, false
	}
	opened, err := run.Open(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		refuse(w, http.StatusNotFound, err.Error())
	case err != nil:
		refuse(w, http.StatusUnprocessableEntity, err.Error())
	}
	return opened, err == nil
}
