package rbm

import (
	"math"

	"harmonium/internal/kernel"
)

// steepWeight bounds |w| for the product form of flipCosts: eight factors, each within e^(±30), stay
// within e^(±240), far from the limits of float64.
const steepWeight = 30

// PseudoLogLikelihood returns Σ_i log P(v_i|v_{−i}) of each row of v in nats, in float64: the
// log-probability of every unit given all the others, summed over all units, none drawn at random
// (J. Besag, The Statistician 24 (1975) 179). It needs no Z. It is not the log-likelihood,
// and for a model with few strong modes it can be far above it.
func (model *Model) PseudoLogLikelihood(v States, workers int) []float64 {
	model.checkVisible(v)
	s := newSites(model.Bits())
	result := make([]float64, v.Rows())
	const block = 16
	kernel.Parallel(kernel.Workers(workers), (v.Rows()+block-1)/block, func(task int) {
		scratch := make([]float64, 3*len(s.p.C))
		for r := task * block; r < min((task+1)*block, v.Rows()); r++ {
			result[r] = s.logLikelihood(v.Row(r), scratch)
		}
	})
	return result
}

// sites holds e^w and e^(−w), which turn the change of F at a flip of one unit into products.
type sites struct {
	p        *BitParameters
	up, down []float64 // e^(w_ij), e^(−w_ij)
	steep    []bool    // a weight of unit i exceeds steepWeight
}

func newSites(p *BitParameters) *sites {
	s := &sites{p: p, up: make([]float64, len(p.W)), down: make([]float64, len(p.W)), steep: make([]bool, len(p.B))}
	for k, w := range p.W {
		s.up[k], s.down[k] = math.Exp(w), math.Exp(-w)
		if math.Abs(w) > steepWeight {
			s.steep[k/len(p.C)] = true
		}
	}
	return s
}

// logLikelihood sums −log(1 + e^(F(v)−F(v with unit i flipped))) over all units. scratch holds 3n numbers.
func (s *sites) logLikelihood(v []uint64, scratch []float64) float64 {
	n := len(s.p.C)
	inputs, on, off := scratch[:n], scratch[n:2*n], scratch[2*n:]
	s.p.HiddenInputs(inputs, v)
	for j, x := range inputs {
		on[j], off[j] = Sigmoid(x), Sigmoid(-x)
	}
	sum := 0.0
	for i, b := range s.p.B {
		direction, factors := 1.0, s.up[i*n:(i+1)*n]
		if v[i/64]>>(i%64)&1 == 1 {
			direction, factors = -1, s.down[i*n:(i+1)*n]
		}
		var gain float64 // F(v) − F(flipped)
		if s.steep[i] {
			gain = steepGain(inputs, s.p.W[i*n:(i+1)*n], direction)
		} else {
			gain = productGain(on, off, factors)
		}
		sum -= Softplus(gain + direction*b)
	}
	return sum
}

// productGain returns Σ_j log[(1+e^{x_j±w_j})/(1+e^{x_j})] as the logarithm of Π_j (σ(−x_j) + σ(x_j) e^{±w_j}).
func productGain(on, off, factors []float64) float64 {
	gain, product := 0.0, 1.0
	for j, e := range factors {
		product *= off[j] + float64(on[j]*e)
		if j%8 == 7 && (product > 1e150 || product < 1e-150) {
			gain += math.Log(product)
			product = 1
		}
	}
	return gain + math.Log(product)
}

func steepGain(inputs, weights []float64, direction float64) float64 {
	gain := 0.0
	for j, x := range inputs {
		gain += Softplus(x+direction*weights[j]) - Softplus(x)
	}
	return gain
}
