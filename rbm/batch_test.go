package rbm_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// sizes are numbers of units around the ends of words.
var sizes = []int{1, 2, 63, 64, 65, 127, 128, 130}

// coins returns random rows of 0 and 1.
func coins(rows, units int) [][]uint8 {
	source, bytes := rng.NewSource(rng.Seed(11), uint64(units)), make([][]uint8, rows)
	for r := range bytes {
		bytes[r] = make([]uint8, units)
		for i := range bytes[r] {
			bytes[r][i] = uint8(source.Uint32() >> 31)
		}
	}
	return bytes
}

func equalRows[T comparable](a, b [][]T) bool { return slices.EqualFunc(a, b, slices.Equal[[]T]) }

func TestConversionsOfStates(t *testing.T) {
	for _, units := range sizes {
		want := coins(7, units)
		spins := make([][]int8, 7)
		for r, row := range want {
			for _, x := range row {
				spins[r] = append(spins[r], 2*int8(x)-1)
			}
		}
		fromBytes, err1 := rbm.FromBytes(want)
		fromSpins, err2 := rbm.FromSpins(spins)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for _, s := range []rbm.Batch{fromBytes, fromSpins} {
			if s.Rows() != 7 || s.Units() != units {
				t.Errorf("%d units: %d rows of %d units", units, s.Rows(), s.Units())
			}
			if !equalRows(s.Bytes(), want) || !equalRows(s.Spins(), spins) {
				t.Errorf("%d units: the states come back changed", units)
			}
			for r, row := range want {
				ones := 0
				for i, x := range row {
					ones += int(x)
					if s.Bit(r, i) != (x == 1) {
						t.Errorf("%d units: bit %d of row %d is %v, want %d", units, i, r, s.Bit(r, i), x)
					}
				}
				if s.Ones(r) != ones {
					t.Errorf("%d units: %d ones in row %d, want %d", units, s.Ones(r), r, ones)
				}
			}
		}
	}
}

// The layout that checkpoints have, written out; what does not fit it is refused.
func TestEncodedStates(t *testing.T) {
	s := rbm.NewBatch(2, 66)
	s.SetBit(0, 0, true)
	s.SetBit(0, 63, true)
	s.SetBit(0, 64, true)
	s.SetBit(1, 65, true)
	s.SetBit(1, 3, true)
	s.SetBit(1, 3, false)
	want := []uint64{1<<63 | 1, 1, 0, 2}
	if got := s.EncodeBits(); !reflect.DeepEqual(got, want) {
		t.Errorf("words are %x, want %x", got, want)
	}
	again := rbm.NewBatch(2, 66)
	if err := again.DecodeBits(want); err != nil || !again.Equal(s) {
		t.Errorf("decoded: %v, %v", again.EncodeBits(), err)
	}
	for _, c := range []struct {
		data []uint64
		want string
	}{
		{want[:3], "2 rows of 66 bits are 4 words of 64 bits, not 3"},
		{nil, "not 0"},
		{[]uint64{0, 4, 0, 0}, "row 0 has bits after its 66 units"},
		{[]uint64{0, 0, 0, 1 << 63}, "row 1 has bits after its 66 units"},
	} {
		if err := again.DecodeBits(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("decoding %v: error %v, want one with %q", c.data, err, c.want)
		}
	}
}

