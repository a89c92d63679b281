package lecture_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rng"
)

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*(1+math.Abs(want))) {
		t.Errorf("%s is %.17g, want %.17g", name, got, want)
	}
}

// random has all parameters uniform in [−1, 1].
func random(m, n int) *lecture.Model {
	source := rng.NewSource(rng.Seed(uint64(m*100+n)), 0)
	model := lecture.New(m, n, source)
	for _, p := range append(slices.Clone(model.W), model.B, model.C) {
		for k := range p {
			p[k] = 2*source.Float64() - 1
		}
	}
	return model
}

// A model of 2×2 units by hand: b = (log 2, 0), c = (0, log 3), w_11 = log 2 and no other weight.
// Σ_h e^(−E) is 4·2 for v_1 = 0, as h_1 gives 1+1 and h_2 1+3, and 2·4·3 for v_1 = 1, as h_1 gives
// 1+2. v_2 is free, so Z = 2·(8+24) = 64.
func TestTwoByTwoByHand(t *testing.T) {
	log2, log3 := math.Log(2), math.Log(3)
	model := &lecture.Model{W: [][]float64{{log2, 0}, {0, 0}}, B: []float64{log2, 0}, C: []float64{0, log3}}
	near(t, "E(v=11, h=11)", model.Energy([]float64{1, 1}, []float64{1, 1}), -log2-log2-log3, 1e-15)
	near(t, "E(v=01, h=11)", model.Energy([]float64{0, 1}, []float64{1, 1}), -log3, 1e-15)
	near(t, "Z", math.Exp(model.LogZ()), 64, 1e-14)
	near(t, "P(v=10, h=11)", model.Joint()[1][3], 12./64, 1e-14)
	near(t, "F(v=10)", model.FreeEnergy([]float64{1, 0}), -math.Log(24), 1e-15)
	for a, want := range []float64{8. / 64, 24. / 64, 8. / 64, 24. / 64} {
		near(t, fmt.Sprintf("P(v %d)", a), model.Distribution()[a], want, 1e-14)
	}
	near(t, "KL from even", lecture.KL([]float64{.25, .25, .25, .25}, model.Distribution()), math.Log(2)/2+math.Log(2./3)/2, 1e-14)

	hidden, visible := model.HiddenProbs([]float64{1, 1}), model.VisibleProbs([]float64{1, 0})
	near(t, "P(h_1=1|v=11)", hidden[0], 2./3, 1e-15)
	near(t, "P(h_2=1|v=11)", hidden[1], 3./4, 1e-15)
	near(t, "P(v_1=1|h=10)", visible[0], 4./5, 1e-15)
	near(t, "P(v_2=1|h=10)", visible[1], 1./2, 1e-15)

	// P(v_1=1) = 48/64, P(h_1=1) = (4+16+4+16)/64 = 40/64, P(v_1=1, h_1=1) = 32/64; h_2 is
	// independent with 3/4.
	moments := model.Average(model.Distribution())
	near(t, "⟨v_1⟩", moments.B[0], 3./4, 1e-14)
	near(t, "⟨h_1⟩", moments.C[0], 5./8, 1e-14)
	near(t, "⟨v_1 h_1⟩", moments.W[0][0], 1./2, 1e-14)
	near(t, "⟨v_2 h_2⟩", moments.W[1][1], 3./8, 1e-14)

	// Data v = 10 and v = 00: ⟨v_1 h_1⟩ = ½·2/3, ⟨v_1⟩ = ½, ⟨h_1⟩ = ½·2/3 + ½·½.
	gradient := model.Gradient(lecture.Empirical([][]float64{{1, 0}, {0, 0}}), model.Distribution())
	near(t, "gradient of w_11", gradient.W[0][0], 1./3-1./2, 1e-14)
	near(t, "gradient of b_1", gradient.B[0], 1./2-3./4, 1e-14)
	near(t, "gradient of c_1", gradient.C[0], 7./12-5./8, 1e-14)
}

