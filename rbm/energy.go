package rbm

import (
	"fmt"
	"math"
	"math/bits"
)

// Energy returns E(v,h) = −Σ b_i v_i − Σ c_j h_j − Σ w_ij v_i h_j of each row, in float64.
// v is rows×m and h is rows×n; it panics on other shapes.
func (model *Model) Energy(v, h Batch) []float64 {
	if v.Rows() != h.Rows() {
		panic(fmt.Sprintf("rbm: Energy of %d visible and %d hidden rows", v.Rows(), h.Rows()))
	}
	model.checkVisible(v)
	model.checkHidden(h)
	if !isLinearInBits(model.Visible) || !isLinearInBits(model.Hidden) {
		return model.energyOfLayers(v, h)
	}
	p := model.asBits()
	inputs := make([]float64, model.N())
	energy := make([]float64, v.Rows())
	for r := range energy {
		e := p.Offset
		forEachBit(v.bits.Row(r), func(i int) { e -= p.B[i] })
		p.hiddenInputs(inputs, v.bits.Row(r))
		forEachBit(h.bits.Row(r), func(j int) { e -= inputs[j] })
		energy[r] = e
	}
	return energy
}

// FreeEnergy returns F(v) = −log Σ_h e^(−E(v,h)) of each row, so that P(v) = e^(−F(v))/Z, in float64. For
// Bernoulli units it is −Σ b_i v_i − Σ_j log(1+e^{c_j+Σ_i w_ij v_i}). v is rows×m; it panics on another shape.
func (model *Model) FreeEnergy(v Batch) []float64 { return model.FreeEnergyFunc()(v) }

// mostTabulated is the number of units up to which F of a configuration is computed once, where there are more rows than
// configurations.
const mostTabulated = 20

// FreeEnergyFunc returns [Model.FreeEnergy] of the model as it is now, for many calls: the parameters are turned to float64
// once. The function computes in the caller's goroutine, and is for one at a time.
func (model *Model) FreeEnergyFunc() func(v Batch) []float64 {
	var free func(dst []float64, v Batch)
	if model.isFused() {
		p, inputs := model.asBits(), make([]float64, model.N())
		free = func(dst []float64, v Batch) {
			if m := v.Units(); m <= mostTabulated && len(dst) > 1<<m {
				known := make([]float64, 1<<m)
				for r := range dst {
					f := &known[v.Index(r)]
					if *f == 0 {
						*f = p.freeEnergy(v.bits.Row(r), inputs)
					}
					dst[r] = *f
				}
				return
			}
			for r := range dst {
				dst[r] = p.freeEnergy(v.bits.Row(r), inputs)
			}
		}
	} else {
		model := model.Clone()
		free = model.freeEnergyOfLayers
	}
	return func(v Batch) []float64 {
		model.checkVisible(v)
		dst := make([]float64, v.Rows())
		free(dst, v)
		return dst
	}
}

// FreeEnergyHidden returns F(h) = −log Σ_v e^(−E(v,h)) of each row: [Model.FreeEnergy] with the layers exchanged.
// h is rows×n; it panics on another shape.
func (model *Model) FreeEnergyHidden(h Batch) []float64 {
	model.checkHidden(h)
	return model.Transpose().FreeEnergy(h)
}

// Transpose returns the model with its layers exchanged: W becomes Wᵀ, b and c change places.
func (model *Model) Transpose() *Model {
	m, n := model.M(), model.N()
	t := &Model{Visible: model.Hidden.Clone(), Hidden: model.Visible.Clone(), W: make([]float32, m*n)}
	for i := range m {
		for j := range n {
			t.W[j*m+i] = model.W[i*n+j]
		}
	}
	return t
}

func (model *Model) checkVisible(v Batch) {
	if v.Units() != model.M() {
		panic(fmt.Sprintf("rbm: visible states of %d units for a model of %d", v.Units(), model.M()))
	}
}

