package sample_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// twoModes is a magnet of m and n spins with coupling w, whose field gives its upper mode about a share of all
// configurations. It returns that share: the magnetisation of the hidden layer has n+1 values, and given it the visible
// units are independent.
func twoModes(m, n int, w, share float64) (*rbm.Model, float64) {
	model, _ := magnet(m, n, float32(w), float32(math.Log(share/(1-share))/float64(2*m)))
	b, exactly := float64(model.B()[0]), float64(model.W[0])
	var upper, all float64
	for on := range n + 1 {
		field := b + exactly*float64(2*on-n)
		p := 1 / (1 + math.Exp(-2*field))
		logZ := float64(m)*math.Log(2*math.Cosh(field)) + logChoose(n, on)
		weight := math.Exp(logZ - float64(m)*(math.Ln2+exactly*float64(n)))
		all += weight
		for k := range m + 1 {
			if 2*k > m {
				upper += weight * math.Exp(logChoose(m, k)+float64(k)*math.Log(p)+float64(m-k)*math.Log1p(-p))
			}
		}
	}
	return model, upper / all
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}

func upperPart(v rbm.Batch) (part float64) {
	for r := range v.Rows() {
		if up(v, r) {
			part += 1 / float64(v.Rows())
		}
	}
	return part
}

func TestTwoModesShare(t *testing.T) {
	const count = 20000
	model, share := twoModes(24, 6, 0.35, 0.8)
	v, _, err := exact.Sample(t.Context(), model, count, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := upperPart(v); math.Abs(got-share) > 4*math.Sqrt(share*(1-share)/count) {
		t.Errorf("%.4f of exact samples are up, want %.4f", got, share)
	}
}

// Of models with two modes of exactly known weights, samples come with no finding only where both have their weights.
// Gibbs chains mix weak couplings alone; tempering mixes all of them.
func TestDrawKnowsModes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, c := range []struct {
		w, share float64
		method   sample.Method
		want     []string
	}{
		{0.06, 0.5, sample.Gibbs, nil},
		{0.1, 0.8, sample.Gibbs, []string{"not-mixed", "few-samples"}},
		{0.2, 0.5, sample.Gibbs, []string{"not-mixed", "modes-unmixed", "few-samples"}},
		{0.4, 0.8, sample.Gibbs, []string{"not-mixed", "modes-unmixed", "few-samples"}},
		{0.4, 0.95, sample.Gibbs, []string{"not-mixed", "modes-unmixed", "few-samples"}},
		{0.2, 0.8, sample.Tempered, nil},
		{0.4, 0.5, sample.Tempered, nil},
		{0.4, 0.95, sample.Tempered, nil},
		{0.4, 0.9993, sample.Tempered, nil},
	} {
		model, want := twoModes(40, 8, c.w, c.share)
		r := draw(t, model, sample.Options{Method: c.method, Thin: 10})
		name := fmt.Sprintf("w = %g, %.3f up, %s", c.w, want, c.method)
		if !slices.Equal(codes(r), c.want) {
			t.Errorf("%s: findings %v, want %v", name, codes(r), c.want)
		}
		got := upperPart(r.Samples)
		if stderr := math.Sqrt(want * (1 - want) / r.ESS); len(c.want) == 0 && math.Abs(got-want) > 4*stderr {
			t.Errorf("%s: %.3f ± %.3f of the samples are up", name, got, stderr)
		}
		if c.w < 0.1 { // the modes run into each other
			continue
		}
		up := r.Modes[0]
		if want < 0.6 && (r.Modes[0].Share > r.Modes[1].Share) != (got > 0.5) { // either may come first
			up = r.Modes[1]
		}
		if math.Abs(up.AIS-max(want, 1-want)) > 0.03 || math.Abs(up.Share-got) > 0.03 && math.Abs(1-up.Share-got) > 0.03 {
			t.Errorf("%s: %.3f of the samples are up, modes %+v", name, got, r.Modes)
		}
		if mixed := r.Changes >= sample.DefaultChains; c.share < 0.99 && mixed == slices.Contains(codes(r), "modes-unmixed") {
			t.Errorf("%s: %d changes, findings %v", name, r.Changes, codes(r))
		}
	}
}

