package estimate_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// patterned returns a model that stores a few random patterns, more strongly with larger weight: each hidden unit
// favours one.
func patterned(m, n int, weight float32, visible, hidden rbm.Kind, seed uint64) *rbm.Model {
	model := rbm.NewModel(rbm.NewLayer(visible, m), rbm.NewLayer(hidden, n), rng.Seed(seed))
	source := rng.NewSource(rng.Seed(seed), 7)
	for j := range n {
		for i := range m {
			sign := float32(1)
			if source.Float64() < 0.5 {
				sign = -1
			}
			model.W[i*n+j] = sign * weight
		}
	}
	return model
}

// drawn returns configurations of the model and their means.
func drawn(t testing.TB, model *rbm.Model, rows int) (rbm.Batch, []float64) {
	t.Helper()
	v, _, err := exact.Sample(t.Context(), model, rows, rng.Seed(5), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	means := make([]float64, v.Units())
	for i := range means {
		for r := range v.Rows() {
			if v.Bit(r, i) {
				means[i] += 1 / float64(v.Rows())
			}
		}
	}
	return v, means
}

// Blocks of units that must agree, each on or off with equal weight: 2^blocks modes, more than are listed. In the data
// most blocks are on, and chains from independent units with the data's means come to others than chains from the data
// are in. With jumps reverse AIS from the data bounds log Z all the same, and the answer is trusted.
func TestLogZOfManyModes(t *testing.T) {
	const blocks, size = 7, 6
	model := rbm.NewModel(rbm.NewLayer(rbm.Bernoulli, blocks*size), rbm.NewLayer(rbm.Bernoulli, blocks), rng.Seed(1))
	clear(model.W)
	for i := range blocks * size {
		model.W[i*blocks+i/size], model.B()[i] = 6, -3
	}
	for j := range blocks {
		model.C()[j] = -3 * size
	}
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, source, means := rbm.NewBatch(400, blocks*size), rng.NewSource(rng.Seed(1), 7), make([]float64, blocks*size)
	for r := range data.Rows() {
		on := [blocks]bool{}
		for j := range on {
			on[j] = source.Float64() < 0.3+0.4*float64(j%2)
		}
		data.SetRow(r, func(i int) bool { return on[i/size] })
		for i := range means {
			if on[i/size] {
				means[i] += 1 / float64(data.Rows())
			}
		}
	}
	b := judged(t, model, data, means)
	if len(b.Modes) != sample.MostModes || len(b.Findings) > 0 || !(math.Abs(b.Value-truth) <= 3*b.Stderr) || b.Stderr > 0.3 {
		t.Errorf("%d modes, log Z is %v ± %v, exactly %v; %v", len(b.Modes), b.Value, b.Stderr, truth, b.Findings)
	}
	if z := b.ReverseData; !(math.Abs(z.Value-truth) <= 4*z.Stderr) {
		t.Errorf("reverse AIS from data is %v ± %v, exactly %v", z.Value, z.Stderr, truth)
	}
}

// The truth is within the stated error, which is not much too wide, for bits and spins, weak and strong weights.
func TestLogZ(t *testing.T) {
	squares, runs := 0.0, 0.0
	for _, units := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		for _, weight := range []float32{0.2, 0.5, 0.8} {
			scale, _ := units.Line()
			model := patterned(40, 10, weight/float32(scale), units, units, 1)
			v, means := drawn(t, model, 500)
			truth, err := exact.LogZ(t.Context(), model, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(3) {
				b, err := estimate.LogZ(t.Context(), model, v, means, nil, estimate.Options{Budget: 2_000_000, Seed: seed})
				if err != nil {
					t.Fatal(err)
				}
				z := (b.Value - truth) / b.Stderr
				squares += z * z
				runs++
				if math.Abs(z) > 4 || len(b.Findings) > 0 || b.Stderr > 0.1 || !(b.Lower < truth && truth < b.Upper) {
					t.Errorf("%v, weight %v: log Z is %v ± %v, between %v and %v, exactly %v; %v",
						units, weight, b.Value, b.Stderr, b.Lower, b.Upper, truth, b.Findings)
				}
			}
		}
	}
	// 1 ± 0.17 if the error were that of AIS alone; the span of three estimates makes it wider where there is nothing
	// wrong.
	if rms := math.Sqrt(squares / runs); rms < 0.3 || rms > 1.1 {
		t.Errorf("the errors are %.2f times what is stated", rms)
	}
}

// A kind of unit that no enumeration knows: the truth is the lecture's.
func TestLogZOfForeignUnits(t *testing.T) {
	foreign := func(units int) rbm.Layer { return lecturetest.NewLayer(lecturetest.Foreign, units) }
	model := rbm.NewModel(foreign(6), foreign(3), rng.Seed(1))
	source := rng.NewSource(rng.Seed(1), 7)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(source.Float64() - 0.5)
		}
	}
	bits, offset := lecturetest.Bits(model)
	truth := bits.LogZ() - offset
	v, means := sample.FromBiases(model, 100, rng.Seed(2)), slices.Repeat([]float64{0.5}, 6)
	b, err := estimate.LogZ(t.Context(), model, v, means, nil, estimate.Options{Budget: estimate.LeastBudget})
	if err != nil {
		t.Fatal(err)
	}
	if !(math.Abs(b.Value-truth) <= 4*b.Stderr) || b.Stderr > 0.05 || !(b.Lower < truth && truth < b.Upper) {
		t.Errorf("log Z is %v ± %v, between %v and %v, exactly %v; %v", b.Value, b.Stderr, b.Lower, b.Upper, truth, b.Findings)
	}
}

