package rbm

// Gauge moves the model to the zero-sum gauge: over the states a of a categorical site the biases b_ia, and the weights
// w_ia,j to each unit j of the other layer, sum to zero. A configuration has one state a site, so that what is
// subtracted from all weights of a site is the same in every configuration, and the other layer's biases take it on:
//
//	w_ia,j → w_ia,j − ⟨w_i,j⟩,   c_j → c_j + Σ_i ⟨w_i,j⟩,   ⟨w_i,j⟩ = 1/q_i Σ_a w_ia,j.
//
// P(v,h) stays as it is. Without categorical sites it does nothing.
func (model *Model) Gauge() {
	m, n := model.M(), model.N()
	b, c := model.B(), model.C()
	for _, s := range SitesOf(model.Visible) {
		from, to := s.First, s.First+s.States
		subtractMean(b[from:to], 1)
		for j := range c {
			c[j] += subtractMean(model.W[from*n+j:(to-1)*n+j+1], n)
		}
	}
	for _, s := range SitesOf(model.Hidden) {
		from, to := s.First, s.First+s.States
		subtractMean(c[from:to], 1)
		for i := range m {
			b[i] += subtractMean(model.W[i*n+from:i*n+to], 1)
		}
	}
}

// subtractMean subtracts the mean of every stride-th number from these, and returns it.
func subtractMean(x []float32, stride int) float32 {
	sum, count := 0.0, 0
	for k := 0; k < len(x); k += stride {
		sum += float64(x[k])
		count++
	}
	mean := float32(sum / float64(count))
	for k := 0; k < len(x); k += stride {
		x[k] -= mean
	}
	return mean
}
