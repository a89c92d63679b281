package lecture

import (
	"slices"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Average is ⟨v_i h_j⟩, ⟨v_i⟩ and ⟨h_j⟩ with v from a distribution p, a table of 2^m numbers, and h from P(h|v). The
// average over h is exact: P(h_j=1|v) stands for h_j.
func (model *Model) Average(p []float64) *Model {
	average := zeros(len(model.B), len(model.C))
	for a, v := range States(len(model.B)) {
		average.add(p[a], v, model.HiddenProbs(v))
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

// Gradient is that of the log-likelihood, −∂D_KL(P_D‖P)/∂λ: positive phase minus negative phase, ⟨v_i h_j⟩_data − ⟨v_i
// h_j⟩_model for w_ij, and likewise ⟨v_i⟩ for b_i and ⟨h_j⟩ for c_j. It is exact if the negative phase averages over
// p = [Model.Distribution].
func (model *Model) Gradient(data, p []float64) *Model {
	gradient := model.Average(data)
	gradient.Step(-1, model.Average(p))
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

// CD is the gradient by contrastive divergence, CD-k (Hinton, Neural Computation 14 (2002)): the negative phase
// averages over chains that start at the rows and make k steps of Gibbs sampling. It is biased, as the chains still
// remember the data.
func (model *Model) CD(rows [][]float64, k int, source *rng.Source) *Model {
	return model.PCD(rows, slices.Clone(rows), k, source)
}

// PCD is the gradient by persistent contrastive divergence, PCD-k (Tieleman, ICML 2008): the chains go on for k steps
// from where the update before left them, and are left there for the next. They stay close to P(v), as an update
// changes the parameters little.
func (model *Model) PCD(rows, chains [][]float64, k int, source *rng.Source) *Model {
	for r := range chains {
		for range k {
			chains[r] = model.Gibbs(chains[r], source)
		}
	}
	return model.Gradient(Empirical(rows), Empirical(chains))
}
