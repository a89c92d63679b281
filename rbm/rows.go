package rbm

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
)

// AllStates returns all 2^units configurations of bits: unit i of row a is bit i of a.
func AllStates(units int) Batch {
	s := NewBatch(1<<units, units)
	for a, words := 0, s.bits.EditAll(); a < len(words); a++ {
		words[a] = uint64(a)
	}
	return s
}

// Index returns row r as a number: unit i is its bit i. It panics for more than 64 units.
func (s Batch) Index(r int) uint64 {
	s.checkIndex(r)
	return s.bits.Row(r)[0]
}

// SetIndex sets row r to the configuration that [Batch.Index] has this number for.
func (s Batch) SetIndex(r int, index uint64) {
	s.checkIndex(r)
	if s.Units() < 64 && index>>s.Units() != 0 {
		panic(fmt.Sprintf("rbm: %#x is no configuration of %d units", index, s.Units()))
	}
	s.bits.Edit(r)[0] = index
}

func (s Batch) checkIndex(r int) {
	if s.Units() > 64 || s.reals.Cols > 0 {
		panic(fmt.Sprintf("rbm: configurations of %s as numbers of 64 bits", s.units()))
	}
	s.check(r, 0)
}

// SetBits sets units from, from+1, … of row r to the given bits, each 0 or 1.
func (s Batch) SetBits(r, from int, values []uint8) {
	if len(values) == 0 {
		return
	}
	s.check(r, from)
	s.check(r, from+len(values)-1)
	row := s.bits.Edit(r)
	for len(values) > 0 {
		n := min(64-from%64, len(values))
		word, k := uint64(0), 0
		for ; k+8 <= n; k += 8 { // the product moves the lowest bit of byte j to bit 56+j
			word |= binary.LittleEndian.Uint64(values[k:]) & 0x0101010101010101 * 0x0102040810204080 >> 56 << (k & 63)
		}
		for ; k < n; k++ {
			word |= uint64(values[k]&1) << (k & 63)
		}
		mask := ^uint64(0) >> (64 - n)
		row[from/64] = row[from/64]&^(mask<<(from%64)) | word<<(from%64)
		from, values = from+n, values[n:]
	}
}

// SetRow sets unit i of row r to on(i), for every unit in turn.
func (s Batch) SetRow(r int, on func(i int) bool) {
	row, units := s.bits.Edit(r), s.Units()
	for k := range row {
		word := uint64(0)
		for i := k * 64; i < min(k*64+64, units); i++ {
			if on(i) {
				word |= 1 << (i % 64)
			}
		}
		row[k] = word
	}
}

// Copy copies all rows of src into s. It panics if they differ in shape.
func (s Batch) Copy(src Batch) {
	s.checkShape(src)
	s.bits.Copy(src.bits)
	copy(s.reals.Values, src.reals.Values)
}

// Restore copies the numbers of src that known, of as many bits as there are units, marks. It panics if the shapes differ.
func (s Batch) Restore(src, known Batch) {
	s.checkShape(src)
	if known.Rows() != s.Rows() || known.Bits() != s.Units() || known.reals.Cols > 0 {
		panic(fmt.Sprintf("rbm: %d rows of %s mark rows of %s", known.Rows(), known.units(), s.units()))
	}
	for r := range s.Rows() {
		to, from, marks := s.bits.Edit(r), src.bits.Row(r), known.bits.Row(r)
		for k, w := range from {
			mask := marks[k]
			if rest := s.bits.Cols - 64*k; rest < 64 {
				mask &= 1<<rest - 1 // the marks of real numbers come next
			}
			to[k] = to[k]&^mask | w&mask
		}
		reals := s.reals.Row(r)
		for k, x := range src.reals.Row(r) {
			if known.Bit(r, s.bits.Cols+k) {
				reals[k] = x
			}
		}
	}
}

// Swap exchanges row r with row k of other.
func (s Batch) Swap(r int, other Batch, k int) {
	s.checkUnits(other)
	a, b := s.bits.Edit(r), other.bits.Edit(k)
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
	x, y := s.reals.Row(r), other.reals.Row(k)
	for i := range x {
		x[i], y[i] = y[i], x[i]
	}
}

// Equal reports whether two batches have the same shape and numbers.
func (s Batch) Equal(other Batch) bool {
	return s.Rows() == other.Rows() && s.bits.Cols == other.bits.Cols && s.reals.Cols == other.reals.Cols &&
		slices.Equal(s.bits.All(), other.bits.All()) && slices.Equal(s.reals.Values, other.reals.Values)
}

// Compare returns −1, 0 or +1 as row r comes before, equals or comes after row k of other in one fixed order of all
// configurations.
func (s Batch) Compare(r int, other Batch, k int) int {
	s.checkUnits(other)
	if order := slices.Compare(s.bits.Row(r), other.bits.Row(k)); order != 0 {
		return order
	}
	return slices.Compare(s.reals.Row(r), other.reals.Row(k))
}

// Distance returns the Hamming distance of row r and row k of other: the number of bits in which they differ.
func (s Batch) Distance(r int, other Batch, k int) int {
	s.checkUnits(other)
	return differing(s.bits.Row(r), other.bits.Row(k))
}

// TotalDistance returns Σ_r d(r, r+shift) with the Hamming distance d of the bits of row r and of row r+shift of other,
// where the first row follows the last.
func (s Batch) TotalDistance(other Batch, shift int) int {
	s.checkShape(other)
	a, b := s.bits.All(), other.bits.All()
	from := shift % max(1, s.Rows()) * s.bits.Stride
	last := len(a) - from
	return differing(a[:last], b[from:]) + differing(a[last:], b[:from])
}

