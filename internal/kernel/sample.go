package kernel

import "github.com/harmonium-rbm/harmonium/rng"

// sampleClamp bounds the argument of SampleBit: at ±32 the bit is already certain, and e^32 and e^−32 are
// far from overflow and from slow subnormal numbers.
const sampleClamp = 32

// SampleBit returns u < σ(x) for a number u of [rng.Uniform], decided without a division as
//
//	u·e^(−x) < 1 − u,   x clamped to ±32.
//
// 1 − u is exact, so that only e^(−x) and one product are rounded. The bit is never set where σ(x) ≤ 2^−24, always
// where σ(x) rounds to 1, and not set for NaN.
func SampleBit(u, x float32) bool {
	if x > sampleClamp {
		x = sampleClamp
	}
	if x < -sampleClamp {
		x = -sampleClamp
	}
	r, k := reduce(-x)
	e := expNear0(r) * pow2(k)
	return float32(u*e) < 1-u
}

// roundKeys are the keys of Philox's ten rounds, each 16 times for the widest registers: k0 and k1 of round r are
// elements 2r and 2r+1.
type roundKeys = [20][16]uint32

// A draw is where the bits of a layer go and what random numbers decide them.
type draw struct {
	dst        Bits
	key        rng.Key
	step       uint64
	firstChain uint32
	firstPanel int        // of the units drawn, among those of a layer
	keys       *roundKeys // an object of its own begins at a cache line
}

func (d *draw) start(isa ISA, dst Bits, key rng.Key, step uint64, firstChain uint32) {
	dst.EditAll()
	d.dst, d.key, d.step, d.firstChain, d.firstPanel = dst, key, step, firstChain, 0
	if isa == Generic {
		return
	}
	if d.keys == nil {
		d.keys = new(roundKeys)
	}
	for round, k := range key.Rounds() {
		for lane := range d.keys[0] {
			d.keys[2*round][lane], d.keys[2*round+1][lane] = k.K0, k.K1
		}
	}
}

// panel draws the bits of a panel for the rows from `from` on, one for each accumulator, and overwrites the
// accumulators. It writes 16 bits of a word of dst a row, and clears the words with the first panel.
func (d *draw) panel(isa ISA, acc [][panelWords]uint64, in *inputs, from, panel int) {
	dst := d.dst.Words[from*d.dst.Stride+panel/4:]
	if panel%4 == 0 {
		for r := range acc {
			dst[r*d.dst.Stride] = 0
		}
	}
	isa.samplePanel(d, dst, acc, in, uint32(from), d.firstPanel+panel)
}

// finish clears the bits after the last column.
func (d *draw) finish(cols, from, rows, word int) {
	if n := cols - 64*word; n < 64 {
		for r := range rows {
			d.dst.Words[(from+r)*d.dst.Stride+word] &= 1<<n - 1
		}
	}
}

// samplePanelGeneric draws the bits of rows from…; dst[r·stride] is the word of row from+r.
func samplePanelGeneric(d *draw, dst []uint64, acc [][panelWords]uint64, in *inputs, from uint32, panel int) {
	shift := panel % 4 * panelCols
	for r := range acc {
		word, at := uint64(0), rng.At(d.step, d.firstChain+from+uint32(r), uint32(panel*panelCols))
		for i := 0; i < panelWords; i += 2 {
			u := d.key.Block(at)
			at[0]++
			x0, x1 := unpack(acc[r][i])
			x2, x3 := unpack(acc[r][i+1])
			word |= drawn(u[0], in.at(x0, 2*i)) << (2 * i)
			word |= drawn(u[1], in.at(x1, 2*i+1)) << (2*i + 1)
			word |= drawn(u[2], in.at(x2, 2*i+2)) << (2*i + 2)
			word |= drawn(u[3], in.at(x3, 2*i+3)) << (2*i + 3)
		}
		dst[r*d.dst.Stride] |= word << shift
	}
}

func drawn(word uint32, x float32) uint64 {
	if SampleBit(rng.Uniform(word), x) {
		return 1 // the compiler makes this without a branch: nobody could predict it
	}
	return 0
}