// The operations on rows against the same on slices of bytes.
func TestRows(t *testing.T) {
	for _, units := range sizes {
		want := coins(6, units)
		s, err := rbm.FromBytes(want)
		if err != nil {
			t.Fatal(err)
		}
		reversed := func(row []uint8) []uint8 { // Compare looks at the last unit of a word first
			var all []uint8
			for k := 0; k < len(row); k += 64 {
				word := slices.Clone(row[k:min(k+64, len(row))])
				slices.Reverse(word)
				all = append(all, word...)
			}
			return all
		}
		counts, transposed := make([]int, units), s.Transpose()
		for r, a := range want {
			var on []int
			for i, x := range a {
				if counts[i] += int(x); x == 1 {
					on = append(on, i)
				}
				if transposed.Bit(i, r) != (x == 1) {
					t.Fatalf("%d units: the transpose differs in unit %d of row %d", units, i, r)
				}
			}
			if got := slices.Collect(s.On(r)); !slices.Equal(got, on) {
				t.Errorf("%d units: %v are on in row %d, want %v", units, got, r, on)
			}
			if units <= 64 {
				index := rbm.NewBatch(1, units)
				if index.SetIndex(0, s.Index(r)); index.Compare(0, s, r) != 0 {
					t.Errorf("%d units: row %d is not that of its index", units, r)
				}
			}
			for k, b := range want {
				distance, common := 0, 0
				for i := range a {
					distance += int(a[i] ^ b[i])
					common += int(a[i] & b[i])
				}
				if s.Distance(r, s, k) != distance || s.Common(r, s, k) != common {
					t.Errorf("%d units, rows %d and %d: distance %d and %d common, want %d and %d",
						units, r, k, s.Distance(r, s, k), s.Common(r, s, k), distance, common)
				}
				if got, want := s.Compare(r, s, k), slices.Compare(reversed(a), reversed(b)); got != want {
					t.Errorf("%d units: comparing rows %d and %d gives %d, want %d", units, r, k, got, want)
				}
			}
			whole, parts := rbm.NewBatch(1, units), rbm.NewBatch(1, units)
			whole.SetRow(0, func(i int) bool { return a[i] == 1 })
			for from := 0; from < units; from += 29 {
				parts.SetBits(0, from, make([]uint8, min(29, units-from))) // what was there before is overwritten
				parts.SetBits(0, from, a[from:min(from+29, units)])
			}
			if whole.Compare(0, s, r) != 0 || parts.Compare(0, s, r) != 0 {
				t.Errorf("%d units: row %d set at once or in parts is another", units, r)
			}
		}
		if got := s.Counts(); !slices.Equal(got, counts) {
			t.Errorf("%d units: counts %v, want %v", units, got, counts)
		}
		other := s.Clone()
		swapped := [][]uint8{want[0], want[4], want[2], want[3], want[1], want[5]}
		if other.Swap(1, other, 4); other.Equal(s) || !equalRows(other.Bytes(), swapped) {
			t.Errorf("%d units: rows 1 and 4 exchanged are %v", units, other.Bytes())
		}
		if other.Copy(s); !other.Equal(s) {
			t.Errorf("%d units: a copy differs", units)
		}
	}
}

// Held units keep their bits, and others are left alone.
func TestClamp(t *testing.T) {
	s, err := rbm.FromBytes(coins(5, 70))
	if err != nil {
		t.Fatal(err)
	}
	want := s.Bytes()
	var clamp rbm.Clamp
	clamp.Apply(s) // holds nothing yet
	if !equalRows(s.Bytes(), want) {
		t.Error("a clamp that holds nothing changes states")
	}
	clamp.Hold(70, 3, true)
	clamp.Hold(70, 69, false)
	clamp.Hold(70, 3, false)
	clamp.Hold(70, 64, true)
	for _, row := range want {
		row[3], row[69], row[64] = 0, 0, 1
	}
	if clamp.Apply(s); !equalRows(s.Bytes(), want) {
		t.Errorf("clamped: %v, want %v", s.Bytes(), want)
	}
	panics(t, "unit", "rbm: clamp of unit 70 of a layer of 70", func() { clamp.Hold(70, 70, true) })
}

func TestSliceAndCloneOfStates(t *testing.T) {
	want := coins(6, 70)
	s, err := rbm.FromBytes(want)
	if err != nil {
		t.Fatal(err)
	}
	part, clone := s.Slice(2, 5), s.Clone()
	if !equalRows(part.Bytes(), want[2:5]) || !equalRows(clone.Bytes(), want) {
		t.Fatal("a slice or a clone holds other states")
	}
	if empty := s.Slice(6, 6); empty.Rows() != 0 || empty.Units() != 70 {
		t.Errorf("the empty slice has %d rows of %d units", empty.Rows(), empty.Units())
	}
	part.SetBit(0, 69, want[2][69] == 0)
	if s.Bit(2, 69) != (want[2][69] == 0) {
		t.Error("a slice does not share the states")
	}
	if !equalRows(clone.Bytes(), want) {
		t.Error("a clone shares the states")
	}
}

