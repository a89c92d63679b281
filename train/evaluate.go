package train

import (
	"context"
	"math"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
)

// Evaluation is how good the model is after an update.
type Evaluation struct {
	Update       int
	Epoch        float64
	Seconds      float64
	Rate         float64
	GradientNorm float64
	LogZ         *float64 // exact, or nil where the method is pseudo
	Train, Valid *Score   // Valid is nil without validation data
	Best         bool     // whether the validation score is the best so far
}

// The two methods of a Score.
const (
	MethodExact  = "exact"  // log-likelihood, by enumeration
	MethodPseudo = "pseudo" // pseudo-log-likelihood over all sites
)

// Score is the mean of log P(v) over rows of data, in nats a configuration.
type Score struct {
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"` // of the mean, as the rows are a sample of their source
	Method string      `json:"method"`
}

// scoredRows bounds the rows of training data that an evaluation scores, and pseudoRows those for the pseudo-log-likelihood, whose
// cost a row is that of m free energies.
const (
	scoredRows = 10000
	pseudoRows = 1000
)

// Costs in elementary operations (a unit of a state of the oracle), measured relative to each other: docs/decisions.md.
const (
	costProduct = 0.05 // a multiply-add of a product with bits
	costUnit    = 12   // drawing a unit or computing its probability
)

func gibbsCost(model *rbm.Model, chains, steps int) float64 {
	m, n := float64(model.M()), float64(model.N())
	return float64(chains) * (float64(2*steps+2)*m*n*costProduct + float64(steps+1)*(m+n)*costUnit)
}

func oracleCost(model *rbm.Model) float64 { return exact.Cost(model.M(), model.N()) }

// scorer decides once, before training, how and how often to evaluate: exactly if that costs less than a tenth
// of the training between two evaluations, counted in operations.
type scorer struct {
	method       string
	every        int // updates
	workers      int
	train, valid *data.Set
}

func newScorer(t *Training) *scorer {
	c, m, n := t.config, float64(t.Model.M()), float64(t.Model.N())
	s := &scorer{every: c.Every, workers: c.Workers}
	update := gibbsCost(t.Model, c.Batch, 0) + c.Negative.Cost() + 4*m*n
	rows := float64(min(t.set.Rows(), scoredRows))
	if c.Valid != nil {
		rows += float64(c.Valid.Rows())
	}
	needed := int(math.Ceil(10 * (oracleCost(t.Model) + rows*n*(m+costUnit)) / update))
	epoch := c.batches(t.set.Rows())
	if s.every == 0 {
		s.every = epoch
		if needed > s.every && needed <= t.planned/10 { // still ten evaluations
			s.every = needed
		}
	}
	limit := scoredRows
	s.method = MethodExact
	if exact.Feasible(t.Model.M(), t.Model.N()) != nil || needed > s.every {
		s.method, limit = MethodPseudo, pseudoRows
	}
	key := rng.Seed(c.Seed).Stream(rng.StreamSplit)
	s.train = subset(t.set, limit, rng.NewSource(key, 0))
	if c.Valid != nil {
		s.valid = c.Valid
		if s.method == MethodPseudo {
			s.valid = subset(c.Valid, limit, rng.NewSource(key, 1))
		}
	}
	return s
}

// subset draws at most limit rows, the same ones at every evaluation of a run.
func subset(set *data.Set, limit int, source *rng.Source) *data.Set {
	if set.Rows() <= limit {
		return set
	}
	order := make([]int, set.Rows())
	source.Perm(order)
	return set.Subset(order[:limit])
}

// evaluate scores the model and keeps it if it is the best so far.
func (t *Training) evaluate(ctx context.Context, p Progress) (*Evaluation, error) {
	e := &Evaluation{Update: p.Update, Epoch: p.Epoch, Seconds: p.Seconds, Rate: p.Rate, GradientNorm: p.GradientNorm}
	if t.scorer.method == MethodExact {
		// An evaluation is finished even when the training is interrupted: it belongs to the update before it.
		logZ, err := exact.LogZ(context.WithoutCancel(ctx), t.Model, exact.Options{Workers: t.config.Workers})
		if err != nil {
			return nil, err
		}
		e.LogZ = &logZ
	}
	e.Train = t.scorer.score(t.Model, t.scorer.train, e.LogZ)
	if t.scorer.valid == nil {
		return e, nil
	}
	e.Valid = t.scorer.score(t.Model, t.scorer.valid, e.LogZ)
	e.Best = t.bestNow.improves(float64(e.Valid.Value))
	if e.Best {
		t.best = t.Model.Clone()
	}
	if t.config.Patience > 0 && int(t.bestNow.since) >= t.config.Patience && t.reason == "" {
		t.reason = "patience"
	}
	return e, nil
}

func (s *scorer) score(model *rbm.Model, set *data.Set, logZ *float64) *Score {
	var logs []float64
	if logZ != nil {
		logs = model.FreeEnergy(set.States)
		for r, free := range logs {
			logs[r] = -free - *logZ
		}
	} else {
		logs = model.PseudoLogLikelihood(set.States, s.workers)
	}
	mean, stderr := diag.WeightedMean(logs, set.Weights)
	return &Score{Value: diag.Number(mean), Stderr: diag.Number(stderr), Method: s.method}
}

// bestScore remembers the best validation score.
type bestScore struct {
	value uint64 // bits of the float64
	count uint64 // scores seen
	since uint64 // scores since the best one
}

func (b *bestScore) improves(score float64) bool {
	b.count++
	if b.count > 1 && !(score > math.Float64frombits(b.value)) {
		b.since++
		return false
	}
	b.value, b.since = math.Float64bits(score), 0
	return true
}
