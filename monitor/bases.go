package monitor

import (
	"math"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
)

// BasisScore is the mean log-likelihood of the rows that were measured in one basis, or in one of several.
type BasisScore struct {
	Basis  string      `json:"basis"` // a letter a site
	Rows   int         `json:"rows"`
	Value  diag.Number `json:"value"`  // nats a row
	Stderr diag.Number `json:"stderr"` // of the mean over the rows
}

// mostBases is the number of bases that scores along a training tell apart.
const mostBases = 30

// ScoreBases returns the scores of at most a number of bases of a set, of which logs are log P of the rows; nil for
// rows without bases. Of more bases those with as many sites out of the basis of σ^z have one together, named by an
// asterisk for each of them.
func ScoreBases(logs []float64, set *data.Set, most int) []BasisScore {
	of := map[string][]int{}
	for r, b := range set.Bases {
		of[b] = append(of[b], r)
	}
	if len(of) > most {
		clear(of)
		for r, b := range set.Bases {
			group := rotatedSites(b)
			of[group] = append(of[group], r)
		}
	}
	var scores []BasisScore
	for name, rows := range of {
		values, weights := make([]float64, len(rows)), make([]float64, len(rows))
		for k, r := range rows {
			values[k], weights[k] = logs[r], set.Weight(r)
		}
		mean, stderr := diag.WeightedMean(values, weights)
		scores = append(scores, BasisScore{name, len(rows), diag.Number(mean), diag.Number(stderr)})
	}
	slices.SortFunc(scores, func(a, b BasisScore) int { return strings.Compare(a.Basis, b.Basis) })
	return scores
}

// rotatedSites names a group of bases.
func rotatedSites(basis string) string {
	rotated := len(basis) - strings.Count(basis, "Z")
	return strings.Repeat("*", rotated) + strings.Repeat("Z", len(basis)-rotated)
}

// independentInBases is the mean log-likelihood of the rows of a set by independent sites, whose outcome x in a basis has
// the probability (k_x + ½)/(k + 1), where k rows were measured in this basis and k_x of them have x (R. E. Krichevsky
// and V. K. Trofimov, IEEE Trans. Inf. Theory 27 (1981) 199). Where the set is these rows themselves, a row doesn't count
// for its own score: few rows in a basis would fit their own means by far too well. So where nothing else was measured
// in a basis, outcomes are fair coins.
func independentInBases(set, rows *data.Set) float64 {
	type counts struct {
		all  float64
		ones []float64
	}
	known, unit := map[string]*counts{}, float64(rows.Rows())/rows.TotalWeight()
	of := func(basis string) *counts {
		if known[basis] == nil {
			known[basis] = &counts{ones: make([]float64, rows.Units())}
		}
		return known[basis]
	}
	for r, b := range rows.Bases {
		k, w := of(b), unit*rows.Weight(r)
		k.all += w
		for i := range rows.States.On(r) {
			k.ones[i] += w
		}
	}
	logs := make([]float64, set.Rows())
	for r, b := range set.Bases {
		k, own := of(b), 0.0
		if set == rows {
			own = unit * rows.Weight(r)
		}
		for i, like := range k.ones { // weight of the rows with this outcome
			if !set.States.Bit(r, i) {
				like = k.all - like
			}
			logs[r] += math.Log((max(0, like-own) + 0.5) / (max(0, k.all-own) + 1))
		}
	}
	mean, _ := diag.WeightedMean(logs, set.Weights)
	return mean
}
