package cuda

import (
	"unsafe"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// means is struct Means of _cuda/rows.h, and rows are struct Rows.
type (
	means struct {
		h, v, weights uintptr
		total         float64
		transpose     uintptr
		pitch, _      int32
	}
	rows struct {
		x          uintptr
		rows, cols int32
		pitch, _   int32
	}
)

// Averages is [kernel.Engine.Averages].
func (e *Engine) Averages(v, h, vh []float32, x kernel.Span, f kernel.RemoteFixed, weights []float32) {
	defer e.begin()()
	s := means{h: e.fill(h), v: e.fill(v), total: float64(x.Rows)}
	if weights != nil {
		s.weights = e.numbers(weights)
		e.fetch(weights)
		s.total = 0
		for _, w := range weights {
			s.total += float64(w)
		}
	}
	probs := e.scratch(4 * x.Rows * len(h))
	e.multiply(x, f, func(q *sums) { e.numbersOf("write_sigmoids", probs, q, 1, s.weights) })

	transpose, operand := e.newBits(len(v), x.Rows), e.newFixed()
	s.transpose, s.pitch = transpose.memory.address, int32(transpose.pitch)
	src := x.Of.(*Bits)
	bits := rows{x: src.at(x.First), rows: int32(x.Rows), cols: int32(x.Cols), pitch: int32(src.pitch)}
	m, largest := operand.shape(probs, x.Rows, len(h), 0, false)
	const meansCols, warps = 64, 8 // of a block
	e.launch("means", blocks(len(h), sumCols)+blocks(len(h)+len(v), meansCols)+blocks(4*src.words*transpose.words, warps), 1, 32*warps,
		unsafe.Pointer(&s), unsafe.Pointer(&bits), unsafe.Pointer(&m), unsafe.Pointer(&largest))
	operand.digitsOf(m, largest)
	to, factor := e.fill(vh), float32(1/s.total)
	e.multiply(kernel.Span{Of: transpose, Rows: len(v), Cols: x.Rows}, operand, func(q *sums) {
		e.numbersOf("write_inputs", to, q, factor, 0)
	})
	e.scratches = append(e.scratches, transpose.memory, operand.scale, operand.digits, operand.offset)
}
