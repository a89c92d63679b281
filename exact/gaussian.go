package exact

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// mostGaussian is the number of units of the smaller layer above which its matrix is refused.
const mostGaussian = 8192

// isGaussian reports whether both layers are Gaussian, so that P(v,h) is a normal distribution.
func isGaussian(model *rbm.Model) bool {
	return model.Visible.Kind() == rbm.Gaussian && model.Hidden.Kind() == rbm.Gaussian
}

// gaussianCost is that of a determinant, in the steps of [Cost].
func gaussianCost(m, n int) float64 {
	k := float64(min(m, n))
	return 10 * k * k * (float64(max(m, n)) + k/3)
}

// gaussian is the normal distribution of a pair of Gaussian layers. With the larger layer s integrated out, the smaller
// one t is normal with the precision matrix and the field
//
//	S = diag(γ_t) − Wᵀ diag(1/γ_s) W,   f = b_t + Wᵀ (b_s/γ_s),
//
// and log Z = Σ_i [b_i²/(2γ_i) + ½ log(2π/γ_i)] + ½ fᵀS⁻¹f − ½ log det S + ½ k log 2π, where i are the units of s and k
// is the number of those of t. Z is finite if and only if S is positive definite.
type gaussian struct {
	visible    bool // the smaller layer is the visible one
	w          *mat.Dense
	bias       []float64 // of the larger layer
	precision  []float64
	mean       *mat.VecDense // S⁻¹f
	factor     mat.Cholesky  // of S
	logZ       float64
	larger     int
	smaller    int
	parameters []rbm.Named // of the smaller layer
}

func newGaussian(model *rbm.Model) (*gaussian, error) {
	if err := Feasible(model); err != nil {
		return nil, err
	}
	g := &gaussian{visible: model.M() < model.N()}
	if g.visible {
		model = model.Transpose()
	}
	g.larger, g.smaller, g.parameters = model.M(), model.N(), model.Hidden.Parameters()
	g.w = mat.NewDense(g.larger, g.smaller, float64s(model.W))
	g.bias, g.precision = float64s(model.B()), float64s(model.Visible.Parameters()[1].Values)
	field := mat.NewVecDense(g.smaller, float64s(model.C()))
	matrix := mat.NewSymDense(g.smaller, nil)
	for j, γ := range g.parameters[1].Values {
		matrix.SetSym(j, j, float64(γ))
	}
	for i, b := range g.bias {
		row := mat.NewVecDense(g.smaller, g.w.RawRowView(i))
		matrix.SymRankOne(matrix, -1/g.precision[i], row)
		field.AddScaledVec(field, b/g.precision[i], row)
		g.logZ += float64(b*b/(2*g.precision[i])) + float64(math.Log(2*math.Pi/g.precision[i])/2)
	}
	if !g.factor.Factorize(matrix) {
		return nil, fmt.Errorf("the model has no distribution, as its weights are too large for the precisions of its units: " +
			"the matrix diag(γ_h) − Wᵀ diag(1/γ_v) W is not positive definite")
	}
	g.mean = mat.NewVecDense(g.smaller, nil)
	// The error tells of a matrix that is nearly singular: then log Z is as large as it should be, with fewer digits.
	_ = g.factor.SolveVecTo(g.mean, field)
	g.logZ += mat.Dot(field, g.mean)/2 - g.factor.LogDet()/2 + float64(g.smaller)*math.Log(2*math.Pi)/2
	if !(math.Abs(g.logZ) <= maxEnergy) {
		return nil, fmt.Errorf("log Z comes out as %.3g, and energies beyond %g mean nothing in float64", g.logZ, maxEnergy)
	}
	return g, nil
}

func float64s(x []float32) []float64 {
	y := make([]float64, len(x))
	for k, x := range x {
		y[k] = float64(x)
	}
	return y
}

// moments writes the averages of [Moments]: with the covariance C = S⁻¹ of the smaller layer t, the larger one has the
// means (b_i + Σ_j w_ij ⟨t_j⟩)/γ_i, the variances 1/γ_i + (W C Wᵀ)_ii/γ_i², and ⟨s_i; t_j⟩ = (W C)_ij/γ_i.
func (g *gaussian) moments(dst *rbm.Statistics, model *rbm.Model) {
	var covariance mat.SymDense
	_ = g.factor.InverseTo(&covariance) // as of SolveVecTo
	var wc mat.Dense
	wc.Mul(g.w, &covariance)
	averages := dst.Averages()[1:]
	large, small, n := averages[:2], averages[2:], model.N()
	if g.visible {
		large, small = small, large
	}
	for j := range g.smaller {
		mean := g.mean.AtVec(j)
		small[0][j], small[1][j] = float32(mean), float32(-(covariance.At(j, j)+float64(mean*mean))/2)
	}
	for i, γ := range g.precision {
		row := mat.NewVecDense(g.smaller, g.w.RawRowView(i))
		cross := mat.NewVecDense(g.smaller, wc.RawRowView(i))
		mean := (g.bias[i] + mat.Dot(row, g.mean)) / γ
		variance := 1/γ + mat.Dot(row, cross)/(γ*γ)
		large[0][i], large[1][i] = float32(mean), float32(-(variance+float64(mean*mean))/2)
		for j := range g.smaller {
			at := i*n + j
			if g.visible {
				at = j*n + i
			}
			dst.VH[at] = float32(float64(mean*g.mean.AtVec(j)) + cross.AtVec(j)/γ)
		}
	}
}

// draw draws the smaller layer, as S⁻¹f + L⁻ᵀz with S = LLᵀ and z of the standard normal distribution.
func (g *gaussian) draw(count int, key rng.Key) rbm.Batch {
	drawn := rbm.NewReals(count, 0, g.smaller)
	lower := g.factor.RawU().T() // gonum keeps U = Lᵀ
	z := mat.NewVecDense(g.smaller, nil)
	key = key.Stream(rng.StreamExact)
	for r := range count {
		for j := range g.smaller {
			b := key.Block(rng.At(0, uint32(r), uint32(4*j)))
			// Box and Muller
			u, v := rng.Uniform64(b[0], b[1]), rng.Uniform64(b[2], b[3])
			z.SetVec(j, math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*v))
		}
		var x mat.VecDense
		_ = x.SolveVec(lower.T(), z) // as of SolveVecTo
		for j := range drawn.Reals(r) {
			drawn.Reals(r)[j] = float32(g.mean.AtVec(j) + x.AtVec(j))
		}
	}
	return drawn
}
