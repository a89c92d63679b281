package sample_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// logZAlongBeta returns log Z of the model and its error by weighted chains that follow the model with β·W through
// steps temperatures, and are resampled where their effective sample size is below a part of their number.
func logZAlongBeta(t *testing.T, model *rbm.Model, chains, steps int, seed uint64, threshold float64) (logZ, stderr float64) {
	t.Helper()
	p := sample.NewIndependent(model, chains, rng.Seed(seed))
	base := model.Clone()
	clear(base.W)
	line := lineTo(base, model, 1)
	before, after := line.At(rbm.Stretch{Rows: chains}), line.At()
	for k := 1; k <= steps; k++ {
		after.Set(rbm.Stretch{Rows: chains, Place: float64(k) / float64(steps)})
		p.Step(before, after)
		before, after = after, before
		if p.LogZ().ESS < threshold*float64(chains) {
			p.Resample()
		}
	}
	z := p.LogZ()
	return z.Value, z.Stderr
}

// The truth lies as far from the estimate as the stated error says, with resampling and without, and the mean of Z is
// not biased.
func TestErrorsOfWeightedChains(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, units := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		model := rbm.NewModel(rbm.NewLayer(units, 30), rbm.NewLayer(units, 12), rng.Seed(3))
		scale, _ := units.Line()
		for i := range model.W {
			model.W[i] *= 60 / float32(scale*scale)
		}
		truth, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			steps     int
			threshold float64
		}{{20, 0}, {20, 0.5}, {20, 0.9}, {100, 0}, {100, 0.9}} {
			const seeds = 100
			var squares, ratio, ratioSquares float64
			for seed := range uint64(seeds) {
				logZ, stderr := logZAlongBeta(t, model, 100, c.steps, seed, c.threshold)
				z, r := (logZ-truth)/stderr, math.Exp(logZ-truth)
				squares += z * z / seeds
				ratio += r / seeds
				ratioSquares += r * r / seeds
			}
			least := 0.8
			if c.threshold > 0.5 { // often resampled: ancestors count how the numbers of copies are rounded, which changes nothing in log Z
				least = 0.6
			}
			if rms := math.Sqrt(squares); rms < least || rms > 1.3 { // 1 ± 0.07 if the errors are right
				t.Errorf("%v, %d steps, threshold %v: errors are %.2f times what is stated", units, c.steps, c.threshold, rms)
			}
			if error := math.Sqrt((ratioSquares - ratio*ratio) / seeds); math.Abs(ratio-1) > 4*error {
				t.Errorf("%v, %d steps, threshold %v: mean of Z over Z is %.3f ± %.3f", units, c.steps, c.threshold, ratio, error)
			}
		}
	}
}

// Equal weights leave every chain where it is; a weight that is all takes every place.
func TestResample(t *testing.T) {
	model := rbm.New(40, 5, rng.Seed(1))
	p := sample.NewIndependent(model, 50, rng.Seed(2))
	before, logZ := p.Chains.Visible.Clone(), p.LogZ().Value
	for r, from := range p.Resample() {
		if r != from {
			t.Fatalf("with equal weights chain %d came from %d", r, from)
		}
	}
	if p.LogZ().Value != logZ || !before.Equal(p.Chains.Visible) {
		t.Errorf("resampling equal weights changed the weighted chains: log Z %v, was %v", p.LogZ().Value, logZ)
	}
	for r := range p.LogWeights {
		p.LogWeights[r] = -1000
	}
	p.LogWeights[17] = 3
	p.Resample()
	for r := range 50 {
		if p.Chains.Visible.Compare(r, before, 17) != 0 {
			t.Fatalf("chain %d is not the one with all the weight", r)
		}
	}
	if want := logZ + 3 - math.Log(50); math.Abs(p.LogZ().Value-want) > 1e-12 {
		t.Errorf("log Z is %v, want %v", p.LogZ().Value, want)
	}
	if z := p.LogZ(); math.Abs(z.Stderr-math.Sqrt(0.98)) > 1e-9 || z.ESS != 50 {
		t.Errorf("error %v and ESS %v after resampling from one chain, want √0.98 and 50", z.Stderr, z.ESS)
	}
}

// A chain that takes most of the places, and its copies, which go on to different weights: their families are many by
// the last resampling, but what they have in common stays in the error.
func TestErrorsKnowAncestors(t *testing.T) {
	const chains = 100
	p := sample.NewIndependent(rbm.New(40, 5, rng.Seed(1)), chains, rng.Seed(2))
	p.LogWeights[17] = math.Log(4 * (chains - 1)) // four fifths of all weight
	p.Resample()
	for range 3 { // each with small errors of its own
		for r := range p.LogWeights {
			p.LogWeights[r] = 0.5 * math.Sin(float64(r))
		}
		p.Resample()
	}
	if z := p.LogZ(); !(math.Abs(z.Stderr-0.8) < 0.03) {
		t.Errorf("error %v, want about 0.8, the part of chain 17", z.Stderr)
	}
}

// Resampled chains know log Z as well as before, and each is drawn within one of as many times as its weight says: over
// many keys, as often in the mean.
func TestResampleByWeight(t *testing.T) {
	const chains, keys = 60, 400
	model := rbm.New(64, 5, rng.Seed(1))
	sum := 0.0
	weight := func(r int) float64 { return math.Sin(float64(r)) }
	for r := range chains {
		sum += math.Exp(weight(r))
	}
	mean := make([]float64, chains)
	for key := range uint64(keys) {
		p := sample.NewIndependent(model, chains, rng.Seed(key))
		for r := range p.LogWeights {
			p.LogWeights[r] = weight(r)
		}
		before, visible := p.LogZ(), p.Chains.Visible.Clone()
		index := p.Resample()
		z := p.LogZ()
		count, squares := make([]int, chains), 0.
		for _, from := range index {
			count[from]++
		}
		for _, n := range count {
			squares += float64(n*n) / chains / chains
		}
		stderr := max(before.Stderr, math.Sqrt(squares-1./chains)) // or that between ancestors with whole numbers of copies
		if math.Abs(z.Value-before.Value) > 1e-12 || math.Abs(z.Stderr-stderr) > 1e-12 || z.ESS != chains {
			t.Fatalf("log Z is %v, before resampling %v, want an error of %v", z, before, stderr)
		}
		for r, from := range index {
			mean[from] += 1.0 / keys
			if p.Chains.Visible.Compare(r, visible, from) != 0 || p.Families[r] != uint64(from) || p.LogWeights[r] != 0 {
				t.Fatalf("chain %d is not chain %d of those it was drawn from", r, from)
			}
		}
		for r, n := range count {
			if want := chains * math.Exp(weight(r)) / sum; math.Abs(float64(n)-want) >= 1 {
				t.Fatalf("chain %d was drawn %d times, its weight says %v", r, n, want)
			}
		}
	}
	for r, x := range mean {
		want := chains * math.Exp(weight(r)) / sum
		part := want - math.Floor(want) // the count is one of two numbers
		if z := (x - want) / math.Sqrt(part*(1-part)/keys); !(math.Abs(z) < 4.5) {
			t.Errorf("chain %d was drawn %v times in the mean, its weight says %v", r, x, want)
		}
	}
}
