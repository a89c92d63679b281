package ranks_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/enginetest"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/internal/ranks"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// mostRanks is 5, and 3 for the race detector, which is slow.
func mostRanks() int {
	if testing.Short() {
		return 3
	}
	return 5
}

// onRanks calls f on each rank of groups of 2 to mostRanks, and expects what f returns in a context without a group.
func onRanks(t *testing.T, f func(on *kernel.Context) []any) {
	t.Helper()
	want := f(kernel.New(1))
	for size := 2; size <= mostRanks(); size++ {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			got := make([][]any, size)
			var running sync.WaitGroup
			for r, g := range group.Local(size) {
				running.Go(func() { got[r] = f(ranks.Context(1, kernel.New(1).ISA(), g)) })
			}
			running.Wait()
			for r := range got {
				for k := range want {
					if !reflect.DeepEqual(got[r][k], want[k]) {
						t.Errorf("rank %d of %d: result %d is another one than without a group", r, size, k)
					}
				}
			}
		})
	}
}

// Everything that a rank gets of conditionals is what one process computes: where rows are divided, where they are too
// few, and of parts of a batch that is spread over ranks.
func TestConditionals(t *testing.T) {
	for _, s := range []struct{ m, n, rows int }{{3, 2, 5}, {300, 200, 120}, {130, 64, 600}} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			onRanks(t, func(on *kernel.Context) []any {
				model := rbm.New(s.m, s.n, rng.Seed(1))
				copy(model.B(), kerneltest.RandomFloats(s.m, 2))
				copy(model.W, kerneltest.RandomFloats(s.m*s.n, 3))
				p, averages, weighted := rbm.NewConditionals(model, on), rbm.NewStatistics(model), rbm.NewStatistics(model)
				chains := sample.NewChains(sample.FromBiases(model, s.rows, rng.Seed(5)), model.Hidden, rng.Seed(7))
				chains.Sweep(p, 3)
				some, few := make([]float64, s.rows-2), make([]float64, 2)
				p.FreeEnergy(some, chains.Visible.Slice(1, s.rows-1)) // of rows that are on several ranks
				p.SampleHidden(chains.Hidden.Slice(0, 2), chains.Visible.Slice(2, 4), rng.Seed(1), 9)
				p.FreeEnergy(few, chains.Visible.Slice(s.rows-2, s.rows))
				p.Statistics(averages, chains.Visible, nil)
				weights := kerneltest.RandomFloats(s.rows, 4)
				for r := range weights {
					weights[r] += 1.5
				}
				p.Statistics(weighted, chains.Visible, weights)
				inputs, probs := make([]float32, s.rows*s.m), make([]float32, s.rows*s.n)
				p.VisibleInputs(inputs, chains.Hidden)
				p.HiddenProbs(probs, chains.Visible)
				return []any{
					some, few, averages.Averages(), weighted.Averages(), inputs, probs,
					chains.Visible.EncodeBits(), chains.Hidden.EncodeBits(),
				}
			})
		})
	}
}

// counted counts the exchanges of a group: columns are divided where there are any.
type counted struct {
	group.Group
	exchanges int
}

func (c *counted) Exchange(dst []byte, in []int, src []byte, out []int) {
	c.exchanges++
	c.Group.Exchange(dst, in, src, out)
}

