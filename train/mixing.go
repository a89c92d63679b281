package train

import (
	"fmt"
	"math"

	"harmonium/diag"
	"harmonium/rbm"
)

// mixing measures how long persistent chains remember: the number of updates after which their overlap with an earlier state, beyond that
// of different chains, has fallen to 1/e. It then begins anew.
type mixing struct {
	earlier rbm.Batch
	at      uint64 // the update that earlier is of
	last    uint64 // the last memory measured, in updates; 0 before the first
}

func newMixing(v rbm.Batch) mixing { return mixing{earlier: v.Clone()} }

// see takes the chains after an update, counted from 1.
func (m *mixing) see(v rbm.Batch, update uint64) {
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
func overlap(past, now rbm.Batch) float64 {
	var own, other, between int // bits in which a chain differs from its own past, from another's, and chains from each other in the past
	rows := now.Rows()
	for r := range rows {
		next := (r + 1) % rows
		own += now.Distance(r, past, r)
		other += now.Distance(r, past, next)
		between += past.Distance(r, past, next)
	}
	return float64(other-own) / float64(max(between, 1))
}

// restart forgets what was measured, and measures from this update on.
func (m *mixing) restart(v rbm.Batch, update uint64) {
	m.last, m.at = 0, update
	m.earlier.Copy(v)
}

// updates is the number of updates that the chains remember for, or have at least.
func (m *mixing) updates(update uint64) uint64 { return max(m.last, update-m.at) }

func (m *mixing) remember(list *Memory) {
	list.States("earlier", m.earlier)
	list.Counter("at", &m.at)
	list.Counter("last", &m.last)
}

// chained is a negative phase whose chains may be slow to forget.
type chained interface {
	remembers(update uint64) chainMemory
}

// chainMemory is how long the chains of a negative phase remember after an update.
type chainMemory struct {
	updates uint64 // at least
	sweeps  int    // of an update
	fair    uint64 // updates that they may remember for without a word
	anew    bool   // whether the chains are begun anew at each update
}

// findings says whether chains are slow: their autocorrelation time is above what is fair, mostly the sweeps of an update; or caught: it is
// above the time from one evaluation to the next.
func (m chainMemory) findings(every int) []diag.Finding {
	if m.updates > uint64(every) && !m.anew {
		return []diag.Finding{{
			Code:    "chains-caught",
			Message: fmt.Sprintf("the chains still remember where they were %d updates ago", m.updates),
			Value:   diag.Number(m.updates), Threshold: diag.Number(every),
			Consequence: "they may be caught in modes whose weights the model then gets wrong",
		}}
	}
	if m.updates <= m.fair {
		return nil
	}
	// The chains had not forgotten an update before.
	least, most := (m.updates-1)*uint64(m.sweeps), m.fair*uint64(m.sweeps)
	f := diag.Finding{
		Code:    "chains-slow",
		Message: fmt.Sprintf("the chains' autocorrelation time is above %d sweeps; an update makes k = %d", least, m.sweeps),
		Value:   diag.Number(least), Threshold: diag.Number(most),
		Consequence: "the negative phase is that of fewer chains, and lags behind the model; this is common, and does no harm as long as the log-likelihood rises",
	}
	if m.anew {
		f.Consequence = "the gradient is biased towards models that are good near the data; this is common"
	}
	return []diag.Finding{f}
}
