package cuda

import (
	"unsafe"

	"harmonium/internal/kernel"
)

// means is struct Means of _cuda/rows.h.
type means struct {
	probs, h, x, v, weights uintptr
	total                   float64
	rows, n, m, pitch       int32
}

// Averages is [kernel.Engine.Averages].
func (e *Engine) Averages(v, h, vh []float32, x kernel.Span, f kernel.RemoteFixed, weights []float32) {
	defer e.begin()()
	s := means{total: float64(x.Rows), rows: int32(x.Rows), n: int32(len(h)), m: int32(len(v))}
	if weights != nil {
		s.weights = e.numbers(weights)
		s.total = 0
		e.fetch(weights)
		for _, w := range weights {
			s.total += float64(w)
		}
	}
	s.probs, s.h, s.v = e.scratch(4*x.Rows*len(h)), e.fill(h), e.fill(v)
	e.multiply(x, f, func(q *sums) { e.numbersOf("write_sigmoids", s.probs, q, 1, s.weights) })

	transposed := e.newBits(len(v), x.Rows)
	e.scratches = append(e.scratches, transposed.memory)
	bits := x.Of.(*Bits)
	rows, cols, pitch, dstPitch, src := int32(x.Rows), int32(x.Cols), int32(bits.pitch), int32(transposed.pitch), bits.at(x.First)
	const warps = 8
	e.launch("transpose", blocks(4*bits.words*transposed.words, warps), 1, 32*warps, unsafe.Pointer(&src),
		unsafe.Pointer(&transposed.memory.address), unsafe.Pointer(&rows), unsafe.Pointer(&cols), unsafe.Pointer(&pitch),
		unsafe.Pointer(&dstPitch))
	s.x, s.pitch = transposed.memory.address, dstPitch
	operand := &Fixed{engine: e}
	m, largest := operand.shape(s.probs, x.Rows, len(h), 0, false)
	e.launch("means", blocks(len(h), sumCols)+blocks(len(h)+len(v), 64), 1, 256, unsafe.Pointer(&s), unsafe.Pointer(&m),
		unsafe.Pointer(&largest))
	operand.digitsOf(m, largest)
	e.scratches = append(e.scratches, operand.scale, operand.digits, operand.offset)
	to, factor := e.fill(vh), float32(1/s.total)
	e.multiply(kernel.Span{Of: transposed, Rows: len(v), Cols: x.Rows}, operand, func(q *sums) {
		e.numbersOf("write_inputs", to, q, factor, 0)
	})
}