// The closed formulas are the sums over the joint distribution.
func TestFormulasAreSumsOverTheJoint(t *testing.T) {
	const m, n = 5, 4
	model := random(m, n)
	joint, pv, total := model.Joint(), model.Distribution(), 0.0
	for a, v := range lecture.States(m) {
		sum, on := 0.0, make([]float64, n)
		for b, h := range lecture.States(n) {
			sum += joint[a][b]
			for j := range h {
				on[j] += joint[a][b] * h[j]
			}
		}
		total += sum
		near(t, "P(v)", pv[a], sum, 1e-13)
		for j, p := range model.HiddenProbs(v) {
			near(t, "P(h_j=1|v)", p, on[j]/sum, 1e-13)
		}
	}
	near(t, "ΣP(v,h)", total, 1, 1e-13)
	for b, h := range lecture.States(n) {
		sum, on := 0.0, make([]float64, m)
		for a, v := range lecture.States(m) {
			sum += joint[a][b]
			for i := range v {
				on[i] += joint[a][b] * v[i]
			}
		}
		for i, p := range model.VisibleProbs(h) {
			near(t, "P(v_i=1|h)", p, on[i]/sum, 1e-13)
		}
	}
	// The averages over P(v) and P(h|v) are those over the joint distribution.
	average := model.Average(pv)
	for i := range m {
		v := 0.0
		for a, state := range lecture.States(m) {
			v += pv[a] * state[i]
		}
		near(t, "⟨v⟩", average.B[i], v, 1e-13)
		for j := range n {
			h, vh := 0.0, 0.0
			for a, v := range lecture.States(m) {
				for b, state := range lecture.States(n) {
					h += joint[a][b] * state[j]
					vh += joint[a][b] * v[i] * state[j]
				}
			}
			near(t, "⟨vh⟩", average.W[i][j], vh, 1e-13)
			near(t, "⟨h⟩", average.C[j], h, 1e-13)
		}
	}
}

// Where e^(−E) overflows float64, log Z is that of the largest term.
func TestLogZOfSteepModels(t *testing.T) {
	model := &lecture.Model{W: [][]float64{{1000}}, B: []float64{500}, C: []float64{-100}}
	near(t, "log Z", model.LogZ(), 1400, 1e-15)
	near(t, "F(v=1)", model.FreeEnergy([]float64{1}), -1400, 1e-15)
	near(t, "P(v=1)", model.Distribution()[1], 1, 1e-15)
}

func TestDivergences(t *testing.T) {
	p, q := []float64{0.5, 0.5, 0, 0}, []float64{0.25, 0.25, 0.25, 0.25}
	near(t, "KL(p‖p)", lecture.KL(p, p), 0, 1e-15)
	near(t, "KL(p‖q)", lecture.KL(p, q), math.Ln2, 1e-15)
	if kl := lecture.KL(q, p); !math.IsInf(kl, 1) {
		t.Errorf("KL is %v where Q is 0 and P is not, want +Inf", kl)
	}
	rows := [][]float64{{1, 0}, {0, 1}, {1, 0}, {1, 1}}
	for a, want := range []float64{0, 0.5, 0.25, 0.25} {
		near(t, "P_D", lecture.Empirical(rows)[a], want, 0)
	}
}

// The gradient against central differences of the KL divergence.
func TestGradientAgainstDifferences(t *testing.T) {
	const m, n, ε = 4, 3, 1e-5
	model, data := random(m, n), random(m, 2).Distribution()
	gradient := model.Gradient(data, model.Distribution())
	parameters := append(slices.Clone(model.W), model.B, model.C)
	for k, derivatives := range append(slices.Clone(gradient.W), gradient.B, gradient.C) {
		for l, got := range derivatives {
			x := &parameters[k][l]
			kept := *x
			*x = kept + ε
			up := lecture.KL(data, model.Distribution())
			*x = kept - ε
			down := lecture.KL(data, model.Distribution())
			*x = kept
			near(t, fmt.Sprintf("−∂KL/∂ of parameter %d of slice %d", l, k), got, (down-up)/(2*ε), 1e-9)
		}
	}
}

