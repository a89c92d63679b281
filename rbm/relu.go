package rbm

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// relu is a layer of rectified units: real numbers from 0 up, with the energy of [Gaussian] ones, U(s) =
// Σ_i (½γ_i s_i² − b_i s_i). Given inputs they are normal, cut off below 0.
type relu struct{ reals }

var _ inputMomentsKernel = relu{}

func newReLU(units int) Layer { return relu{newReals(units, "precisions")} }

func (l relu) Kind() Kind         { return ReLU }
func (l relu) Clone() Layer       { return relu{l.clone()} }
func (l relu) Spreads() []float64 { return l.spreads(1) }

// half returns the unit's distribution in t = √γ s, and √γ.
func (l relu) half(i int, x float32) (h half, root float64) {
	root = math.Sqrt(l.at(1, i))
	return half{l.field(i, x) / root}, root
}

func (l relu) mean(i int, x float32) float64 {
	h, root := l.half(i, x)
	mean, _ := h.moments()
	return mean / root
}

// SetMoments sets the biases alone.
func (l relu) SetMoments(means, _ []float64) {
	l.solveBiases(means, func(i int) float64 { return l.mean(i, 0) })
}

func (l relu) Energy(dst []float64, s Batch) {
	l.energy(dst, s, func(i int, s float64) float64 { return float64(l.at(1, i)*s*s/2) - float64(l.at(0, i)*s) })
}

// CGF is Γ(x) = Σ_i [log M(a_i) − ½ log γ_i], with a_i = (b_i+x_i)/√γ_i and M(a) = ∫_0^∞ e^(at−t²/2) dt.
func (l relu) CGF(dst []float64, x []float32) {
	l.sum(dst, x, func(i int, x float32) float64 {
		h, root := l.half(i, x)
		return h.logM() - math.Log(root)
	})
}

// Mean is ⟨s_i⟩ = (a_i + 1/M(a_i))/√γ_i.
func (l relu) Mean(dst, x []float32) { l.each(dst, x, l.mean) }

// Sample draws by inversion of the distribution function.
func (l relu) Sample(dst Batch, x []float32, key rng.Key, step uint64, first uint32) {
	l.draw(dst, x, key, step, first, func(i int, x float32, u, _ float64) float64 {
		h, root := l.half(i, x)
		return h.quantile(u) / root
	})
}

// Moments are ⟨s_i⟩ and −½⟨s_i²⟩.
func (l relu) Moments(dst [][]float32, s Batch, weights []float32) {
	l.ofRows(dst, s, weights, func(moments []float64, _ int, s float64) { moments[0], moments[1] = s, -s*s/2 })
}

// InputMoments are ⟨s_i⟩ and −½⟨s_i²⟩.
func (l relu) InputMoments(dst [][]float32, x []float32, weights []float32) {
	l.ofInputs(dst, x, weights, l.inputMoments)
}

func (l relu) inputMoments(moments []float64, i int, x float32) {
	h, root := l.half(i, x)
	mean, square := h.moments()
	moments[0], moments[1] = mean/root, -square/(2*root*root)
}

func (l relu) inputMomentsOn(on *compute.Context, dst [][]float32, x, weights []float32) {
	l.momentsAndMeans(on, dst, x, weights, l.inputMoments)
}
