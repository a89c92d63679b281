package rbm

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A mixed layer is computed part by part, by the kernels of the parts' kinds on the workers of a context. Their numbers
// are gathered from rows of all units, and put back. Fields are b + x.

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

// meansOf turns fields into means.
func (l *mixed) meansOf(on *compute.Context, x []float32) {
	var part []float32
	for k, p := range l.parts {
		part = l.gather(part, x, k)
		switch p := p.(type) {
		case *categorical:
			on.Softmax(part, part, p.states)
		case gaussian:
			p.scaleFields(on, part)
		default:
			on.Sigmoids(part, part)
		}
		l.scatter(x, part, k)
	}
}

// drawBits draws the parts that are bits from fields.
func (l *mixed) drawBits(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64) {
	var part []float32
	for r := range dst.Rows() {
		clear(dst.bits.Edit(r))
	}
	for k, p := range l.parts {
		bits, key := p.NewBatch(dst.Rows()).bits, key.Stream(rng.Stream(k))
		switch p := p.(type) {
		case gaussian:
			continue
		case *categorical:
			part = l.gather(part, fields, k)
			on.DrawCategories(bits, part, p.states, key, step)
		default:
			part = l.gather(part, fields, k)
			on.Draw(bits, part, key, step)
		}
		for r := range bits.Rows {
			orShifted(dst.bits.Edit(r), bits.Row(r), l.first[k])
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

// drawReals draws the part of real numbers, as it is in this layer, from fields of rows of which the first has a number.
func (l *mixed) drawReals(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64, first int) {
	last := len(l.parts) - 1
	p, ok := l.parts[last].(gaussian)
	if !ok {
		return
	}
	means := l.gather(nil, fields, last)
	p.scaleFields(on, means)
	on.Normals(dst.reals.Values, means, p.deviations(nil), key.Stream(rng.Stream(last)), step, uint32(first))
}

// cgf writes Γ of fields.
func (l *mixed) cgf(on *compute.Context, dst []float64, fields []float32) {
	var part []float32
	clear(dst)
	sums := make([]float64, len(dst))
	for k, p := range l.parts {
		part = l.gather(part, fields, k)
		switch p := p.(type) {
		case *categorical:
			on.SumLogSumExp(sums, part, p.states)
		case gaussian:
			p.cgfOfFields(on, sums, part)
		default:
			on.SumSoftpluses(sums, part)
		}
		for r, sum := range sums {
			dst[r] += sum
		}
	}
}

// energyOn writes U(s) of each row.
func (l *mixed) energyOn(on *compute.Context, dst []float64, s Batch) {
	checkUnits(l, s)
	clear(dst)
	if p, ok := l.parts[len(l.parts)-1].(gaussian); ok {
		on.Quadratics(dst, s.reals.Values, p.parameters[1].Values, p.Biases())
	}
	for r := range dst {
		linear := 0.0
		forEachBit(s.bits.Row(r), func(i int) { linear += float64(l.biases[i]) })
		dst[r] -= linear
	}
}

// momentsOn writes the averages of Moments.
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
	if p, ok := l.parts[len(l.parts)-1].(gaussian); ok {
		p.momentsOf(on, [][]float32{dst[0][l.bits:], dst[1]}, s.reals, weights)
	}
}

// meanMoments writes the averages of InputMoments from means.
func (l *mixed) meanMoments(on *compute.Context, dst [][]float32, means, weights []float32) {
	n := l.Units()
	columnAverages(on, kernel.Reals{Rows: len(means) / n, Cols: n, Values: means}, weights, func(i int, mean, square float64) {
		if dst[0][i] = float32(mean); i >= l.bits {
			γ := float64(l.parameters[1].Values[i-l.bits])
			dst[1][i-l.bits] = float32(-(square + 1/γ) / 2)
		}
	})
}

// cgfOfFields is CGF of b + x.
func (l gaussian) cgfOfFields(on *compute.Context, dst []float64, fields []float32) {
	constant, variances := 0.0, l.variances()
	for i := range variances {
		constant += math.Log(2*math.Pi/l.at(1, i)) / 2
	}
	on.Quadratics(dst, fields, variances, make([]float32, l.Units()))
	for r := range dst {
		dst[r] += constant
	}
}

// scaleFields turns b + x into means.
func (l gaussian) scaleFields(on *compute.Context, fields []float32) {
	on.ShiftScale(fields, make([]float32, l.Units()), l.variances())
}
