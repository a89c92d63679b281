package monitor

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Overlap measures the overlap time of chains that go on from update to update: the number of updates after which their
// overlap with an earlier state, beyond that of different chains, has fallen to 1/e ([OverlapWith]). It then begins
// again at the state of now.
type Overlap struct {
	earlier rbm.Batch
	at      uint64 // the update that earlier is of
	last    uint64 // the last overlap time measured, in updates; 0 before the first
}

// NewOverlap begins at the chains as they are before the first update.
func NewOverlap(v rbm.Batch) Overlap { return Overlap{earlier: v.Clone()} }

// See takes the chains after an update, counted from 1.
func (o *Overlap) See(v rbm.Batch, update uint64) {
	if v.Rows() < 2 { // nothing to compare with
		o.at = update
		return
	}
	if OverlapWith(o.earlier, v) < 1/math.E {
		last := update - o.at
		o.Restart(v, update)
		o.last = last
	}
}

// OverlapWith is (d_other − d_own)/d_0 of mean distances: d_own between a chain and its own past, d_other between a
// chain and the past of another, d_0 between chains in the past. It is 1 where chains have not moved, and 0 where they
// have forgotten.
//
// The distance is the number of bits that differ, and (Δ/2σ)² for each real number with the standard deviation σ of it
// over the past of the chains, which is ½ in the mean, as for a fair coin. For real numbers alone the overlap is their
// mean autocorrelation.
func OverlapWith(past, now rbm.Batch) float64 {
	// Bits in which a chain differs from its own past, from another's, and chains from each other in the past.
	own, other, between := now.TotalDistance(past, 0), now.TotalDistance(past, 1), past.TotalDistance(past, 1)
	if past.Bits() == past.Units() {
		return float64(other-own) / float64(max(between, 1))
	}
	weights := distanceWeights(past)
	distances := make([]float64, len(weights))
	ofReals := func(a, b rbm.Batch, shift int) (sum float64) {
		a.ColumnDistances(distances, b, shift)
		for k, d := range distances {
			sum += float64(weights[k] * d)
		}
		return sum
	}
	moved := float64(other-own) + ofReals(now, past, 1) - ofReals(now, past, 0)
	return moved / max(float64(between)+ofReals(past, past, 1), tinyDistance)
}

// tinyDistance stands for the distance of chains that are all alike.
const tinyDistance = 1e-30

// distanceWeights are 1/(2σ)² of each real number over the rows, and 0 where σ is 0.
func distanceWeights(v rbm.Batch) []float64 {
	rows, reals := float64(v.Rows()), v.Units()-v.Bits()
	sums, weights := make([]float64, reals), make([]float64, reals)
	v.ColumnMoments(sums, weights)
	for k, squares := range weights {
		mean := sums[k] / rows
		variance := squares/rows - float64(mean*mean)
		if weights[k] = 0; variance > 1e-12*mean*mean { // what rounding leaves of numbers that are all alike
			weights[k] = 1 / (4 * variance)
		}
	}
	return weights
}

// Restart forgets what was measured, and measures from this update on.
func (o *Overlap) Restart(v rbm.Batch, update uint64) {
	o.last, o.at = 0, update
	o.earlier.Copy(v)
}

// Swap tells that two chains have changed places, which is no forgetting.
func (o *Overlap) Swap(a, b int) { o.earlier.Swap(a, o.earlier, b) }

// Time is the overlap time in updates, or how long it is at least.
func (o *Overlap) Time(update uint64) uint64 { return max(o.last, update-o.at) }

// Measured reports whether the overlap has fallen to 1/e in this update.
func (o *Overlap) Measured(update uint64) bool { return o.at == update }

// Remember lists what must survive from one update to the next.
func (o *Overlap) Remember(m Memory) {
	m.States("earlier", o.earlier)
	m.Counter("at", &o.at)
	m.Counter("last", &o.last)
}

// Mixing is how well the chains of a negative phase mix.
type Mixing struct {
	Time      uint64 // overlap time in updates, at least
	Fair      uint64 // updates that it may take without a word
	Sweeps    int    // of an update
	Restarted bool   // whether the chains are started again at each update
}

// Findings says whether chains are slow: their overlap time is above what is fair, mostly the sweeps of an update; or
// caught: it is above the number of updates between two scores.
func (m Mixing) Findings(every int) []diag.Finding {
	if m.Time > uint64(every) && !m.Restarted {
		return []diag.Finding{{
			Code:    "chains-caught",
			Message: fmt.Sprintf("the chains still remember where they were %d updates ago", m.Time),
			Value:   diag.Number(m.Time), Threshold: diag.Number(every),
			Consequence: "they may be caught in modes whose weights the model then gets wrong",
		}}
	}
	if m.Time <= m.Fair {
		return nil
	}
	// The chains had not forgotten an update before.
	least, most := (m.Time-1)*uint64(m.Sweeps), m.Fair*uint64(m.Sweeps)
	f := diag.Finding{
		Code:    "chains-slow",
		Message: fmt.Sprintf("the chains' overlap time is above %d sweeps; an update makes k = %d", least, m.Sweeps),
		Value:   diag.Number(least), Threshold: diag.Number(most),
		Consequence: "the negative phase is that of fewer chains, and lags behind the model; this is common, and does no harm " +
			"as long as the log-likelihood rises",
	}
	if m.Restarted {
		f.Consequence = "the gradient is biased towards models that are good near the data; this is common"
	}
	return []diag.Finding{f}
}
