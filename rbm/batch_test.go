package rbm_test

import (
	"math"
	"slices"
	"testing"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
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
		spins, floats := make([][]int8, 7), []float32(nil)
		for r, row := range want {
			for _, x := range row {
				spins[r] = append(spins[r], 2*int8(x)-1)
				floats = append(floats, float32(x))
			}
		}
		fromBytes, err1 := rbm.FromBytes(want)
		fromSpins, err2 := rbm.FromSpins(spins)
		fromFloats, err3 := rbm.FromFloats(floats, units)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		for _, s := range []rbm.Batch{fromBytes, fromSpins, fromFloats} {
			if s.Rows() != 7 || s.Units() != units || !s.Clean() {
				t.Errorf("%d units: %d rows of %d units, clean %v", units, s.Rows(), s.Units(), s.Clean())
			}
			if !equalRows(s.Bytes(), want) || !equalRows(s.Spins(), spins) || !slices.Equal(s.Floats(), floats) {
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

// The layout that other packages rely on, written out.
func TestWordsOfStates(t *testing.T) {
	s := rbm.NewBatch(2, 66)
	s.SetBit(0, 0, true)
	s.SetBit(0, 63, true)
	s.SetBit(0, 64, true)
	s.SetBit(1, 65, true)
	s.SetBit(1, 3, true)
	s.SetBit(1, 3, false)
	want := []uint64{1<<63 | 1, 1, 0, 2}
	if !slices.Equal(s.Words(), want) || !slices.Equal(s.Row(1), want[2:]) {
		t.Errorf("words are %x, want %x", s.Words(), want)
	}
	view := rbm.BatchOf(want, 2, 66)
	if !equalRows(view.Bytes(), s.Bytes()) {
		t.Error("BatchOf the words are other states")
	}
	view.SetBit(0, 1, true)
	if want[0] != 1<<63|3 {
		t.Error("BatchOf does not share the words")
	}
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

// Words behind those that were given belong to somebody else, though there is capacity for them.
func TestStatesOfPartOfWords(t *testing.T) {
	words := []uint64{1, 2, 3, 4}
	s := rbm.BatchOf(words[:2], 2, 64)
	panics(t, "row", "runtime error", func() { s.Row(2) })
	panics(t, "slice", "rbm: rows 1 to 4 of states of 2 rows", func() { s.Slice(1, 4) })
	panics(t, "gather", "rbm: gather of row 2 of 2", func() { rbm.NewBatch(1, 64).Gather(s, []int{2}) })
	panics(t, "row of a slice", "runtime error", func() { s.Slice(0, 1).Row(1) })
	if _ = append(s.Words(), 9); words[2] != 3 {
		t.Errorf("appending to the words of a part changes the rest: %v", words)
	}
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
		"bytes":  func() (rbm.Batch, error) { return rbm.FromBytes(nil) },
		"spins":  func() (rbm.Batch, error) { return rbm.FromSpins(nil) },
		"floats": func() (rbm.Batch, error) { return rbm.FromFloats(nil, 3) },
	} {
		s, err := make()
		if err != nil || s.Rows() != 0 || len(s.Bytes()) != 0 || len(s.Floats()) != 0 {
			t.Errorf("%s: %d rows, %v", name, s.Rows(), err)
		}
	}
}

func TestStatesErrors(t *testing.T) {
	nan := float32(math.NaN())
	floats := func(units int, x ...float32) func() (rbm.Batch, error) {
		return func() (rbm.Batch, error) { return rbm.FromFloats(x, units) }
	}
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
		{"row 1, unit 1 is 0.5, want 0 or 1", floats(2, 0, 1, 1, 0.5)},
		{"row 0, unit 0 is NaN, want 0 or 1", floats(1, nan)},
		{"row 0, unit 0 is -1, want 0 or 1", floats(1, -1)},
		{"3 numbers are no whole rows of 2 units", floats(2, 0, 1, 1)},
		{"3 numbers are no whole rows of 0 units", floats(0, 0, 1, 1)},
		{"2 numbers are no whole rows of -1 units", floats(-1, 0, 1)},
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
		{"bit behind the last", "rbm: unit 65 of row 0 in states of 2 rows and 65 units", func() { s.Bit(0, 65) }},
		{"row behind the last", "rbm: unit 0 of row 2", func() { s.SetBit(2, 0, true) }},
		{"negative unit", "rbm: unit -1 of row 0", func() { s.Bit(0, -1) }},
		{"negative row", "rbm: unit 0 of row -1", func() { s.SetBit(-1, 0, true) }},
		{"words", "rbm: 3 words for 2 rows of 65 units, want 2 a row", func() { rbm.BatchOf(make([]uint64, 3), 2, 65) }},
		{"words of negative rows", "rbm: 0 words for -3 rows of 0 units", func() { rbm.BatchOf(nil, -3, 0) }},
		{"words of negative units", "rbm: 0 words for 0 rows of -5 units", func() { rbm.BatchOf(nil, 0, -5) }},
		{"words of overflowing rows", "rbm: 0 words for 4611686018427387904 rows", func() { rbm.BatchOf(nil, 1<<62, 256) }},
		{"words of overflowing units", "rbm: 0 words for 1 rows of 9223372036854775807 units", func() {
			rbm.BatchOf(nil, 1, math.MaxInt)
		}},
		{"unclean words", "rbm: a row has bits behind its 65 units", func() { rbm.BatchOf([]uint64{0, 1, 0, 2}, 2, 65) }},
		{"gathered rows", "rbm: gather of 1 rows", func() { s.Gather(s, []int{0}) }},
		{"gathered units", "rbm: gather of 2 rows", func() { s.Gather(rbm.NewBatch(2, 64), []int{0, 1}) }},
		{"slice behind the last row", "rbm: rows 1 to 3 of states of 2 rows", func() { s.Slice(1, 3) }},
		{"slice before the first row", "rbm: rows -1 to 1 of states of 2 rows", func() { s.Slice(-1, 1) }},
		{"slice backwards", "rbm: rows 2 to 1 of states of 2 rows", func() { s.Slice(2, 1) }},
		{"slice backwards without units", "rbm: rows 2 to 1", func() { rbm.NewBatch(2, 0).Slice(2, 1) }},
		{"gathered row behind the last", "rbm: gather of row 2 of 2", func() { s.Gather(s, []int{0, 2}) }},
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
