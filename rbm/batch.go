package rbm

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// Batch is a batch of configurations of one layer: rows × units. The first units are stored as bits, the others, if
// there are any, as real numbers.
//
// Bit 1 stands for 1 in a Bernoulli layer and for +1 in a spin layer; bit 0 for 0 and −1. A categorical unit of q states
// is q bits, one of which is 1. A Batch is a view, as a slice is: copying it shares the numbers. How bits are packed is
// known to this package and internal/kernel alone: others use the methods of rows.go.
type Batch struct {
	bits  kernel.Bits
	reals kernel.Reals // as many rows
}

// NewBatch returns rows configurations of the given number of units, all bits 0.
func NewBatch(rows, units int) Batch {
	if rows < 0 || units < 0 || rows > 0 && units > (math.MaxInt-63)/rows {
		panic(fmt.Sprintf("rbm: NewBatch of %d rows and %d units", rows, units))
	}
	return Batch{bits: kernel.NewBits(rows, units)}
}

// NewReals returns rows configurations of bits, and of reals after them, all numbers 0.
func NewReals(rows, bits, reals int) Batch {
	s := NewBatch(rows, bits)
	if reals < 0 || rows > 0 && reals > math.MaxInt/8/rows {
		panic(fmt.Sprintf("rbm: NewReals of %d rows and %d units", rows, reals))
	}
	s.reals = kernel.NewReals(rows, reals)
	return s
}

// Like returns rows configurations of the same units as those of s, all stored numbers 0.
func (s Batch) Like(rows int) Batch { return NewReals(rows, s.bits.Cols, s.reals.Cols) }

// Rows is the number of configurations.
func (s Batch) Rows() int { return s.bits.Rows }

// Units is the number of units in a configuration.
func (s Batch) Units() int { return s.bits.Cols + s.reals.Cols }

// Bits is the number of units that are stored as bits: units 0 to Bits()−1. The others are real numbers.
func (s Batch) Bits() int { return s.bits.Cols }

// Value returns the number that is stored for unit i of row r: 0 or 1 for a bit.
func (s Batch) Value(r, i int) float64 {
	if i < s.bits.Cols {
		s.check(r, i)
		return s.stored(r, i)
	}
	return float64(s.Reals(r)[i-s.bits.Cols])
}

// Reals returns the real numbers of row r, that of unit i at i−Bits(). They share the batch's memory.
func (s Batch) Reals(r int) []float32 { return s.reals.Row(r) }

// Bit returns unit i of row r, which is a bit.
func (s Batch) Bit(r, i int) bool {
	s.check(r, i)
	return s.bits.Row(r)[i/64]>>(i%64)&1 == 1
}

// SetBit sets unit i of row r, which is a bit.
func (s Batch) SetBit(r, i int, on bool) {
	s.check(r, i)
	word, mask := &s.bits.Edit(r)[i/64], uint64(1)<<(i%64)
	if on {
		*word |= mask
	} else {
		*word &^= mask
	}
}

func (s Batch) check(r, i int) {
	if r < 0 || r >= s.Rows() || i < 0 || i >= s.bits.Cols {
		panic(fmt.Sprintf("rbm: unit %d of row %d in states of %d rows and %d units of bits", i, r, s.Rows(), s.bits.Cols))
	}
}

// Slice returns rows from…to−1, shared with s. It panics unless 0 ≤ from ≤ to ≤ s.Rows().
func (s Batch) Slice(from, to int) Batch {
	if from < 0 || to < from || to > s.Rows() {
		panic(fmt.Sprintf("rbm: rows %d to %d of states of %d rows", from, to, s.Rows()))
	}
	x := s.reals
	x.Values = x.Values[from*x.Cols : to*x.Cols : to*x.Cols]
	x.Rows = to - from
	return Batch{s.bits.Slice(from, to), x}
}

// Clone returns a copy that shares nothing with s.
func (s Batch) Clone() Batch {
	c := s.Like(s.Rows())
	c.Copy(s)
	return c
}

// Gather copies the rows of src that index names, in that order, into s.
// It panics unless s has len(index) rows and the units of src, and src has the rows.
func (s Batch) Gather(src Batch, index []int) {
	if s.bits.Cols != src.bits.Cols || s.reals.Cols != src.reals.Cols || s.Rows() != len(index) {
		panic(fmt.Sprintf("rbm: gather of %d rows of %d units into %d rows of %d", len(index), src.Units(), s.Rows(), s.Units()))
	}
	src.checkRows(index)
	s.bits.Gather(src.bits, index)
	for r, i := range index {
		copy(s.reals.Row(r), src.reals.Row(i))
	}
}

func (s Batch) checkRows(index []int) {
	for _, i := range index {
		if i < 0 || i >= s.Rows() {
			panic(fmt.Sprintf("rbm: gather of row %d of %d", i, s.Rows()))
		}
	}
}

// Pick returns a copy of the rows that index names, in that order. It panics unless s has them.
func (s Batch) Pick(index []int) Batch {
	s.checkRows(index)
	picked := Batch{s.bits.Pick(index), kernel.NewReals(len(index), s.reals.Cols)}
	for r, i := range index {
		copy(picked.reals.Row(r), s.reals.Row(i))
	}
	return picked
}

// Spread leaves rows of bits on the processes of a context that is several ([compute.InGroup]): each needs to have set
// those that [compute.Context.Part] says are its own. Gather, Pick, Counts and products with W know all rows; any other
// method brings all of them to every process.
func (s Batch) Spread(on *compute.Context) { on.Spread(s.bits) }

// FromBytes packs rows of bytes 0 and 1. All rows must have the same length. The error names the row and unit that is neither.
func FromBytes(rows [][]uint8) (Batch, error) {
	return pack(rows, "0 or 1", func(x uint8) (on, ok bool) { return x == 1, x <= 1 })
}

// FromSpins packs rows of spins −1 and +1, such as a program of one's own simulates. All rows must have the same length.
func FromSpins(rows [][]int8) (Batch, error) {
	return pack(rows, "-1 or 1", func(x int8) (on, ok bool) { return x == 1, x == 1 || x == -1 })
}

func pack[T uint8 | int8](rows [][]T, want string, bit func(T) (on, ok bool)) (Batch, error) {
	if len(rows) == 0 {
		return Batch{}, nil
	}
	s := NewBatch(len(rows), len(rows[0]))
	for r, row := range rows {
		if len(row) != s.Units() {
			return Batch{}, fmt.Errorf("row %d has %d units, row 0 has %d", r, len(row), s.Units())
		}
		for i, x := range row {
			on, ok := bit(x)
			if !ok {
				return Batch{}, fmt.Errorf("row %d, unit %d is %v, want %s", r, i, x, want)
			}
			s.SetBit(r, i, on)
		}
	}
	return s, nil
}

// Bytes unpacks the configurations into rows of 0 and 1.
func (s Batch) Bytes() [][]uint8 { return unpack[uint8](s, 0) }

// Spins unpacks the configurations into rows of −1 and +1.
func (s Batch) Spins() [][]int8 { return unpack[int8](s, -1) }

func unpack[T uint8 | int8](s Batch, off T) [][]T {
	rows := make([][]T, s.Rows())
	for r := range rows {
		rows[r] = make([]T, s.Units())
		for i := range rows[r] {
			rows[r][i] = off
			if s.Bit(r, i) {
				rows[r][i] = 1
			}
		}
	}
	return rows
}
