package monitor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Live scores of pairs of all kinds have log Z within its error, and no bound or finding contradicts them.
func TestLiveScoresOfKinds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	squares, runs := 0.0, 0.0
	for k, pair := range kindtest.Pairs(0.6) {
		if k%5 > 0 { // every kind of visible units and every kind of hidden ones
			continue
		}
		model, truth := pair.Model, kindtest.Of(pair.Model)
		set := &data.Set{States: truth.Sample(200, rng.Seed(1))}
		m := monitor.New(monitor.Config{
			Model: model, Data: set, Seed: 1, Updates: 100, Epoch: 1, Every: 100, Compute: compute.New(1),
			Cost: func() float64 { return 20 * monitor.GibbsCost(model, 20, 1) },
		})
		m.ScoreLive(monitor.MostRounds)
		for range 50 {
			m.Follow()
		}
		s, err := m.Score(t.Context(), monitor.Snapshot{Update: 100})
		if err != nil {
			t.Fatal(err)
		}
		z := (s.LogZ.Value - truth.LogZ) / s.LogZ.Stderr
		squares += z * z
		runs++
		if !(math.Abs(z) < 4) || s.LogZ.Stderr > 0.2 || s.UpperBounds() {
			t.Errorf("%s: log Z is %v ± %v, should be %v; %v", pair.Name, s.LogZ.Value, s.LogZ.Stderr, truth.LogZ, s.Findings)
		}
		want := 0.0
		for _, free := range model.FreeEnergy(set.States) {
			want += (-free - s.LogZ.Value) / 200
		}
		if got := float64(s.Train.Value); !(math.Abs(got-want) < 1e-3) {
			t.Errorf("%s: the score is %v, should be %v", pair.Name, got, want)
		}
	}
	if rms := math.Sqrt(squares / runs); rms > 1.5 {
		t.Errorf("log Z is off by %.2f standard errors, rms", rms)
	}
}

// Densities are those of the table's own numbers, whatever the scale that the model sees them on; and may be above 1. A
// model is compared with independent units of the data's means and variances.
func TestScoresOfDensities(t *testing.T) {
	const scale = 1e-3
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 2), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	clear(model.W)
	set := &data.Set{States: sample.FromBiases(model, 2000, rng.Seed(2))}
	judge := func(columns []rbm.Column) (score float64, codes []string) {
		model.Columns = columns
		m := monitor.New(monitor.Config{
			Model: model, Data: set, Updates: 10, Epoch: 1, Every: 10, Cost: func() float64 { return 1e9 },
		})
		m.ScoreLive(monitor.FewestRounds)
		s, err := m.Score(t.Context(), monitor.Snapshot{Update: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Judge(model, s) {
			codes = append(codes, f.Code)
		}
		return float64(s.Train.Value), codes
	}
	plain, findings := judge(nil)
	if want := -math.Log(2*math.Pi) - 1; math.Abs(plain-want) > 0.1 || len(findings) > 0 { // entropy of two standard normal numbers
		t.Errorf("the score is %v, should be near %v; %v", plain, want, findings)
	}
	column := rbm.Column{Kind: rbm.Gaussian, Scale: scale}
	scaled, findings := judge([]rbm.Column{column, column})
	if math.Abs(scaled-(plain-2*math.Log(scale))) > 1e-9 || scaled < 10 || len(findings) > 0 {
		t.Errorf("the score is %v in units of %v, and %v without; %v", scaled, scale, plain, findings)
	}
	for i := range model.B() {
		model.B()[i] = 3
	}
	if _, findings = judge(nil); !slices.Equal(findings, []string{"below-independent"}) {
		t.Errorf("findings %v of a model with wrong means", findings)
	}
}

// The overlap of real numbers is their autocorrelation, and bits and real numbers count alike.
func TestOverlapOfReals(t *testing.T) {
	const rows, correlation = 4000, 0.6
	past, now := rbm.NewReals(rows, 1, 1), rbm.NewReals(rows, 1, 1)
	source := rng.NewSource(rng.Seed(1), 0)
	for r := range rows {
		x, y := source.Float64()-0.5, source.Float64()-0.5
		past.Reals(r)[0] = float32(100 * x)
		now.Reals(r)[0] = float32(100 * (correlation*x + math.Sqrt(1-correlation*correlation)*y))
		past.SetBit(r, 0, source.Float64() < 0.5)
		now.SetBit(r, 0, past.Bit(r, 0) != (source.Float64() < (1-correlation)/2))
	}
	if got := monitor.OverlapWith(past, now); math.Abs(got-correlation) > 0.04 {
		t.Errorf("overlap %v, should be %v", got, correlation)
	}
	if got := monitor.OverlapWith(past, past); math.Abs(got-1) > 1e-9 {
		t.Errorf("overlap %v of chains that have not moved", got)
	}
}

// Costs of models of bits stay what they were, and other units cost more.
func TestCostOfKinds(t *testing.T) {
	if got, want := monitor.GibbsCost(rbm.New(30, 20, rng.Seed(1)), 7, 3), 7*(8*30*20*0.05+4*50*12); got != want {
		t.Errorf("a sweep of bits costs %v, should cost %v", got, want)
	}
	cost := func(visible, hidden rbm.Layer) float64 {
		return monitor.GibbsCost(rbm.NewModel(visible, hidden, rng.Seed(1)), 1, 1)
	}
	bits, reals := rbm.NewLayer(rbm.Bernoulli, 30), rbm.NewLayer(rbm.Gaussian, 30)
	costs := []float64{cost(bits, bits), cost(rbm.NewCategorical(10, 20), bits), cost(reals, bits), cost(reals, reals)}
	if !slices.IsSorted(costs) || costs[0] == costs[1] {
		t.Errorf("costs %v, should rise", costs)
	}
}

// A mode of real numbers that neither the data nor replicas know of is found by random restarts at a live score, whose
// log Z is then its bound, and the score an upper bound.
func TestHiddenModeOfReals(t *testing.T) {
	const weight, more = 12, 40
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 8), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	clear(model.W)
	for i := range 8 {
		model.W[2*i] = weight
	}
	model.C()[0] = more - 8*weight*weight/2
	base := model.Clone()
	clear(base.W)
	logZ := sample.LogZWithoutWeights(base) + more
	set := &data.Set{States: sample.FromBiases(model, 100, rng.Seed(1))}
	m := monitor.New(monitor.Config{
		Model: model, Data: set, Updates: 10, Epoch: 1, Every: 10, Cost: func() float64 { return 1e6 },
	})
	m.ScoreLive(monitor.FewestRounds)
	s, err := m.Score(t.Context(), monitor.Snapshot{Update: 10})
	if err != nil {
		t.Fatal(err)
	}
	if !s.UpperBounds() || math.Abs(s.LogZ.Value-logZ) > 0.1 {
		t.Errorf("log Z is %v, should be %v; %v", s.LogZ, logZ, s.Findings)
	}
}
