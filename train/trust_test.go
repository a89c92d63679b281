package train

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
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
