package cuda

import (
	"math"
	"unsafe"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// An ascent is struct Ascent of _cuda/ascend.h.
type ascent struct {
	parameters, positive, negative  [3]uintptr
	mean, square                    [3]uintptr
	centerV, centerH                uintptr
	stepB, stepC, ascended, biases  uintptr
	m, n, rows, blocks              int32
	follow, l1, l2, clip            float32
	meanDecay, meanGain             float32
	squareDecay, squareGain         float32
	rate, correction, epsilon, most float32
}

// ascended is struct Ascended of _cuda/ascend.h.
type ascended struct {
	squares float64
	unsound int32
	_       int32
}

// ascentNumbers is the number of weights that a block of threads takes at once.
const ascentNumbers = 4096

// Ascend is [kernel.Ascender.Ascend].
func (e *Engine) Ascend(a *kernel.Ascent) (squares float64, sound bool) {
	m, n := len(a.Parameters[1]), len(a.Parameters[2])
	if len(a.Parameters[0]) != m*n || a.Rows < 1 || a.Rows > 1 && a.Rows*n > ascentNumbers {
		panicf("Ascend of %d weights, %d and %d biases in blocks of %d rows", len(a.Parameters[0]), m, n, a.Rows)
	}
	parts, biases := make([]ascended, blocks(m, a.Rows)+2), make([]float32, m+n) // the last parts are those of b and c
	e.ascend(a, parts, biases)
	copy(a.Parameters[1], biases)
	copy(a.Parameters[2], biases[m:])
	last := len(parts) - 2
	squares, sound = parts[last].squares+parts[last+1].squares, true
	for _, part := range parts[:last] {
		squares += part.squares
		sound = sound && part.unsound == 0
	}
	for _, x := range biases {
		sound = sound && math.Abs(float64(x)) <= float64(float32(kernel.MaxParameter))
	}
	return squares, sound
}

// ascend makes the update, and waits for the sums of the parts and for the biases.
func (e *Engine) ascend(a *kernel.Ascent, parts []ascended, biases []float32) {
	defer e.begin()()
	m, n, count, r := len(a.Parameters[1]), len(a.Parameters[2]), len(parts)-2, &a.Rule
	s := ascent{
		centerV: e.moved(a.CenterV, false), centerH: e.moved(a.CenterH, a.Follow != 0),
		stepB: e.scratch(4 * m), stepC: e.scratch(4 * count * n), ascended: e.wanted(bytesOf(parts)), biases: e.wanted(bytesOf(biases)),
		m: int32(m), n: int32(n), rows: int32(a.Rows), blocks: int32(count),
		follow: a.Follow, l1: a.L1, l2: a.L2, clip: a.Clip, meanDecay: r.Decay, meanGain: r.Gain,
		squareDecay: r.Adam.Decay, squareGain: r.Adam.Gain, rate: r.Adam.Rate, correction: r.Adam.Correction, epsilon: r.Adam.Epsilon,
		most: kernel.MaxParameter,
	}
	for k, p := range a.Parameters {
		s.parameters[k] = e.moved(p, k == 0) // biases are on both sides after the update, as Ascend copies them
		s.positive[k] = e.numbers(a.Positive[k])
		if a.Negative[k] != nil {
			s.negative[k] = e.numbers(a.Negative[k])
		}
	}
	for k, mean := range r.Mean {
		s.mean[k] = e.moved(mean, true)
	}
	for k, square := range r.Square {
		s.square[k] = e.moved(square, true)
	}
	e.launch("ascend_weights", count, 1, 256, unsafe.Pointer(&s))
	e.launch("ascend_biases", 1+blocks(m+n, 128), 1, 128, unsafe.Pointer(&s))
}

var _ kernel.Ascender = (*Engine)(nil)

// moved returns the place of a bound slice, or 0 for nil. Where stale is true, the device changes the numbers and the
// host does not get them.
func (e *Engine) moved(x []float32, stale bool) uintptr {
	if x == nil {
		return 0
	}
	b := e.find(x)
	if b == nil {
		panicf("Ascend with %d numbers that are not bound", len(x))
	}
	b.newer = b.newer || stale
	return b.address
}
