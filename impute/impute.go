package impute

import (
	"context"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Options are those of [Rows].
type Options struct {
	Draws   int              // completed copies of each row to draw
	LogOnly bool             // no Means, Deviations and Errors are wanted, which are nil
	Judge   bool             // ESS and Missed are wanted
	Rhat    bool             // Rhat is wanted too, for which rows that are not exact get means even where LogOnly
	Hidden  bool             // Hidden and HiddenErrors are wanted, unless LogOnly
	First   int              // number of the first row, from 0, where rows are completed a part at a time
	Steps   int              // of annealing at most; 0 means 4,096
	Seed    uint64           // of all random numbers
	Compute *compute.Context // nil means the default; results don't depend on it
}

// A Row is what the model says of the missing units of a row, given the known ones.
type Row struct {
	Missing []int // the units, in rising order

	// LogKnown is log Σ_{v'} e^(−F(v',k)): log P(k) is LogKnown − log Z. Stderr is the standard error of it, 0 where it
	// is exact.
	LogKnown, Stderr float64
	// Exact reports whether the missing units were enumerated, or none was missing.
	Exact bool

	// Means are ⟨v_i|k⟩ of the missing units, of the numbers that a Batch stores: for bits P(v_i=1|k). Deviations are
	// the standard deviations of v_i given k: how much is left open. Errors are the standard errors of the means.
	Means, Deviations, Errors []float64

	// Hidden are ⟨h_j|k⟩, the means of the values of the hidden units, and HiddenErrors the standard errors of them.
	// They are nil where no unit is missing.
	Hidden, HiddenErrors []float64

	// How far annealing is to be believed, of rows that are not exact: ESS is the effective number of its 128 chains,
	// by their weights. Missed is the share of a mode that a search from other starts finds, beyond what chains have of
	// it: the distribution has that at least where no chain is. Rhat is R̂ of the mean of each missing unit between
	// annealed chains and that mode, and near 1 where these agree: √(1 + (error/deviation)²) where no mode is missed
	// (D. Vats and C. Knudson, Statistical Science 36 (2021) 518).
	ESS, Missed float64
	Rhat        []float64

	Draws rbm.Batch // completed copies of the row
}

// Rows completes the rows of v, and calls each for them in their order. Row r of known, of as many bits as there are
// visible units, says which numbers of row r of v are known; the others don't matter. What a row comes to depends on
// the model, its known units, its number and the Seed alone.
//
// It returns the first error: of each, of ctx, or of a row that can't be completed, with its number from 1. It panics
// on other shapes.
func Rows(ctx context.Context, model *rbm.Model, v, known rbm.Batch, o Options, each func(r int, row *Row) error) error {
	if v.Units() != model.M() || known.Bits() != model.M() || known.Rows() != v.Rows() {
		panic(fmt.Sprintf("impute: %d rows of %d units, and %d of %d that say which are known, for a model of %d",
			v.Rows(), v.Units(), known.Rows(), known.Units(), model.M()))
	}
	c := &completion{model: model, v: v, known: known, o: o, key: rng.Seed(o.Seed).Stream(rng.StreamImpute)}
	return eachRow(o.Compute, v.Rows(), o.First, func(on *compute.Context, r int) (*Row, error) { return c.row(ctx, on, r) }, each)
}

// eachRow computes rows side by side, each by one worker, and calls each for them in their order. Errors count from
// number first.
func eachRow[T any](
	by *compute.Context, count, first int, one func(on *compute.Context, r int) (T, error), each func(r int, row T) error,
) error {
	rows, errs := make([]T, blockRows), make([]error, blockRows)
	for from := 0; from < count; from += blockRows {
		n := min(blockRows, count-from)
		by.Parallel(n, func(k int) {
			rows[k], errs[k] = one(compute.NewISA(1, by.ISA()), from+k)
		})
		for k := range n {
			if errs[k] != nil {
				return fmt.Errorf("row %d: %w", first+from+k+1, errs[k])
			}
			if err := each(from+k, rows[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// blockRows is the number of rows that are completed side by side.
const blockRows = 64

type completion struct {
	model    *rbm.Model
	v, known rbm.Batch
	o        Options
	key      rng.Key
}

// row completes a row on one worker.
func (c *completion) row(ctx context.Context, on *compute.Context, r int) (*Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := c.key.Stream(rng.Stream(c.o.First + r))
	if c.known.Ones(r) == c.model.M() {
		row := &Row{LogKnown: -c.model.FreeEnergy(c.v.Slice(r, r+1))[0], Exact: true}
		row.Draws = c.v.Like(c.o.Draws)
		for k := range c.o.Draws {
			row.Draws.Slice(k, k+1).Copy(c.v.Slice(r, r+1))
		}
		return row, nil
	}
	given, err := c.model.Given(c.v, r, func(i int) bool { return c.known.Bit(r, i) })
	if err != nil {
		return nil, err
	}
	row := &Row{Missing: given.Free}
	var draws rbm.Batch
	if exact.Feasible(given.Model) == nil && exact.Cost(given.Model) <= affordable {
		draws, err = row.enumerate(ctx, on, given.Model, c.o, key)
	} else {
		draws, err = row.anneal(ctx, on, given.Model, c.o, key)
	}
	if err != nil {
		return nil, err
	}
	row.LogKnown -= given.Energy
	row.Draws = given.Whole(draws)
	return row, nil
}

// Cost is about the number of elementary operations that the likelihood of a row takes at most, given the model of its
// missing units, a bound on the steps of annealing and the cost of a sweep of one chain.
func Cost(model *rbm.Model, steps int, sweep float64) float64 {
	if exact.Feasible(model) == nil && exact.Cost(model) <= affordable {
		return exact.Cost(model)
	}
	return max(affordable, 2*batches*perBatch*float64(steps)*sweep)
}

// affordable is the number of operations of an enumeration that a row may cost: 0.3 s of a core at 2 GHz at most.
const affordable = 1e8

// enumerate is exact.
func (row *Row) enumerate(ctx context.Context, on *compute.Context, model *rbm.Model, o Options, key rng.Key) (v rbm.Batch, err error) {
	by := exact.Options{Compute: on}
	if row.LogKnown, err = exact.LogZ(ctx, model, by); err != nil {
		return v, err
	}
	row.Exact = true
	if !o.LogOnly {
		averages := rbm.NewStatistics(model)
		if err = exact.Moments(ctx, averages, model, by); err != nil {
			return v, err
		}
		row.Means, row.Deviations = stored(model, averages)
		row.Errors = make([]float64, len(row.Means))
		if o.Hidden {
			row.Hidden, row.HiddenErrors = widened(averages.H), make([]float64, model.N())
		}
	}
	if o.Draws == 0 {
		return model.Visible.NewBatch(0), nil
	}
	return exact.SampleVisible(ctx, model, o.Draws, key, by)
}

func widened(x []float32) []float64 {
	wide := make([]float64, len(x))
	for k := range x {
		wide[k] = float64(x[k])
	}
	return wide
}

// stored turns averages over the model's visible units into means and standard deviations of the numbers that a Batch
// stores.
func stored(model *rbm.Model, averages *rbm.Statistics) (means, deviations []float64) {
	scale, offset := model.Visible.Line()
	bits, precisions := model.Visible.NewBatch(0).Bits(), []float32(nil)
	for k, p := range model.Parameters() {
		if p.Name == "visible.precisions" {
			precisions = averages.Averages()[k] // ⟨−½v²⟩
		}
	}
	for i, mean := range averages.V {
		p := (float64(mean) - offset) / scale
		variance := p * (1 - p)
		if i >= bits {
			variance = -2*float64(precisions[i-bits]) - p*p
		}
		means, deviations = append(means, p), append(deviations, math.Sqrt(max(0, variance)))
	}
	return means, deviations
}
