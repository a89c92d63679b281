package train

import (
	"fmt"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Widen returns a copy of a model with more hidden units, whose new ones change next to nothing at first: with the
// means μ of the data and the mean ⟨h⟩₀ of a unit without inputs, which is ½ for Bernoulli units and 0 for spins, it
// draws
//
//	w_ij ~ N(0, 0.01²),   c_j = −Σ_i w_ij μ_i,   b_i ← b_i − ⟨h⟩₀ Σ_j w_ij   (j new).
//
// The input of a new unit then is x_j = Σ_i w_ij (v_i − μ_i), and the free energy changes by −Σ_j (Γ_j(x_j) − ⟨h⟩₀
// x_j), which is −½ Var₀(h) Σ_j x_j² to second order, and a constant. Weights of 0 would change nothing at all, but all
// new units would have the same gradient for ever.
//
// means are those of the numbers that a batch stores, as [data.Set.Means] has them. Other parameters of new units are
// those of a new layer. The error says why a layer can't have more units.
func Widen(model *rbm.Model, hidden int, means []float64, key rng.Key) (*rbm.Model, error) {
	m, n, kind := model.M(), model.N(), model.Hidden.Kind()
	switch {
	case hidden < n:
		return nil, fmt.Errorf("hidden is %d, but the model has %d hidden units: want as many or more", hidden, n)
	case hidden == n:
		return model.Clone(), nil
	case model.State != nil && model.State.Kind == rbm.StateDensity:
		a := model.State.Auxiliary()
		return nil, fmt.Errorf("hidden is %d, but the model is a density matrix of %d hidden units beside %d auxiliary ones: want as many",
			hidden-a, n-a, a)
	case kind == rbm.Categorical || kind == rbm.Mixed:
		return nil, fmt.Errorf("hidden is %d, but the model has %d %s hidden units, whose number is fixed: another state would change the others",
			hidden, n, kind)
	}
	wide := rbm.NewModel(model.Visible.Clone(), rbm.NewLayer(kind, hidden), key)
	wide.Columns, wide.State = model.Columns, model.State.Clone()
	rest := make([]float32, hidden)
	wide.Hidden.Mean(rest, rest)
	scale, offset := model.Visible.Line()
	b, c := wide.B(), wide.C()
	for j := n; j < hidden; j++ {
		input := 0.0
		for i, p := range means {
			w := float64(wide.W[i*hidden+j])
			input += float64(w * (float64(scale*p) + offset))
			b[i] -= float32(float64(rest[j]) * w)
		}
		c[j] = float32(-input)
	}
	old := model.Hidden.Parameters()
	for k, p := range wide.Hidden.Parameters() {
		copy(p.Values, old[k].Values)
	}
	for i := range m {
		copy(wide.W[i*hidden:], model.W[i*n:(i+1)*n])
	}
	wide.Gauge()
	return wide, nil
}
