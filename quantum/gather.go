package quantum

import (
	"math"
	"math/bits"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// index numbers keys in the order in which they come first: a hash table with open addresses.
type index struct {
	keys  []uint64
	slots []int32 // number + 1, or 0
}

func (x *index) reset() {
	x.keys = x.keys[:0]
	clear(x.slots)
}

func (x *index) number(key uint64) int32 {
	if 2*len(x.keys) >= len(x.slots) {
		x.grow()
	}
	at := x.find(key)
	if x.slots[at] == 0 {
		x.keys = append(x.keys, key)
		x.slots[at] = int32(len(x.keys))
	}
	return x.slots[at] - 1
}

// find returns the slot of a key, or the free one that it would have.
func (x *index) find(key uint64) int {
	last := len(x.slots) - 1
	at := int(key * 0x9e3779b97f4a7c15 >> bits.LeadingZeros64(uint64(last))) // Knuth, TAOCP 3, section 6.4
	for x.slots[at] != 0 && x.keys[x.slots[at]-1] != key {
		at = (at + 1) & last
	}
	return at
}

func (x *index) grow() {
	x.slots = make([]int32, max(64, 4*len(x.keys)))
	if size := len(x.slots); size&(size-1) != 0 {
		x.slots = make([]int32, 1<<bits.Len(uint(size)))
	}
	for k, key := range x.keys {
		x.slots[x.find(key)] = int32(k + 1)
	}
}

// signedAverage computes averages with weights of both signs, as the difference of two.
type signedAverage struct {
	part    *rbm.Statistics
	rows    []int
	weights []float32
	v       rbm.Batch
}

// write writes Σ_r w_r ⟨·⟩_r over the rows of v to the averages of W, b and c.
func (s *signedAverage) write(dst [][]float32, model *rbm.Model, c *rbm.Conditionals, v rbm.Batch, w []float64) {
	if s.part == nil {
		s.part = rbm.NewStatistics(model)
	}
	for _, x := range dst {
		clear(x)
	}
	for _, sign := range []float64{1, -1} {
		s.rows, s.weights = s.rows[:0], s.weights[:0]
		total := 0.0
		for _, x := range w {
			total += max(0, sign*x)
		}
		if float32(total) == 0 {
			continue
		}
		_, exponent := math.Frexp(total)
		scale := math.Ldexp(sign, -exponent) // all weights may be next to what float32 takes for 0
		for r, x := range w {
			if x *= scale; x > 0 {
				s.rows, s.weights = append(s.rows, r), append(s.weights, float32(x))
			}
		}
		rows := reshaped(&s.v, v, len(s.rows))
		rows.Gather(v, s.rows)
		c.Statistics(s.part, rows, s.weights)
		for k, average := range s.part.Averages()[:3] {
			for i, x := range average {
				dst[k][i] += float32(float32(sign*total) * x)
			}
		}
	}
}

// reshaped returns a number of rows like those of another batch, from memory that is kept.
func reshaped(memory *rbm.Batch, like rbm.Batch, rows int) rbm.Batch {
	if memory.Units() != like.Units() || memory.Rows() < rows {
		*memory = like.Like(2 * rows)
	}
	return memory.Slice(0, rows)
}

func resized[T any](x []T, n int) []T { return slices.Grow(x[:0], n)[:n] }

func zeroed[T any](x []T, n int) []T {
	x = resized(x, n)
	clear(x)
	return x
}
