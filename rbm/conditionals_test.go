package rbm_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// wild returns a model with parameters of order one and a batch of random visible states.
func wild(m, n, rows int, visible, hidden rbm.Kind) (*rbm.Model, rbm.Batch) {
	model := rbm.NewModel(rbm.NewLayer(visible, m), rbm.NewLayer(hidden, n), rng.Seed(5))
	source := rng.NewSource(rng.Seed(5), 1)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(source.Float64()*2 - 1)
		}
	}
	v := rbm.NewBatch(rows, m)
	for r := range rows {
		for i := range m {
			v.SetBit(r, i, source.Uint32()>>31 == 1)
		}
	}
	return model, v
}

func eachUnits(t *testing.T, f func(t *testing.T, visible, hidden rbm.Kind)) {
	for _, visible := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		for _, hidden := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
			t.Run(fmt.Sprint(visible, "-", hidden), func(t *testing.T) { f(t, visible, hidden) })
		}
	}
}

// P(h_j=1|v)/P(h_j=0|v) = e^(E(h_j=0) − E(h_j=1)), by the energy alone; likewise for the visible layer.
func TestInputsAreEnergyDifferences(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		model, v := wild(67, 9, 5, visible, hidden)
		h := rbm.NewBatch(5, 9)
		c := rbm.NewConditionals(model, compute.New(1))
		toHidden, toVisible := make([]float32, 5*9), make([]float32, 5*67)
		c.HiddenInputs(toHidden, v)
		c.VisibleInputs(toVisible, h)
		compareInputs(t, "hidden", toHidden, h, func() []float64 { return model.Energy(v, h) })
		w := v.Clone()
		compareInputs(t, "visible", toVisible, w, func() []float64 { return model.Energy(w, h) })
	})
}

// compareInputs flips every unit of s and compares the change of the energy with the inputs.
func compareInputs(t *testing.T, name string, inputs []float32, s rbm.Batch, energy func() []float64) {
	t.Helper()
	for i := range s.Units() {
		var e [2][]float64
		for bit := range e {
			for r := range s.Rows() {
				s.SetBit(r, i, bit == 1)
			}
			e[bit] = energy()
		}
		for r := range s.Rows() {
			s.SetBit(r, i, false)
			want, got := e[0][r]-e[1][r], float64(inputs[r*s.Units()+i])
			if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("%s input of unit %d in row %d is %v, want %v", name, i, r, got, want)
			}
		}
	}
}

func TestProbabilitiesAreSigmoidsOfInputs(t *testing.T) {
	model, v := wild(20, 7, 3, rbm.Bernoulli, rbm.Bernoulli)
	c := rbm.NewConditionals(model, compute.New(1))
	x, p := make([]float32, 3*7), make([]float32, 3*7)
	c.HiddenInputs(x, v)
	c.HiddenProbs(p, v)
	for k := range x {
		if want := rbm.Sigmoid(float64(x[k])); math.Abs(float64(p[k])-want) > 1e-6 {
			t.Errorf("P = %v, want σ(%v) = %v", p[k], x[k], want)
		}
	}
}

// Statistics against the lecture's positive phase, with and without weights.
func TestStatistics(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		const m, n, rows = 70, 5, 37
		model, v := wild(m, n, rows, visible, hidden)
		weights, p, even, total := make([]float32, rows), make([]float64, rows), make([]float64, rows), 0.0
		source := rng.NewSource(rng.Seed(6), 0)
		for r := range weights {
			if r != 3 {
				weights[r] = float32(3 * source.Float64())
			}
			total += float64(weights[r])
		}
		for r, w := range weights {
			p[r], even[r] = float64(w)/total, 1./rows
		}
		bits, _ := lecturetest.Bits(model)
		for _, c := range []struct {
			weights []float32
			p       []float64
		}{{nil, even}, {weights, p}} {
			got, want := rbm.NewStatistics(model), lecturetest.OfUnits(model, lecturetest.Average(bits, v, c.p))
			rbm.NewConditionals(model, compute.New(2)).Statistics(got, v, c.weights)
			for _, x := range []struct {
				name string
				got  []float32
				want []float64
			}{{"V", got.V, want.B}, {"H", got.H, want.C}, {"VH", got.VH, slices.Concat(want.W...)}} {
				for k := range x.got {
					if math.Abs(float64(x.got[k])-x.want[k]) > 5e-6 {
						t.Fatalf("%s[%d] = %v, want %v (weighted: %v)", x.name, k, x.got[k], x.want[k], c.weights != nil)
					}
				}
			}
		}
	})
}

func TestStatisticsDoNotDependOnWorkers(t *testing.T) {
	model, v := wild(130, 31, 257, rbm.Bernoulli, rbm.Spin)
	want := rbm.NewStatistics(model)
	rbm.NewConditionals(model, compute.New(1)).Statistics(want, v, nil)
	for _, workers := range []int{2, 7} {
		got := rbm.NewStatistics(model)
		rbm.NewConditionals(model, compute.New(workers)).Statistics(got, v, nil)
		if !slices.Equal(got.VH, want.VH) || !slices.Equal(got.H, want.H) || !slices.Equal(got.V, want.V) {
			t.Errorf("%d workers give other statistics than one", workers)
		}
	}
}

// The pseudo-log-likelihood against its definition by free energies of flipped configurations.
func TestPseudoLogLikelihood(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		for _, scale := range []float32{1, 100} { // the second has steep weights
			model, v := wild(23, 19, 4, visible, hidden)
			for k := range model.W {
				model.W[k] *= scale
			}
			got, err := model.PseudoLogLikelihood(v, compute.New(2))
			if err != nil {
				t.Fatal(err)
			}
			free := model.FreeEnergy(v)
			for r := range got {
				want := 0.0
				for i := range v.Units() {
					w := v.Slice(r, r+1).Clone()
					w.SetBit(0, i, !v.Bit(r, i))
					want -= rbm.Softplus(free[r] - model.FreeEnergy(w)[0])
				}
				if math.Abs(got[r]-want) > 1e-9*(1+math.Abs(want)) {
					t.Errorf("row %d: %v, want %v", r, got[r], want)
				}
			}
		}
	})
}

func ExampleConditionals() {
	model := rbm.New(1, 2, rng.Seed(1)) // one visible, two hidden units
	model.W[0], model.W[1] = 2, -2
	v, _ := rbm.FromBytes([][]uint8{{0}, {1}})
	p := make([]float32, 4)
	rbm.NewConditionals(model, nil).HiddenProbs(p, v)
	fmt.Printf("P(h=1|v=0) = %.4f %.4f\n", p[0], p[1])
	fmt.Printf("P(h=1|v=1) = %.4f %.4f\n", p[2], p[3])
	// Output:
	// P(h=1|v=0) = 0.5000 0.5000
	// P(h=1|v=1) = 0.8808 0.1192
}

// The quick free energies against those in float64, alone and beside draws.
func TestConditionalFreeEnergies(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		model, v := wild(70, 37, 50, visible, hidden)
		c := rbm.NewConditionals(model, compute.New(2))
		free, drawn := make([]float64, 50), make([]float64, 50)
		c.FreeEnergy(free, v)
		c.SampleHiddenFree(rbm.NewBatch(50, 37), drawn, v, rng.Seed(2), 1)
		for r, want := range model.FreeEnergy(v) {
			if math.Abs(free[r]-want) > 2e-6*(1+math.Abs(want)) {
				t.Errorf("F of row %d is %v, want %v", r, free[r], want)
			}
			if drawn[r] != free[r] {
				t.Errorf("F of row %d: %v, %v beside draws", r, free[r], drawn[r])
			}
		}
	})
}
