package quantum_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/cmplx"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// newStateModel returns a model of a state with parameters of order 1, so that phases and mixing count.
func newStateModel(t *testing.T, kind rbm.StateKind, sites, hidden, phase, auxiliary int) *rbm.Model {
	t.Helper()
	model := rbm.New(sites, hidden+auxiliary, rng.Seed(7))
	state, err := rbm.NewState(kind, model, phase, auxiliary, rng.Seed(8))
	if err != nil {
		t.Fatal(err)
	}
	model.State = state
	source := rng.NewSource(rng.Seed(9), 0)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(2*source.Float64() - 1)
		}
	}
	return model
}

// reference is the unnormalised density matrix of a model, from its definition: for a density matrix the sum over the
// auxiliary units of pure states (Torlai and Melko 2018).
func reference(model *rbm.Model) quantum.Density {
	sites := model.M()
	a := model.State.Auxiliary()
	dim := 1 << sites
	rho := make(quantum.Density, dim*dim)
	for units := range 1 << a {
		psi := make([]complex128, dim)
		for index := range dim {
			psi[index] = amplitude(model, index, units)
		}
		for k := range psi {
			for l := range psi {
				rho[k*dim+l] += psi[k] * cmplx.Conj(psi[l])
			}
		}
	}
	return rho
}

// amplitude is √(e^(−E)) e^(iφ) with given auxiliary units, summed over the hidden ones.
func amplitude(model *rbm.Model, index, units int) complex128 {
	m, n, a := model.M(), model.N(), model.State.Auxiliary()
	bit := func(i int) float64 { return float64(index >> (m - 1 - i) & 1) }
	log := func(model *rbm.Model, hidden int) (sum float64) {
		for i := range m {
			sum += bit(i) * float64(model.B()[i])
		}
		for j := range hidden {
			x := float64(model.C()[j])
			for i := range m {
				x += bit(i) * float64(model.W[i*model.N()+j])
			}
			sum += math.Log1p(math.Exp(x))
		}
		return sum
	}
	re, im := log(model, n-a)/2, 0.0
	if model.State.Phase != nil {
		im = log(model.State.Phase, model.State.Phase.N()) / 2
	}
	for k := range a {
		if units>>k&1 == 0 {
			continue
		}
		re += float64(model.C()[n-a+k]) / 2
		for i := range m {
			re += bit(i) * float64(model.W[i*n+n-a+k]) / 2
			im += bit(i) * float64(model.State.U[i*a+k]) / 2
		}
	}
	return cmplx.Exp(complex(re, im))
}

// own is a unitary that is none of Pauli's.
func withOwn() quantum.Unitaries {
	u := quantum.Pauli()
	c, s := math.Cos(0.4), math.Sin(0.4)
	u['T'] = quantum.Unitary{{complex(c, 0), complex(0, s)}, {complex(0, s), complex(c, 0)}}
	return u
}

// allOutcomes are all outcomes in all bases of some letters.
func allOutcomes(letters string, sites int) (v rbm.Batch, bases []string) {
	var names []string
	for k := range int(math.Pow(float64(len(letters)), float64(sites))) {
		name := ""
		for range sites {
			name += letters[k%len(letters):][:1]
			k /= len(letters)
		}
		names = append(names, name)
	}
	v = rbm.NewBatch(len(names)<<sites, sites)
	for r := range v.Rows() {
		quantum.SetIndex(v, r, r%(1<<sites))
		bases = append(bases, names[r>>sites])
	}
	return v, bases
}

// meanLog is the weighted mean of log Z·P_b(o), from the reference, whose coherences are smaller by 1 + κ.
func meanLog(model *rbm.Model, v rbm.Batch, bases []string, weights []float32, u quantum.Unitaries, κ float64) float64 {
	rho, dim := reference(model), 1<<model.M()
	for k := range rho {
		if k/dim != k%dim {
			rho[k] /= complex(1+κ, 0)
		}
	}
	p := map[string][]float64{}
	sum, total := 0.0, 0.0
	for r, b := range bases {
		if p[b] == nil {
			p[b] = rho.Probabilities(quantum.Basis(b), u)
		}
		sum += float64(weights[r]) * math.Log(p[b][quantum.Index(v, r)])
		total += float64(weights[r])
	}
	return sum / total
}

type testState struct {
	kind                            rbm.StateKind
	sites, hidden, phase, auxiliary int
}

// states are the kinds of the tests.
var states = []testState{
	{rbm.StateWavefunction, 3, 2, 0, 0},
	{rbm.StateComplex, 3, 2, 4, 0},
	{rbm.StateDensity, 3, 2, 3, 2},
	{rbm.StateDensity, 2, 1, 1, 3},
}

