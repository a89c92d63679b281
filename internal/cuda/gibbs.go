package cuda

import (
	"unsafe"

	"harmonium/internal/kernel"
	"harmonium/rng"
)

// Conditionals are the two conditional distributions of a model of bits on a device, as rbm.Conditionals has them:
//
//	P(h_j=1|v) = σ(c_j + Σ_i w_ij v_i),   P(v_i=1|h) = σ(b_i + Σ_j w_ij h_j).
type Conditionals struct {
	device    *Device
	m, n      int
	w, b, c   *Floats
	toHidden  Fixed // W with c as offset
	toVisible Fixed // Wᵀ with b as offset

	probs     Floats
	operand   Fixed
	transpose *Bits
	sums      memory
}

// NewConditionals prepares the conditionals of a model with m×n weights W, row-major, visible biases b and hidden biases c. It fails if a
// parameter is not finite.
func (d *Device) NewConditionals(w, b, c []float32) (*Conditionals, error) {
	p := &Conditionals{device: d, m: len(b), n: len(c), w: d.NewFloats(len(w)), b: d.NewFloats(len(b)), c: d.NewFloats(len(c))}
	return p, p.Update(w, b, c)
}

// Update takes over the parameters of a model of the same size. It fails if a parameter is not finite.
func (p *Conditionals) Update(w, b, c []float32) error {
	p.w.Upload(w)
	p.b.Upload(b)
	p.c.Upload(c)
	p.toHidden.Load(p.w, p.m, p.n, p.c)
	p.toVisible.LoadTransposed(p.w, p.m, p.n, p.b)
	if _, err := p.toHidden.Check(); err != nil {
		return err
	}
	_, err := p.toVisible.Check()
	return err
}

// Digits are the numbers of base-256 digits that the two operands need.
func (p *Conditionals) Digits() (toHidden, toVisible int, err error) {
	if toHidden, err = p.toHidden.Check(); err != nil {
		return 0, 0, err
	}
	toVisible, err = p.toVisible.Check()
	return toHidden, toVisible, err
}

// FreeEnergy writes F(v) of each row of v to free, with the constant of the energy: rbm.Conditionals.FreeEnergy.
func (p *Conditionals) FreeEnergy(free []float64, v *Bits, constant float64) error {
	if len(free) != v.Rows {
		panicf("FreeEnergy of %d rows into %d numbers", v.Rows, len(free))
	}
	p.reserve(v.Rows)
	p.sums.grow(p.device, 8*v.Rows)
	sumSoftplus(&p.sums, &p.probs, v, &p.toHidden)
	rows, words, pitch := int32(v.Rows), int32(v.words), int32(v.pitch)
	p.device.launch("free_energies", blocks(v.Rows, 128), 1, 128, unsafe.Pointer(&p.sums.address), unsafe.Pointer(&v.address),
		unsafe.Pointer(&p.b.address), unsafe.Pointer(&rows), unsafe.Pointer(&words), unsafe.Pointer(&pitch), unsafe.Pointer(&constant))
	return download(free, &p.sums)
}

// reserve makes room for rows rows of a number for every hidden unit.
func (p *Conditionals) reserve(rows int) {
	p.probs.grow(p.device, 4*rows*p.n)
	p.probs.Len = rows * p.n
}

// Statistics are averages over rows on a device: V[i] = ⟨v_i⟩, H[j] = ⟨P(h_j|v)⟩ and VH[i*n+j] = ⟨v_i P(h_j|v)⟩.
type Statistics struct{ V, H, VH *Floats }

// NewStatistics returns statistics of unspecified value for a model of m visible and n hidden units.
func (d *Device) NewStatistics(m, n int) *Statistics {
	return &Statistics{V: d.NewFloats(m), H: d.NewFloats(n), VH: d.NewFloats(m * n)}
}

// Statistics writes the averages over the rows of v, all of the same weight, into dst: rbm.Conditionals.Statistics of bits.
func (p *Conditionals) Statistics(dst *Statistics, v *Bits) {
	if v.Rows == 0 {
		panicf("Statistics of no rows")
	}
	p.reserve(v.Rows)
	Probabilities(&p.probs, v, &p.toHidden)
	if p.transpose == nil || p.transpose.Cols != v.Rows {
		if p.transpose != nil {
			p.transpose.Free()
		}
		p.transpose = p.device.NewBits(p.m, v.Rows)
	}
	Transpose(p.transpose, v)
	rows, m, n, total := int32(v.Rows), int32(p.m), int32(p.n), float64(v.Rows)
	words, pitch := int32(p.transpose.words), int32(p.transpose.pitch)
	p.device.launch("row_means", blocks(p.m, 64), 1, 64, unsafe.Pointer(&p.transpose.address), unsafe.Pointer(&dst.V.address),
		unsafe.Pointer(&m), unsafe.Pointer(&words), unsafe.Pointer(&pitch), unsafe.Pointer(&total))
	p.device.launch("column_means", blocks(p.n, 64), 1, 64, unsafe.Pointer(&p.probs.address), unsafe.Pointer(&dst.H.address),
		unsafe.Pointer(&rows), unsafe.Pointer(&n), unsafe.Pointer(&total))
	p.operand.Load(&p.probs, v.Rows, p.n, nil)
	MulScaled(dst.VH, p.transpose, &p.operand, float32(1/total))
}

// Chains is a batch of block-Gibbs chains on a device: the states of sample.Chains, which draws the same bits.
type Chains struct {
	Visible, Hidden         *Bits
	HeldVisible, HeldHidden *Held  // units that are clamped; nil: none
	Sweeps                  uint64 // done so far

	hiddenKey, visibleKey rng.Key
}

// NewChains returns chains that begin at the rows of v, for a model of n hidden units: sample.NewChains.
func (d *Device) NewChains(v kernel.Bits, n int, key rng.Key) *Chains {
	return &Chains{
		Visible: d.UploadBits(v), Hidden: d.NewBits(v.Rows, n),
		hiddenKey: key.Stream(rng.StreamHidden), visibleKey: key.Stream(rng.StreamVisible),
	}
}

// Sweep queues k sweeps, each h ~ P(h|v) and then v ~ P(v|h).
func (c *Chains) Sweep(p *Conditionals, k int) {
	for range k {
		Sample(c.Hidden, c.Visible, &p.toHidden, c.HeldHidden, c.hiddenKey, c.Sweeps, 0)
		Sample(c.Visible, c.Hidden, &p.toVisible, c.HeldVisible, c.visibleKey, c.Sweeps, 0)
		c.Sweeps++
	}
}

// Free gives the memory back.
func (p *Conditionals) Free() {
	for _, f := range []*Floats{p.w, p.b, p.c, &p.probs} {
		f.Free()
	}
	for _, f := range []*Fixed{&p.toHidden, &p.toVisible, &p.operand} {
		f.Free()
	}
	if p.transpose != nil {
		p.transpose.Free()
	}
	p.sums.free()
}

// Free gives the memory of the states back.
func (c *Chains) Free() {
	c.Visible.Free()
	c.Hidden.Free()
}
