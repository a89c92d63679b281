package sample_test

import (
	"bytes"
	"encoding/binary"
	"math"
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