// Two modes with nothing between them, of which one has nearly all weight. AIS from means of few ones finds the other,
// and tempering does not travel. The search finds both, whether data show the heavy one or the light one.
func TestLogZFindsModes(t *testing.T) {
	const m = 60
	model := lecturetest.TwoModes(m, 4)
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	heavy := rbm.NewBatch(50, m)
	for r := range heavy.Rows() {
		heavy.SetRow(r, func(int) bool { return true })
	}
	for name, v := range map[string]rbm.Batch{"heavy": heavy, "light": sample.FromBiases(model, 50, rng.Seed(1))} {
		b := judged(t, model, v, slices.Repeat([]float64{0.05}, m))
		if math.Abs(b.Value-truth) > 3*b.Stderr || b.Stderr > 0.05 || len(b.Findings) > 0 || !(b.Lower < truth && truth < b.Upper) {
			t.Errorf("%s: log Z is %v ± %v, exactly %v; %v", name, b.Value, b.Stderr, truth, b.Findings)
		}
		if len(b.Modes) < 2 || b.Modes[0].Share < 0.999 || b.Modes[0].Visible[0] < 0.9 || b.Modes[1].Visible[0] > 0.1 {
			t.Errorf("%s: the modes are %+v, want all on and all off", name, b.Modes)
		}
	}
}

