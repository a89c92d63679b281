package sample_test

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// ratios are Bennett's estimate of log Z by a number of rounds after a burn-in that has spaced the temperatures.
func ratios(line *rbm.Line, sets, rounds int, key rng.Key) *sample.Bennett {
	p := sample.NewTempering(line, sample.FromBiases(line.Base(), sets, key), 6, key)
	for range 3 {
		for range 40 {
			p.Round()
		}
		p.Respace(20)
	}
	b := sample.NewBennett(p)
	for range rounds {
		p.Round()
	}
	return b
}

// The truth is within 1.96 of the stated errors as often as it should be, where replicas mix: for bits and spins, bases
// with hidden biases and without, and few replica sets.
func TestErrorsOfBennett(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const seeds = 100
	for _, c := range []struct {
		units        rbm.Kind
		base         string
		sets, rounds int
	}{
		{rbm.Bernoulli, "no hidden biases", 20, 60}, {rbm.Spin, "other biases", 20, 60},
		{rbm.Bernoulli, "its own biases", 4, 200}, {rbm.Spin, "no hidden biases", 33, 20},
	} {
		model := randomModel(20, 8, c.units, c.units, 41)
		truth, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		line := lineTo(bases(model)[c.base], model, 1)
		within, squares, mean, spread := 0., 0., 0., 0.
		for seed := range uint64(seeds) {
			z := ratios(line, c.sets, c.rounds, rng.Seed(seed)).LogZ()
			off := z.Value - truth
			mean += off / seeds
			spread += off * off / seeds
			squares += off / z.Stderr * off / z.Stderr / seeds
			if math.Abs(off) < 1.96*z.Stderr {
				within += 1. / seeds
			}
			if !(z.ESS > 0 && z.Stderr < 0.5) {
				t.Errorf("%+v: log Z is %+v: the test shows nothing", c, z)
			}
		}
		// Ten groups give Student's t with 9 degrees of freedom: 0.918 ± 0.027 within 1.96, and 1.13 ± 0.09.
		if rms := math.Sqrt(squares); within < 0.85 || within > 0.99 || rms < 0.8 || rms > 1.4 {
			t.Errorf("%+v: the truth is within 1.96 errors in %.3f of all cases, and errors are %.2f times what is stated", c, within, rms)
		}
		if error := math.Sqrt((spread - mean*mean) / seeds); math.Abs(mean) > 4*error {
			t.Errorf("%+v: log Z is off by %.4f ± %.4f in the mean", c, mean, error)
		}
	}
}

// observed is Bennett's estimate from works that are given for two pairs of temperatures of a model without weights,
// and log Z of that.
func observed(sets, rounds int, up, down func(k, n int) float64) (b *sample.Bennett, base float64) {
	model := rbm.New(7, 3, rng.Seed(1))
	clear(model.W)
	p := sample.NewTempering(lineTo(model, model, 1), rbm.NewBatch(sets, 7), 3, rng.Seed(1))
	b = sample.NewBennett(p)
	for round := range rounds {
		for k := range 2 {
			ups, downs := make([]float64, sets), make([]float64, sets)
			for r := range sets {
				ups[r], downs[r] = up(k, round*sets+r), down(k, round*sets+r)
			}
			p.ObserveWork(k, ups, downs)
		}
	}
	return b, sample.LogZWithoutWeights(model)
}

