package rbm

import (
	"fmt"
	"math"
	"slices"
)

// realUnit is a Gaussian visible unit i given all others,
//
//	p(x|rest) ∝ e^(b x − ½γ x² + Γ(u + w_i x)),   u_j = Σ_k≠i w_kj v_k,
//
// a mixture of normal densities of the deviation σ = γ^(−½), one for each value of the hidden layer, whose means lie
// between (b + low)/γ and (b + high)/γ. Its integral is a sum at equal distances: that is exact to all digits for normal
// densities at a distance of σ/2, as the error of the sum falls as e^(−2π²σ²/distance²) (Poisson).
type realUnit struct {
	bias, precision float64
	weights         []float32 // to the hidden units
	from, apart     float64   // the first point, and the distance of two
	points          int
}

const (
	pointsApart = 0.5     // of the deviation
	tails       = 9       // deviations beyond the outermost means: e^(−40) of the density
	mostPoints  = 1 << 16 // of a unit: weights of thousands of deviations
	pointsBlock = 256     // that are taken together
)

// newRealUnits are the real visible units of a model, whose hidden units have finitely many values.
func newRealUnits(model *Model) ([]realUnit, error) {
	first := model.Visible.NewBatch(0).Bits()
	if first == model.M() {
		return nil, nil
	}
	var precisions []float32
	for _, p := range model.Visible.Parameters() {
		if p.Name == "precisions" {
			precisions = p.Values
		}
	}
	n := model.N()
	units := make([]realUnit, model.M()-first)
	for k := range units {
		i := first + k
		u := realUnit{bias: float64(model.B()[i]), precision: float64(precisions[k]), weights: model.W[i*n : (i+1)*n]}
		deviation := 1 / math.Sqrt(u.precision)
		low, high := rangeOfInputs(model.Hidden, u.weights)
		u.apart = pointsApart * deviation
		u.from = (u.bias+low)/u.precision - tails*deviation
		points := ((u.bias+high)/u.precision+tails*deviation-u.from)/u.apart + 1
		if !(points < mostPoints) {
			return nil, fmt.Errorf("pseudo-log-likelihood of a model whose weights move unit %d by %.3g of its standard deviations, want at most %d",
				i+1, (high-low)/u.precision/deviation, int(mostPoints*pointsApart))
		}
		u.points = int(points) + 1
		units[k] = u
	}
	return units, nil
}

// rangeOfInputs are the least and the largest Σ_j w_j h_j over the values of a layer of two values or of sites.
func rangeOfInputs(hidden Layer, w []float32) (low, high float64) {
	if sites := SitesOf(hidden); sites != nil {
		for _, s := range sites {
			w := w[s.First : s.First+s.States]
			low, high = low+float64(slices.Min(w)), high+float64(slices.Max(w))
		}
		return low, high
	}
	scale, offset := hidden.Line()
	for _, w := range w {
		off, on := float64(w)*offset, float64(w)*(scale+offset)
		low, high = low+min(off, on), high+max(off, on)
	}
	return low, high
}

// logDensity is log p(x|rest), for inputs of the hidden units that the unit is part of.
func (u *realUnit) logDensity(model *Model, inputs []float64, x float64) float64 {
	at, all := u.logs(model, inputs, x, []float64{x})[0], math.Inf(-1)
	points := make([]float64, 0, pointsBlock)
	for k := range u.points {
		points = append(points, u.from+float64(k)*u.apart)
		if len(points) == pointsBlock || k == u.points-1 {
			for _, log := range u.logs(model, inputs, x, points) {
				all = logAdd(all, log)
			}
			points = points[:0]
		}
	}
	return at - all - math.Log(u.apart)
}

// logs are the logs of the density at points, without its norm.
func (u *realUnit) logs(model *Model, inputs []float64, now float64, points []float64) []float64 {
	n := len(inputs)
	x, logs := make([]float32, len(points)*n), make([]float64, len(points))
	for k, point := range points {
		for j, sum := range inputs {
			x[k*n+j] = float32(sum + float64(float64(u.weights[j])*(point-now)))
		}
	}
	model.Hidden.CGF(logs, x)
	for k, point := range points {
		logs[k] += float64(u.bias*point) - float64(u.precision*point*point/2)
	}
	return logs
}

// logAdd is log(e^a + e^b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}