// ColumnDistances writes Σ_r (x_rk − y_sk)² of each real number k to sums: x is that of row r, and y that of row s = r+shift
// of other, where the first row follows the last. It computes in the caller's goroutine.
func (s Batch) ColumnDistances(sums []float64, other Batch, shift int) {
	s.checkShape(other)
	compute.New(1).ColumnDistances(sums, s.reals, other.reals, shift)
}

// ColumnMoments writes the sums over the rows of each real number and of its square. It computes in the caller's
// goroutine.
func (s Batch) ColumnMoments(sums, squares []float64) {
	compute.New(1).ColumnMoments(sums, squares, s.reals, nil)
}

// differing is the number of bits in which two lists of words of one length differ.
func differing(a, b []uint64) int {
	n := 0
	for k, w := range a {
		n += bits.OnesCount64(w ^ b[k])
	}
	return n
}

// Common returns the number of bits that are on in row r and in row k of other.
func (s Batch) Common(r int, other Batch, k int) int {
	s.checkUnits(other)
	n, b := 0, other.bits.Row(k)
	for i, w := range s.bits.Row(r) {
		n += bits.OnesCount64(w & b[i])
	}
	return n
}

// Ones returns the number of bits of row r that are on.
func (s Batch) Ones(r int) int {
	n := 0
	for _, w := range s.bits.Row(r) {
		n += bits.OnesCount64(w)
	}
	return n
}

// On yields the bits of row r that are on, in rising order.
func (s Batch) On(r int) iter.Seq[int] {
	words := s.bits.Row(r)
	return func(yield func(i int) bool) {
		for k, w := range words {
			for ; w != 0; w &= w - 1 {
				if !yield(k*64 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}

// Counts returns, for each unit that is a bit, the number of rows in which it is on. It computes in the caller's
// goroutine.
func (s Batch) Counts() []int {
	counts := make([]int, s.bits.Cols)
	var on *compute.Context // whose workers have no part in it
	on.ColumnCounts(counts, s.bits)
	return counts
}

// Transpose returns a batch of bits with rows and units exchanged: row i has the bits of unit i in all rows of s. It
// computes in the caller's goroutine.
func (s Batch) Transpose() Batch {
	t := NewBatch(s.bits.Cols, s.Rows())
	compute.New(1).Transpose(t.bits, s.bits)
	return t
}

// Size is the number of bytes that the batch takes in memory.
func (s Batch) Size() int { return 8*len(s.bits.Words) + 4*len(s.reals.Values) }

// EncodeBits returns the bits of the configurations, which share the batch's memory: a row starts at a new word, unit i
// is bit i mod 64 of word i/64 of its row, and those after the last unit are zero. Checkpoints hold this
// (docs/formats.md).
func (s Batch) EncodeBits() []uint64 { return s.bits.All() }

// EncodeReals returns the real numbers of the configurations, row after row, which share the batch's memory.
func (s Batch) EncodeReals() []float32 { return s.reals.Values }

// DecodeBits copies what [Batch.EncodeBits] returned for a batch of the same shape. The error says what does not fit; s
// may have changed then.
func (s Batch) DecodeBits(words []uint64) error {
	if len(words) != len(s.bits.Words) {
		return fmt.Errorf("%d rows of %d bits are %d words of 64 bits, not %d", s.Rows(), s.bits.Cols, len(s.bits.Words), len(words))
	}
	copy(s.bits.EditAll(), words)
	if rest := s.bits.Cols % 64; rest != 0 {
		for r := range s.Rows() {
			if row := s.bits.Row(r); row[len(row)-1]>>rest != 0 {
				return fmt.Errorf("row %d has bits after its %d units", r, s.bits.Cols)
			}
		}
	}
	return nil
}

// stored is [Batch.Value] without its check.
func (s Batch) stored(r, i int) float64 {
	if k := i - s.bits.Cols; k >= 0 {
		return float64(s.reals.Row(r)[k])
	}
	return float64(s.bits.Row(r)[i/64] >> (i % 64) & 1)
}

func (s Batch) checkUnits(other Batch) {
	if s.bits.Cols != other.bits.Cols || s.reals.Cols != other.reals.Cols {
		panic(fmt.Sprintf("rbm: rows of %s beside rows of %s", s.units(), other.units()))
	}
}

// units says how many units there are, for messages.
func (s Batch) units() string {
	if s.reals.Cols == 0 {
		return fmt.Sprintf("%d units", s.Units())
	}
	return fmt.Sprintf("%d units (%d of them reals)", s.Units(), s.reals.Cols)
}

func (s Batch) checkShape(other Batch) {
	if s.checkUnits(other); s.Rows() != other.Rows() {
		panic(fmt.Sprintf("rbm: %d rows beside %d", s.Rows(), other.Rows()))
	}
}

// Clamp holds units of a layer at fixed values. The zero value holds none.
type Clamp struct {
	mask, value []uint64
}

// Hold holds unit i of a layer, of which a number of units are bits, at a bit from now on.
func (c *Clamp) Hold(units, i int, on bool) {
	if i < 0 || i >= units {
		panic(fmt.Sprintf("rbm: clamp of unit %d of a layer of %d", i, units))
	}
	if c.mask == nil {
		words := (units + 63) / 64
		c.mask, c.value = make([]uint64, words), make([]uint64, words)
	}
	bit := uint64(1) << (i % 64)
	c.mask[i/64] |= bit
	c.value[i/64] &^= bit
	if on {
		c.value[i/64] |= bit
	}
}

// Apply sets the units in every row.
func (c *Clamp) Apply(s Batch) {
	if c.mask == nil {
		return
	}
	for r := range s.Rows() {
		row := s.bits.Edit(r)
		for k, w := range row {
			row[k] = w&^c.mask[k] | c.value[k]
		}
	}
}
