package train

import (
	"fmt"
	"math"
	"math/bits"

	"harmonium/diag"
	"harmonium/rbm"
)

// mixing measures how long persistent chains remember: the number of updates after which their overlap with an earlier state, beyond that
// of different chains, has fallen to 1/e. It then begins anew.
type mixing struct {
	earlier rbm.States
	at      uint64 // the update that earlier is of
	last    uint64 // the last memory measured, in updates; 0 before the first
}

func newMixing(v rbm.States) mixing { return mixing{earlier: v.Clone()} }

// see takes the chains after an update, counted from 1.
func (m *mixing) see(v rbm.States, update uint64) {
	if v.Rows() < 2 { // nothing to compare with
		m.at = update
		return
	}
	if overlap(m.earlier, v) < 1/math.E {
		last := update - m.at
		m.restart(v, update)
		m.last = last
	}
}

// overlap is what chains have in common with their past, beyond what they have with that of others, as a part of what they had at the time: 1 where they
// have not moved, 0 where they have forgotten.
func overlap(past, now rbm.States) float64 {
	var own, other, between int // bits in which a chain differs from its own past, from another's, and chains from each other in the past
	rows := now.Rows()
	for r := range rows {
		next := past.Row((r + 1) % rows)
		for k, w := range now.Row(r) {
			before := past.Row(r)[k]
			own += bits.OnesCount64(w ^ before)
			other += bits.OnesCount64(w ^ next[k])
			between += bits.OnesCount64(before ^ next[k])
		}
	}
	return float64(other-own) / float64(max(between, 1))
}

// restart forgets what was measured, and measures from this update on.
func (m *mixing) restart(v rbm.States, update uint64) {
	m.last, m.at = 0, update
	copy(m.earlier.Words(), v.Words())
}

// updates is the number of updates that the chains remember for, or have at least.
func (m *mixing) updates(update uint64) uint64 { return max(m.last, update-m.at) }

func (m *mixing) remember(list *Memory) {
	list.States("earlier", m.earlier)
	list.Counter("at", &m.at)
	list.Counter("last", &m.last)
}

// chained is a negative phase whose chains may be slow to forget.
type chained interface{ memory(update uint64) memory }

// memory is how long the chains of a negative phase remember after an update.
type memory struct {
	updates uint64 // as measured, or at least
	sweeps  int    // of an update
	fair    uint64 // updates that they may remember for without a word
	remedy  string
}

// findings says whether chains are slow: their autocorrelation time is above the sweeps of an update; or caught: it is above the time from one evaluation to the next.
func (m memory) findings(every int) []diag.Finding {
	if m.updates <= m.fair {
		return nil
	}
	f := diag.Finding{
		Code:    "chains-slow",
		Message: fmt.Sprintf("the chains' autocorrelation time is %d sweeps, more than the k = %d of an update", m.updates*uint64(m.sweeps), m.sweeps),
		Value:   diag.Number(m.updates * uint64(m.sweeps)), Threshold: diag.Number(m.fair * uint64(m.sweeps)),
		Consequence: "the negative phase is that of fewer chains, and lags behind the model; this is common, and does no harm as long as the log-likelihood rises",
		Remedy:      m.remedy,
	}
	if m.updates > uint64(every) {
		f.Code = "chains-caught"
		f.Message = fmt.Sprintf("the chains still remember where they were %d updates ago", m.updates)
		f.Value, f.Threshold = diag.Number(m.updates), diag.Number(every)
		f.Consequence = "they may be caught in modes whose weights the model then gets wrong"
	}
	return []diag.Finding{f}
}
