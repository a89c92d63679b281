package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"harmonium/cmd/harmonium/internal/run"
	"harmonium/compute"
	"harmonium/data"
	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/sample"
)

const (
	mostShown   = 12       // modes whose means are sent
	surveyBytes = 64 << 20 // of a model whose modes are looked for
	surveyRows  = 1 << 31  // bits of training data that are looked at
	mostSurveys = 8        // that are kept
	unwatched   = 15 * time.Second
)

// modesAnswer has the modes of a run's model, or how far the search for them is.
type modesAnswer struct {
	Version string       `json:"version"` // of the model, to ask for the same one again
	Newer   bool         `json:"newer"`   // whether the run has another model by now
	State   string       `json:"state"`   // of stateWaiting, …
	Modes   int          `json:"modes"`   // that have been found so far
	Done    float64      `json:"done"`    // part of the work
	Rows    int          `json:"rows"`    // of a configuration's layout
	Columns int          `json:"columns"`
	Found   int          `json:"found"` // with those that were not kept
	List    []modeAnswer `json:"list"`  // the largest first
	NoData  string       `json:"no_data,omitempty"`
	Error   string       `json:"error,omitempty"`
}

// The states of a search.
const (
	stateWaiting   = "waiting" // for another model's
	stateSearching = "searching"
	stateMeasuring = "measuring" // the shares
	stateDone      = "done"
)

type modeAnswer struct {
	Share  diag.Number `json:"share"` // of Z
	Stderr diag.Number `json:"stderr"`
	Data   diag.Number `json:"data"`            // part of the rows of the training data; null without them
	Means  string      `json:"means,omitempty"` // base64 of a byte for each visible unit, 255 times its mean; of the first ones
}

// surveys looks for the modes of one model at a time, on one processor, and keeps the last answers.
type surveys struct {
	computing chan struct{} // a token for the search that goes on

	mu   sync.Mutex
	list []*survey // the last asked for first
}

// survey is the search for the modes of one model file. It is given up when nobody has asked for it for a while.
type survey struct {
	dir, version string
	cancel       *time.Timer

	mu     sync.Mutex
	answer modesAnswer
}

// modes answers with the modes of a run's model: ?run=ID. The first request begins a search, and tells the version of
// the model. Later ones, ?run=ID&version=VERSION, are told how far that search is, until it is done.
func (s *Server) modes(w http.ResponseWriter, r *http.Request) {
	opened, ok := s.open(w, r)
	if !ok {
		return
	}
	info, err := os.Stat(filepath.Join(opened.Dir, run.ModelName))
	switch {
	case err != nil:
		refuse(w, http.StatusUnprocessableEntity, "there is no model yet")
	case info.Size() > surveyBytes:
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf(
			"the model has %d MB, and the page looks for modes of up to %d MB; 'harmonium inspect' draws them",
			info.Size()>>20, surveyBytes>>20))
	default:
		now := fmt.Sprintf("%x-%x", info.ModTime().UnixNano(), info.Size())
		a := s.surveys.ask(opened, r.URL.Query().Get("version"), now)
		a.Newer = a.Version != now
		answer(w, a)
	}
}

// ask returns what is known of the modes of a run's model, of the version that is asked for or else of the one that
// there is now.
func (s *surveys) ask(r *run.Run, asked, now string) modesAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := -1
	for _, version := range []string{asked, now} {
		if at < 0 {
			at = slices.IndexFunc(s.list, func(one *survey) bool { return one.dir == r.Dir && one.version == version })
		}
	}
	if at < 0 {
		ctx, cancel := context.WithCancel(context.Background())
		begun := &survey{dir: r.Dir, version: now, cancel: time.AfterFunc(unwatched, cancel)}
		begun.set(modesAnswer{State: stateWaiting})
		go func() {
			defer cancel()
			s.look(ctx, begun, r)
		}()
		s.list, at = append(s.list, begun), len(s.list)
	}
	one := s.list[at]
	one.cancel.Reset(unwatched)
	s.list = slices.Delete(s.list, at, at+1)
	a := one.get()
	if a.Error == "" { // the next search may go well
		s.list = slices.Insert(s.list, 0, one)
	}
	s.list = s.list[:min(len(s.list), mostSurveys)]
	return a
}

// forget lets the next request begin another search.
func (s *surveys) forget(one *survey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(other *survey) bool { return other == one })
}

// look is a search from its beginning to its end.
func (s *surveys) look(ctx context.Context, one *survey, r *run.Run) {
	select {
	case s.computing <- struct{}{}:
		defer func() { <-s.computing }()
	case <-ctx.Done():
		s.forget(one)
		return
	}
	one.set(modesAnswer{State: stateSearching})
	found, err := modesOf(ctx, r, func(modes int, done float64) {
		one.set(modesAnswer{State: stateMeasuring, Modes: modes, Done: done})
	})
	switch {
	case ctx.Err() != nil:
		s.forget(one)
	case err != nil:
		one.set(modesAnswer{State: stateDone, Error: err.Error()})
	default:
		one.set(found)
	}
}

func (o *survey) set(a modesAnswer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer, o.answer.Version = a, o.version
}

func (o *survey) get() modesAnswer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.answer
}

// modesOf looks for the modes of a run's model, and for the rows of its training data in them.
func modesOf(ctx context.Context, r *run.Run, progress func(modes int, done float64)) (modesAnswer, error) {
	model, err := r.Model()
	if err != nil {
		return modesAnswer{}, err
	}
	if err := model.CheckBits(); err != nil {
		return modesAnswer{}, fmt.Errorf("no modes: %w", err)
	}
	set, noData := trainingData(r, model.M())
	known := rbm.Batch{}
	if set != nil {
		known = set.States
	}
	found, err := sample.NewSurvey(ctx, model, sample.SurveyOptions{
		Known: known, Seed: 1, Compute: compute.New(1), Progress: progress,
	})
	if err != nil {
		return modesAnswer{}, err
	}
	a := modesAnswer{State: stateDone, Modes: len(found.List), Done: 1, Found: found.Found, NoData: noData}
	a.Rows, a.Columns = run.Layout(model.Visible, r.Config.Shape)
	var parts []float64
	if set != nil {
		parts = found.Parts(set.States, set.Weights)
	}
	for k, mode := range found.List {
		one := modeAnswer{Share: diag.Number(found.Share[k]), Stderr: diag.Number(found.Stderr[k]), Data: diag.Number(math.NaN())}
		if parts != nil {
			one.Data = diag.Number(parts[k])
		}
		if k < mostShown {
			means := make([]byte, len(mode.Visible))
			for unit, μ := range mode.Visible {
				means[unit] = byte(math.Round(255 * float64(μ)))
			}
			one.Means = base64.StdEncoding.EncodeToString(means)
		}
		a.List = append(a.List, one)
	}
	return a, nil
}

// trainingData reads those of a run, or says why not.
func trainingData(r *run.Run, units int) (set *data.Set, why string) {
	if float64(r.Config.Rows)*float64(units) > surveyRows {
		return nil, "the training data are too large for the page"
	}
	set, _, err := r.OpenData()
	if err == nil {
		set = set.WholeRows()
	}
	switch {
	case err != nil: // its words have paths, which the page doesn't tell
		return nil, "the training data are not where they were, or not as they were"
	case set.Rows() == 0:
		return nil, "all rows of the training data have gaps"
	case set.Units() != units:
		return nil, fmt.Sprintf("the training data have %d units, the model has %d", set.Units(), units)
	}
	return set, ""
}
