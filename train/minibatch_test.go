package train

import (
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// planted are rows around patterns of fair coins, in parts of these sizes and in a random order, of which a unit in
// twenty is flipped. parts tells the part of each row.
func planted(units int, sizes []int, seed uint64) (v rbm.Batch, parts []int) {
	source := rng.NewSource(rng.Seed(seed), 0)
	for k, size := range sizes {
		parts = append(parts, slices.Repeat([]int{k}, size)...)
	}
	order, dealt := make([]int, len(parts)), make([]int, len(parts))
	source.Perm(order)
	patterns := rbm.NewBatch(len(sizes), units)
	for k := range sizes {
		patterns.SetRow(k, func(int) bool { return source.Float64() < 0.5 })
	}
	v = rbm.NewBatch(len(parts), units)
	for r, at := range order {
		dealt[r] = parts[at]
		v.SetRow(r, func(i int) bool { return patterns.Bit(dealt[r], i) != (source.Float64() < 0.05) })
	}
	return v, dealt
}

// Every row is in one minibatch of an epoch, in another from epoch to epoch, whatever the remainder is, and the
// minibatches have the sizes that they have without strata.
func TestEveryRowIsDealtOnce(t *testing.T) {
	for _, c := range []struct{ rows, batches int }{{1, 1}, {7, 7}, {100, 1}, {100, 10}, {103, 10}, {99, 10}, {1670, 17}, {40, 40}, {11, 4}} {
		v, _ := planted(30, []int{c.rows}, 1)
		strata, order := alike(v, c.batches), make([]int, c.rows)
		var before []int
		for epoch := range 3 {
			for r := range order {
				order[r] = -1
			}
			deal(order, strata, c.batches, rng.NewSource(rng.Seed(1), uint64(epoch)))
			if c.batches > 1 && c.rows > 10 && slices.Equal(order, before) {
				t.Errorf("%+v: two epochs in the same order", c)
			}
			before = slices.Clone(order)
			slices.Sort(order)
			for r, got := range order {
				if got != r {
					t.Fatalf("%+v: place %d of the sorted order has row %d", c, r, got)
				}
			}
		}
	}
}

// Of clusters of any size each minibatch has its share: the variance of their numbers is a fraction of that of
// minibatches at random. And rows go to all minibatches equally often.
func TestMinibatchesHaveTheirShareOfClusters(t *testing.T) {
	sizes := []int{700, 150, 80, 40, 20, 10}
	v, parts := planted(60, sizes, 2)
	const batches, epochs = 10, 40
	strata, order := alike(v, batches), make([]int, len(parts))
	squares, random := 0.0, 0.0
	seen := make([]int, batches) // of row 0
	for epoch := range epochs {
		deal(order, strata, batches, rng.NewSource(rng.Seed(3), uint64(epoch)))
		size := len(order) / batches
		for k := range batches {
			counts := make([]float64, len(sizes))
			for _, r := range order[k*size : (k+1)*size] {
				counts[parts[r]]++
				if r == 0 {
					seen[k]++
				}
			}
			for c, n := range counts {
				p := float64(sizes[c]) / float64(len(parts))
				squares += (n - p*float64(size)) * (n - p*float64(size))
				random += p * (1 - p) * float64(size) * (1 - float64(size)/float64(len(parts)))
			}
		}
	}
	if squares > random/10 {
		t.Errorf("the variance of clusters' numbers is %.3f of that of minibatches at random, want a tenth at most", squares/random)
	}
	for k, n := range seen { // 4 ± 1.9
		if n > 12 {
			t.Errorf("row 0 is in minibatch %d in %d of %d epochs", k, n, epochs)
		}
	}
}

// Strata are the same where rows are spread over processes, of which each has a part.
func TestStrataOfSpreadRows(t *testing.T) {
	v, _ := planted(40, []int{200, 60, 41}, 4)
	strata := func(v rbm.Batch, on *compute.Context) []int {
		training, err := Start(rbm.New(v.Units(), 5, rng.Seed(1)), &data.Set{States: v}, Config{Batch: 20, Updates: 1, Compute: on})
		if err != nil {
			t.Error(err)
			return nil
		}
		return training.strata
	}
	want := strata(v, compute.New(1))
	var running sync.WaitGroup
	for _, g := range group.Local(2) {
		running.Go(func() {
			on := compute.InGroup(1, compute.ISAs()[0], g)
			here := rbm.NewBatch(v.Rows(), v.Units())
			from, to := on.Part(v.Rows())
			here.Slice(from, to).Copy(v.Slice(from, to))
			here.Spread(on)
			if got := strata(here, on); !reflect.DeepEqual(got, want) {
				t.Errorf("rank %d has other strata than a process by itself", g.Rank())
			}
		})
	}
	running.Wait()
}

// The gradient of stratified minibatches is the same in the mean, and has less noise: ⟨v_i⟩ of a minibatch deviates less
// from that of all rows.
func TestStratifiedMeansDeviateLess(t *testing.T) {
	v, _ := planted(40, slices.Repeat([]int{50}, 20), 5)
	const batches = 10
	deviation := func(strata []int) (sum float64) {
		order := make([]int, v.Rows())
		counts := v.Counts()
		for epoch := range 10 {
			deal(order, strata, batches, rng.NewSource(rng.Seed(6), uint64(epoch)))
			size := v.Rows() / batches
			for k := range batches {
				for i, n := range v.Pick(order[k*size : (k+1)*size]).Counts() {
					d := float64(n)/float64(size) - float64(counts[i])/float64(v.Rows())
					sum += d * d
				}
			}
		}
		return sum
	}
	random := make([]int, v.Rows())
	rng.NewSource(rng.Seed(7), 0).Perm(random)
	if stratified, other := deviation(alike(v, batches)), deviation(random); !(stratified < other/2) {
		t.Errorf("squared deviations are %.2f of those at random, want half at most", stratified/other)
	}
}
