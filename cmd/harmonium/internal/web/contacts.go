package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/sites"
)

const (
	mostCouplings = 1e9  // operations of effective couplings: about two minutes on a core
	mostSites     = 1000 // of a map
	mostUnits     = 8192 // whose couplings take 256 MB while they are scored
)

// contactsAnswer has the scores of pairs of sites.
type contactsAnswer struct {
	Sites      []string        `json:"sites"`
	Separation int             `json:"separation"` // pairs nearer than this are left out
	Scale      float64         `json:"scale"`      // of the scores, which are Scale/127 · int8
	Shades     []string        `json:"shades"`     // colours of −127 … 127
	Scores     string          `json:"scores"`     // base64 of an int8 for each pair: (0,1), (0,2) … (1,2) …; 0 of those left out
	Pairs      int             `json:"pairs"`      // with a score
	List       []contactAnswer `json:"list"`       // the strongest, as many as there are sites
	NoData     string          `json:"no_data,omitempty"`
}

type contactAnswer struct {
	I     int     `json:"i"`
	K     int     `json:"k"`
	Score float64 `json:"score"`
}

// contactsOf scores the pairs of sites of a run's model by effective couplings.
func contactsOf(ctx context.Context, r *run.Run, progress func(stage string, done float64)) (any, error) {
	progress("Reading the model and the training data", 0)
	model, err := r.Model()
	if err != nil {
		return nil, err
	}
	s, err := sites.Of(model.Visible)
	if err != nil {
		return nil, fmt.Errorf("no contacts of %w", err)
	}
	names, L := s.Names(model.Columns), s.Len()
	switch cost := sites.Cost(model); {
	case L < 3:
		return nil, fmt.Errorf("no contacts of %d sites: scores compare pairs, want three sites or more", L)
	case L <= names.Separation():
		return nil, fmt.Errorf("no contacts of %d sites: none are %d or more apart", L, names.Separation())
	case L > mostSites:
		return nil, fmt.Errorf("there are %d sites, and the page draws contacts of up to %d; 'harmonium inspect' draws them", L, mostSites)
	case model.M() > mostUnits:
		return nil, fmt.Errorf("the sites have %d states in all, and the page computes couplings of up to %d; 'harmonium inspect' draws contacts",
			model.M(), mostUnits)
	case cost > mostCouplings:
		return nil, fmt.Errorf("the couplings of %d sites and %d hidden units take %.0e operations, and the page spends %.0e: "+
			"'harmonium inspect' spends more", L, model.N(), cost, float64(mostCouplings))
	}
	o := sites.Options{Compute: compute.New(1), Progress: func(done float64) { progress("Computing couplings", done) }}
	set, noData := trainingData(r, model, o.Compute)
	if set != nil && s.Check(set.States) != nil {
		set, noData = nil, "the training data are not of the model's sites"
	}
	if set != nil {
		o.Background = sites.NewSample(s, set.States, set.Weights).Background()
	}
	couplings, err := sites.NewCouplings(ctx, model, o)
	if err != nil {
		return nil, err
	}
	list := couplings.Contacts(names.Gaps(), names.Separation())
	a := contactsAnswer{Sites: names.Site, Separation: names.Separation(), Shades: plot.Shades(255), Pairs: len(list), NoData: noData}
	for _, c := range list {
		a.Scale = max(a.Scale, math.Abs(c.Score))
	}
	scores := make([]byte, L*(L-1)/2)
	for n, c := range list {
		scores[c.I*(2*L-c.I-1)/2+c.K-c.I-1] = shade(c.Score, a.Scale)
		if n < L {
			a.List = append(a.List, contactAnswer{c.I, c.K, c.Score})
		}
	}
	a.Scores = base64.StdEncoding.EncodeToString(scores)
	return a, nil
}
