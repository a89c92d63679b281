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
	// Differing bits: of a chain from its own past, from another's, and of chains from each other in the past.
	var own, other, between int
	rows := v.Rows()
	if rows < 2 { // nothing to compare with
		m.at = update
		return
	}
	for r := range rows {
		next := m.earlier.Row((r + 1) % rows)
		for k, w := range v.Row(r) {
			past := m.earlier.Row(r)[k]
			own += bits.OnesCount64(w ^ past)
			other += bits.OnesCount64(w ^ next[k])
			between += bits.OnesCount64(past ^ next[k])
		}
	}
	if float64(other-own) < float64(between)/math.E {
		last := update - m.at
		m.restart(v, update)
		m.last = last
	}
}

// restart forgets what was measured, and measures from this update on.
func (m *mixing) restart(v rbm.States, update uint64) {
	m.last, m.at = 0, update
	copy(m.earlier.Words(), v.Words())
}

// memory is the number of updates that the chains remember for, or have at least.
func (m *mixing) memory(update uint64) uint64 { return max(m.last, update-m.at) }

func (m *mixing) remember(list *Memory) {
	list.States("earlier", m.earlier)
	list.Counter("at", &m.at)
	list.Counter("last", &m.last)
}

// caught is the finding of chains that remember for longer than the time between two evaluations.
func caught(memory uint64, every int) diag.Finding {
	return diag.Finding{
		Code:    "chains-caught",
		Message: fmt.Sprintf("the persistent chains still remember where they were %d updates ago", memory),
		Value:   diag.Number(memory), Threshold: diag.Number(every),
		Consequence: "they may be caught in modes whose weights the model then gets wrong",
		Remedy:      "raise --steps (auto does it), lower --rate, or let the chains change modes by --negative pt",
	}
}
