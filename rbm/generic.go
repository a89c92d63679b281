package rbm

// The energies of pairs of layers that are not both linear in bits, through [Layer] alone: a product in float64, and
// then what the layer makes of its inputs.

// addInputs adds x_j = Σ_i w_ij s_i of a row to sums, for weights w of the units of from (row-major).
func addInputs(sums []float64, from Layer, w []float32, s Batch, r int) {
	scale, offset := from.Line()
	for i := range s.Units() {
		v := scale*s.stored(r, i) + offset
		if v == 0 {
			continue
		}
		for j, w := range w[i*len(sums) : (i+1)*len(sums)] {
			sums[j] += float64(v * float64(w))
		}
	}
}

// freeEnergyOfLayers writes F(v) = U(v) − Γ(Wᵀv) of each row.
func (model *Model) freeEnergyOfLayers(free []float64, v Batch) {
	model.Visible.Energy(free, v)
	sums, x := make([]float64, model.N()), make([]float32, model.N())
	var cgf [1]float64
	for r := range free {
		clear(sums)
		addInputs(sums, model.Visible, model.W, v, r)
		for j, sum := range sums {
			x[j] = float32(sum)
		}
		model.Hidden.CGF(cgf[:], x)
		free[r] -= cgf[0]
	}
}

// energyOfLayers returns U(v) + U(h) − Σ_ij w_ij v_i h_j of each row.
func (model *Model) energyOfLayers(v, h Batch) []float64 {
	energy, other, sums := make([]float64, v.Rows()), make([]float64, v.Rows()), make([]float64, model.N())
	model.Visible.Energy(energy, v)
	model.Hidden.Energy(other, h)
	scale, offset := model.Hidden.Line()
	for r := range energy {
		energy[r] += other[r]
		clear(sums)
		addInputs(sums, model.Visible, model.W, v, r)
		for j, x := range sums {
			energy[r] -= float64(x * (scale*h.stored(r, j) + offset))
		}
	}
	return energy
}
