package cuda

import (
	"math"
	"unsafe"

	"harmonium/internal/kernel"
)

// ascents is the memory that updates of parameters need besides the parameters themselves: _cuda/ascend.h.
type ascents struct {
	stepB, stepC memory
	results      memory
	unbound      [6]Floats // copies of averages that are not bound
	downloaded   []uint64
}

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

// Ascend is that of [kernel.Ascender].
func (e *Engine) Ascend(a *kernel.Ascent) (squares float64, sound bool) {
	const numbers, wordsOfAscended = 4096, 2
	m, n := len(a.Parameters[1]), len(a.Parameters[2])
	if len(a.Parameters[0]) != m*n || a.Rows < 1 || a.Rows > 1 && a.Rows*n > numbers {
		panicf("Ascend of %d weights, %d and %d biases in blocks of %d rows", len(a.Parameters[0]), m, n, a.Rows)
	}
	d, s, parts := e.device, &e.ascents, blocks(m, a.Rows)
	words := wordsOfAscended*(parts+2) + blocks(m+n, 2)
	s.stepB.grow(d, 4*m)
	s.stepC.grow(d, 4*parts*n)
	s.results.grow(d, 8*words)
	there := ascent{
		centerV: e.mustHave(a.CenterV), centerH: e.mustHave(a.CenterH),
		stepB: s.stepB.address, stepC: s.stepC.address, ascended: s.results.address, biases: s.results.address + uintptr(16*(parts+2)),
		m: int32(m), n: int32(n), rows: int32(a.Rows), blocks: int32(parts),
		follow: a.Follow, l1: a.L1, l2: a.L2, clip: a.Clip, meanDecay: a.Rule.Decay, meanGain: a.Rule.Gain,
		squareDecay: a.Rule.Adam.Decay, squareGain: a.Rule.Adam.Gain, rate: a.Rule.Adam.Rate, correction: a.Rule.Adam.Correction,
		epsilon: a.Rule.Adam.Epsilon, most: kernel.MaxParameter,
	}
	for k := range a.Parameters {
		there.parameters[k] = e.mustHave(a.Parameters[k])
		there.mean[k], there.square[k] = e.mustHave(a.Rule.Mean[k]), e.mustHave(a.Rule.Square[k])
		there.positive[k], there.negative[k] = e.averages(a.Positive[k], k), e.averages(a.Negative[k], 3+k)
	}
	d.launch("ascend_weights", parts, 1, 256, unsafe.Pointer(&there))
	d.launch("ascend_biases", 1+blocks(m+n, 128), 1, 128, unsafe.Pointer(&there))

	if cap(s.downloaded) < words {
		s.downloaded = make([]uint64, words)
	}
	results := s.downloaded[:words]
	_ = download(results, &s.results) // the device keeps the error
	list := unsafe.Slice((*ascended)(unsafe.Pointer(&results[0])), parts+2)
	biases := unsafe.Slice((*float32)(unsafe.Pointer(&results[wordsOfAscended*(parts+2)])), m+n)
	copy(a.Parameters[1], biases)
	copy(a.Parameters[2], biases[m:])
	squares, sound = list[parts].squares+list[parts+1].squares, true
	for _, part := range list[:parts] {
		squares += part.squares
		sound = sound && part.unsound == 0
	}
	for _, x := range biases {
		sound = sound && math.Abs(float64(x)) <= float64(there.most)
	}
	return squares, sound
}

// MERGE: var _ kernel.Ascender = (*Engine)(nil)

// mustHave returns the place of a bound slice, 0 for none.
func (e *Engine) mustHave(x []float32) uintptr {
	if x == nil {
		return 0
	}
	f, ok := e.bound(x)
	if !ok {
		panicf("Ascend with %d numbers that are not bound", len(x))
	}
	return f.address
}

// averages returns the place of averages, bound or not.
func (e *Engine) averages(x []float32, k int) uintptr {
	if f, ok := e.bound(x); ok {
		return f.address
	}
	f := &e.ascents.unbound[k]
	f.Len = len(x)
	f.grow(e.device, 4*len(x))
	f.Upload(x)
	return f.address
}
