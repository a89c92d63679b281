package train

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// krylov solves (ρ + K) α = d, and shift makes |ρα| a length: against elimination with the whole matrix.
func TestKrylov(t *testing.T) {
	for name, n := range map[string]int{"small": 12, "larger than the space": 60} {
		source := rng.NewSource(rng.Seed(3), 0)
		a, kernel, d := make([]float64, n*n), make([]float64, n*n), make([]float64, n)
		for k := range a {
			a[k] = (source.Float64() - 0.5) * math.Exp(-0.3*float64(k%n))
		}
		for r := range n {
			d[r] = source.Float64() - 0.5
			for s := range n {
				kernel[r*n+s] = 10 * dot(a[r*n:(r+1)*n], a[s*n:(s+1)*n])
			}
			kernel[r*n+r] += 0.2
		}
		center(d)
		var s krylov
		for range 2 { // its memory is used again
			s.span(kernel, d)
		}
		for _, part := range []float64{0.9, 0.5, 0.2} {
			length := part * math.Sqrt(dot(d, d))
			ρ, α := s.shift(length), make([]float64, n)
			s.solve(α, ρ)
			want := eliminated(kernel, d, ρ)
			if got := ρ * math.Sqrt(dot(want, want)); math.Abs(got/length-1) > 0.02 {
				t.Errorf("%s: ρ = %g leaves %g, want %g", name, ρ, got, length)
			}
			for k := range α {
				if math.Abs(α[k]-want[k])*ρ > 0.02*length {
					t.Fatalf("%s: α[%d] is %g, want %g", name, k, α[k], want[k])
				}
			}
		}
	}
}