// Outcomes have the probabilities of the definition, in all bases.
func TestLogWeights(t *testing.T) {
	for _, c := range states {
		u := withOwn()
		model := newStateModel(t, c.kind, c.sites, c.hidden, c.phase, c.auxiliary)
		v, bases := allOutcomes("XYZT", c.sites)
		logs := make([]float64, v.Rows())
		quantum.NewLikelihood(u, nil).LogWeights(logs, model, v, bases)
		rho := reference(model)
		for r, b := range bases {
			want := rho.Probabilities(quantum.Basis(b), u)[quantum.Index(v, r)]
			if got := math.Exp(logs[r]); !(math.Abs(got-want) <= 1e-9*want) {
				t.Fatalf("%s: outcome %d of %s: %.12g, want %.12g", c.kind, quantum.Index(v, r), b, got, want)
			}
		}
	}
}

// The gradient is that of the definition by central differences, over all outcomes of all bases with weights of many
// sizes, some of them 0 or twice there. Early in a training that of a complex wavefunction, and of no other state, is
// the gradient of the dephased state, unless there is to be no dephasing.
func TestLikelihoodGradient(t *testing.T) {
	for _, c := range states {
		for left, κ := range map[float64]float64{0: 0, 0.5: 0, 0.75: 0.75, 1: 3} {
			if c.kind != rbm.StateComplex {
				κ = 0
			}
			testGradient(t, c, quantum.NewLikelihood(withOwn(), nil), left, κ)
		}
		undephased := quantum.NewLikelihood(withOwn(), nil)
		undephased.NoDephasing = true
		testGradient(t, c, undephased, 1, 0)
	}
}

func testGradient(t *testing.T, c testState, l *quantum.Likelihood, left, κ float64) {
	t.Helper()
	u := withOwn()
	model := newStateModel(t, c.kind, c.sites, c.hidden, c.phase, c.auxiliary)
	v, bases := allOutcomes("XYZT", c.sites)
	v.Slice(3, 4).Copy(v.Slice(2, 3))
	source, weights := rng.NewSource(rng.Seed(1), 0), make([]float32, v.Rows())
	for r := range weights {
		weights[r] = float32(max(0, 2*source.Float64()-0.3))
	}
	got := rbm.NewStatistics(model)
	l.Phase(got, model, rbm.NewConditionals(model, nil), v, bases, weights, left)
	for k, p := range model.Parameters() {
		for i, x := range p.Values {
			const step = 1.0 / 4096
			p.Values[i] = x + step
			up := float64(p.Values[i])
			above := meanLog(model, v, bases, weights, u, κ)
			p.Values[i] = x - step
			down := float64(p.Values[i])
			below := meanLog(model, v, bases, weights, u, κ)
			p.Values[i] = x
			// averages have 16 bits
			if want := (above - below) / (up - down); math.Abs(float64(got.Averages()[k][i])-want) > 2e-4 {
				t.Errorf("%s of %d sites, κ = %v: %s[%d]: %.6f, want %.6f", c.kind, c.sites, κ, p.Name, i, got.Averages()[k][i], want)
			}
		}
	}
}

// Over the outcomes of any one basis Σ P ∂log P = 0: the gradient of log Z·P is that of log Z, whose phases are none.
func TestLikelihoodGradientSumsToNegativePhase(t *testing.T) {
	for _, c := range states {
		model := newStateModel(t, c.kind, c.sites, c.hidden, c.phase, c.auxiliary)
		conditionals := rbm.NewConditionals(model, nil)
		likelihood := quantum.NewLikelihood(quantum.Pauli(), nil)
		v := rbm.NewBatch(1<<c.sites, c.sites)
		for r := range v.Rows() {
			quantum.SetIndex(v, r, r)
		}
		average := func(basis string) *rbm.Statistics {
			bases, weights := make([]string, v.Rows()), make([]float32, v.Rows())
			for r, p := range reference(model).Probabilities(quantum.Basis(basis), quantum.Pauli()) {
				bases[r], weights[r] = basis, float32(p)
			}
			dst := rbm.NewStatistics(model)
			likelihood.Phase(dst, model, conditionals, v, bases, weights, 0)
			return dst
		}
		plain := average("ZZZ"[:c.sites])
		for _, basis := range []string{"XXX", "XYZ", "YYX"} {
			for k, want := range plain.Averages() {
				for i, x := range average(basis[:c.sites]).Averages()[k] {
					if math.Abs(float64(x-want[i])) > 1e-4 {
						t.Errorf("%s %s: average %d of parameter %d is %g, want %g", c.kind, basis, i, k, x, want[i])
					}
				}
			}
		}
	}
}

// Rows of several blocks have the log weights that each of them has alone, to the bit.
func TestLogWeightsInBlocks(t *testing.T) {
	for kind, letters := range map[rbm.StateKind]string{rbm.StateComplex: "XXXXXY", rbm.StateDensity: "XXYY"} {
		sites := len(letters)
		model := newStateModel(t, kind, sites, 3, 4, map[rbm.StateKind]int{rbm.StateDensity: 2}[kind])
		v, bases := randomOutcomes(1100, sites, letters)
		l, logs, alone := quantum.NewLikelihood(quantum.Pauli(), compute.New(1)), make([]float64, v.Rows()), make([]float64, 1)
		l.LogWeights(logs, model, v, bases)
		for r := 0; r < len(logs); r += 7 {
			if l.LogWeights(alone, model, v.Slice(r, r+1), bases[r:r+1]); logs[r] != alone[0] {
				t.Fatalf("%s, row %d: log weight %v, and alone %v", kind, r, logs[r], alone[0])
			}
		}
	}
}