// Where the rows of W are on several ranks, operands have some of its columns on each, and all is what one process
// computes: draws, free energies, averages, and what completes the operand. W ends at a word of bits or within one.
func TestColumns(t *testing.T) {
	for _, s := range []struct{ m, n, rows int }{{256, 256, 40}, {310, 470, 130}} {
		exchanges := make([]int, 6)
		onRanks(t, func(on *kernel.Context) []any {
			counter := new(counted)
			if g := ranks.Group(on); g != nil {
				counter.Group = g
				on = ranks.Context(1+g.Rank()%2, on.ISA(), counter)
				defer func() {
					if g.Rank() == 0 {
						exchanges[g.Size()] = counter.exchanges
					}
				}()
			}
			model := rbm.New(s.m, s.n, rng.Seed(1))
			copy(model.B(), kerneltest.RandomFloats(s.m, 2))
			copy(model.C(), kerneltest.RandomFloats(s.n, 3))
			on.Bind(model.W)
			rows := sample.FromBiases(model, s.rows, rng.Seed(5))
			chains := sample.NewChains(sample.FromBiases(model, s.rows, rng.Seed(6)), model.Hidden, rng.Seed(7))
			p := rbm.NewConditionals(model, on)
			weights := kerneltest.RandomFloats(s.rows, 4)
			for r := range weights {
				weights[r] += 1.5
			}
			var results []any
			// The averages become W: so it is divided by rows.
			positive, negative := rbm.NewStatisticsWith(model, model.W), rbm.NewStatisticsWith(model, nil)
			for turn := range 5 {
				p.Difference(positive, negative, rbm.Rows{Visible: rows, Weights: weights},
					rbm.Rows{Visible: chains.Visible, Hidden: chains.Hidden, Key: rng.Seed(8), Step: uint64(turn)})
				p.Update(model)
				chains.Sweep(p, 2)
				some, drawn := make([]float64, s.rows-2), make([]float64, s.rows)
				p.FreeEnergy(some, chains.Visible.Slice(1, s.rows-1))
				p.SampleHidden(chains.Hidden.Slice(0, 2), chains.Visible.Slice(2, 4), rng.Seed(1), 9)
				p.SampleHiddenFree(chains.Hidden, drawn, chains.Visible, rng.Seed(1), 10)
				results = append(results, some, drawn, slices.Clone(positive.V), slices.Clone(positive.H), slices.Clone(negative.V),
					slices.Clone(negative.H), chains.Hidden.EncodeBits(), chains.Visible.EncodeBits())
				if turn == 1 {
					inputs, probs := make([]float32, s.rows*s.m), make([]float32, s.rows*s.n)
					p.VisibleInputs(inputs, chains.Hidden)
					p.HiddenProbs(probs, chains.Visible)
					chains.Sweep(p, 1)
					results = append(results, inputs, probs, chains.Visible.EncodeBits())
				}
				if turn == 3 { // with all columns everywhere, for many rows
					free := make([]float64, 8*min(s.m, s.n)+1)
					p.FreeEnergy(free, sample.FromBiases(model, len(free), rng.Seed(9)))
					chains.Sweep(p, 1)
					results = append(results, free, chains.Visible.EncodeBits())
				}
			}
			on.Fetch(model.W)
			return append(results, bitsOf(model.W))
		})
		t.Cleanup(func() {
			for size := 2; size <= mostRanks(); size++ {
				if divided := min(s.m, s.n) > 64*(size-1); (exchanges[size] > 0) != divided {
					t.Errorf("%d×%d: %d exchanges of %d ranks", s.m, s.n, exchanges[size], size)
				}
			}
		})
	}
}

// Modes, their bounds and their shares of Z by AIS are those of one process: starts and modes are divided, also where
// ranks have none of them.
func TestModes(t *testing.T) {
	for _, visible := range []rbm.Layer{rbm.NewLayer(rbm.Bernoulli, 70), rbm.NewLayer(rbm.Spin, 9), rbm.NewCategorical(4, 3, 5, 4)} {
		t.Run(fmt.Sprint(visible.Kind()), func(t *testing.T) {
			model := rbm.NewModel(visible, rbm.NewLayer(rbm.Bernoulli, 12), rng.Seed(1))
			for k, x := range kerneltest.RandomFloats(len(model.W), 2) {
				model.W[k] = 6 * x
			}
			known := sample.RandomStarts(model, 5, rng.Seed(3))
			onRanks(t, func(on *kernel.Context) []any {
				on.Bind(model.W)
				modes := sample.NewModes(model, on)
				if err := modes.Search(t.Context(), 3, known, rng.Seed(4)); err != nil {
					t.Error(err)
				}
				if err := modes.SearchColumns(t.Context()); err != nil {
					t.Error(err)
				}
				jumps := modes.Jumps()
				logQ := make([]float64, known.Rows())
				jumps.AddLogQ(logQ, known)
				steps, c := 0, rbm.NewConditionals(model, on)
				report := func(chainSteps int) { steps += chainSteps }
				err := modes.Measure(t.Context(), 4000, 50, c, rng.Seed(5), report)
				if err != nil || len(modes.List) < 2 {
					t.Errorf("%d modes, %v", len(modes.List), err)
				}
				first := []int{0} // a mode for one rank, of which all count the steps
				if err := modes.AIS(t.Context(), first, 16, 50, c, func(int) rng.Key { return rng.Seed(6) }, report); err != nil {
					t.Error(err)
				}
				labels := make([]int, known.Rows())
				modes.Labels(labels, known)
				return []any{steps, modes.List, modes.Found, modes.Iterations, jumps.Means, jumps.Bounds, logQ, modes.LogZ(), labels}
			})
		})
	}
}

// A search or AIS that is interrupted on one rank alone ends with the error of an interruption on all of them.
func TestInterruptedModes(t *testing.T) {
	model := rbm.New(70, 12, rng.Seed(1))
	for k, x := range kerneltest.RandomFloats(len(model.W), 2) {
		model.W[k] = 6 * x
	}
	const size = 3
	var running sync.WaitGroup
	for r, g := range group.Local(size) {
		running.Go(func() {
			on := ranks.Context(1, kernel.New(1).ISA(), g)
			modes, ctx := sample.NewModes(model, on), t.Context()
			if err := modes.SearchColumns(ctx); err != nil {
				t.Error(err)
			}
			if r == 1 {
				cancelled, cancel := context.WithCancel(ctx)
				cancel()
				ctx = cancelled
			}
			if err := modes.Search(ctx, 3, model.Visible.NewBatch(0), rng.Seed(4)); !errors.Is(err, context.Canceled) {
				t.Errorf("rank %d: a search that rank 1 is to end returns %v", r, err)
			}
			c := rbm.NewConditionals(model, on)
			if err := modes.Measure(ctx, 4000, 50, c, rng.Seed(5), nil); len(modes.List) < size || !errors.Is(err, context.Canceled) {
				t.Errorf("rank %d: AIS from %d modes that rank 1 is to end returns %v", r, len(modes.List), err)
			}
			if on.Alone().Engine() != nil {
				t.Errorf("rank %d is not alone", r)
			}
		})
	}
	running.Wait()
}

