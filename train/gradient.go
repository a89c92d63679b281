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

// center turns the gradient of (W, b, c) into the centered one. With offsets μ (the data's mean of v) and
// ν (that of h), a running mean, the energy is written in (v−μ) and (h−ν), and a step of its parameters is, in the plain parameters,
//
//	ΔW = g_W − μ g_cᵀ − g_b νᵀ,   Δb = g_b − ΔW ν,   Δc = g_c − ΔWᵀ μ.
//
// The saved model stays plain: only the direction of the step changes (docs/math.md).
func (t *Training) center() {
	μ, ν, g := t.positive.V, t.centerH, t.gradient
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
	for i := range μ {
		for j, w := range g.W[i*n : (i+1)*n] {
			g.B[i] -= float32(w * ν[j])
			g.C[j] -= float32(w * μ[i])
		}
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
