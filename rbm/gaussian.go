package rbm

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// gaussian is a layer of real units with a quadratic energy, U(s) = Σ_i (½γ_i s_i² − b_i s_i): given inputs x they are
// normal, with the mean (b_i+x_i)/γ_i and the variance 1/γ_i. γ are the precisions.
type gaussian struct{ reals }

var (
	_ meansKernel        = gaussian{}
	_ drawKernel         = gaussian{}
	_ cgfKernel          = gaussian{}
	_ energyKernel       = gaussian{}
	_ momentsKernel      = gaussian{}
	_ inputMomentsKernel = gaussian{}
)

func newGaussian(units int) Layer { return gaussian{newReals(units, "precisions")} }

func (l gaussian) Kind() Kind         { return Gaussian }
func (l gaussian) Clone() Layer       { return gaussian{l.clone()} }
func (l gaussian) Spreads() []float64 { return l.spreads(1) }

// leastVariance bounds the variances of SetMoments from below, as a part of that of standardised data. mostVariance keeps
// precisions within float32.
const (
	leastVariance = 1e-6
	mostVariance  = 1e30
)

// SetMoments sets γ_i = 1/variance and b_i = γ_i·mean.
func (l gaussian) SetMoments(means, variances []float64) {
	γ := l.parameters[1].Values
	for i, mean := range means {
		if variances != nil {
			γ[i] = float32(1 / min(max(variances[i], leastVariance), mostVariance))
		}
		l.Biases()[i] = float32(float64(γ[i]) * mean)
	}
}

func (l gaussian) Energy(dst []float64, s Batch) { l.energyOn(compute.New(1), dst, s) }

func (l gaussian) energyOn(on *compute.Context, dst []float64, s Batch) {
	checkUnits(l, s)
	on.Quadratics(dst, s.reals.Values, l.parameters[1].Values, l.Biases())
}

// CGF is Γ(x) = Σ_i [(b_i+x_i)²/(2γ_i) + ½ log(2π/γ_i)].
func (l gaussian) CGF(dst []float64, x []float32) {
	l.sum(dst, x, func(i int, x float32) float64 {
		θ, γ := l.field(i, x), l.at(1, i)
		return float64(θ*θ/(2*γ)) + float64(math.Log(2*math.Pi/γ)/2)
	})
}

func (l gaussian) cgfOn(on *compute.Context, dst []float64, x []float32) {
	constant, variances := 0.0, l.variances()
	for i := range variances {
		constant += math.Log(2*math.Pi/l.at(1, i)) / 2
	}
	addBiases(on, l, x, 1)
	on.Quadratics(dst, x, variances, make([]float32, l.Units()))
	for r := range dst {
		dst[r] += constant
	}
}

// Mean is ⟨s_i⟩ = (b_i+x_i)·(1/γ_i), each of the three operations rounded to float32.
func (l gaussian) Mean(dst, x []float32) {
	copy(dst, x)
	l.meansOn(compute.New(1), dst)
}

func (l gaussian) meansOn(on *compute.Context, x []float32) {
	on.ShiftScale(x, l.Biases(), l.variances())
}

// variances are 1/γ_i.
func (l gaussian) variances() []float32 {
	v := make([]float32, l.Units())
	for i, γ := range l.parameters[1].Values {
		v[i] = 1 / γ
	}
	return v
}

// Sample draws two units by two random words, those that belong to them, and gives what [compute.Context.Normals] gives
// for the means in float32.
func (l gaussian) Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32) {
	checkUnits(l, dst)
	n := l.Units()
	if x == nil {
		x = make([]float32, n*dst.Rows())
	}
	mean, sd := make([]float32, len(x)), l.deviations()
	l.Mean(mean, x)
	for r := range dst.Rows() {
		row, mean := dst.Reals(r), mean[r*n:(r+1)*n]
		for i := 0; i < n; i += 2 {
			b := key.Block(rng.At(step, first+uint32(r), uint32(i)))
			z0, z1 := kernel.NormalPair(b[i%4], b[i%4+1])
			if row[i] = mean[i] + float32(sd[i]*z0); i+1 < n {
				row[i+1] = mean[i+1] + float32(sd[i+1]*z1)
			}
		}
	}
}

func (l gaussian) drawOn(on *compute.Context, dst Batch, x []float32, key rng.Key, step uint64, first int) {
	l.meansOn(on, x)
	on.Normals(dst.reals.Values, x, l.deviations(), key, step, uint32(first))
}

// deviations are 1/√γ_i.
func (l gaussian) deviations() []float32 {
	σ := make([]float32, l.Units())
	for i := range σ {
		σ[i] = float32(1 / math.Sqrt(l.at(1, i)))
	}
	return σ
}

// Moments are ⟨s_i⟩ and −½⟨s_i²⟩.
func (l gaussian) Moments(dst [][]float32, s Batch, weights []float32) {
	l.momentsOn(compute.New(1), dst, s, weights)
}

func (l gaussian) momentsOn(on *compute.Context, dst [][]float32, s Batch, weights []float32) {
	checkUnits(l, s)
	columnAverages(on, s.reals, weights, func(i int, mean, square float64) {
		dst[0][i], dst[1][i] = float32(mean), float32(-square/2)
	})
}

// InputMoments are ⟨s_i⟩ and −½(⟨s_i⟩² + 1/γ_i), with the means of Mean.
func (l gaussian) InputMoments(dst [][]float32, x []float32, weights []float32) {
	l.inputMomentsOn(compute.New(1), dst, slices.Clone(x), weights)
}

func (l gaussian) inputMomentsOn(on *compute.Context, dst [][]float32, x, weights []float32) {
	n := l.Units()
	l.meansOn(on, x)
	columnAverages(on, kernel.Reals{Rows: len(x) / max(1, n), Cols: n, Values: x}, weights, func(i int, mean, square float64) {
		dst[0][i], dst[1][i] = float32(mean), float32(-(square+1/l.at(1, i))/2)
	})
}

// columnAverages calls f with the weighted means of the numbers of each column, and of their squares.
func columnAverages(on *compute.Context, x kernel.Reals, weights []float32, f func(i int, mean, square float64)) {
	sums, total := make([]float64, 2*x.Cols), float64(x.Rows)
	if weights != nil {
		total = 0
		for _, w := range weights {
			total += float64(w)
		}
	}
	squares := sums[x.Cols:]
	on.ColumnMoments(sums[:x.Cols], squares, x, weights)
	for i, square := range squares {
		f(i, sums[i]/total, square/total)
	}
}
