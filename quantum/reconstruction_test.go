package quantum_test

import (
	"math/cmplx"
	"testing"

	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// A reconstructed state is that of the definition, in whole and by ratios, and its diagonal is P of the model.
func TestReconstruct(t *testing.T) {
	for _, c := range states {
		model := newStateModel(t, c.kind, c.sites, c.hidden, c.phase, c.auxiliary)
		state, err := quantum.Reconstruct(model)
		if err != nil {
			t.Fatal(err)
		}
		known, err := quantum.Whole(state, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, isMatrix := known.(quantum.Density)
		if !isMatrix {
			got = known.(quantum.State).Density()
		}
		want, trace, dim := reference(model), 0.0, 1<<c.sites
		for a := range dim {
			trace += real(want[a*dim+a])
		}
		from, to := rbm.NewBatch(dim, c.sites), rbm.NewBatch(dim*dim, c.sites)
		of, ratios := make([]int, dim*dim), make([]complex128, dim*dim)
		for a := range dim {
			quantum.SetIndex(from, a, a)
			for b := range dim {
				quantum.SetIndex(to, a*dim+b, b)
				of[a*dim+b] = a
			}
		}
		state.LogRatios(ratios, from, to, of)
		for a := range dim {
			for b := range dim {
				if x, y := got[a*dim+b], want[a*dim+b]/complex(trace, 0); cmplx.Abs(x-y) > 1e-12 {
					t.Errorf("%s: element (%d, %d) is %v, want %v", c.kind, a, b, x, y)
				}
				if x, y := cmplx.Exp(ratios[a*dim+b]), want[b*dim+a]/want[a*dim+a]; cmplx.Abs(x-y) > 1e-12*(1+cmplx.Abs(y)) {
					t.Errorf("%s: ratio (%d, %d) is %v, want %v", c.kind, b, a, x, y)
				}
			}
		}
	}
}