// Normal works of variance σ² whose means are ±F + σ²/2 are those of a ratio e^(−F).
func TestBennettOfNormalWorks(t *testing.T) {
	source := rng.NewSource(rng.Seed(1), 0)
	normal := func(mean, sigma float64) float64 {
		return mean + sigma*math.Sqrt(-2*math.Log(source.Float64()))*math.Cos(2*math.Pi*source.Float64())
	}
	differences := [2]float64{3, -40}
	for _, sigma := range []float64{0, 0.1, 1, 3} {
		b, base := observed(30, 40, func(k, _ int) float64 { return normal(differences[k]+sigma*sigma/2, sigma) },
			func(k, _ int) float64 { return normal(-differences[k]+sigma*sigma/2, sigma) })
		z, want := b.LogZ(), base-differences[0]-differences[1]
		if math.Abs(z.Value-want) > 3.5*z.Stderr+1e-7 || z.Stderr > 0.1*sigma+1e-7 || b.Works() != 3*40 {
			t.Errorf("σ = %v: log Z is %v ± %v by %d works, want %v", sigma, z.Value, z.Stderr, b.Works(), want)
		}
	}
}

// Works that are others in the second half have changed log Z by as much as they say, and works that are not by nothing.
func TestBennettDrift(t *testing.T) {
	const sets, rounds = 20, 40
	for _, more := range []float64{0, 3} {
		up := func(_, n int) float64 {
			if n >= sets*rounds/2 {
				return -more
			}
			return 0
		}
		b, base := observed(sets, rounds, up, func(k, n int) float64 { return -up(k, n) })
		half, z := base, b.LogZ().Value
		if got := b.Drift(); math.Abs(got-(z-half)) > 1e-9 || more > 0 && got < more {
			t.Errorf("two ratios that rise from 1 to e^%v have changed log Z from %v to %v, and not by %v", more, half, z, got)
		}
	}
}

// Works that say nothing come with errors that say so, as does a single replica set; other numbers of sets have errors
// alike.
func TestBennettKnowsWhatItDoesNotKnow(t *testing.T) {
	for _, apart := range []float64{40, 1000, 1e6} {
		far := func(_, n int) float64 { return apart + float64(n%7) } // neighbours without overlap
		b, base := observed(20, 30, far, far)
		if z := b.LogZ(); !(z.Stderr > 100) || math.IsInf(z.Stderr, 0) || math.Abs(z.Value-base) > 10 {
			t.Errorf("works of %v each way give log Z = %+v, want %v with a large error", apart, z, base)
		}
	}
	spread := func(_, n int) float64 { return 0.5 + math.Sin(float64(n*n)) }
	if b, _ := observed(1, 100, spread, spread); !math.IsInf(b.LogZ().Stderr, 1) || math.IsNaN(b.LogZ().Value) || b.Works() != 100 {
		t.Errorf("one replica set gives log Z = %+v by %d works", b.LogZ(), b.Works())
	}
	for _, sets := range []int{2, 3, 7, 10, 13, 60} {
		b, _ := observed(sets, 840/sets, spread, spread)
		if z := b.LogZ(); !(z.Stderr > 0.02 && z.Stderr < 0.12) { // √(2(0.5/840)) and a half for the groups
			t.Errorf("%d replica sets give log Z = %+v", sets, z)
		}
	}
	if b, _ := observed(5, 0, nil, nil); b.Works() != 0 {
		t.Errorf("%d works before any", b.Works())
	}
}

