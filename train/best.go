package train

import (
	"math"

	"github.com/harmonium-rbm/harmonium/monitor"
)

// bestErrors is the number of errors of log Z by which a later model may score below the best one and be taken for the
// best: of many scores the highest is one that is too high.
const bestErrors = 2

// choose takes the model for the best if its validation score says so, which it reports, and ends the training where
// patience is lost. A score that is no more than an upper bound is never the best.
func (t *Training) choose(s *monitor.Scores) bool {
	best := false
	if s.UpperBounds() {
		t.bestNow.since++
	} else {
		best = t.bestNow.improves(float64(s.Valid.Value), bestErrors*s.LogZ.Stderr)
	}
	if best {
		t.best.Copy(t.Model)
	}
	if t.config.Patience > 0 && int(t.bestNow.since) >= t.config.Patience && t.reason == "" {
		t.reason = "patience"
	}
	return best
}

// bestScore remembers the best validation score.
type bestScore struct {
	value uint64 // bits of the float64: the most that a score was for sure, less the errors of its log Z
	count uint64 // scores seen
	since uint64 // scores since the best one
}

// sure is the most that a score was for sure.
func (b *bestScore) sure() float64 { return math.Float64frombits(b.value) }

// improves reports whether a score is above what was reached for sure. Of models that the errors of log Z leave open
// the later one is taken, as training has averaged more; and an early score that is high by its error alone is not in
// the way of later ones.
func (b *bestScore) improves(score, doubt float64) bool {
	sure := b.sure()
	b.count++
	if b.count > 1 && !(score > sure) {
		b.since++
		return false
	}
	b.take(score, doubt)
	return true
}

// take takes the last score that was seen for the best.
func (b *bestScore) take(score, doubt float64) {
	if b.count == 1 || score-doubt > b.sure() {
		b.value = math.Float64bits(score - doubt)
	}
	b.since = 0
}