// Modes have the same shares of exact samples.
func TestSharesOfModes(t *testing.T) {
	const count = 2000
	model, want := twoModes(24, 6, 0.5, 0.8)
	v, _, err := exact.Sample(t.Context(), model, count, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	modes, err := sample.SharesOfModes(t.Context(), model, v, sample.Options{})
	stderr := math.Sqrt(want * (1 - want) / count)
	if err != nil || math.Abs(modes[0].Share-want) > 4*stderr || math.Abs(modes[0].Stderr/stderr-1) > 0.1 ||
		math.Abs(modes[0].AIS-want) > 0.01 {
		t.Errorf("modes %+v, error %v, want a share of %.3f ± %.3f", modes, err, want, stderr)
	}
}

// Chains that all begin in one mode agree on everything, and never see the other.
func TestDrawMissesModes(t *testing.T) {
	model, _ := twoModes(40, 8, 0.4, 0.8)
	for _, upper := range []bool{false, true} {
		start := rbm.NewBatch(1, 40)
		start.SetRow(0, func(int) bool { return upper })
		r := draw(t, model, sample.Options{Method: sample.Gibbs, Count: 200, Thin: 10, Start: start})
		if !slices.Equal(codes(r), []string{"mode-missing"}) || !(r.Rhat <= 1.01) || r.Changes != 0 {
			t.Errorf("begun up %v: findings %v, R̂ %.3f, modes %+v", upper, codes(r), r.Rhat, r.Modes)
		}
	}
}

// Held units may leave one mode of two, or give both another weight. Modes are those of the other units.
func TestDrawModesGivenUnits(t *testing.T) {
	for _, c := range []struct {
		hold []int // up, of units 0 to 3; the others down
		want []string
	}{{[]int{0, 1, 2, 3}, nil}, {[]int{0, 1}, []string{"not-mixed", "modes-unmixed", "few-samples"}}} {
		if testing.Short() && c.want != nil {
			continue // the longest burn-in
		}
		model, _ := magnet(13, 5, 0.9, 0)
		known := rbm.NewBatch(1, 13)
		for _, i := range c.hold {
			known.SetBit(0, i, true)
		}
		given, err := model.Given(known, 0, func(i int) bool { return i < 4 })
		if err != nil {
			t.Fatal(err)
		}
		r := draw(t, given.Model, sample.Options{Method: sample.Gibbs, Thin: 10})
		large := 0
		for _, mode := range r.Modes {
			if mode.AIS > 0.1 {
				large++
			}
		}
		if !slices.Equal(codes(r), c.want) || large != 1+len(c.want)/3 {
			t.Errorf("%d units held up: findings %v, modes %+v", len(c.hold), codes(r), r.Modes)
		}
	}
}

// Samples of models that mix are not refused.
func TestDrawAcceptsWhatMixes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	model := randomModel(12, 8, rbm.Bernoulli, rbm.Bernoulli, 27)
	for seed := range uint64(40) {
		r := draw(t, model, sample.Options{Count: 400, Thin: 5, Seed: seed})
		if r.Method != sample.Gibbs || len(r.Findings) > 0 {
			t.Errorf("seed %d: %s with findings %v", seed, r.Method, codes(r))
		}
	}
}

// foreign is a layer of which nothing is known but that it is one.
type foreign struct{ rbm.Layer }

func (f foreign) Clone() rbm.Layer { return foreign{f.Layer.Clone()} }

// A model with visible units that nothing is known of has no modes, and is watched by its free energy and its
// directions.
func TestDrawWithoutBits(t *testing.T) {
	model := randomModel(6, 4, rbm.Bernoulli, rbm.Bernoulli, 28)
	want := distribution(model, everything)
	model.Visible = foreign{model.Visible}
	r := draw(t, model, sample.Options{Method: sample.Gibbs, Thin: 5})
	if len(r.Findings) > 0 || r.Modes != nil || r.Changes != 0 {
		t.Errorf("findings %v, modes %v, %d changes", codes(r), r.Modes, r.Changes)
	}
	checkMoments(t, r, want)
}