// eliminated solves (ρ + K) α = d by Gauss's elimination.
func eliminated(kernel, d []float64, ρ float64) []float64 {
	n := len(d)
	a, x := slices.Clone(kernel), slices.Clone(d)
	for k := range n {
		a[k*n+k] += ρ
	}
	for k := range n {
		for r := k + 1; r < n; r++ {
			f := a[r*n+k] / a[k*n+k]
			for c := k; c < n; c++ {
				a[r*n+c] -= f * a[k*n+c]
			}
			x[r] -= f * x[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		for c := k + 1; c < n; c++ {
			x[k] -= a[k*n+c] * x[c]
		}
		x[k] /= a[k*n+k]
	}
	return x
}

// bounded trains on two clusters of bars at a large rate, with a bound on its updates.
func bounded(t *testing.T, units rbm.Kind, plain bool, bound float64) *Training {
	t.Helper()
	set, err := data.Bars(4, 4)
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.NewModel(rbm.NewLayer(units, set.Units()), rbm.NewLayer(units, 12), rng.Seed(1))
	training, err := Start(model, set, Config{
		Updates: 60, Rate: 0.05, Schedule: Constant, Plain: plain, L2: 1e-3, Every: 1000, Negative: &PCD{Chains: 40, Trust: bound},
	})
	if err != nil {
		t.Fatal(err)
	}
	return training
}

// The rate is that of the schedule, or what the deviation allows, times the pace, which rises to a bound where errors are
// small, and falls to 1 where they are large.
func TestTrustRate(t *testing.T) {
	training := bounded(t, rbm.Bernoulli, false, 0.3)
	training.config.Rise = 3
	r, most := training.trust, mostDeviation*0.3
	for _, c := range []struct{ slope, pace, rate, want float64 }{
		{0, 1, 0.05, 0.05}, {0, 2, 0.02, 0.04}, {10, 1, 0.05, 0.05}, {10, 2, 0.05, 0.1},
		{200, 1, 0.05, most / 200}, {200, 3, 0.05, 3 * most / 200},
	} {
		r.slope, r.pace = c.slope, c.pace
		if got := r.begin(c.rate); math.Abs(got/c.want-1) > 1e-12 || r.rate != got {
			t.Errorf("slope %v, pace %v, scheduled %v: rate %v, want %v", c.slope, c.pace, c.rate, got, c.want)
		}
	}
	r.pace = 1
	for _, c := range []struct {
		stderr float64
		scores int
		want   float64
	}{
		{0.5, 5, 1}, {0.05, 1, faster}, {0, 5, faster}, {1e-9, 1, faster * faster}, {(fasterBelow + slowerAbove) / 2, 5, faster * faster},
		{math.NaN(), 1, faster * faster}, {0.05, 100, 3}, {0.5, 1, 3 * slower}, {math.Inf(1), 1, 3 * slower * slower}, {0.5, 100, 1},
	} {
		for range c.scores {
			r.follow(c.stderr)
		}
		if math.Abs(r.pace-c.want) > 1e-12 {
			t.Errorf("after %d errors of %v the pace is %v, want %v", c.scores, c.stderr, r.pace, c.want)
		}
	}
}

// A checkpoint has a pace from 1 to the largest.
func TestPaceChecks(t *testing.T) {
	training := bounded(t, rbm.Bernoulli, false, 0.3)
	training.config.Rise = 4
	for pace, ok := range map[float64]bool{1: true, 2.5: true, 4: true, 0: false, 0.99: false, 4.01: false, math.NaN(): false} {
		training.trust.pace = pace
		if err := training.trust.check(); (err == nil) != ok {
			t.Errorf("pace %v: error %v", pace, err)
		}
	}
}

// The pace rises while live errors are small, and goes on from a checkpoint to the same bytes.
func TestPaceResumes(t *testing.T) {
	begin := func() *Training {
		set := &data.Set{States: sample.FromBiases(rbm.New(40, 2, rng.Seed(1)), 300, rng.Seed(2))}
		training, err := Start(rbm.New(40, 30, rng.Seed(3)), set, Config{Updates: 40, Every: 5, Rate: 0.005, Rise: 3})
		if err != nil {
			t.Fatal(err)
		}
		return training
	}
	training, rates := begin(), []float64{}
	var half bytes.Buffer
	for p := range training.Steps(t.Context()) {
		if rates = append(rates, p.Rate); p.Update == 20 {
			if err := training.Checkpoint(&half); err != nil {
				t.Fatal(err)
			}
		}
	}
	if training.trust.pace < faster*faster {
		t.Fatalf("the pace is %v after scores with small errors", training.trust.pace)
	}
	again := begin()
	if err := again.Resume(half.Bytes()); err != nil {
		t.Fatal(err)
	}
	for p := range again.Steps(t.Context()) {
		if p.Rate != rates[p.Update-1] {
			t.Fatalf("update %d: rate %v, want %v", p.Update, p.Rate, rates[p.Update-1])
		}
	}
	if !slices.Equal(again.Model.W, training.Model.W) {
		t.Error("another model")
	}
}

// The free energies of the chains change by no more than the bound against each other in an update, and by much more
// without one.
func TestTrustBoundsUpdates(t *testing.T) {
	const bound = 0.1
	for _, units := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		for _, plain := range []bool{false, true} {
			if testing.Short() && (plain || units != rbm.Bernoulli) {
				continue // free energies in float64 take long under the race detector
			}
			var largest [2]float64
			for k, bound := range []float64{0, bound} {
				training := bounded(t, units, plain, bound)
				before := training.Model.Clone()
				for range training.Steps(t.Context()) {
					v := training.config.Negative.(Persistent).Visible()
					now, d := training.Model.FreeEnergy(v), before.FreeEnergy(v)
					for r := range d {
						d[r] = now[r] - d[r]
					}
					center(d)
					largest[k] = max(largest[k], math.Sqrt(dot(d, d)/float64(len(d))))
					before.Copy(training.Model)
				}
				if training.Err() != nil {
					t.Fatal(training.Err())
				}
			}
			if largest[0] < 4*bound || largest[1] > 1.25*bound || largest[1] < 0.9*bound {
				t.Errorf("%s, plain %v: deviations up to %.3f without a bound and %.3f with one of %v", units, plain, largest[0], largest[1], bound)
			}
		}
	}
}
