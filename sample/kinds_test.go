package sample_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// bytesOf are the stored numbers of states.
func bytesOf(t *testing.T, v rbm.Batch) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, numbers := range []any{v.EncodeBits(), v.EncodeReals()} {
		if err := binary.Write(&b, binary.LittleEndian, numbers); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// lineOf goes from independent units, with the moments of states, to a model.
func lineOf(model *rbm.Model, v rbm.Batch, on *compute.Context) *rbm.Line {
	base := sample.IndependentModel(model)
	base.SetMoments(kindtest.Moments(v))
	return rbm.NewLine(base, model, rbm.NewConditionals(model, on))
}

// Chains that start at exact samples stay samples of the model, for every pair of kinds, and so do replicas, for pairs
// with every kind in them: their means, products in pairs and free energies are those of other exact samples.
func TestNoDriftOfKinds(t *testing.T) {
	const chains, temperatures = 1000, 3
	for k, pair := range kindtest.Pairs(0.6) {
		t.Run(pair.Name, func(t *testing.T) {
			model, truth := pair.Model, kindtest.Of(pair.Model)
			start, other := truth.Sample(chains, rng.Seed(1)), truth.Sample(chains, rng.Seed(2))
			check := func(what string, v rbm.Batch) {
				t.Helper()
				if z, of := kindtest.Deviation(model, v, other); !(z < 4.5) {
					t.Errorf("%s: %s is %.1f standard errors off", what, of, z)
				}
			}
			c := sample.NewChains(start, model.Hidden, rng.Seed(3))
			c.Sweep(rbm.NewConditionals(model, compute.New(1)), 10)
			check("chains", c.Visible)
			if k%5 > 0 || testing.Short() {
				return
			}
			p := sample.NewTempering(lineOf(model, start, compute.New(1)), start, temperatures, rng.Seed(4))
			ratios := sample.NewBennett(p)
			for range 20 { // replicas elsewhere come to equilibrium meanwhile
				p.Round()
			}
			check("replicas", p.Visible())
			if z := ratios.LogZ(); !(math.Abs(z.Value-truth.LogZ) < 0.1) {
				t.Errorf("log Z is %v by exchanges, should be %v", z, truth.LogZ)
			}
		})
	}
}

// AIS gives log Z of every pair of kinds within its error.
func TestAISOfKinds(t *testing.T) {
	for k, pair := range kindtest.Pairs(0.6) {
		if k%5 > 0 && testing.Short() {
			continue
		}
		truth := kindtest.Of(pair.Model)
		line := lineOf(pair.Model, truth.Sample(1000, rng.Seed(1)), compute.New(1))
		chains, _, err := sample.AIS(t.Context(), line, sample.Even(50), 400, rng.Seed(2), nil)
		if err != nil {
			t.Fatal(err)
		}
		if z := chains.LogZ(); !(math.Abs(z.Value-truth.LogZ) < 4*z.Stderr+1e-4) || z.Stderr > 0.1 {
			t.Errorf("%s: log Z is %.4f ± %.4f, should be %.4f", pair.Name, z.Value, z.Stderr, truth.LogZ)
		}
		for _, bound := range sample.VariationalBounds(pair.Model, truth.Sample(100, rng.Seed(3))) {
			if bound > truth.LogZ+1e-5 {
				t.Errorf("%s: a bound of %v for log Z = %v", pair.Name, bound, truth.LogZ)
			}
		}
	}
}

// Draw draws from pairs with every kind in them, by both methods, to the same bytes with one worker and with two, and
// by every instruction set.
func TestDrawOfKinds(t *testing.T) {
	for k, pair := range kindtest.Pairs(0.6) {
		if k%5 > 0 {
			continue
		}
		t.Run(pair.Name, func(t *testing.T) {
			other := kindtest.Of(pair.Model).Sample(1000, rng.Seed(1))
			draws := func(method sample.Method, on *compute.Context) rbm.Batch {
				return draw(t, pair.Model, sample.Options{Count: 240, Chains: 40, BurnIn: 30, Thin: 3, Method: method, Compute: on}).Samples
			}
			all := contexts()
			tempered := draws(sample.Tempered, all[0])
			for _, samples := range []rbm.Batch{tempered, draws(sample.Gibbs, all[0])} {
				if z, of := kindtest.Deviation(pair.Model, samples, other); !(z < 5.5) { // samples that remember
					t.Errorf("%s is %.1f standard errors off", of, z)
				}
			}
			if testing.Short() {
				return
			}
			for _, on := range all[1:] {
				if !bytes.Equal(bytesOf(t, draws(sample.Tempered, on)), bytesOf(t, tempered)) {
					t.Fatal("samples depend on the workers or the instruction set")
				}
			}
		})
	}
}

// contexts are one worker of each instruction set, and two.
func contexts() []*compute.Context {
	list := []*compute.Context{compute.New(2)}
	for _, isa := range compute.ISAs() {
		list = append(list, compute.NewISA(1, isa))
	}
	return list
}

// Samples of a mixed layer given a bit, a site and a real number have the conditional distribution, by both methods.
func TestDrawGivenKinds(t *testing.T) {
	model := pairOf(t, "mixed-relu") // two bits, a site of 3 states and a real number
	known := model.Visible.NewBatch(1)
	known.SetBit(0, 0, true)
	known.SetBit(0, 2, false)
	known.SetBit(0, 3, true)
	known.Reals(0)[0] = 0.7
	given, err := model.Given(known, 0, func(i int) bool { return i != 1 })
	if err != nil {
		t.Fatal(err)
	}
	states := known.Like(2)
	for r := range 2 {
		states.Slice(r, r+1).Copy(known)
	}
	states.SetBit(1, 1, true)
	f := model.FreeEnergy(states)
	for _, method := range []sample.Method{sample.Gibbs, sample.Tempered} {
		r, on := draw(t, given.Model, sample.Options{Count: 4000, Method: method, BurnIn: 100, Thin: 4}), 0.0
		for k := range r.Samples.Rows() {
			if r.Samples.Bit(k, 0) {
				on += 1. / 4000
			}
		}
		if want := rbm.Sigmoid(f[0] - f[1]); math.Abs(on-want) > 5*math.Sqrt(want*(1-want)/r.ESS) {
			t.Errorf("%v: the free unit is on with %v, should be with %v", method, on, want)
		}
	}
}

func pairOf(t *testing.T, name string) *rbm.Model {
	t.Helper()
	for _, pair := range kindtest.Pairs(0.6) {
		if pair.Name == name {
			return pair.Model
		}
	}
	t.Fatalf("no pair is called %s", name)
	return nil
}

// Random restarts of units that are no bits are all over the patterns of W, far beyond the spread of a layer by itself.
func TestRandomStartsOfKinds(t *testing.T) {
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 4), rbm.NewLayer(rbm.Spin, 2), rng.Seed(1))
	for k := range model.W {
		model.W[k] = 3
	}
	_, variances := kindtest.Moments(sample.RandomStarts(model, 4000, rng.Seed(2)).Slice(0, 2000))
	for i, x := range variances { // 1 + Var(6·mean of two coins) = 1 + 18
		if math.Abs(x-19) > 2 {
			t.Errorf("unit %d of random restarts has the variance %v, should have 19", i, x)
		}
	}
	sites := rbm.NewModel(rbm.NewCategorical(4, 4), rbm.NewLayer(rbm.Bernoulli, 1), rng.Seed(1))
	clear(sites.W)
	sites.W[1] = 20 // a hidden unit that is on decides the first site
	sites.B()[4] = 20
	means, _ := kindtest.Moments(sample.RandomStarts(sites, 4000, rng.Seed(2)).Slice(0, 1000))
	if want := 0.5 + 0.5/4; math.Abs(means[1]-want) > 0.06 || means[4] < 0.99 {
		t.Errorf("means %v of restarts by hidden units", means)
	}
	means, _ = kindtest.Moments(sample.RandomStarts(sites, 4000, rng.Seed(2)).Slice(1000, 2000))
	if math.Abs(means[1]-0.25) > 0.06 || math.Abs(means[4]-0.25) > 0.06 {
		t.Errorf("means %v of fair sites", means)
	}
}

// A chain of bits takes an eighth of a byte a unit, and real numbers four.
func TestStateBytes(t *testing.T) {
	for _, c := range []struct {
		visible, hidden rbm.Layer
		want            float64
	}{
		{rbm.NewLayer(rbm.Bernoulli, 80), rbm.NewLayer(rbm.Spin, 16), 12},
		{rbm.NewLayer(rbm.Gaussian, 80), rbm.NewLayer(rbm.Spin, 16), 80*4 + 2 + 4*96},
		{rbm.NewCategorical(20, 60), rbm.NewLayer(rbm.ReLU, 16), 10 + 16*4 + 4*96},
	} {
		if got := sample.StateBytes(rbm.NewModel(c.visible, c.hidden, rng.Seed(1))); got != c.want {
			t.Errorf("%v-%v: %v bytes, want %v", c.visible.Kind(), c.hidden.Kind(), got, c.want)
		}
	}
}
