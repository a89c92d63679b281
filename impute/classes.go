package impute

import (
	"context"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// ClassRow is what the model says of the label of a row, given the known ones of its other units.
type ClassRow struct {
	LogProbs []float64 // log P(y|k) of all classes
	Stderrs  []float64 // their standard errors, 0 where they are exact
	Exact    bool      // whether the missing units were enumerated
}

// Classes finds the distribution of the label of the rows of v, of which other units may be missing, and calls each for
// them in their order:
//
//	P(y|k) = P(k,y) / Σ_y' P(k,y'),
//
// with P(k,y) as of [Rows], by a completion for each class. Whether a row has a label doesn't matter. Rows without
// other missing units are faster by [rbm.Classifier.LogProbs].
func Classes(
	ctx context.Context, model *rbm.Model, c *rbm.Classifier, v, known rbm.Batch, o Options, each func(r int, row *ClassRow) error,
) error {
	classes := c.Classes()
	index := make([]int, v.Rows()*classes)
	for k := range index {
		index[k] = k / classes
	}
	o.Draws, o.LogOnly = 0, true
	of := o
	of.First *= classes // a completion for each class
	all := &completion{
		model: model, v: v.Like(len(index)), known: known.Like(len(index)), o: of, key: rng.Seed(o.Seed).Stream(rng.StreamImpute),
	}
	all.v.Gather(v, index)
	all.known.Gather(known, index)
	for k := range index {
		c.SetClass(all.v, k, k%classes)
		for _, i := range c.Units() {
			all.known.SetBit(k, i, true)
		}
	}
	return eachRow(o.Compute, v.Rows(), o.First, func(on *compute.Context, r int) (*ClassRow, error) {
		row := &ClassRow{LogProbs: make([]float64, classes), Exact: true}
		errs := make([]float64, classes)
		for y := range classes {
			of, err := all.row(ctx, on, r*classes+y)
			if err != nil {
				return nil, err
			}
			row.LogProbs[y], errs[y], row.Exact = of.LogKnown, of.Stderr, row.Exact && of.Exact
		}
		rbm.Normalize(row.LogProbs)
		row.Stderrs = propagate(row.LogProbs, errs)
		return row, nil
	}, each)
}

// propagate turns independent standard errors s_y of log P(k,y) into those of log P(y|k), whose derivative by
// log P(k,y') is δ_yy' − P(y'|k).
func propagate(logs, errs []float64) []float64 {
	total := 0.0
	for y, s := range errs {
		total += math.Pow(math.Exp(logs[y])*s, 2)
	}
	stderrs := make([]float64, len(errs))
	for y, s := range errs {
		p := math.Exp(logs[y])
		stderrs[y] = math.Sqrt(max(0, total-math.Pow(p*s, 2)) + math.Pow((1-p)*s, 2))
	}
	return stderrs
}
