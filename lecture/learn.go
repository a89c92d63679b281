package lecture

import (
	"slices"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Average is the positive phase: ⟨v_i h_j⟩, ⟨v_i⟩ and ⟨h_j⟩ with v from the rows and h from P(h|v).
// Row r counts with probability p[r]; nil means equally. The average over h is exact: P(h_j=1|v)
// stands for h_j.
func (model *Model) Average(rows [][]float64, p []float64) *Model {
	average := zeros(len(model.B), len(model.C))
	for r, v := range rows {
		average.add(probability(p, r, len(rows)), v, model.HiddenProbs(v))
	}
	return average
}

// Moments is the negative phase: ⟨v_i h_j⟩, ⟨v_i⟩ and ⟨h_j⟩ with v and h from the joint
// distribution P(v,h), summed over all 2^(m+n) states.
func (model *Model) Moments() *Model {
	average, p := zeros(len(model.B), len(model.C)), model.Joint()
	for a, v := range States(len(model.B)) {
		for b, h := range States(len(model.C)) {
			average.add(p[a][b], v, h)
		}
	}
	return average
}

// add adds p·(v_i h_j, v_i, h_j).
func (model *Model) add(p float64, v, h []float64) {
	addTo(model.B, p, v)
	addTo(model.C, p, h)
	for i := range v {
		addTo(model.W[i], p*v[i], h)
	}
}

// Gradient is the exact gradient of the log-likelihood, −∂D_KL(P_D‖P)/∂λ: positive phase minus
// negative phase, ⟨v_i h_j⟩_data − ⟨v_i h_j⟩_model for w_ij, and likewise ⟨v_i⟩ for b_i and ⟨h_j⟩
// for c_j. A table P_D goes with rows = States(m).
func (model *Model) Gradient(rows [][]float64, p []float64) *Model {
	gradient := model.Average(rows, p)
	gradient.Step(-1, model.Moments())
	return gradient
}

// Step goes along a gradient with the learning rate η: λ ← λ + η·gradient.
func (model *Model) Step(rate float64, gradient *Model) {
	addTo(model.B, rate, gradient.B)
	addTo(model.C, rate, gradient.C)
	for i := range model.W {
		addTo(model.W[i], rate, gradient.W[i])
	}
}

// Gibbs is a step of block Gibbs sampling: it draws h ~ P(h|v), then the next v ~ P(v|h). If v is
// distributed as P(v), the next one is too.
func (model *Model) Gibbs(v []float64, source *rng.Source) []float64 {
	h := draw(model.HiddenProbs(v), source)
	return draw(model.VisibleProbs(h), source)
}

// CD is the gradient by contrastive divergence, CD-k (Hinton, Neural Computation 14 (2002)): the
// negative phase is the average over chains that start at the rows and make k steps of Gibbs
// sampling. It is biased, as the chains still remember the data.
func (model *Model) CD(rows [][]float64, k int, source *rng.Source) *Model {
	return model.PCD(rows, slices.Clone(rows), k, source)
}

// PCD is the gradient by persistent contrastive divergence, PCD-k (Tieleman, ICML 2008): the chains
// go on for k steps from where the update before left them, and are left there for the next. They
// stay close to P(v), as an update changes the parameters little.
func (model *Model) PCD(rows, chains [][]float64, k int, source *rng.Source) *Model {
	for r := range chains {
		for range k {
			chains[r] = model.Gibbs(chains[r], source)
		}
	}
	gradient := model.Average(rows, nil)
	gradient.Step(-1, model.Average(chains, nil))
	return gradient
}
