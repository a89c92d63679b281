package main

import (
	"os"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A column has the numbers that were added, beyond what is kept in memory too, and leaves no file.
func TestColumns(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var c column
	var want []float64
	for _, n := range []int{1, mostInMemory - 1, 3, 2*mostInMemory + 7, 5, mostInMemory} {
		for range n {
			want = append(want, float64(len(want))/3)
		}
		if err := c.add(want[len(want)-n:]...); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if got := slices.Collect(c.all(&err)); err != nil || !slices.Equal(got, want) {
		t.Errorf("other numbers, %d of %d, %v", len(got), len(want), err)
	}
	part := make([]float64, 2*mostRows)
	for _, from := range []int{0, c.filed - 10, c.filed, len(want) - len(part)} {
		if err := c.read(part, from); err != nil || !slices.Equal(part, want[from:from+len(part)]) {
			t.Errorf("other numbers from %d on, %v", from, err)
		}
	}
	c.close()
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// AIS is given all rows, or one of each part of them and the one of lowest F, the same ones whatever the blocks.
func TestStarts(t *testing.T) {
	model := rbm.New(20, 3, rng.Seed(1))
	for i := range model.B() {
		model.B()[i] = 2
	}
	const rows = mostStarts + mostStarts/3
	set := &data.Set{States: model.Visible.NewBatch(rows)}
	for r := range rows { // rows are numbers of 20 bits
		set.States.SetRow(r, func(i int) bool { return r>>i&1 == 1 })
	}
	lowest := slices.Index(lows(model, set), slices.Min(lows(model, set)))
	got := startsOf(set, model, 1, nil)
	if got.Rows() != mostStarts+1 || got.States.Compare(mostStarts, set.States, lowest) != 0 {
		t.Fatalf("%d rows, of which the last is not that of lowest F", got.Rows())
	}
	for k := range mostStarts {
		r := 0
		for i := range got.States.On(k) {
			r |= 1 << i
		}
		if r < part(k, rows) || r >= part(k+1, rows) {
			t.Fatalf("row %d for part %d, from %d to %d", r, k, part(k, rows), part(k+1, rows))
		}
	}
	s, from := newStarts(model, rows, false, 1, nil), 0
	for b := range set.Stream().Blocks(777) {
		s.see(b.States, from, nil)
		from += b.Rows()
	}
	if again := s.rows(); !slices.Equal(again.States.EncodeBits(), got.States.EncodeBits()) {
		t.Error("blocks of another size have other rows")
	}
	few := set.Subset([]int{3, 2, 1})
	if startsOf(few, model, 1, nil) != few {
		t.Error("few rows are not as they are")
	}
}

func lows(model *rbm.Model, set *data.Set) []float64 {
	free := make([]float64, set.Rows())
	rbm.NewConditionals(model, nil).FreeEnergy(free, set.States)
	return free
}

// AIS is given the weights of rows, in memory or not, with gaps or without.
func TestStartsHaveWeights(t *testing.T) {
	model := rbm.New(4, 2, rng.Seed(1))
	for _, gaps := range []bool{false, true} {
		set := &data.Set{States: rbm.NewBatch(3, 4)}
		if gaps {
			set.Known = rbm.NewBatch(3, 4)
		}
		j := &judged{model: model, method: methodAIS, stream: set.Stream(), weights: []float64{1, 0, 3}}
		s, err := (&scoreOptions{}).scorers(quiet(1), []*judged{j})
		if err != nil {
			t.Fatal(err)
		}
		starts, err := s.survey(t.Context(), quiet(1), 0)
		if err != nil || !slices.Equal(starts.Weights, j.weights) || starts.Rows() != 3 {
			t.Errorf("gaps %v: %v, %v", gaps, starts, err)
		}
	}
}