// judged is LogZ with a moderate budget.
func judged(t *testing.T, model *rbm.Model, v rbm.Batch, means []float64) *estimate.Bracket {
	t.Helper()
	b, err := estimate.LogZ(t.Context(), model, v, means, nil, estimate.Options{Budget: 2_500_000})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Patterns of a part of the units, or of all of them, whose mass is that of the rest or a little more. Chains that
// begin at coins, at the means or at data of the rest don't find them, and the estimates agree without them: log Z is
// too low by log(1 + e^logOdds).
func TestLogZFindsNeedles(t *testing.T) {
	for _, c := range []struct {
		m, k    int
		logOdds float64
	}{{40, 20, 0.3}, {40, 20, 3}, {60, 30, 8}, {30, 30, 0.3}, {50, 50, 2}} {
		model := lecturetest.Needle(c.m, c.k, c.logOdds)
		truth, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rest := sample.FromBiases(rbm.New(c.m, 1, rng.Seed(1)), 200, rng.Seed(2)) // coins
		b := judged(t, model, rest, slices.Repeat([]float64{0.5}, c.m))
		if math.Abs(b.Value-truth) > 3*b.Stderr || b.Stderr > 0.05 || len(b.Findings) > 0 {
			t.Errorf("%+v: log Z is %v ± %v, exactly %v; %v", c, b.Value, b.Stderr, truth, b.Findings)
		}
		if p := 1 / (1 + math.Exp(-c.logOdds)); math.Abs(b.Modes[0].Share-max(p, 1-p)) > 0.05 {
			t.Errorf("%+v: the largest mode has %v of Z, want %v", c, b.Modes[0].Share, max(p, 1-p))
		}
	}
}

func TestLogZRefuses(t *testing.T) {
	model := rbm.New(5, 3, rng.Seed(1))
	v := sample.FromBiases(model, 10, rng.Seed(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for want, run := range map[string]func() (*estimate.Bracket, error){
		"data of 4 units": func() (*estimate.Bracket, error) {
			return estimate.LogZ(t.Context(), model, rbm.NewBatch(1, 4), make([]float64, 4), nil, estimate.Options{})
		},
		"no data": func() (*estimate.Bracket, error) {
			return estimate.LogZ(t.Context(), model, rbm.NewBatch(0, 5), make([]float64, 5), nil, estimate.Options{})
		},
		"a budget of 10 chain steps, want at least": func() (*estimate.Bracket, error) {
			return estimate.LogZ(t.Context(), model, v, make([]float64, 5), nil, estimate.Options{Budget: 10})
		},
		"context canceled": func() (*estimate.Bracket, error) {
			return estimate.LogZ(ctx, model, v, make([]float64, 5), nil, estimate.Options{})
		},
	} {
		if _, err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	if _, err := estimate.LogZ(ctx, model, v, make([]float64, 5), nil, estimate.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
}

// The same seed gives the same answer, on one worker or several, and progress reaches what was done.
func TestLogZRepeats(t *testing.T) {
	model := patterned(70, 9, 0.3, rbm.Bernoulli, rbm.Bernoulli, 2)
	v, means := drawn(t, model, 100)
	var last int64
	progress := func(done, total int64, expected time.Duration) { last = done }
	o := estimate.Options{Budget: 1_500_000, Compute: compute.New(1), Progress: progress}
	a, err := estimate.LogZ(t.Context(), model, v, means, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := estimate.LogZ(t.Context(), model, v, means, nil, estimate.Options{Budget: 1_500_000, Compute: compute.New(3)})
	if err != nil {
		t.Fatal(err)
	}
	if a.Value != b.Value || a.Stderr != b.Stderr || a.ChainSteps != b.ChainSteps {
		t.Errorf("on one worker %v ± %v, on three %v ± %v", a.Value, a.Stderr, b.Value, b.Stderr)
	}
	if last != a.ChainSteps || last > 1_500_000 {
		t.Errorf("progress ended at %d chain steps, the answer took %d of 1500000", last, a.ChainSteps)
	}
}

// Modes, their shares, all estimates and findings are the same on all numbers of workers and all instruction sets.
func TestLogZOfModesRepeats(t *testing.T) {
	model := lecturetest.Needle(37, 17, 1)
	coins := sample.FromBiases(rbm.New(37, 1, rng.Seed(1)), 100, rng.Seed(2))
	estimated := func(on *compute.Context) *estimate.Bracket {
		b, err := estimate.LogZ(t.Context(), model, coins, slices.Repeat([]float64{0.5}, 37), nil,
			estimate.Options{Budget: estimate.LeastBudget, Compute: on})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := estimated(compute.New(1))
	if len(want.Modes) < 2 || want.MissedByAIS == 0 {
		t.Fatalf("%d modes, %v nats missed by AIS: the test shows nothing", len(want.Modes), want.MissedByAIS)
	}
	contexts := []*compute.Context{compute.New(7)}
	for _, isa := range compute.ISAs() {
		contexts = append(contexts, compute.NewISA(2, isa))
	}
	for _, on := range contexts {
		if got := estimated(on); !reflect.DeepEqual(got, want) {
			t.Errorf("%v with %d workers gives log Z = %v ± %v and modes %+v, want %v ± %v and %+v",
				on.ISA(), on.Workers(), got.Value, got.Stderr, got.Modes, want.Value, want.Stderr, want.Modes)
		}
	}
}