// A slice ends with its last row, though there is memory after it.
func TestEndOfSlice(t *testing.T) {
	s := rbm.NewBatch(4, 64).Slice(0, 2)
	panics(t, "row", "runtime error", func() { s.Ones(2) })
	panics(t, "slice", "rbm: rows 1 to 4 of states of 2 rows", func() { s.Slice(1, 4) })
	panics(t, "gather", "rbm: gather of row 2 of 2", func() { rbm.NewBatch(1, 64).Gather(s, []int{2}) })
}

func TestGather(t *testing.T) {
	want := coins(5, 65)
	src, err := rbm.FromBytes(want)
	if err != nil {
		t.Fatal(err)
	}
	got := rbm.NewBatch(4, 65)
	got.Gather(src, []int{4, 0, 0, 3})
	if !equalRows(got.Bytes(), [][]uint8{want[4], want[0], want[0], want[3]}) {
		t.Errorf("gathered %v", got.Bytes())
	}
}

func TestStatesWithoutRows(t *testing.T) {
	for name, make := range map[string]func() (rbm.Batch, error){
		"bytes": func() (rbm.Batch, error) { return rbm.FromBytes(nil) },
		"spins": func() (rbm.Batch, error) { return rbm.FromSpins(nil) },
	} {
		s, err := make()
		if err != nil || s.Rows() != 0 || len(s.Bytes()) != 0 {
			t.Errorf("%s: %d rows, %v", name, s.Rows(), err)
		}
	}
}

