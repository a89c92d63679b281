package sample_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"harmonium/compute"
	"harmonium/internal/kindtest"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
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

// Chains and replicas that start at exact samples stay samples of the model, for every pair of kinds: their means,
// products in pairs and free energies are those of other exact samples.
func TestNoDriftOfKinds(t *testing.T) {
	const chains, temperatures = 1000, 3
	for _, pair := range kindtest.Pairs(0.6) {
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
			if testing.Short() {
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
	for _, pair := range kindtest.Pairs(0.6) {
		truth := kindtest.Of(pair.Model)
		line := lineOf(pair.Model, truth.Sample(1000, rng.Seed(1)), compute.New(1))
		chains, _, err := sample.AIS(t.Context(), line, sample.Even(60), 500, rng.Seed(2), nil)
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

// Draw draws from every pair of kinds, by both methods, to the same bytes with one worker and with two, and by every
// instruction set.
func TestDrawOfKinds(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.6) {
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

// Held sites and real numbers stay, and the others have the distribution given them, by both methods.
func TestDrawHeldKinds(t *testing.T) {
	model := pairOf(t, "mixed-relu")
	const bit, state, real = 0, 3, 5
	for _, method := range []sample.Method{sample.Gibbs, sample.Tempered} {
		r := draw(t, model, sample.Options{
			Count: 4000, Method: method, BurnIn: 100, Thin: 4, Clamp: map[int]bool{bit: true, state: true}, Reals: map[int]float64{real: 0.7},
		})
		on := 0.0
		for k := range r.Samples.Rows() {
			if v := r.Samples; !v.Bit(k, bit) || v.Bit(k, 2) || !v.Bit(k, state) || v.Bit(k, 4) || v.Value(k, real) != float64(float32(0.7)) {
				t.Fatalf("%v: sample %d left its clamps", method, k)
			}
			if r.Samples.Bit(k, 1) {
				on += 1. / 4000
			}
		}
		states := r.Samples.Slice(0, 2).Clone()
		states.SetBit(0, 1, false)
		states.SetBit(1, 1, true)
		f := model.FreeEnergy(states)
		if want := rbm.Sigmoid(f[0] - f[1]); math.Abs(on-want) > 0.05 {
			t.Errorf("%v: a free unit is on with %v, should be with %v", method, on, want)
		}
	}
	for want, o := range map[string]sample.Options{
		"Clamp holds unit 5 at a bit":         {Clamp: map[int]bool{5: true}},
		"Clamp keeps unit 3 off":              {Clamp: map[int]bool{3: false}},
		"Clamp holds units 2 and 4 on":        {Clamp: map[int]bool{2: true, 4: true}},
		"Reals holds unit 9":                  {Reals: map[int]float64{9: 1}},
		"Reals holds unit 0, but it is a bit": {Reals: map[int]float64{0: 1}},
		"Reals holds unit 5 at NaN":           {Reals: map[int]float64{5: math.NaN()}},
	} {
		if _, err := sample.Draw(t.Context(), model, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
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

// Random restarts of models with real numbers are all over the patterns of W, far beyond the spread of a layer by
// itself.
func TestRandomStartsOfReals(t *testing.T) {
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
