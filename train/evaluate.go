package train

import (
	"context"
	"math"
	"slices"

	"harmonium/compute"
	"harmonium/data"
	"harmonium/diag"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Evaluation is how good the model is after an update.
type Evaluation struct {
	Update       int
	Epoch        float64
	Seconds      float64
	Rate         float64
	GradientNorm float64
	LogZ         LogZ
	Train, Valid *Score         // Valid is nil without validation data
	Best         bool           // whether the validation score is the best so far
	Findings     []diag.Finding // what makes the scores less than they seem

	Pseudo         *Score    // pseudo-log-likelihood of some rows, of validation data if there are any; nil where it would cost too much
	SingularValues []float32 // the largest ones of W; nil at evaluations that follow too closely for what they cost
	Sweeps         int       // an update, of PCD's chains; 0 for other negative phases
}

// LogZ is log Z of a model. Stderr and ESS are zero by enumeration.
type LogZ = sample.LogZ

// The methods of a Score.
const (
	MethodExact = "exact" // by enumeration
	MethodLive  = "live"  // with log Z by weighted chains that follow the training
	methodSites = "pseudo"
)

// Score is the mean of log P(v) over rows of data, in nats a configuration.
type Score struct {
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"` // of the mean, as the rows are a sample of their source; that of log Z is apart
	Method string      `json:"method"`
}

// Bounds on the rows of training data that an evaluation scores. More than liveRows would cost more than the estimate of log Z, whose error is the larger one.
const (
	exactRows = 10000
	liveRows  = 2000
)

// The pseudo-log-likelihood is taken of fewestSites to mostSites rows: as many as sitesPart of the training's operations pay for.
const (
	fewestSites = 20
	mostSites   = 1000
	sitesPart   = 0.005
)

// Costs in elementary operations (a unit of a state of the oracle), measured relative to each other: docs/decisions/0048.
const (
	costFlip    = 1500 // a unit at a row of the pseudo-log-likelihood,
	costSite    = 2    // a weight there,
	costSites   = 170  // and a weight once for all rows
	costProduct = 0.05 // a multiply-add of a product with bits
	costUnit    = 12   // drawing a unit or computing its probability
)

func gibbsCost(model *rbm.Model, chains, steps int) float64 {
	m, n := float64(model.M()), float64(model.N())
	return float64(chains) * (float64(2*steps+2)*m*n*costProduct + float64(steps+1)*(m+n)*costUnit)
}

func oracleCost(model *rbm.Model) float64 { return exact.Cost(model.M(), model.N()) }

// scorer decides once, before training, how and how often to evaluate: exactly if that costs less than a tenth
// of the training between two evaluations, counted in operations, and live else; after each epoch, or later if evaluations cost too much for that.
type scorer struct {
	method        string
	every         int // updates
	spectrumEvery int
	compute       *compute.Context
	train, valid  *data.Set
	sites         *data.Set // rows for the pseudo-log-likelihood, or nil
	free          []float64 // of the rows
}

func newScorer(t *Training) *scorer {
	c, m, n := t.config, float64(t.Model.M()), float64(t.Model.N())
	s := &scorer{every: c.Every, compute: c.Compute}
	update := t.updateCost()
	s.spectrumEvery = spectrumEvery(t.Model, update)
	scored := func(most int) float64 {
		rows := min(t.set.Rows(), most)
		if c.Valid != nil {
			rows += c.Valid.Rows()
		}
		return float64(rows)
	}
	needed := int(math.Ceil(10 * (oracleCost(t.Model) + scored(exactRows)*n*(m+costUnit)) / update))
	epoch := c.batches(t.set.Rows())
	exactly := exact.Feasible(t.Model.M(), t.Model.N()) == nil
	if s.every == 0 {
		s.every = epoch
		if exactly && needed <= t.planned/10 { // still ten evaluations
			s.every = max(epoch, needed)
		} else {
			s.every = max(epoch, liveEvery(t, scored(liveRows)))
		}
	}
	most := exactRows
	s.method = MethodExact
	if !exactly || needed > s.every {
		most = liveRows
		s.method = MethodLive
		t.live = newLive(t, s.every, scored(liveRows))
	}
	s.train = subset(t.set, most, rng.NewSource(rng.Seed(c.Seed).Stream(rng.StreamSplit), 0))
	s.valid = c.Valid
	if rows := int((sitesPart*update*float64(s.every) - costSites*m*n) / (costFlip*m + costSite*m*n)); rows >= fewestSites {
		from := s.train
		if s.valid != nil {
			from = s.valid
		}
		s.sites = subset(from, min(rows, mostSites), rng.NewSource(rng.Seed(c.Seed).Stream(rng.StreamSplit), 2))
	}
	return s
}

// updateCost is the number of operations of an update.
func (t *Training) updateCost() float64 {
	return gibbsCost(t.Model, t.config.Batch, 0) + t.config.Negative.Cost() + 4*float64(len(t.Model.W))
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
	s := t.scorer
	switch s.method {
	case MethodExact:
		// An evaluation is finished even when the training is interrupted: it belongs to the update before it.
		logZ, err := exact.LogZ(context.WithoutCancel(ctx), t.Model, exact.Options{Compute: t.config.Compute})
		if err != nil {
			return nil, err
		}
		e.LogZ.Value = logZ
	case MethodLive:
		e.LogZ, e.Findings = t.live.logZ(t)
	}
	if s.sites != nil && t.done > 1 { // the first update has not paid for it
		logs := t.Model.PseudoLogLikelihood(s.sites.States, s.compute)
		mean, stderr := diag.WeightedMean(logs, s.sites.Weights)
		e.Pseudo = &Score{Value: diag.Number(mean), Stderr: diag.Number(stderr), Method: methodSites}
	}
	e.SingularValues = t.spectrum()
	if p, ok := t.config.Negative.(*PCD); ok {
		e.Sweeps = p.Sweeps()
	}
	if c, ok := t.config.Negative.(chained); ok {
		e.Findings = append(e.Findings, c.remembers(t.done).findings(s.every)...)
	}
	e.Train = t.score(s.train, e.LogZ.Value)
	if s.valid == nil {
		return e, nil
	}
	e.Valid = t.score(s.valid, e.LogZ.Value)
	if slices.ContainsFunc(e.Findings, func(f diag.Finding) bool { return f.Code == codeHidden }) {
		t.bestNow.since++
	} else {
		e.Best = t.bestNow.improves(float64(e.Valid.Value), e.LogZ.Stderr)
	}
	if e.Best {
		t.best = t.Model.Clone()
	}
	if t.config.Patience > 0 && int(t.bestNow.since) >= t.config.Patience && t.reason == "" {
		t.reason = "patience"
	}
	return e, nil
}

// score takes the mean of log P(v) = −F(v) − log Z over a set.
func (t *Training) score(set *data.Set, logZ float64) *Score {
	s := t.scorer
	var logs []float64
	if s.method == MethodExact {
		logs = t.Model.FreeEnergy(set.States)
	} else {
		s.free = slices.Grow(s.free[:0], set.Rows())[:set.Rows()]
		logs = s.free
		t.conditionals.FreeEnergy(logs, set.States)
	}
	for r, free := range logs {
		logs[r] = -free - logZ
	}
	mean, stderr := diag.WeightedMean(logs, set.Weights)
	return &Score{Value: diag.Number(mean), Stderr: diag.Number(stderr), Method: s.method}
}

// bestScore remembers the best validation score.
type bestScore struct {
	value uint64 // bits of the float64: the most that a score was for sure, less the error of its log Z
	count uint64 // scores seen
	since uint64 // scores since the best one
}

// improves reports whether a score is above what was reached for sure. Of models that the errors of log Z leave open the later one is taken, as
// training has averaged more; and an early score that is high by its error alone is not in the way of later ones.
func (b *bestScore) improves(score, doubt float64) bool {
	sure := math.Float64frombits(b.value)
	b.count++
	if b.count > 1 && !(score > sure) {
		b.since++
		return false
	}
	if b.count == 1 || score-doubt > sure {
		b.value = math.Float64bits(score - doubt)
	}
	b.since = 0
	return true
}
