package monitor

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/sample"
)

// ladder is the list of models frozen along a training: a running mean whenever the AIS chains would exchange states with those of the mean
// frozen before in less than exchangeBelow of all cases. Chains can exchange states along such models ([sample.Path]).
type ladder struct {
	room   uint64 // models that may be frozen
	count  uint64 // of models frozen
	keeps  bool
	models []*rbm.Model // all of them, where it keeps them

	// The last of them, with the AIS chains as they were and their log weights.
	last       *rbm.Model
	atLast     *rbm.Conditionals
	states     rbm.Batch
	logWeights []float64

	free [4][]float64 // scratch
}

const (
	exchangeBelow = 0.3     // N. Béreux et al., ICLR 2025, freeze models at 0.25
	mostModels    = 200     // trainings measured so far had 3 to 18,
	mostBytes     = 1 << 28 // of parameters of all models, in memory and on disk
)

func newLadder(base *rbm.Model, keeps bool, on *compute.Context) *ladder {
	l := &ladder{
		room: mostFrozen(base.ParameterCount()), keeps: keeps, last: base.Clone(), atLast: rbm.NewConditionals(base, on),
		states: rbm.NewBatch(aisChains, base.M()), logWeights: make([]float64, aisChains),
	}
	for k := range l.free {
		l.free[k] = make([]float64, aisChains)
	}
	return l
}

// freeze adds the mean to the ladder, if it is far enough from the last model, and returns it, or nil. part is how much of the training is
// done.
func (l *ladder) freeze(f *follower, part float64) *rbm.Model {
	if !l.hasRoom(part) || l.count > 0 && l.exchanges(f) >= exchangeBelow {
		return nil
	}
	frozen := f.mean.Clone()
	l.last.Copy(frozen)
	l.atLast.Update(l.last)
	l.states.Copy(f.chains.Chains.Visible)
	copy(l.logWeights, f.chains.LogWeights)
	l.count++
	if l.keeps {
		l.models = append(l.models, frozen)
	}
	return frozen
}

// mostFrozen is the number of models that may be frozen: mostModels, or fewer where their parameters would take more than mostBytes.
func mostFrozen(parameters int) uint64 { return uint64(min(mostModels, mostBytes/(4*parameters))) }

// hasRoom is whether one more model may be frozen when a part of the training is done. Half of the room is there from the beginning. The
// other half comes in proportion to the training done, so that a large model, of which few may be frozen, isn't frozen in the first updates
// alone.
func (l *ladder) hasRoom(part float64) bool {
	first := (l.room + 1) / 2
	return l.count < min(l.room, first+uint64(part*float64(l.room-first+1)))
}

// exchanges is the mean probability min(1, e^(F_l(v_l) + F_f(v_f) − F_l(v_f) − F_f(v_l))) of an exchange of states between the
// AIS chains at the last frozen model l and those at the mean f.
func (l *ladder) exchanges(f *follower) float64 {
	states := f.chains.Chains.Visible
	l.atLast.FreeEnergy(l.free[0], l.states)
	f.atMean.FreeEnergy(l.free[1], states)
	l.atLast.FreeEnergy(l.free[2], states)
	f.atMean.FreeEnergy(l.free[3], l.states)
	before, now := l.logWeights, f.chains.LogWeights
	heaviest := slices.Max(before) + slices.Max(now)
	var sum, exchanged float64
	for r := range aisChains {
		other := (r + aisChains/2) % aisChains // a chain may remember where it was
		weight := math.Exp(before[r] + now[other] - heaviest)
		sum += weight
		exchanged += weight * sample.SwapProbability(l.free[3][r]-l.free[0][r], l.free[2][other]-l.free[1][other])
	}
	return exchanged / sum
}

func (l *ladder) remember(m Memory) {
	m.Counter("ladder.count", &l.count)
	m.Model("ladder.last", l.last)
	m.States("ladder.states", l.states)
	m.Numbers("ladder.weights", l.logWeights)
	if l.keeps {
		m.Models("ladder.model", &l.models, l.last)
	}
}

func (l *ladder) resume() error {
	if !l.last.Finite() || slices.ContainsFunc(l.models, func(m *rbm.Model) bool { return !m.Finite() }) {
		return errors.New("a frozen model is not finite")
	}
	if l.keeps && l.count != uint64(len(l.models)) {
		return fmt.Errorf("the training has frozen %d models, but there are %d", l.count, len(l.models))
	}
	l.atLast.Update(l.last)
	return nil
}
