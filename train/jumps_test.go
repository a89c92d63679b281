package train

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Between two searches the bound of a mode falls by what F of the configuration nearest to it has risen.
func TestBoundsFollowTheModel(t *testing.T) {
	set, err := data.Bars(4, 4)
	if err != nil {
		t.Fatal(err)
	}
	p := &PCD{Chains: 20, Replicas: 3}
	training, err := Start(rbm.New(set.Units(), 12, rng.Seed(1)), set, Config{Updates: 2 * searchEvery, Rate: 0.05, Every: 1000, Negative: p})
	if err != nil {
		t.Fatal(err)
	}
	var found, bounds []float64 // F of the nearest configurations, and bounds, at the last search
	moved, before := 0., training.Model.Clone()
	for range training.Steps(t.Context()) {
		known, update := p.jumps.known, training.done-1
		v := p.chains.Visible.Like(len(known.Bounds))
		known.Rows(v, training.Model.Visible)
		free := before.FreeEnergy(v) // the model as the phase had it
		if update%searchEvery == 0 {
			found, bounds = free, append(bounds[:0], known.Bounds...)
		}
		for k, bound := range known.Bounds {
			if want := bounds[k] - (free[k] - found[k]); math.Abs(bound-want) > 1e-3 {
				t.Fatalf("update %d: the bound of mode %d is %v, want %v", update, k, bound, want)
			}
			moved = max(moved, math.Abs(bound-bounds[k]))
		}
		before.Copy(training.Model)
	}
	if moved < 1 {
		t.Errorf("bounds move by %v at most: the test shows nothing", moved)
	}
}

// A search begins at rows in modes that the jumps don't know, also where F is lower at the ones that they know.
func TestSearchBeginsWhereNoModeCovers(t *testing.T) {
	const m = 40
	model := rbm.NewModel(rbm.NewLayer(rbm.Bernoulli, m), rbm.NewLayer(rbm.Bernoulli, 1), rng.Seed(1))
	for i := range model.W {
		model.W[i], model.B()[i] = 1, -0.4 // a magnet, up more often than down
	}
	model.C()[0] = -20
	rows := rbm.NewBatch(200, m) // up and down
	for r := 0; r < 200; r += 2 {
		for i := range m {
			rows.SetBit(r, i, true)
		}
	}
	free := model.FreeEnergy(rows)
	if free[0] > free[1]-1 {
		t.Fatalf("F is %v up and %v down, want it lower up", free[0], free[1])
	}
	means := make([]float32, m)
	for i := range means {
		means[i] = 0.9
	}
	j := &jumps{modes: sample.NewJumps(model.Visible, means, []float64{-free[0]}, nil), data: rows, free: make([]float64, 1)}
	up := rows.Like(10)
	up.Gather(rows, []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	found := j.uncovered(&population{chains: up}, rbm.NewConditionals(model, nil), rng.Seed(2))
	for r := range found.Rows() {
		if found.Bit(r, 0) {
			t.Fatalf("row %d is in the mode that is known", r)
		}
	}
}

// The first of an order are those that a stable sort puts there.
func TestFirstOf(t *testing.T) {
	source := rng.NewSource(rng.Seed(2), 0)
	for _, n := range []int{1, 5, 6, 300} {
		keys, order := make([]int, n), make([]int, n)
		for r := range keys {
			keys[r], order[r] = source.IntN(20), r
		}
		slices.SortStableFunc(order, func(a, b int) int { return keys[a] - keys[b] })
		got := firstOf(n, 6, func(a, b int) bool { return keys[a] < keys[b] })
		if want := order[:min(n, 6)]; !slices.Equal(got, want) {
			t.Errorf("the first of %d are %v, want %v", n, got, want)
		}
	}
}
