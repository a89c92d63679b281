// Package lecturetest writes models and states of package rbm in the form of package lecture, so
// that tests can hold fast code against it.
package lecturetest

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Plain returns the lecture's model with the parameters of a model as they are. Its energy takes
// the units' own values: see [Values].
func Plain(model *rbm.Model) *lecture.Model {
	plain, n := &lecture.Model{}, model.N()
	for i, b := range model.B() {
		plain.B = append(plain.B, float64(b))
		plain.W = append(plain.W, make([]float64, n))
		for j := range n {
			plain.W[i][j] = float64(model.W[i*n+j])
		}
	}
	for _, c := range model.C() {
		plain.C = append(plain.C, float64(c))
	}
	return plain
}

// Values returns row r as numbers: 0 and 1 of Bernoulli units, −1 and +1 of spins.
func Values(units rbm.Kind, s rbm.Batch, r int) []float64 {
	values := Row(s, r)
	α, β := line(units)
	for i, v := range values {
		values[i] = α*v + β
	}
	return values
}

// Row returns row r as bits, which is how the lecture writes a configuration.
func Row(s rbm.Batch, r int) []float64 {
	row := make([]float64, s.Units())
	for i := range row {
		if s.Bit(r, i) {
			row[i] = 1
		}
	}
	return row
}

// Rows returns all rows as bits.
func Rows(s rbm.Batch) [][]float64 {
	rows := make([][]float64, s.Rows())
	for r := range rows {
		rows[r] = Row(s, r)
	}
	return rows
}

// Table returns the distribution of rows with these weights, which sum to one, in the lecture's order.
func Table(s rbm.Batch, weights []float64) []float64 {
	table := make([]float64, 1<<s.Units())
	for r, w := range weights {
		table[s.Index(r)] += w
	}
	return table
}

// Average is [lecture.Model.Average] over rows with these weights, which sum to one: for more units than a table may
// have.
func Average(model *lecture.Model, s rbm.Batch, weights []float64) *lecture.Model {
	average := &lecture.Model{B: make([]float64, len(model.B)), C: make([]float64, len(model.C))}
	for range model.B {
		average.W = append(average.W, make([]float64, len(model.C)))
	}
	for r, w := range weights {
		v := Row(s, r)
		term := &lecture.Model{B: v, C: model.HiddenProbs(v)}
		for _, v := range v {
			product := make([]float64, len(term.C))
			for j, h := range term.C {
				product[j] = v * h
			}
			term.W = append(term.W, product)
		}
		average.Step(w, term)
	}
	return average
}

// States returns all 2^units configurations in the lecture's order: unit i of row a is bit i of a.
func States(units int) rbm.Batch { return rbm.AllStates(units) }

// Bits returns a model of bits with the same distribution: s = 2v−1 is inserted for spins and the
// terms are collected. The energy is offset + E(v,h) with that of the lecture's model.
//
//	w (αv+β)(γh+δ) = αγw vh + αδw v + βγw h + βδw,   with α = 1, β = 0 for bits and α = 2, β = −1 for spins; likewise γ, δ.
//
// The second term of [Foreign] units is linear in bits as well: ½a(αv+β)² = ½a((α+β)² − β²) v + ½aβ².
func Bits(model *rbm.Model) (bits *lecture.Model, offset float64) {
	bits = Plain(model)
	α, β := line(model.Visible.Kind())
	γ, δ := line(model.Hidden.Kind())
	for i := range bits.B {
		offset -= β * bits.B[i]
		bits.B[i] *= α
	}
	for j := range bits.C {
		offset -= δ * bits.C[j]
		bits.C[j] *= γ
	}
	for i, row := range bits.W {
		for j, w := range row {
			offset -= β * δ * w
			bits.B[i] += α * δ * w
			bits.C[j] += β * γ * w
			row[j] = α * γ * w
		}
	}
	return bits, offset + addCurvatures(bits.B, model.Visible) + addCurvatures(bits.C, model.Hidden)
}

// line returns α and β with value = α·bit + β.
func line(units rbm.Kind) (α, β float64) {
	switch units {
	case rbm.Spin:
		return 2, -1
	case Foreign:
		return 3, -1
	}
	return 1, 0
}

// addCurvatures adds the second term of Foreign units to biases in bits, and returns the rest.
func addCurvatures(biases []float64, layer rbm.Layer) (offset float64) {
	l, ok := layer.(*foreign)
	if !ok {
		return 0
	}
	α, β := line(Foreign)
	for i, a := range l.curvatures {
		biases[i] -= float64(a) / 2 * ((α+β)*(α+β) - β*β)
		offset += float64(a) / 2 * β * β
	}
	return offset
}

// OfUnits turns averages of bits into those of the units' own values: ⟨(αv+β)(γh+δ)⟩ = αγ⟨vh⟩ +
// αδ⟨v⟩ + βγ⟨h⟩ + βδ. It changes average.
func OfUnits(model *rbm.Model, average *lecture.Model) *lecture.Model {
	α, β := line(model.Visible.Kind())
	γ, δ := line(model.Hidden.Kind())
	for i, v := range average.B {
		for j, h := range average.C {
			average.W[i][j] = α*γ*average.W[i][j] + α*δ*v + β*γ*h + β*δ
		}
		average.B[i] = α*v + β
	}
	for j, h := range average.C {
		average.C[j] = γ*h + δ
	}
	return average
}

// Drawn fails the test if rows were not drawn from the distribution p, a table of 2^units numbers,
// by Pearson's χ². Its mean is the number of degrees of freedom k and its variance 2k; the limit is
// five standard deviations.
func Drawn(t *testing.T, name string, rows [][]float64, p []float64) {
	t.Helper()
	const fewest = 5 // expected draws, below which χ² has heavy tails: such states count together
	χ2, k, count := 0.0, -1.0, float64(len(rows))
	var rare, drawn float64
	add := func(got, p float64) {
		χ2 += count * (got - p) * (got - p) / p
		k++
	}
	for a, got := range lecture.Empirical(rows) {
		switch {
		case count*p[a] >= fewest:
			add(got, p[a])
		case p[a] > 0:
			rare += p[a]
			drawn += got
		case got > 0:
			t.Errorf("%s: state %d was drawn, which has probability 0", name, a)
		}
	}
	if rare > 0 {
		add(drawn, rare)
	}
	if limit := k + 5*math.Sqrt(2*k); !(χ2 <= limit) {
		t.Errorf("%s: χ² is %.1f with %.0f degrees of freedom, want at most %.1f", name, χ2, k, limit)
	}
}
