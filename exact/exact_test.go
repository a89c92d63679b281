package exact_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// randomModel has parameters uniform in [−scale, scale].
func randomModel(m, n int, visible, hidden rbm.Kind, scale float64) *rbm.Model {
	model := rbm.NewModel(rbm.NewLayer(visible, m), rbm.NewLayer(hidden, n), rng.Seed(1))
	source := rng.NewSource(rng.Seed(uint64(100*m+n)), 0)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(scale * (2*source.Float64() - 1))
		}
	}
	return model
}

func eachModel(t *testing.T, f func(t *testing.T, model *rbm.Model)) {
	for _, size := range [][2]int{{1, 1}, {2, 2}, {1, 5}, {5, 1}, {3, 8}, {8, 3}, {9, 7}} {
		if testing.Short() && size[0]+size[1] > 11 {
			continue // the lecture's sums over all joint states take long under the race detector
		}
		for _, visible := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
			for _, hidden := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
				for _, scale := range []float64{1, 1000} { // the second makes every unit steep
					name := fmt.Sprintf("%d×%d %s-%s ±%g", size[0], size[1], visible, hidden, scale)
					t.Run(name, func(t *testing.T) {
						f(t, randomModel(size[0], size[1], visible, hidden, scale))
					})
				}
			}
		}
	}
}

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*(1+math.Abs(want)) {
		t.Errorf("%s is %.17g, want %.17g", name, got, want)
	}
}

// marginals are P(v) and P(h) as sums over the joint distribution: nothing is shared with package exact.
func marginals(bits *lecture.Model) (pv, ph []float64) {
	joint := bits.Joint()
	pv, ph = make([]float64, len(joint)), make([]float64, len(joint[0]))
	for a, row := range joint {
		for b, p := range row {
			pv[a] += p
			ph[b] += p
		}
	}
	return pv, ph
}

func TestAgainstTheLecture(t *testing.T) {
	eachModel(t, func(t *testing.T, model *rbm.Model) {
		ctx, o := t.Context(), exact.Options{}
		bits, offset := lecturetest.Bits(model)
		wantPv, wantPh := marginals(bits)
		logZ, err := exact.LogZ(ctx, model, o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z", logZ, bits.LogZ()-offset, 1e-13)

		pv, err := exact.Distribution(ctx, model, o)
		if err != nil {
			t.Fatal(err)
		}
		logPh, err := exact.LogProbHidden(ctx, model, lecturetest.States(model.N()), o)
		if err != nil {
			t.Fatal(err)
		}
		total, entropy := 0.0, 0.0
		for a, p := range wantPv {
			near(t, "P(v)", pv[a], p, 1e-11)
			total += pv[a]
			if p > 0 {
				entropy -= p * math.Log(p)
			}
		}
		near(t, "Σ P(v)", total, 1, 1e-11)
		for a, p := range wantPh {
			near(t, "P(h)", math.Exp(logPh[a]), p, 1e-11)
		}
		got, err := exact.ModelEntropy(ctx, model, o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "entropy", got, entropy, 1e-9)

		s := rbm.NewStatistics(model)
		if err := exact.Moments(ctx, s, model, o); err != nil {
			t.Fatal(err)
		}
		want := lecturetest.OfUnits(model, bits.Average(bits.Distribution()))
		for _, c := range []struct {
			name string
			got  []float32
			want []float64
		}{{"⟨v⟩", s.V, want.B}, {"⟨h⟩", s.H, want.C}, {"⟨vh⟩", s.VH, slices.Concat(want.W...)}} {
			for k := range c.got {
				near(t, c.name, float64(c.got[k]), c.want[k], 1e-7) // float32
			}
		}
	})
}

// A model of 2×2 units by hand: b = (log 2, 0), c = (0, log 3), w_11 = log 2 and no other weight. With h_1 = 0 the
// visible units contribute (1+2)(1+1) = 6, with h_1 = 1 they contribute (1+4)(1+1) = 10; h_2 contributes 1+3. So Z =
// (6+10)·4 = 64.
func TestTwoByTwoByHand(t *testing.T) {
	log2, log3 := float32(math.Log(2)), float32(math.Log(3))
	model := &rbm.Model{
		Visible: rbm.WithBiases(rbm.Bernoulli, log2, 0), Hidden: rbm.WithBiases(rbm.Bernoulli, 0, log3), W: []float32{log2, 0, 0, 0},
	}
	logZ, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "log Z", logZ, math.Log(64), 1e-7) // the parameters are float32
	s := rbm.NewStatistics(model)
	if err := exact.Moments(t.Context(), s, model, exact.Options{}); err != nil {
		t.Fatal(err)
	}
	// P(h_1=1) = 10/16; P(v_1=1) = (2·2 + 4·2)/16; P(v_1=1, h_1=1) = 8/16; h_2 is independent with 3/4.
	for k, want := range []float64{8. / 16, 12. / 16 * 3 / 4, 10. / 32, 3. / 8} {
		near(t, fmt.Sprintf("⟨vh⟩[%d]", k), float64(s.VH[k]), want, 1e-6)
	}
}

