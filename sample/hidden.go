package sample

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// The codes of [Least.Finding].
const (
	CodeHiddenMode = "hidden-mode" // log Z is more than estimates of it allow, by a configuration or a mode that was found
	CodeMass       = "mass"        // the same by the probabilities of distinct rows, which sum to more than 1
)

// Least is a set of lower bounds of log Z that hold for certain, not in probability. A bound of nothing is −Inf. The
// first two are those of probabilities: where visible units are real numbers, P(v) is a density, and there are none.
type Least struct {
	Configuration float64 // the largest −F(v) of the configurations seen: P(v) = e^(−F(v))/Z ≤ 1
	Rows          float64 // log Σ e^(−F(v)) over distinct rows of data: their probabilities sum to at most 1
	Modes         float64 // the largest variational bound of a [Mode], or by [VariationalBounds]
}

// NoBounds are the bounds before anything is known: −Inf.
func NoBounds() Least { return Least{math.Inf(-1), math.Inf(-1), math.Inf(-1)} }

// VariationalBounds returns a lower bound of log Z for each row of v, that of mean-field theory with the means of the
// hidden units given v:
//
//	log Z ≥ Γ_h(x) − x·⟨h⟩ + Γ_v(W⟨h⟩),   x = Wᵀv,   ⟨h⟩ = ∇Γ_h(x).
//
// It holds for every kind of units. Γ_h is convex, so that −F is nowhere below what it would be with the tangent to Γ_h
// at x in place of Γ_h, and that is the log-density of independent units, whose integral is known. Where v is in a mode
// of the model the bound is about log Z of the mode.
func VariationalBounds(model *rbm.Model, v rbm.Batch) []float64 {
	m, n, rows := model.M(), model.N(), v.Rows()
	bounds, visible := make([]float64, rows), make([]float64, rows)
	x, mean, field := make([]float32, rows*n), make([]float32, rows*n), make([]float32, rows*m)
	scale, offset := model.Visible.Line()
	sums := make([]float64, n)
	for r := range rows {
		clear(sums)
		for i := range m {
			s := scale*v.Value(r, i) + offset
			for j, w := range model.W[i*n : (i+1)*n] {
				sums[j] += float64(s * float64(w))
			}
		}
		for j, sum := range sums {
			x[r*n+j] = float32(sum)
		}
	}
	model.Hidden.Mean(mean, x)
	model.Hidden.CGF(bounds, x)
	for r := range rows {
		mean, x := mean[r*n:(r+1)*n], x[r*n:(r+1)*n]
		for i := range m {
			sum := 0.0
			for j, w := range model.W[i*n : (i+1)*n] {
				sum += float64(float64(w) * float64(mean[j]))
			}
			field[r*m+i] = float32(sum)
		}
		for j, y := range x {
			bounds[r] -= float64(float64(y) * float64(mean[j]))
		}
	}
	model.Visible.CGF(visible, field)
	for r, y := range visible {
		bounds[r] += y
	}
	return bounds
}

// Value is the largest of the bounds.
func (l Least) Value() float64 { return max(l.Configuration, l.Rows, l.Modes) }

// Finding says that the bounds prove estimates of log Z wrong. estimates says in a clause what these give; z is the
// estimate to compare with, and threshold is the number of nats by which Value may exceed it.
func (l Least) Finding(estimates string, z LogZ, threshold float64) diag.Finding {
	code, found := CodeHiddenMode, ""
	consequence := "most of the model's weight is where none of these looks; the log-likelihoods here are upper bounds"
	switch l.Value() {
	case l.Configuration:
		found = fmt.Sprintf("a configuration with F = %.1f was found", -l.Configuration)
	case l.Modes:
		found = fmt.Sprintf("a mode with the variational bound %.1f was found", l.Modes)
	default:
		code, found = CodeMass, "the distinct rows have probabilities that sum to more than 1"
		consequence = "log Z is too low, and the log-likelihoods here are upper bounds"
	}
	return diag.Finding{
		Code:    code,
		Message: fmt.Sprintf("%s, so that log Z is more than %.1f; %s", found, l.Value(), estimates),
		Value:   diag.Number(l.Value() - z.Value), Threshold: diag.Number(threshold),
		Consequence: consequence,
	}
}
