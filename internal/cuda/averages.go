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

// A largest is struct Largest of _cuda/fixed.h.
type largest struct {
	sum     float64
	element float32
	_       int32
}

// Averages is [kernel.Engine.Averages]. The probabilities of a set are written twice: times the rows' weights for the
// means, and times their shares as the operand of the product of all sets. A set begins there at a whole word.
func (e *Engine) Averages(vh []float32, f kernel.RemoteFixed, sets ...kernel.RemoteRows) {
	defer e.begin()()
	m, n, total := sets[0].X.Cols, len(sets[0].H), 0
	for _, s := range sets {
		total = 64*blocks(total, 64) + s.X.Rows
	}
	transpose, operand, shares := e.newBits(m, total), e.newFixed(), make([]float32, total)
	probs, first := e.scratch(4*total*n), 0
	for k, s := range sets {
		of := e.fetched(s.Weights)
		kernel.Shares(shares[first:first+s.X.Rows], of, float64(1-2*k))
		first = 64 * blocks(first+s.X.Rows, 64)
	}
	share := e.scratch(4 * total)
	e.upload(share, bytesOf(shares))
	first = 0
	for _, s := range sets {
		e.average(s, f, transpose, first, probs+uintptr(4*first*n), share+uintptr(4*first))
		first = 64 * blocks(first+s.X.Rows, 64)
	}
	src, largestAt := operand.shape(probs, total, n, 0, false)
	bounds := make([]largest, blocks(n, sumCols))
	for k := range bounds {
		bounds[k] = largest{sum: float64(len(sets)), element: kernel.LargestShare(shares)}
	}
	e.upload(largestAt, bytesOf(bounds))
	operand.digitsOf(src, largestAt)
	to := e.fill(vh)
	e.multiply(kernel.Span{Of: transpose, Rows: m, Cols: total}, operand, func(q *sums) { e.numbersOf("write_inputs", to, q, 1, 0) })
	e.scratches = append(e.scratches, transpose.memory, operand.scale, operand.digits, operand.offset)
}

// fetched returns weights that may be bound, as they are now.
func (e *Engine) fetched(weights []float32) []float32 {
	if weights != nil {
		e.numbers(weights)
		e.fetch(weights)
	}
	return weights
}

// average writes the means of a set, its rows as columns of the transpose from `first` on, and its part of the operand.
func (e *Engine) average(s kernel.RemoteRows, f kernel.RemoteFixed, transpose *Bits, first int, probs, shares uintptr) {
	n := len(s.H)
	w := means{h: e.fill(s.H), v: e.fill(s.V), total: float64(s.X.Rows)}
	if s.Weights != nil {
		w.weights, w.total = e.numbers(s.Weights), 0
		for _, x := range s.Weights {
			w.total += float64(x)
		}
	}
	weighted := e.scratch(4 * s.X.Rows * n)
	e.multiply(s.X, f, func(q *sums) {
		e.numbersOf("write_sigmoids", weighted, q, 1, w.weights)
		e.numbersOf("write_sigmoids", probs, q, 1, shares)
	})
	if s.Draw.Of != nil {
		e.sample(s.Draw, s.X, f, nil, s.Key, s.Step, 0)
	}
	w.transpose, w.pitch = transpose.memory.address+uintptr(8*first/64*transpose.pitch), int32(transpose.pitch)
	src := s.X.Of.(*Bits)
	bits := rows{x: src.at(s.X.First), rows: int32(s.X.Rows), cols: int32(s.X.Cols), pitch: int32(src.pitch)}
	all := matrix{src: weighted, rows: int32(s.X.Rows), cols: int32(n), down: uint64(n), across: 1}
	unused := e.scratch(largestBytes * blocks(n, sumCols))
	const meansCols, warps = 64, 8 // of a block
	e.launch("means", blocks(n, sumCols)+blocks(n+len(s.V), meansCols)+blocks(4*src.words*blocks(s.X.Rows, 64), warps), 1, 32*warps,
		unsafe.Pointer(&w), unsafe.Pointer(&bits), unsafe.Pointer(&all), unsafe.Pointer(&unused))
}