func (model *Model) checkHidden(h Batch) {
	if h.Units() != model.N() {
		panic(fmt.Sprintf("rbm: hidden states of %d units for a model of %d", h.Units(), model.N()))
	}
}

// BitParameters is the energy of a model as a function of bits, in float64:
//
//	E = Offset − Σ_i B_i v_i − Σ_j C_j h_j − Σ_ij W_ij v_i h_j,   v_i, h_j ∈ {0,1}.
//
// For Bernoulli units they are the model's own parameters. For a spin layer, s = 2v−1 is inserted and the terms are
// collected (docs/math.md): nothing is approximated, so oracles and estimators think in bits alone.
type BitParameters struct {
	W, B, C []float64 // m×n row-major, m, n
	Offset  float64
}

// Bits returns the model's energy as a function of bits. It panics where [Model.CheckBits] returns an error.
func (model *Model) Bits() *BitParameters {
	if err := model.CheckBits(); err != nil {
		panic("rbm: Bits of " + err.Error())
	}
	return model.asBits()
}

// asBits is [Model.Bits] for layers that are linear in bits.
func (model *Model) asBits() *BitParameters {
	m, n := model.M(), model.N()
	p := model.biasesAsBits()
	p.W = make([]float64, m*n)
	sv, ov := model.Visible.Line()
	sh, oh := model.Hidden.Line()
	// w (sv·v+ov)(sh·h+oh) = w·sv·sh·vh + w·sv·oh·v + w·ov·sh·h + w·ov·oh.
	for i := range m {
		for j := range n {
			w := float64(model.W[i*n+j])
			p.W[i*n+j] = sv * sh * w
			p.B[i] += sv * oh * w
			p.C[j] += ov * sh * w
			p.Offset -= ov * oh * w
		}
	}
	return p
}

// BitBiases is [Model.Bits] of a model without weights: W is nil.
func (model *Model) BitBiases() *BitParameters {
	if err := model.CheckBits(); err != nil {
		panic("rbm: BitBiases of " + err.Error())
	}
	return model.biasesAsBits()
}

func (model *Model) biasesAsBits() *BitParameters {
	p := &BitParameters{B: make([]float64, model.M()), C: make([]float64, model.N())}
	sv, ov := model.Visible.Line()
	sh, oh := model.Hidden.Line()
	for i, b := range model.B() {
		p.B[i] = sv * float64(b)
		p.Offset -= ov * float64(b)
	}
	for j, c := range model.C() {
		p.C[j] = sh * float64(c)
		p.Offset -= oh * float64(c)
	}
	return p
}

// hiddenInputs writes C_j + Σ_i W_ij v_i into dst for one packed configuration v.
func (p *BitParameters) hiddenInputs(dst []float64, v []uint64) {
	n := len(p.C)
	copy(dst, p.C)
	forEachBit(v, func(i int) {
		for j, w := range p.W[i*n : (i+1)*n] {
			dst[j] += w
		}
	})
}

// FreeEnergy returns F(v) = Offset − Σ_i B_i v_i − Σ_j log(1+e^{x_j}) of the configuration of up to 64 units that has this index
// ([Batch.Index]), with x_j = C_j + Σ_i W_ij v_i, which it leaves in inputs (len n).
func (p *BitParameters) FreeEnergy(index uint64, inputs []float64) float64 {
	return p.freeEnergy([]uint64{index}, inputs)
}

func (p *BitParameters) freeEnergy(v []uint64, inputs []float64) float64 {
	p.hiddenInputs(inputs, v)
	free := p.Offset
	forEachBit(v, func(i int) { free -= p.B[i] })
	for _, x := range inputs {
		free -= Softplus(x)
	}
	return free
}

// Softplus returns log(1+e^x) without overflow or loss of small values.
func Softplus(x float64) float64 {
	return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

// Sigmoid returns σ(x) = 1/(1+e^(−x)).
func Sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

func forEachBit(words []uint64, f func(i int)) {
	for k, w := range words {
		for ; w != 0; w &= w - 1 {
			f(k*64 + bits.TrailingZeros64(w))
		}
	}
}