// Chains that start exactly at P(v) stay distributed as P(v).
func TestGibbsDoesNotDrift(t *testing.T) {
	const m, n, count = 4, 3, 20000
	model, source := random(m, n), rng.NewSource(rng.Seed(1), 1)
	p, states := model.Distribution(), lecture.States(m)
	chains := make([][]float64, count)
	for r := range chains {
		a, u := 0, source.Float64() // the state where the running sum of P(v) passes u
		for u -= p[a]; u > 0 && a < len(p)-1; u -= p[a] {
			a++
		}
		chains[r] = states[a]
	}
	lecturetest.Drawn(t, "start", chains, p)
	for _, k := range []int{1, 1, 10} {
		for r := range chains {
			for range k {
				chains[r] = model.Gibbs(chains[r], source)
			}
		}
		lecturetest.Drawn(t, fmt.Sprintf("after %d more steps", k), chains, p)
	}
}

// With chains at P(v), PCD's gradient is the exact one within five standard errors of a mean of
// bits; CD's keeps its chains and the rows.
func TestSampledGradients(t *testing.T) {
	const m, n, count = 4, 3, 20000
	model, source := random(m, n), rng.NewSource(rng.Seed(1), 2)
	rows := [][]float64{{1, 1, 0, 0}, {0, 0, 1, 1}, {1, 0, 1, 0}}
	chains := make([][]float64, count)
	for r := range chains {
		chains[r] = rows[r%3]
	}
	want := model.Gradient(lecture.Empirical(rows), model.Distribution())
	got := model.PCD(rows, chains, 50, source)
	cd := model.CD(slices.Repeat(rows, count/3), 50, source)
	for i := range m {
		for j := range n {
			near(t, "PCD's gradient of w", got.W[i][j], want.W[i][j], 5*0.5/math.Sqrt(count))
			near(t, "CD's gradient of w", cd.W[i][j], want.W[i][j], 5*0.5/math.Sqrt(count))
		}
	}
	if fmt.Sprint(rows) != "[[1 1 0 0] [0 0 1 1] [1 0 1 0]]" {
		t.Errorf("the rows were changed to %v", rows)
	}
	lecturetest.Drawn(t, "PCD leaves its chains at P(v)", chains, model.Distribution())
}

// CD, PCD and the exact gradient learn a small distribution, each within the limit that its bias
// and its noise allow.
func TestLearning(t *testing.T) {
	rows := [][]float64{{0, 0, 0, 0}, {1, 1, 0, 0}, {0, 0, 1, 1}, {1, 1, 1, 1}}
	data := lecture.Empirical(rows)
	for _, c := range []struct {
		name     string
		limit    float64
		gradient func(model *lecture.Model, chains [][]float64, source *rng.Source) *lecture.Model
	}{
		{"exact", 0.04, func(model *lecture.Model, _ [][]float64, _ *rng.Source) *lecture.Model {
			return model.Gradient(data, model.Distribution())
		}},
		{"CD-5", 0.1, func(model *lecture.Model, _ [][]float64, source *rng.Source) *lecture.Model {
			return model.CD(rows, 5, source)
		}},
		{"PCD-5", 0.1, func(model *lecture.Model, chains [][]float64, source *rng.Source) *lecture.Model {
			return model.PCD(rows, chains, 5, source)
		}},
	} {
		source := rng.NewSource(rng.Seed(3), 0)
		model, chains := lecture.New(4, 3, source), slices.Repeat(rows, 25)
		before := lecture.KL(data, model.Distribution())
		for range 4000 {
			model.Step(0.2, c.gradient(model, chains, source))
		}
		if kl := lecture.KL(data, model.Distribution()); !(kl < c.limit) || before < 1.3 {
			t.Errorf("%s: KL goes from %.3f to %.3f, want less than %v", c.name, before, kl, c.limit)
		}
	}
}