func TestStatesErrors(t *testing.T) {
	bytes := func(rows ...[]uint8) func() (rbm.Batch, error) {
		return func() (rbm.Batch, error) { return rbm.FromBytes(rows) }
	}
	spins := func(rows ...[]int8) func() (rbm.Batch, error) {
		return func() (rbm.Batch, error) { return rbm.FromSpins(rows) }
	}
	for _, c := range []struct {
		want string
		make func() (rbm.Batch, error)
	}{
		{"row 1 has 1 units, row 0 has 2", bytes([]uint8{0, 1}, []uint8{1})},
		{"row 1 has 3 units, row 0 has 2", spins([]int8{1, 1}, []int8{1, 1, -1})},
		{"row 1, unit 0 is 2, want 0 or 1", bytes([]uint8{0, 1}, []uint8{2, 1})},
		{"row 0, unit 1 is 0, want -1 or 1", spins([]int8{1, 0})},
		{"row 0, unit 0 is -2, want -1 or 1", spins([]int8{-2})},
	} {
		if _, err := c.make(); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func TestStatesPanics(t *testing.T) {
	s := rbm.NewBatch(2, 65)
	for _, c := range []struct {
		name, want string
		f          func()
	}{
		{"negative rows", "rbm: NewBatch of -1 rows and 2 units", func() { rbm.NewBatch(-1, 2) }},
		{"negative units", "rbm: NewBatch of 1 rows and -2 units", func() { rbm.NewBatch(1, -2) }},
		{"overflowing rows", "rbm: NewBatch of 4611686018427387904 rows", func() { rbm.NewBatch(1<<62, 256) }},
		{"overflowing units", "rbm: NewBatch of 1 rows", func() { rbm.NewBatch(1, math.MaxInt) }},
		{"bit after the last", "rbm: unit 65 of row 0 in states of 2 rows and 65 units", func() { s.Bit(0, 65) }},
		{"row after the last", "rbm: unit 0 of row 2", func() { s.SetBit(2, 0, true) }},
		{"negative unit", "rbm: unit -1 of row 0", func() { s.Bit(0, -1) }},
		{"negative row", "rbm: unit 0 of row -1", func() { s.SetBit(-1, 0, true) }},
		{"row of other units", "rbm: rows of 65 units beside rows of 64", func() { s.Swap(0, rbm.NewBatch(2, 64), 0) }},
		{"copy of more rows", "rbm: 2 rows beside 3", func() { s.Copy(rbm.NewBatch(3, 65)) }},
		{"index of long rows", "rbm: configurations of 65 units as numbers of 64 bits", func() { s.Index(0) }},
		{"index beyond the units", "rbm: 0x8 is no configuration of 3 units", func() { rbm.NewBatch(1, 3).SetIndex(0, 8) }},
		{"bits after the last", "rbm: unit 65 of row 0", func() { s.SetBits(0, 60, make([]uint8, 6)) }},
		{"gathered rows", "rbm: gather of 1 rows", func() { s.Gather(s, []int{0}) }},
		{"gathered units", "rbm: gather of 2 rows", func() { s.Gather(rbm.NewBatch(2, 64), []int{0, 1}) }},
		{"slice after the last row", "rbm: rows 1 to 3 of states of 2 rows", func() { s.Slice(1, 3) }},
		{"slice before the first row", "rbm: rows -1 to 1 of states of 2 rows", func() { s.Slice(-1, 1) }},
		{"slice backwards", "rbm: rows 2 to 1 of states of 2 rows", func() { s.Slice(2, 1) }},
		{"slice backwards without units", "rbm: rows 2 to 1", func() { rbm.NewBatch(2, 0).Slice(2, 1) }},
		{"gathered row after the last", "rbm: gather of row 2 of 2", func() { s.Gather(s, []int{0, 2}) }},
		{"gathered negative row", "rbm: gather of row -1 of 2", func() { s.Gather(s, []int{0, -1}) }},
		{"hidden states given as visible", "rbm: visible states of 65 units for a layer of 3", func() {
			rbm.NewConditionals(rbm.New(3, 4, rng.Seed(1)), compute.New(1)).HiddenInputs(make([]float32, 8), s)
		}},
		{"destination", "rbm: destination of 7 numbers for 2 rows of 4", func() {
			rbm.NewConditionals(rbm.New(65, 4, rng.Seed(1)), compute.New(1)).HiddenInputs(make([]float32, 7), s)
		}},
	} {
		panics(t, c.name, c.want, c.f)
	}
}

// A batch like another has its units and the given rows, all of them zero, and memory of its own.
func TestLike(t *testing.T) {
	for _, units := range sizes {
		s, err := rbm.FromBytes(coins(7, units))
		if err != nil {
			t.Fatal(err)
		}
		before, like := s.Clone(), s.Like(3)
		if !like.Equal(rbm.NewBatch(3, units)) {
			t.Errorf("%d units: %d rows of %d units, %v", units, like.Rows(), like.Units(), like.Bytes())
		}
		like.Gather(s, []int{6, 0, 6})
		like.SetBit(1, 0, !like.Bit(1, 0))
		if !s.Equal(before) {
			t.Errorf("%d units: the batch has changed with one like it", units)
		}
	}
}

// The total distance is the sum of the rows' own, with the first row after the last.
func TestTotalDistance(t *testing.T) {
	for _, units := range sizes {
		s, err1 := rbm.FromBytes(coins(7, units))
		other, err2 := rbm.FromBytes(coins(14, units)[7:])
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for _, shift := range []int{0, 1, 6, 7, 9} {
			want := 0
			for r := range 7 {
				want += s.Distance(r, other, (r+shift)%7)
			}
			if got := s.TotalDistance(other, shift); got != want {
				t.Errorf("%d units, rows %d apart: the total distance is %d, want %d", units, shift, got, want)
			}
		}
	}
	if got := rbm.NewBatch(0, 5).TotalDistance(rbm.NewBatch(0, 5), 3); got != 0 {
		t.Errorf("no rows are at a total distance of %d", got)
	}
	panics(t, "rows of two numbers", "rbm: 2 rows beside 3", func() { rbm.NewBatch(2, 5).TotalDistance(rbm.NewBatch(3, 5), 1) })
}
