package rbm

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A mixed layer is computed part by part, by the kernels of the parts' kinds on the workers of a context. Their numbers
// are gathered from rows of all units, and put back.

var (
	_ meansKernel        = (*mixed)(nil)
	_ fieldsKernel       = (*mixed)(nil)
	_ cgfKernel          = (*mixed)(nil)
	_ energyKernel       = (*mixed)(nil)
	_ momentsKernel      = (*mixed)(nil)
	_ inputMomentsKernel = (*mixed)(nil)
)

// gather copies the numbers of part k of each row into the memory of dst if it suffices.
func (l *mixed) gather(dst, x []float32, k int) []float32 {
	n, from, to := l.Units(), l.first[k], l.first[k+1]
	dst = resize(dst, len(x)/n*(to-from))
	for r, at := 0, dst; r < len(x); r += n {
		at = at[copy(at, x[r+from:r+to]):]
	}
	return dst
}

// scatter puts them back.
func (l *mixed) scatter(x, part []float32, k int) {
	n, from, units := l.Units(), l.first[k], l.first[k+1]-l.first[k]
	for r := 0; r < len(x); r += n {
		copy(x[r+from:], part[:units])
		part = part[units:]
	}
}

func (l *mixed) meansOn(on *compute.Context, x []float32) {
	var part []float32
	for k, p := range l.parts {
		part = l.gather(part, x, k)
		means(on, p, part)
		l.scatter(x, part, k)
	}
}

// real returns the part of real numbers, if there is one, and what a batch has of it.
func (l *mixed) real(s Batch) (p Layer, part Batch, k int, ok bool) {
	if l.bits == l.Units() {
		return nil, Batch{}, 0, false
	}
	k = len(l.parts) - 1
	return l.parts[k], Batch{bits: kernel.Bits{Rows: s.reals.Rows}, reals: s.reals}, k, true
}

// ofReal are the numbers of the parameters of that part.
func (l *mixed) ofReal(dst [][]float32) [][]float32 {
	return append([][]float32{dst[0][l.bits:]}, dst[1:]...)
}

func (l *mixed) fieldsOn(on *compute.Context, place float64, dst Batch, x []float32, key rng.Key, step uint64, first int) {
	if p, part, k, ok := l.real(dst); ok {
		drawAt(on, p, place, part, l.gather(nil, x, k), key.Stream(rng.Stream(k)), step, first)
	}
	addBiases(on, l, x, place)
}

func (l *mixed) drawFields(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64) {
	var part []float32
	for r := range dst.Rows() {
		clear(dst.bits.Edit(r))
	}
	for k, p := range l.parts {
		s := p.NewBatch(dst.Rows())
		if s.Bits() == 0 {
			continue
		}
		part = l.gather(part, fields, k)
		drawFields(on, p, s, part, key.Stream(rng.Stream(k)), step)
		for r := range s.Rows() {
			orShifted(dst.bits.Edit(r), s.bits.Row(r), l.first[k])
		}
	}
}

// orShifted sets the bits of src in dst, from a place on.
func orShifted(dst, src []uint64, from int) {
	dst, shift := dst[from/64:], from%64
	for k, w := range src {
		dst[k] |= w << shift
		if rest := w >> 1 >> (63 - shift); rest != 0 {
			dst[k+1] |= rest
		}
	}
}

func (l *mixed) cgfOn(on *compute.Context, dst []float64, x []float32) {
	var part []float32
	clear(dst)
	sums := make([]float64, len(dst))
	for k, p := range l.parts {
		part = l.gather(part, x, k)
		cgf(on, p, sums, part)
		for r, sum := range sums {
			dst[r] += sum
		}
	}
}

func (l *mixed) energyOn(on *compute.Context, dst []float64, s Batch) {
	checkUnits(l, s)
	clear(dst)
	if p, part, _, ok := l.real(s); ok {
		energy(on, p, dst, part)
	}
	for r := range dst {
		linear := 0.0
		forEachBit(s.bits.Row(r), func(i int) { linear += float64(l.biases[i]) })
		dst[r] -= linear
	}
}

func (l *mixed) momentsOn(on *compute.Context, dst [][]float32, s Batch, weights []float32) {
	checkUnits(l, s)
	sums := make([]float64, l.bits)
	if total := float64(s.Rows()); weights == nil {
		counts := make([]int, l.bits)
		on.ColumnCounts(counts, s.bits)
		for i, n := range counts {
			dst[0][i] = float32(float64(n) / total)
		}
	} else {
		total = 0
		for r, w := range weights {
			total += float64(w)
			forEachBit(s.bits.Row(r), func(i int) { sums[i] += float64(w) })
		}
		for i, sum := range sums {
			dst[0][i] = float32(sum / total)
		}
	}
	if p, part, _, ok := l.real(s); ok {
		moments(on, p, l.ofReal(dst), part, weights)
	}
}

func (l *mixed) inputMomentsOn(on *compute.Context, dst [][]float32, x, weights []float32) {
	if p, _, k, ok := l.real(Batch{}); ok {
		inputMoments(on, p, l.ofReal(dst), l.gather(nil, x, k), weights)
	}
	l.meansOn(on, x)
	n := l.Units()
	columnAverages(on, kernel.Reals{Rows: len(x) / n, Cols: n, Values: x}, weights, func(i int, mean, _ float64) {
		if i < l.bits {
			dst[0][i] = float32(mean)
		}
	})
}
