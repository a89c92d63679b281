package sample

import (
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// LogZ is an estimate of a log partition function, or of the logarithm of a ratio of two.
type LogZ struct {
	Value, Stderr float64 // nats
	ESS           float64 // effective sample size (Σw)²/Σw² of the weights that it comes from
}

// SumLogZ returns log Σ_k e^(z_k) of independent estimates z_k, and −Inf of none. The error is √(Σ_k (p_k σ_k)²) with
// p_k = e^(z_k)/Σ_l e^(z_l), and ESS is the sum of theirs.
func SumLogZ(z ...LogZ) LogZ {
	largest := math.Inf(-1)
	for _, x := range z {
		largest = max(largest, x.Value)
	}
	if math.IsInf(largest, -1) {
		return LogZ{Value: largest}
	}
	var sum, squares, ess float64
	for _, x := range z {
		part := math.Exp(x.Value - largest)
		sum += part
		squares += float64(part * part * x.Stderr * x.Stderr)
		ess += x.ESS
	}
	return LogZ{largest + math.Log(sum), math.Sqrt(squares) / sum, ess}
}

// IndependentModel returns a model without its weights and hidden biases: independent units, the base of a line to it.
func IndependentModel(model *rbm.Model) *rbm.Model {
	base := model.CloneWithoutWeights()
	clear(base.C())
	return base
}

// IndependentAt returns an IndependentModel whose visible units have these means of the numbers that a Batch stores.
func IndependentAt(model *rbm.Model, means []float32) *rbm.Model {
	base := IndependentModel(model)
	base.SetMoments(wide(means), nil)
	return base
}

// LogZWithoutWeights returns log Z of a model with W = 0, in which all units are independent: Γ_v(0) + Γ_h(0), the
// cumulant generating functions of both layers. It panics if a weight is not zero.
func LogZWithoutWeights(model *rbm.Model) float64 {
	for _, w := range model.W {
		if w != 0 {
			panic("sample: LogZWithoutWeights of a model with weights")
		}
	}
	if model.CheckBits() != nil {
		return atZero(model.Visible) + atZero(model.Hidden)
	}
	p := model.BitBiases() // the same sum in the order of its units, so that estimates repeat to the last bit
	logZ := -p.Offset
	for _, biases := range [][]float64{p.B, p.C} {
		for _, x := range biases {
			logZ += rbm.Softplus(x)
		}
	}
	return logZ
}

// atZero is Γ(0) = log Σ_s e^(−U(s)).
func atZero(layer rbm.Layer) float64 {
	var dst [1]float64
	layer.CGF(dst[:], make([]float32, layer.Units()))
	return dst[0]
}