// Jumps at the model give log Z of two modes with less error than exchanges, within 1.96 of the errors as often as it
// should be, also where all replicas begin in one of the modes. Jumps that are hardly ever taken change nothing.
func TestBennettWithJumps(t *testing.T) {
	const m, n, seeds = 40, 8, 40
	model, _ := magnet(m, n, 0.3, 0.01)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	line, jumps := lineTo(sample.IndependentModel(model), model, 1), toModes(model)
	far := sample.NewJumps(model.Visible, slices.Repeat([]float32{0.5}, m), []float64{0}, nil)
	within, jumped, exchanged := 0., 0., 0.
	for seed := range uint64(seeds) {
		p := sample.NewTempering(line, rbm.NewBatch(20, m), 6, rng.Seed(seed))
		p.Jumps, p.JumpTop, p.JumpSets = jumps, 2, 12
		for range 20 {
			p.Round()
		}
		both := sample.NewBennett(p).WithJumps()
		for range 40 {
			p.Round()
		}
		z := both.LogZ()
		if math.Abs(z.Value-truth) < 1.96*z.Stderr {
			within += 1. / seeds
		}
		jumped += z.Stderr / seeds
		exchanged += both.WithoutJumps().LogZ().Stderr / seeds
	}
	if within < 0.85 || jumped > 0.7*exchanged {
		t.Errorf("the truth is within 1.96 errors in %.3f of all cases; errors are %.3f with jumps and %.3f without", within, jumped, exchanged)
	}
	p := sample.NewTempering(line, rbm.NewBatch(20, m), 6, rng.Seed(1))
	p.Jumps, p.JumpTop = far, 1
	both := sample.NewBennett(p).WithJumps()
	for range 40 {
		p.Round()
	}
	if got, want := both.LogZ(), both.WithoutJumps().LogZ(); got != want || both.Drift() != both.WithoutJumps().Drift() {
		t.Errorf("log Z is %+v with jumps that are hardly ever taken, %+v without", got, want)
	}
	alone := sample.NewTempering(line, rbm.NewBatch(1, m), 6, rng.Seed(1))
	alone.Jumps = jumps
	single := sample.NewBennett(alone).WithJumps()
	for range 10 {
		alone.Round()
	}
	if z := single.LogZ(); math.IsNaN(z.Value) || !math.IsInf(z.Stderr, 1) || math.IsNaN(single.Drift()) {
		t.Errorf("one replica set gives log Z = %+v, which has changed by %v", z, single.Drift())
	}
}

// Where jumps and exchanges differ by more than their errors, that of log Z grows by as much.
func TestBennettOfTwoMinds(t *testing.T) {
	model := rbm.New(7, 3, rng.Seed(1))
	clear(model.W)
	const sets, rounds = 20, 40
	for _, apart := range []float64{0, 1} {
		p := sample.NewTempering(lineTo(model, model, 1), rbm.NewBatch(sets, 7), 2, rng.Seed(1))
		b := sample.NewBennett(p).WithJumps()
		exact := sample.LogZWithoutWeights(model)
		source := rng.NewSource(rng.Seed(1), 0)
		noise := func() float64 { return 0.5 * (source.Float64() - 0.5) }
		for range rounds {
			ups, downs := make([]float64, sets), make([]float64, sets)
			for r := range sets {
				ups[r], downs[r] = noise(), noise()
				p.ObserveJumps(r, noise()-exact-apart, noise()+exact+apart)
			}
			p.ObserveWork(0, ups, downs)
		}
		z := b.LogZ()
		if low, high := 0.4*apart, 0.6*apart+0.02; math.Abs(z.Value-exact-apart/2) > 0.2 || z.Stderr < low || z.Stderr > high {
			t.Errorf("estimates that are %v apart give log Z %v ± %v, exactly %v and %v", apart, z.Value, z.Stderr, exact, exact+apart)
		}
	}
}

// Jumps are observed at the model alone: as many sets in a round as may jump, in turn, with works whose signs are those of
// a change from q to the model and back.
func TestObservedJumps(t *testing.T) {
	const m, n, sets = 40, 8, 5
	model, _ := magnet(m, n, 0.3, 0.01)
	line := lineTo(sample.IndependentModel(model), model, 1)
	p := sample.NewTempering(line, rbm.NewBatch(sets, m), 6, rng.Seed(1))
	p.Jumps, p.JumpTop, p.JumpSets = toModes(model), 2, 3
	seen := make([]int, sets)
	p.ObserveJumps = func(set int, up, down float64) {
		seen[set]++
		if z := -up; math.Abs(z-down) > 40 { // both are log Z but for what q is wrong
			t.Errorf("works of %v and %v", up, down)
		}
	}
	for range 5 {
		p.Round()
	}
	for set, count := range seen {
		if count != 3 {
			t.Errorf("set %d has jumped %d times in 5 rounds, want 3", set, count)
		}
	}
}
