package search

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/monitor"
)

// share is η of successive halving: of the trials of a rung one in share goes on at least, to share times as much
// training.
const share = 3

// Rung is when a rung ends: the total of a trial's training up to there, in passes over the data and in updates,
// whichever comes first; 0 means no bound.
type Rung struct {
	Epochs  int `json:"epochs"`
	Updates int `json:"updates"`
}

// Rungs end at all/η^k, rounded, and the last at all. There are as many as leave one of the trials at the last by η,
// and one pass or update at the first.
func Rungs(all Rung, trials int) []Rung {
	part := func(n, by int) int { return (n + by/2) / by }
	rungs := []Rung{all}
	for by := share; by <= trials && (all.Epochs == 0 || all.Epochs >= by) && (all.Updates == 0 || all.Updates >= by); by *= share {
		rungs = slices.Insert(rungs, 0, Rung{part(all.Epochs, by), part(all.Updates, by)})
	}
	return rungs
}

// A Standing is how a trial stands after a rung.
type Standing struct {
	Value      float64 // mean log-likelihood of the validation rows; NaN where the training has none, as it diverged
	LogZStderr float64 // standard error of its log Z
	Doubtful   bool    // the model's certificate fails: its log-likelihood may be lower

	Rows, Weights []float64 // log-likelihoods of the rows; weights are nil where all count alike
}

// minus is the difference on the rows that both have.
func (s *Standing) minus(other *Standing) monitor.Difference {
	n, weights := min(len(s.Rows), len(other.Rows)), s.Weights
	if weights != nil {
		weights = weights[:n]
	}
	return monitor.NewDifference(s.Rows[:n], other.Rows[:n], weights, s.LogZStderr, other.LogZStderr)
}

// worse reports whether a difference to the best is below zero by more than the errors.
func worse(d *monitor.Difference) bool { return d.Value < 0 && d.Clear() }

// best is the number of the trial with the highest log-likelihood, of those without doubts if there are any; the first
// one of equals; -1 if none has one.
func best(list []Standing) int {
	found := -1
	for k, s := range list {
		switch {
		case math.IsNaN(s.Value):
		case found < 0, list[found].Doubtful && !s.Doubtful, list[found].Doubtful == s.Doubtful && s.Value > list[found].Value:
			found = k
		}
	}
	return found
}

// judge compares the trials of a rung with the best of them, whose number it returns, and says which of them go on: one
// in η with the highest log-likelihoods, and whichever is not worse than the best by more than the errors. A trial
// without a log-likelihood has no difference and doesn't go on.
func judge(list []Standing) (top int, differences []*monitor.Difference, on []bool) {
	top, differences, on = best(list), make([]*monitor.Difference, len(list)), make([]bool, len(list))
	for k := range list {
		if math.IsNaN(list[k].Value) {
			continue
		}
		differences[k] = new(list[k].minus(&list[top]))
		above := 0
		for i := range list {
			if list[i].Value > list[k].Value || list[i].Value == list[k].Value && i < k {
				above++
			}
		}
		on[k] = above < (len(list)+share-1)/share || !worse(differences[k])
	}
	return top, differences, on
}
