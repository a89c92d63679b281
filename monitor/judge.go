package monitor

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// belowPart is the part of the score of independent units by which a model may be worse: noise of the last updates is
// smaller.
const belowPart = 0.01

// Judge returns the findings about the model that a finished training keeps, given its scores: a model that has learned
// is better than independent units with the means of the training data, P(v) = Π_i P_i(v_i), on the same rows. These
// are the validation data if there are any. A model of the first updates may be worse, and yet be on its way. And no
// score is above 0, as P(v) ≤ 1: there log Z is far too low. A density may be above 1. Where the scores are live a last
// search looks for modes that log Z leaves out.
func (m *Monitor) Judge(model *rbm.Model, s *Scores) []diag.Finding {
	score, set, rows := s.Train, m.plan.train, "training"
	if s.Valid != nil {
		score, set, rows = s.Valid, m.plan.valid, "validation"
	}
	if score == nil || set == nil {
		return nil
	}
	if score.Value > slack && model.Discrete() {
		return []diag.Finding{{
			Code: "above-zero",
			Message: fmt.Sprintf("the model scores %.6g nats a row on the %s data, but P(v) ≤ 1, so that no log-likelihood is above 0",
				float64(score.Value), rows),
			Value: score.Value, Threshold: slack,
			Consequence: "the estimate of log Z is far too low: chains don't come to where the model has its weight",
		}}
	}
	higher := doubtful*s.LogZ.Stderr - s.excluded // than it is, the score may be by the error of log Z
	if s.UpperBounds() {
		higher = 0
	}
	independent := m.independentScore(set)
	of := "the means of the training data"
	if set.Bases != nil {
		of = "the means of the other rows that were measured in the same basis"
	}
	size := math.Abs(independent)
	if !model.Discrete() { // log-densities may be near 0
		size = max(size, float64(model.M()))
	}
	limit := belowPart*size + higher
	if float64(score.Value) >= independent-limit {
		if m.live == nil || s.UpperBounds() {
			return nil
		}
		return m.judgeModes(model, s.LogZ)
	}
	return []diag.Finding{{
		Code: "below-independent",
		Message: fmt.Sprintf("the model scores %.6g nats a row on the %s data, where independent units with %s score %.6g",
			float64(score.Value), rows, of, independent),
		Value: diag.Number(float64(score.Value) - independent), Threshold: diag.Number(-limit),
		Consequence: "the model has learned nothing: it knows less about the data than the mean of each unit",
	}}
}

// independentScore is the mean log-likelihood, on a set, of independent units with the means and variances of data,
// where probabilities are kept away from 0 and 1 as where training begins.
func (m *Monitor) independentScore(set *data.Set) float64 {
	model, of := m.config.Model, m.config.Data
	if set.Bases != nil {
		return independentInBases(set, m.plan.train)
	}
	units := &rbm.Model{
		Visible: model.Visible.Clone(), Hidden: rbm.NewLayer(rbm.Bernoulli, 1), W: make([]float32, model.M()), Columns: model.Columns,
	}
	units.SetMoments(of.Means(), of.Variances())
	logs, err := m.logPOf(units, set, sample.LogZWithoutWeights(units))
	if err != nil {
		return math.Inf(-1) // never, with these biases
	}
	mean, _ := diag.WeightedMean(logs, set.Weights)
	return mean
}

// ValidRows returns log P(v) in nats of each validation row that is scored, under a model of the same units with a
// given log Z, and the weights of these rows, nil where all count alike. Monitors of the same data and seed score the
// same rows, or one the first rows of another's. Without validation data all results are nil.
func (m *Monitor) ValidRows(model *rbm.Model, logZ float64) (logs, weights []float64, err error) {
	set := m.plan.valid
	if set == nil {
		return nil, nil, nil
	}
	logs, err = m.logPOf(model, set, logZ)
	return logs, set.Weights, err
}

// logPOf is log P(v) of the rows of a set, or of what is known of them.
func (m *Monitor) logPOf(model *rbm.Model, set *data.Set, logZ float64) ([]float64, error) {
	if set.Bases != nil {
		logs := make([]float64, set.Rows())
		m.config.Likelihood.LogWeights(logs, model, set.States, set.Bases)
		return logP(logs, model, logZ), nil
	}
	logs := model.FreeEnergy(set.States)
	for r, free := range logs {
		logs[r] = -free
	}
	if err := completeScores(model, set, logs, m.config.Compute); err != nil {
		return nil, err
	}
	return logP(logs, model, logZ), nil
}