// digest is that of the bits of a gradient, and of the weights that it is the average by.
func digest(averages [][]float32, weights []float64) string {
	h := sha256.New()
	for _, x := range averages {
		binary.Write(h, binary.LittleEndian, x)
	}
	binary.Write(h, binary.LittleEndian, weights)
	return fmt.Sprintf("%.16x", h.Sum(nil))
}

// randomOutcomes are outcomes in bases of some letters.
func randomOutcomes(rows, sites int, letters string) (v rbm.Batch, bases []string) {
	source := rng.NewSource(rng.Seed(3), 0)
	v, bases = rbm.NewBatch(rows, sites), make([]string, rows)
	for r := range rows {
		for i := range sites {
			bases[r] += letters[int(float64(len(letters))*source.Float64()):][:1]
			v.SetBit(r, i, source.Float64() < 0.5)
		}
	}
	return v, bases
}

// The gradient is the same to the bit with any number of workers and on any processor: where work is divided, pairs are
// all or some of those of the configurations, and outcomes are more than one group.
func TestLikelihoodBits(t *testing.T) {
	for _, c := range []struct {
		kind             rbm.StateKind
		sites, auxiliary int
		rows             int
		letters, want    string
	}{
		{rbm.StateComplex, 3, 0, 40, "XYZT", "a7d70c1448c9daa7a1ad99e3e24c36ae"},
		{rbm.StateWavefunction, 8, 0, 30, "XYT", "8720dafaede2b111744d69b13602fc44"},
		{rbm.StateComplex, 8, 0, 30, "XYT", "cb91dfc94e9b7f35b3b9ba0cacfaad26"},
		{rbm.StateDensity, 5, 3, 40, "XYZT", "86ffea1d50841023888d35295a71b2f6"},
		{rbm.StateDensity, 20, 2, 60, "XYZZZZZZZ", "553970e0b645fc47523b18607d609be7"},
		{rbm.StateDensity, 8, 1, 9, "XY", "6ebb53a6f0ad9ce41cf0bba62a4811a8"},
	} {
		phase := 4
		if c.kind == rbm.StateWavefunction {
			phase = 0
		}
		model := newStateModel(t, c.kind, c.sites, 3, phase, c.auxiliary)
		v, bases := randomOutcomes(c.rows, c.sites, c.letters)
		for _, workers := range []int{1, 4} {
			on := compute.New(workers)
			dst := rbm.NewStatistics(model)
			l := quantum.NewLikelihood(withOwn(), on)
			l.Phase(dst, model, rbm.NewConditionals(model, on), v, bases, nil, 0)
			if got := digest(dst.Averages(), l.Weights()); got != c.want {
				t.Errorf("%s of %d sites, %d workers: the gradient has the digest %s, want %s", c.kind, c.sites, workers, got, c.want)
			}
		}
	}
}

// Amplitudes below the range of float32 beside others leave the gradient finite: here one of e^(−100), with a negative
// weight.
func TestLikelihoodGradientOfTinyAmplitudes(t *testing.T) {
	model := rbm.New(1, 1, rng.Seed(1))
	model.State, _ = rbm.NewState(rbm.StateComplex, model, 1, 0, rng.Seed(1))
	model.B()[0] = -200
	v, dst := rbm.NewBatch(1, 1), rbm.NewStatistics(model)
	v.SetBit(0, 0, true)
	quantum.NewLikelihood(quantum.Pauli(), nil).Phase(dst, model, rbm.NewConditionals(model, nil), v, []string{"X"}, nil, 0)
	for k, average := range dst.Averages() {
		for _, x := range average {
			if math.IsNaN(float64(x)) || math.Abs(float64(x)) > 1 {
				t.Errorf("%s: an average is %v, want one of numbers from 0 to 1", model.Parameters()[k].Name, x)
			}
		}
	}
}

// Amplitudes far beyond the range of float64 keep their ratios.
func TestLogWeightsOfLargeEnergies(t *testing.T) {
	model := rbm.New(2, 1, rng.Seed(1))
	model.State, _ = rbm.NewState(rbm.StateComplex, model, 1, 0, rng.Seed(1))
	clear(model.W)
	clear(model.State.Phase.W)
	copy(model.B(), []float32{4000, 0})
	logs := make([]float64, 3)
	v := rbm.NewBatch(3, 2)
	quantum.SetIndex(v, 1, 2)
	quantum.NewLikelihood(quantum.Pauli(), nil).LogWeights(logs, model, v, []string{"ZZ", "ZZ", "XZ"})
	// log Z·P of |00⟩, |10⟩ and of (|00⟩+|10⟩)/√2: 0 and 4000 of b, log 2 of the hidden unit
	for r, want := range []float64{math.Ln2, 4000 + math.Ln2, 4000} {
		if math.Abs(logs[r]-want) > 1e-9*want {
			t.Errorf("row %d: %v, want %v", r, logs[r], want)
		}
	}
}
