package impute

import (
	"cmp"
	"context"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// The search for modes that the chains of a row have missed.
const (
	searchStarts  = 20 // of each kind ([sample.Modes.Search]): with 10 a tenth of the rows with such modes go unnoticed
	farBelow      = 7  // nats below log Z: a mode with such a bound has no share that matters
	mostMeasured  = 4  // modes of which AIS estimates the share,
	measureChains = 16 // by chains
	measureSteps  = 64 // of steps
	sureErrors    = 3  // standard errors by which a share of Z is beyond chance
)

// smallestError of a mean is about the resolution of the probabilities that are averaged.
const smallestError = 1e-6

// missed is a mode that annealing has missed.
type missed struct {
	share float64   // of Z at least, beyond what the chains have; 0 for no such mode
	means []float32 // of the free units there
}

// judge says how even the weights of the annealed chains are, and looks for a mode that they have missed: one with a
// larger share of Z, by its variational bound or by AIS from its own units, than the chains that have come to it.
func (row *Row) judge(ctx context.Context, list *[batches]batch, model *rbm.Model, on *compute.Context, key rng.Key) (missed, error) {
	weights := row.chainWeights(list)
	squares := 0.0
	for _, w := range weights {
		squares += float64(w * w)
	}
	row.ESS = 1 / squares
	if sample.CheckModes(model) != nil {
		return missed{}, nil
	}
	key = key.Stream(rng.StreamSearch)
	modes := sample.NewModes(model, on)
	if err := modes.Search(ctx, searchStarts, model.Visible.NewBatch(0), key); err != nil {
		return missed{}, err
	}
	shares, labels := make([]float64, len(modes.List)), make([]int, perBatch)
	for b := range list {
		modes.Labels(labels, list[b].chains.Chains.Visible)
		for r, k := range labels {
			shares[k] += weights[b*perBatch+r]
		}
	}
	most, conditionals, measured := missed{}, rbm.NewConditionals(model, on), 0
	for k, mode := range modes.List {
		if mode.Bound < row.LogKnown-farBelow || shares[k] > 0.5 { // most of the chains have not missed it
			continue
		}
		least := mode.Bound - row.LogKnown // log of its share, as annealing has Z
		if measured < mostMeasured {
			measured++
			keys := func(k int) rng.Key { return key.Stream(rng.Stream(k)) }
			if err := modes.AIS(ctx, []int{k}, measureChains, measureSteps, conditionals, keys, nil); err != nil {
				return missed{}, err
			}
			z := modes.List[k].LogZ
			least = max(least, z.Value-2*z.Stderr-row.LogKnown)
		}
		p := math.Exp(min(least, 0))
		beyond := math.Exp(least) - shares[k] - sureErrors*math.Sqrt(p*(1-p)/row.ESS)
		if share := beyond / (1 + beyond); share > most.share {
			most = missed{share, mode.Visible}
		}
	}
	row.Missed = most.share
	return most, nil
}

// chainWeights are the parts of the chains in the estimate, batch after batch.
func (row *Row) chainWeights(list *[batches]batch) []float64 {
	weights := make([]float64, 0, batches*perBatch)
	for _, b := range list {
		total := 0.0
		for _, log := range b.chains.LogWeights {
			total += math.Exp(log)
		}
		part := math.Exp(b.logZ-row.LogKnown) / batches
		for _, log := range b.chains.LogWeights {
			weights = append(weights, part*math.Exp(log)/total)
		}
	}
	return weights
}

// setRhat sets R̂ of the means of the units:
//
//	R̂² = 1 + (s² + B)/W,   W = (1−a)·σ² + a·τ²,   B = a·(1−a)·(μ − ν)²,
//
// with mean μ, its standard error s and the variance σ² by annealing, mean ν and variance τ² in the missed mode and its
// share a. W is the variance within groups of chains, B that between them.
func (row *Row) setRhat(other missed) {
	row.Rhat = make([]float64, len(row.Means))
	for k, mean := range row.Means {
		within, between := float64(row.Deviations[k]*row.Deviations[k]), 0.0
		if a := other.share; a > 0 {
			ν := float64(other.means[k])
			within = (1-a)*within + a*ν*(1-ν)
			between = a * (1 - a) * (mean - ν) * (mean - ν)
		}
		row.Rhat[k] = 1
		if more := float64(row.Errors[k]*row.Errors[k]) + between; more > smallestError*smallestError {
			row.Rhat[k] = math.Sqrt(1 + more/cmp.Or(within, smallestError*smallestError))
		}
	}
}
