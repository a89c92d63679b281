package rbm

import "github.com/harmonium-rbm/harmonium/compute"

// Gauge moves the model to the zero-sum gauge: over the states a of a categorical site the biases b_ia, and the weights
// w_ia,j to each unit j of the other layer, sum to zero. A configuration has one state a site, so that what is
// subtracted from all weights of a site is the same in every configuration, and the other layer's biases take it on:
//
//	w_ia,j → w_ia,j − ⟨w_i,j⟩,   c_j → c_j + Σ_i ⟨w_i,j⟩,   ⟨w_i,j⟩ = 1/q_i Σ_a w_ia,j.
//
// P(v,h) stays as it is. Without categorical sites it does nothing.
func (model *Model) Gauge() { model.GaugeOn(compute.New(1)) }

// GaugeOn is [Model.Gauge] on the workers of a context.
func (model *Model) GaugeOn(on *compute.Context) {
	m, n := model.M(), model.N()
	b, c := model.B(), model.C()
	sites := SitesOf(model.Visible)
	means := make([]float32, len(sites)*n)
	on.Parallel(len(sites), func(k int) {
		s := sites[k]
		on.CenterColumns(means[k*n:(k+1)*n], model.W[s.First*n:(s.First+s.States)*n])
	})
	for k, s := range sites {
		subtractMean(b[s.First : s.First+s.States])
		on.AddScaled(c, 1, means[k*n:(k+1)*n])
	}
	for _, s := range SitesOf(model.Hidden) {
		from, to := s.First, s.First+s.States
		subtractMean(c[from:to])
		for i := range m {
			b[i] += subtractMean(model.W[i*n+from : i*n+to])
		}
	}
}

// subtractMean subtracts the mean of the numbers from these, and returns it.
func subtractMean(x []float32) float32 {
	sum := 0.0
	for _, y := range x {
		sum += float64(y)
	}
	mean := float32(sum / float64(len(x)))
	for k := range x {
		x[k] -= mean
	}
	return mean
}
