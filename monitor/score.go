package monitor

import (
	"context"
	"slices"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Score is the mean of log P(v) over rows of data, in nats a configuration: of real numbers the log-density in the
// units of the table that the data come from.
type Score struct {
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"` // of the mean, as the rows are a sample of their source; that of log Z is apart
	Method string      `json:"method"`
}

// Scores say how good a model is.
type Scores struct {
	LogZ           sample.LogZ    // its Stderr and ESS are zero by enumeration
	Train, Valid   *Score         // Valid is nil without validation data
	Pseudo         *Score         // pseudo-log-likelihood of some rows, of validation data if any; nil where it would cost too much
	SingularValues []float32      // the largest ones of W; nil at scores that follow too closely for what they cost
	Bases          []BasisScore   // of the rows of Valid, or of Train, where they were measured in many bases
	Findings       []diag.Finding // what makes the scores less than they seem

	excluded float64 // part of doubtful errors of log Z, downwards, where it is not for certain
}

// Snapshot is a training after an update: all that a score needs to know of it besides the model.
type Snapshot struct {
	Update uint64 // counted from 1
	// Known are states that the model should give weight to and that were found otherwise, such as persistent chains;
	// there may be none.
	Known rbm.Batch
}

// Score scores the model. It is finished even if ctx is cancelled: it belongs to the update before it.
func (m *Monitor) Score(ctx context.Context, now Snapshot) (*Scores, error) {
	s := new(Scores)
	var train []float64 // −F of its rows
	var err error
	if m.live != nil {
		z, least, findings := m.live.logZ(now)
		if train, err = m.minusFree(m.plan.train); err != nil {
			return nil, err
		}
		if m.config.Model.Discrete() && m.plan.train.Bases == nil {
			least.Rows = massOf(train, m.live.rows)
		}
		s.excluded = max(0, least.Value()-(z.Value-doubtful*z.Stderr))
		s.LogZ, s.Findings = conclude(z, least)
		s.Findings = append(s.Findings, findings...)
	} else {
		logZ, err := exact.LogZ(context.WithoutCancel(ctx), m.config.Model, exact.Options{Compute: m.config.Compute})
		if err != nil {
			return nil, err
		}
		s.LogZ.Value = logZ
		if train, err = m.minusFree(m.plan.train); err != nil {
			return nil, err
		}
	}
	s.Train = newScore(logP(train, m.config.Model, s.LogZ.Value), m.plan.train.Weights, m.plan.method)
	s.Bases = ScoreBases(train, m.plan.train, mostBases)
	if valid := m.plan.valid; valid != nil {
		logs, err := m.minusFree(valid)
		if err != nil {
			return nil, err
		}
		s.Valid = newScore(logP(logs, m.config.Model, s.LogZ.Value), valid.Weights, m.plan.method)
		s.Bases = ScoreBases(logs, valid, mostBases)
	}
	if set := m.plan.pseudo; set != nil && now.Update > 1 { // the first update has not paid for it
		logs, err := m.config.Model.PseudoLogLikelihood(set.States, m.config.Compute)
		if err != nil {
			return nil, err
		}
		s.Pseudo = newScore(logs, set.Weights, methodPseudo)
	}
	if m.plan.spectrumDue(now.Update) {
		s.SingularValues = SingularValues(m.config.Model, shownSingular)
	}
	return s, nil
}

// minusFree is −F of the rows of a set, and log Σ e^(−F) over what is missing of them; where scores are live, by the
// conditionals, which are at the model. The next call overwrites it.
func (m *Monitor) minusFree(set *data.Set) ([]float64, error) {
	logs := m.minusFreeOfStates(set)
	if set.Bases != nil {
		return logs, nil
	}
	return logs, completeScores(m.config.Model, set, logs, m.config.Compute)
}

func (m *Monitor) minusFreeOfStates(set *data.Set) []float64 {
	var logs []float64
	if set.Bases != nil {
		logs = make([]float64, set.Rows())
		m.config.Likelihood.LogWeights(logs, m.config.Model, set.States, set.Bases)
		return logs
	}
	if m.plan.method == MethodExact {
		logs = make([]float64, set.Rows())
		m.config.Compute.Divide(logs, set.Rows(), func(from, to int) {
			copy(logs[from:to], m.config.Model.FreeEnergy(set.States.Slice(from, to)))
		})
	} else {
		m.free = slices.Grow(m.free[:0], set.Rows())[:set.Rows()]
		logs = m.free
		m.config.Conditionals.FreeEnergy(logs, set.States)
	}
	for r, free := range logs {
		logs[r] = -free
	}
	return logs
}

// logP makes log P(v) = −F(v) − log Z of −F(v). Where the model has columns of real numbers it is the log-density of
// these as the table has them, which is less by the sum of the logarithms of their scales ([rbm.LogScale]).
func logP(logs []float64, model *rbm.Model, logZ float64) []float64 {
	scale := rbm.LogScale(model.Columns)
	for r := range logs {
		logs[r] -= logZ + scale
	}
	return logs
}

func newScore(logs, weights []float64, method string) *Score {
	mean, stderr := diag.WeightedMean(logs, weights)
	return &Score{Value: diag.Number(mean), Stderr: diag.Number(stderr), Method: method}
}
