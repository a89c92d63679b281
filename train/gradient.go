package train

import (
	"math"

	"harmonium/rbm"
)

// centerRate is the weight of a minibatch in the running mean of the hidden units: Melchior, Fischer & Wiskott 2016, section 4.
const centerRate = 0.01

// difference sets g to the positive minus the negative phase.
func (g *Gradient) difference(positive, negative *rbm.Statistics) {
	subtract(g.W, positive.VH, negative.VH)
	subtract(g.B, positive.V, negative.V)
	subtract(g.C, positive.H, negative.H)
}

func subtract(dst, a, b []float32) {
	for k := range dst {
		dst[k] = a[k] - b[k]
	}
}

func (g *Gradient) norm() float64 {
	sum := 0.0
	for _, x := range [][]float32{g.W, g.B, g.C} {
		for _, x := range x {
			sum += float64(x) * float64(x)
		}
	}
	return math.Sqrt(sum)
}

// center turns the gradient into that of the centered parameters. With offsets μ (the mean of v over all data) and ν (that of
// h, a running mean over minibatches) the energy is written in v−μ and h−ν, with the same W and the biases b + Wν and
// c + Wᵀμ. Their gradient is
//
//	g_W − μ g_cᵀ − g_b νᵀ,   g_b,   g_c.
//
// uncenter brings the step back to the plain parameters: the model is always plain (docs/math.md).
func (t *Training) center() {
	μ, ν, g := t.centerV, t.centerH, t.gradient
	if t.centered == 0 {
		copy(ν, t.positive.H)
		t.centered = 1
	}
	for j, h := range t.positive.H {
		ν[j] += float32(centerRate * (h - ν[j]))
	}
	n := len(ν)
	for i := range μ {
		row := g.W[i*n : (i+1)*n]
		for j := range row {
			row[j] -= float32(μ[i]*g.C[j]) + float32(g.B[i]*ν[j])
		}
	}
}

// uncenter follows a step ΔW of the centered parameters with b ← b − ΔW ν and c ← c − ΔWᵀ μ, so that the
// centered biases have moved as the optimiser meant.
func (t *Training) uncenter(before []float32) {
	μ, ν, n := t.centerV, t.centerH, len(t.centerH)
	for i := range μ {
		sum := float32(0)
		for j, w := range t.Model.W[i*n : (i+1)*n] {
			Δ := w - before[i*n+j]
			sum += float32(Δ * ν[j])
			t.Model.C[j] -= float32(Δ * μ[i])
		}
		t.Model.B[i] -= sum
	}
}

// penalise subtracts the gradient of L1·Σ|w| + ½·L2·Σw² from that of the log-likelihood.
func (t *Training) penalise() {
	l1, l2 := float32(t.config.L1), float32(t.config.L2)
	if l1 == 0 && l2 == 0 {
		return
	}
	for k, w := range t.Model.W {
		t.gradient.W[k] -= float32(l2 * w)
		switch {
		case w > 0:
			t.gradient.W[k] -= l1
		case w < 0:
			t.gradient.W[k] += l1
		}
	}
}

// clip bounds the weights.
func (t *Training) clip() {
	bound := float32(t.config.Clip)
	if bound == 0 {
		return
	}
	for k, w := range t.Model.W {
		t.Model.W[k] = min(max(w, -bound), bound)
	}
}