// The gradient is the lecture's, for every kind of unit and with weights of rows.
func TestGradientIsTheLectures(t *testing.T) {
	v, weights, p := rbm.NewBatch(7, 5), []float32{1, 2, 0.5, 1, 3, 1, 1.5}, make([]float64, 7)
	for r := range 7 {
		v.SetIndex(r, uint64(r*r%32))
		p[r] = float64(weights[r]) / 10
	}
	for _, visible := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		for _, hidden := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
			model := randomModel(5, 4, visible, hidden, 1)
			got := rbm.NewStatistics(model)
			if err := exact.Gradient(t.Context(), got, model, v, weights, exact.Options{}); err != nil {
				t.Fatal(err)
			}
			bits, _ := lecturetest.Bits(model)
			want := lecturetest.OfUnits(model, lecturetest.Average(bits, v, p))
			want.Step(-1, lecturetest.OfUnits(model, bits.Average(bits.Distribution())))
			for k, want := range slices.Concat(append(want.W, want.B, want.C)...) {
				near(t, fmt.Sprintf("%v-%v: gradient %d", visible, hidden, k), float64(slices.Concat(got.VH, got.V, got.H)[k]), want, 1e-6)
			}
		}
	}
}

// The gradient against central differences of the log-likelihood.
func TestGradientAgainstDifferences(t *testing.T) {
	for _, units := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		model := randomModel(5, 4, units, rbm.Bernoulli, 1)
		v := rbm.NewBatch(7, 5)
		for r := range 7 {
			v.SetIndex(r, uint64(r*r%32))
		}
		weights64, weights32 := []float64{1, 2, 0.5, 1, 3, 1, 1}, []float32{1, 2, 0.5, 1, 3, 1, 1}
		g := rbm.NewStatistics(model)
		if err := exact.Gradient(t.Context(), g, model, v, weights32, exact.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name        string
			parameters  []float32
			derivatives []float32
		}{{"w", model.W, g.VH}, {"b", model.B(), g.V}, {"c", model.C(), g.H}} {
			for k, x := range c.parameters {
				var ll [2]float64
				var at [2]float32
				for side, h := range []float32{-0x1p-8, 0x1p-8} {
					at[side] = x + h
					c.parameters[k] = at[side]
					mean, _, err := exact.LogLikelihood(t.Context(), model, v, weights64, exact.Options{})
					if err != nil {
						t.Fatal(err)
					}
					ll[side] = mean
				}
				c.parameters[k] = x
				near(t, fmt.Sprintf("∂/∂%s[%d]", c.name, k), float64(c.derivatives[k]), (ll[1]-ll[0])/float64(at[1]-at[0]), 1e-5)
			}
		}
	}
}

func TestDivergences(t *testing.T) {
	ctx, o := t.Context(), exact.Options{}
	model := randomModel(6, 4, rbm.Bernoulli, rbm.Spin, 1)
	bits, _ := lecturetest.Bits(model)
	own := bits.Distribution()
	kl, err := exact.KL(ctx, own, model, o)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "KL from the model itself", kl, 0, 1e-11)

	bits, _ = lecturetest.Bits(randomModel(6, 3, rbm.Bernoulli, rbm.Bernoulli, 1))
	other := bits.Distribution()
	want := lecture.KL(other, own)
	if kl, err = exact.KL(ctx, other, model, o); err != nil || want < 0.01 {
		t.Fatal(err, want)
	}
	near(t, "KL from another model", kl, want, 1e-11)

	// Rows 1, 1, 2 with weights 1, 2, 1: probabilities 3/4 and 1/4.
	v := rbm.NewBatch(3, 6)
	for r, x := range []uint64{1, 1, 2} {
		v.SetIndex(r, x)
	}
	weights := []float64{1, 2, 1}
	entropy := -0.75*math.Log(0.75) - 0.25*math.Log(0.25)
	near(t, "H_D", exact.Entropy(v, weights), entropy, 1e-14)
	if kl, err = exact.DataKL(ctx, model, v, weights, o); err != nil {
		t.Fatal(err)
	}
	near(t, "KL from data", kl, -0.75*math.Log(own[1])-0.25*math.Log(own[2])-entropy, 1e-11)
}

