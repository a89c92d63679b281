package monitor

import (
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