// Tasks that are dealt out and results of one number each are complete on all ranks, also where there are fewer than ranks.
func TestDeal(t *testing.T) {
	onRanks(t, func(on *kernel.Context) []any {
		var all []any
		for _, tasks := range []int{0, 1, 2, 7, 20} {
			rows, numbers := make([]float32, 3*tasks), make([]float64, tasks)
			on.Deal(rows, tasks, func(first, step int) {
				for task := first; task < tasks; task += step {
					for k := range 3 {
						rows[3*task+k] = float32(10*task + k)
					}
				}
			})
			on.Each(numbers, func(task int) float64 { return float64(task * task) })
			for task, x := range numbers {
				if x != float64(task*task) || rows[3*task+2] != float32(10*task+2) {
					t.Errorf("task %d of %d: %v, %v", task, tasks, x, rows[3*task+2])
				}
			}
			all = append(all, rows, numbers)
		}
		return all
	})
}

// Mean fields and Gram matrices are those of one process.
func TestRealProducts(t *testing.T) {
	for _, rows := range []int{1, 7, 100} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			onRanks(t, func(on *kernel.Context) []any {
				const m, n = 300, 200
				x, w, bias := kerneltest.RandomFloats(rows*m, 1), kerneltest.RandomFloats(m*n, 2), kerneltest.RandomFloats(n, 3)
				fields, gram := make([]float32, rows*n), make([]float64, rows*rows)
				on.Affine(fields, bias, w, x, rows)
				on.Gram(gram, x, rows)
				for r := range rows {
					clear(gram[r*rows+r+1 : (r+1)*rows])
				}
				return []any{fields, gram}
			})
		})
	}
}

// Updates of the parameters are those of the engine of tests, number after number.
func TestUpdates(t *testing.T) {
	shapes := []struct{ m, n int }{{70, 33}, {1, 1}, {3, 4100}, {12, 700}}
	if testing.Short() {
		shapes = shapes[:1]
	}
	for _, shape := range shapes {
		update := func(e kernel.Ascender) map[string][]any {
			results, all := map[string][]any{}, enginetest.Ascents(shape.m, shape.n)
			for _, name := range slices.Sorted(maps.Keys(all)) {
				a := all[name]
				bound := slices.DeleteFunc(enginetest.Slices(a), func(x []float32) bool { return x == nil })
				for _, x := range bound {
					e.Bind(x)
				}
				squares, sound := e.Ascend(a)
				results[name] = []any{math.Float64bits(squares), sound}
				for _, x := range bound {
					e.Fetch(x)
					results[name] = append(results[name], bitsOf(x))
				}
			}
			return results
		}
		want := update(enginetest.New())
		for size := 2; size <= 4; size++ {
			got := make([]map[string][]any, size)
			var running sync.WaitGroup
			for r, g := range group.Local(size) {
				running.Go(func() { got[r] = update(ranks.Of(ranks.Context(1, kernel.New(1).ISA(), g))) })
			}
			running.Wait()
			for r, all := range got {
				for name := range all {
					if !reflect.DeepEqual(all[name], want[name]) {
						t.Errorf("%d×%d, %s: rank %d of %d makes another update", shape.m, shape.n, name, r, size)
					}
				}
			}
		}
	}
}

func bitsOf(x []float32) []uint32 {
	list := make([]uint32, len(x))
	for k, x := range x {
		list[k] = math.Float32bits(x)
	}
	return list
}

// Rows that are spread over ranks are the same as rows that are here: copies of some and of most of them, their counts,
// their free energies, and all of them where somebody asks.
func TestSpreadRows(t *testing.T) {
	onRanks(t, func(on *kernel.Context) []any {
		const rows, m, n = 1000, 130, 64
		model := rbm.New(m, n, rng.Seed(1))
		all := sample.FromBiases(model, rows, rng.Seed(5))
		v := rbm.NewBatch(rows, m)
		from, to := on.Part(rows)
		v.Slice(from, to).Copy(all.Slice(from, to))
		v.Spread(on)
		index := make([]int, 700)
		for k := range index {
			index[k] = k * k % rows
		}
		some, most := v.Pick(index[:100]), v.Pick(index)
		few := v.Like(25)
		few.Gather(most, index[:25:25])
		few.Slice(10, 20).Gather(v.Slice(500, 600), []int{3, 1, 4, 1, 5, 9, 2, 6, 5, 3})
		free := make([]float64, rows)
		rbm.NewConditionals(model, on).FreeEnergy(free, v)
		return []any{some.EncodeBits(), few.EncodeBits(), free, v.Counts(), most.Counts(), most.EncodeBits(), v.EncodeBits()}
	})
}