// A large sample against the exact distribution by chi-square, with units enumerated on either side.
func TestSamplesAreExact(t *testing.T) {
	const count = 50000
	for _, size := range [][2]int{{5, 8}, {8, 5}, {7, 7}} {
		model := randomModel(size[0], size[1], rbm.Spin, rbm.Bernoulli, 1)
		v, h, err := exact.Sample(t.Context(), model, count, rng.Seed(1), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		bits, _ := lecturetest.Bits(model)
		pv, ph := marginals(bits)
		lecturetest.Drawn(t, "v", lecturetest.Rows(v), pv)
		lecturetest.Drawn(t, "h", lecturetest.Rows(h), ph)
		// And the joint: ⟨v_0 h_0⟩ within five standard errors.
		both := 0.0
		for r := range count {
			if v.Bit(r, 0) == h.Bit(r, 0) {
				both++
			}
		}
		moments := bits.Average(bits.Distribution())
		agree := 1 - moments.B[0] - moments.C[0] + 2*moments.W[0][0] // P(v_0 = h_0), both as bits
		near(t, "P(v_0 = h_0)", both/count, agree, 5*0.5/math.Sqrt(count))
	}
}

func TestEnergiesBeyondFloat64AreRefused(t *testing.T) {
	model := &rbm.Model{Visible: rbm.WithBiases(rbm.Bernoulli, 0, 0), Hidden: rbm.WithBiases(rbm.Bernoulli, 3e20), W: make([]float32, 2)}
	if _, err := exact.LogZ(t.Context(), model, exact.Options{}); err == nil || !strings.Contains(err.Error(), "3e+20") {
		t.Errorf("error %v, want one that names 3e+20", err)
	}
	model.C()[0] = 1e14
	if logZ, err := exact.LogZ(t.Context(), model, exact.Options{}); err != nil || math.Abs(logZ-float64(model.C()[0])) > 2 {
		t.Errorf("log Z = %v, %v, want about %v", logZ, err, model.C()[0])
	}
}

// Models large enough to have many parts, Gray-code steps and cuts: equal bits on any number of workers, and log Z as
// by plain summation.
func TestWorkersChangeNothing(t *testing.T) {
	model := randomModel(300, 15, rbm.Bernoulli, rbm.Bernoulli, 3)
	type answer struct {
		logZ float64
		vh   []float32
		v    rbm.Batch
	}
	ask := func(workers int) answer {
		o := exact.Options{Compute: compute.New(workers)}
		logZ, err := exact.LogZ(t.Context(), model, o)
		if err != nil {
			t.Fatal(err)
		}
		s := rbm.NewStatistics(model)
		if err := exact.Moments(t.Context(), s, model, o); err != nil {
			t.Fatal(err)
		}
		v, _, err := exact.Sample(t.Context(), model, 100, rng.Seed(2), o)
		if err != nil {
			t.Fatal(err)
		}
		return answer{logZ, s.VH, v}
	}
	want := ask(1)
	for _, workers := range []int{2, 7} {
		got := ask(workers)
		if got.logZ != want.logZ || !slices.Equal(got.vh, want.vh) || !got.v.Equal(want.v) {
			t.Errorf("%d workers give other bits than one", workers)
		}
	}
	if testing.Short() {
		return // the plain summation takes long under the race detector, and is one goroutine
	}
	logs := model.FreeEnergyHidden(lecturetest.States(15))
	most := math.Inf(-1)
	for _, f := range logs {
		most = max(most, -f)
	}
	sum := 0.0
	for _, f := range logs {
		sum += math.Exp(-f - most)
	}
	near(t, "log Z", want.logZ, most+math.Log(sum), 1e-13)
}

func TestRefusalsAndCancelling(t *testing.T) {
	sized := func(m, n int) *rbm.Model { return rbm.New(m, n, rng.Seed(1)) }
	if err := exact.Feasible(sized(784, 34)); err != nil {
		t.Errorf("2^34 states are refused: %v", err)
	}
	const want = "2^35 states is refused: it would take about 22m"
	if err := exact.Feasible(sized(35, 784)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("2^35 states: %v", err)
	}
	if err := exact.FeasibleLogZ(sized(784, 40)); err != nil {
		t.Errorf("log Z of 2^40 states is refused: %v", err)
	}
	if err := exact.FeasibleLogZ(sized(784, 41)); err == nil || !strings.Contains(err.Error(), "2^41 states is refused") {
		t.Errorf("log Z of 2^41 states: %v", err)
	}
	if err := exact.Feasible(sized(784, 500)); err == nil || !strings.Contains(err.Error(), "years") {
		t.Errorf("2^500 states: %v", err)
	}
	if _, err := exact.Distribution(t.Context(), randomModel(27, 2, rbm.Bernoulli, rbm.Bernoulli, 1), exact.Options{}); err == nil {
		t.Error("a table of 2^27 is accepted")
	}
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := exact.LogZ(ctx, randomModel(100, 30, rbm.Bernoulli, rbm.Bernoulli, 1), exact.Options{
		Compute: compute.New(2), Progress: func(done, total uint64) {
			if total != 1<<30 {
				t.Errorf("total is %d, want 2^30", total)
			}
			calls++
			cancel()
		},
	})
	if !errors.Is(err, context.Canceled) || calls == 0 || calls > 10 {
		t.Errorf("cancelled after %d reports: %v", calls, err)
	}
}

func BenchmarkLogZ(b *testing.B) {
	for _, n := range []int{16, 20} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("784x%d/workers=%d", n, workers), func(b *testing.B) {
				model := randomModel(784, n, rbm.Bernoulli, rbm.Bernoulli, 0.3)
				for b.Loop() {
					if _, err := exact.LogZ(b.Context(), model, exact.Options{Compute: compute.New(workers)}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(exact.Cost(model)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gunits/s")
			})
		}
	}
}

// The sums over the states of each bit are those of one addition after the other, to the bit.
func TestSumByBits(t *testing.T) {
	source := rng.NewSource(rng.Seed(5), 0)
	for count := range 7 {
		x, want, got := make([]float64, 1<<count), make([]float64, count), make([]float64, count)
		total := 0.0
		for e := range x {
			x[e] = math.Ldexp(source.Float64(), -source.IntN(40))
			total += x[e]
			for j := range want {
				if e>>j&1 == 1 {
					want[j] += x[e]
				}
			}
		}
		if sum := exact.SumByBits(got, x); sum != total || !slices.Equal(got, want) {
			t.Errorf("%d bits: %v and %v, want %v and %v", count, sum, got, total, want)
		}
	}
}

func BenchmarkMoments(b *testing.B) {
	for _, units := range [][2]int{{10, 20}, {16, 30}} {
		b.Run(fmt.Sprintf("%dx%d", units[0], units[1]), func(b *testing.B) {
			model := randomModel(units[0], units[1], rbm.Bernoulli, rbm.Bernoulli, 1)
			s := rbm.NewStatistics(model)
			o := exact.Options{Compute: compute.New(1)}
			for b.Loop() {
				if err := exact.Moments(b.Context(), s, model, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleLogZ() {
	// Without weights the units are independent: Z = Π (1+e^{b_i}) Π (1+e^{c_j}).
	model := &rbm.Model{Visible: rbm.WithBiases(rbm.Bernoulli, 0, 0, 0), Hidden: rbm.WithBiases(rbm.Bernoulli, 0, 0), W: make([]float32, 6)}
	logZ, _ := exact.LogZ(context.Background(), model, exact.Options{})
	fmt.Printf("Z = %.4f\n", math.Exp(logZ))
	// Output: Z = 32.0000
}

// Steep units cost as much more as they take longer.
func TestCostOfSteepUnits(t *testing.T) {
	for _, kind := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		model := rbm.NewModel(rbm.NewLayer(kind, 12), rbm.NewLayer(kind, 5), rng.Seed(1))
		smooth := exact.Cost(model)
		if want := float64(12 << 5); smooth != want {
			t.Errorf("%s: %v steps, want %v", kind, smooth, want)
		}
		for j := range 5 {
			model.W[3*5+j] = 130 // of bits 130 and more, in all above 600
		}
		if got, want := exact.Cost(model), smooth+124*32; got != want {
			t.Errorf("%s with a steep unit: %v steps, want %v", kind, got, want)
		}
	}
	large := rbm.New(100, 90, rng.Seed(1))
	if got, want := exact.Cost(large), 100*math.Exp2(90); got != want {
		t.Errorf("%v steps, want %v", got, want)
	}
}
