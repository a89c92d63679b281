package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/sites"
)

const (
	mostShown    = 12      // modes whose means are sent
	dataBits     = 1 << 31 // of training data that are looked at
	weighedPairs = 1 << 31 // of rows of training data that are compared to weigh them by identity: half a minute
)

// modesAnswer has the modes of a run's model.
type modesAnswer struct {
	Rows    int          `json:"rows"` // of a configuration's layout
	Columns int          `json:"columns"`
	Found   int          `json:"found"` // with those that were not kept
	List    []modeAnswer `json:"list"`  // the largest first
	Sites   *sitesAnswer `json:"sites"` // of a model of categorical sites; null of others
	NoData  string       `json:"no_data,omitempty"`
}

type modeAnswer struct {
	Share     diag.Number `json:"share"` // of Z
	Stderr    diag.Number `json:"stderr"`
	Data      diag.Number `json:"data"`                // part of the rows of the training data; null without them
	Means     string      `json:"means,omitempty"`     // base64 of a byte for each visible unit, 255 times its mean; of the first ones
	Consensus string      `json:"consensus,omitempty"` // most probable state of each site; of the first ones
}

// modesOf looks for the modes of a run's model, and for the rows of its training data in them.
func modesOf(ctx context.Context, r *run.Run, progress func(stage string, done float64)) (any, error) {
	progress("Looking for modes", 0)
	model, err := r.Model()
	if err != nil {
		return nil, err
	}
	if err := sample.CheckModes(model); err != nil {
		return nil, err
	}
	on := compute.New(1)
	set, noData := trainingData(r, model, on)
	known := rbm.Batch{}
	if set != nil {
		known = set.States
	}
	found, err := sample.NewSurvey(ctx, model, sample.SurveyOptions{
		Known: known, Seed: 1, Compute: on,
		Progress: func(modes int, done float64) { progress(fmt.Sprintf("%d modes; measuring their shares", modes), done) },
	})
	if err != nil {
		return nil, err
	}
	a := modesAnswer{Found: found.Found, Sites: sitesOf(model), NoData: noData}
	a.Rows, a.Columns = run.Layout(model.Visible, r.Config.Shape)
	var parts []float64
	if set != nil {
		parts = found.Parts(set.States, set.Weights)
	}
	s, notSites := sites.Of(model.Visible)
	names := s.Names(model.Columns)
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
			if notSites == nil {
				one.Consensus = names.Join(sites.Consensus(s.Split(mode.Visible)))
			}
		}
		a.List = append(a.List, one)
	}
	return a, nil
}

// trainingData reads those of a run, with the weights that they were trained with, or says why not.
func trainingData(r *run.Run, model *rbm.Model, on *compute.Context) (set *data.Set, why string) {
	rows, units := float64(r.Config.Rows), model.M()
	if rows*float64(units) > dataBits {
		return nil, "the training data are too large for the page"
	}
	identity := r.Config.Identity
	if identity != 0 && rows*rows/2 > weighedPairs {
		return nil, "the training data are too many to be weighed by identity for the page"
	}
	set, _, err := r.OpenData()
	if err == nil {
		set = set.WholeRows()
	}
	switch {
	case err != nil: // its words have paths, which the page doesn't tell
		return nil, "the training data are not where they were, or not as they were"
	case set.Rows() == 0:
		return nil, "no row of the training data is a whole configuration"
	case set.Units() != units:
		return nil, fmt.Sprintf("the training data have %d units, the model has %d", set.Units(), units)
	}
	if identity != 0 && set.Reweight(identity, on) != nil {
		return nil, "the training data can't be weighed by identity"
	}
	return set, ""
}
