package sample

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Tempering is replica exchange, or parallel tempering: replicas of a chain at several temperatures, which exchange
// states (K. Hukushima and K. Nemoto, J. Phys. Soc. Japan 65 (1996) 1604; for RBMs G. Desjardins et al., AISTATS 2010).
//
// A temperature is a place β on the straight line from independent units at β = 0 to the model at β = 1, where the
// energy is (1−β)·E_0 + β·E_1. Neighbours t and u exchange their visible states with probability
//
//	min(1, e^(F_t(v_t) + F_u(v_u) − F_t(v_u) − F_u(v_t))),
//
// which leaves Π_t P_t(v_t) invariant. Even pairs exchange in one round and odd pairs in the next: a state then goes on
// in its direction as long as its exchanges are accepted (S. Syed, A. Bouchard-Côté, G. Deligiannidis and A. Doucet, J.
// R. Statist. Soc. B 84 (2022) 321).
//
// A replica set is one replica at each temperature. Several sets run side by side, independent of each other.
type Tempering struct {
	// ObserveWork, unless nil, is called for every pair of temperatures k and k+1 before they exchange, with the work
	// of taking each set's states to the neighbour, a change of free energy: up[r] = F_{k+1}(v_k) − F_k(v_k), down[r] =
	// F_k(v_{k+1}) − F_{k+1}(v_{k+1}). The slices are reused.
	ObserveWork func(k int, up, down []float64)

	// ObserveJumps, unless nil, is called in every round with jumps, before they are taken, for the replica at the model
	// of each set that may jump, with the work of taking the proposal v' of q to the model, up = F(v') + log q(v'), and the
	// replica's state to q, down = −F(v) − log q(v).
	ObserveJumps func(set int, up, down float64)

	// Jumps, unless nil, let the replicas of some sets, at most JumpSets, jump between modes, other sets each time: in
	// every round, or after JumpEvery rounds where that is above 0. JumpSets 0 means 4. Where JumpTop is above 0, replicas
	// at that many of the highest temperatures jump alone: at the lower ones proposals for the model are hardly ever taken.
	Jumps     *Jumps
	JumpEvery uint64
	JumpSets  int
	JumpTop   int

	line       *rbm.Line
	sets       int
	betas      []float64   // the temperatures,
	rejected   []float64   // and the expected number of rejected exchanges of each with the next since the last Reset,
	tried      []float64   // and that of all
	replicas   *Chains     // row k·sets + r is the replica of set r at temperature k
	returning  []bool      // of each replica's state: it was at β = 0 later than at β = 1
	renewed    rbm.Batch   // of each replica's state: it was at β = 0, or has jumped, since it was at β = 1
	arrived    uint64      // number of renewed states that have come to β = 1
	moved      bool        // betas since at was set
	at         *rbm.Places // the temperatures,
	neighbours *rbm.Places // and the ones that each exchanges with in a round
	key        rng.Key
	rounds     uint64
	trips      int
	own, other []float64 // F of each replica at its temperature and at the neighbour
	up, down   []float64 // scratch
}

// Replica sets that find their temperatures by themselves begin with FirstTemperatures and get at most MaxTemperatures.
const (
	FirstTemperatures = 12
	MaxTemperatures   = 64
)

// NewTempering returns a replica set for each row of v, whose replicas all begin at that row, with a number of
// temperatures at even distances. Where the conditionals at the line's end are updated, the sets follow the model. It
// panics with fewer than two temperatures.
func NewTempering(line *rbm.Line, v rbm.Batch, temperatures int, key rng.Key) *Tempering {
	if temperatures < 2 {
		panic(fmt.Sprintf("sample: tempering with %d temperatures", temperatures))
	}
	t := &Tempering{
		line: line, sets: v.Rows(), key: key.Stream(rng.StreamExchange), at: line.At(), neighbours: line.At(),
		up: make([]float64, v.Rows()), down: make([]float64, v.Rows()),
	}
	all := v.Like(temperatures * t.sets)
	for k := range temperatures {
		all.Slice(k*t.sets, (k+1)*t.sets).Copy(v)
	}
	t.betas, t.rejected, t.tried = Even(temperatures-1), make([]float64, temperatures), make([]float64, temperatures)
	t.replicas = NewChains(all, line.Model().Hidden, t.key)
	t.returning, t.renewed = make([]bool, all.Rows()), rbm.NewBatch(all.Rows(), 1)
	t.place()
	return t
}

// place takes over the temperatures.
func (t *Tempering) place() {
	t.moved = false
	list := make([]rbm.Stretch, len(t.betas))
	for k, β := range t.betas {
		list[k] = rbm.Stretch{Rows: t.sets, Place: β}
	}
	t.at.Set(list...)
	rows := len(list) * t.sets
	t.own, t.other = slices.Grow(t.own[:0], rows)[:rows], slices.Grow(t.other[:0], rows)[:rows]
}

// states are the replicas at a temperature.
func (t *Tempering) states(k int) rbm.Batch { return t.replicas.Visible.Slice(k*t.sets, (k+1)*t.sets) }

// Visible are the states of the replicas at β = 1, one of each set: those of the model of interest.
func (t *Tempering) Visible() rbm.Batch { return t.states(len(t.betas) - 1) }

// Betas are the temperatures, as places on the line.
func (t *Tempering) Betas() []float64 { return slices.Clone(t.betas) }

// SwapRates are the mean probabilities of the exchanges between neighbours since the last Reset, 1 where none has been
// tried.
func (t *Tempering) SwapRates() []float64 {
	rates := make([]float64, len(t.betas)-1)
	for k := range rates {
		rates[k] = 1 - t.rejected[k]/max(t.tried[k], 1)
	}
	return rates
}

// RoundTrips is the number of times that a state has travelled from β = 1 to β = 0 and back since the last Reset, over
// all sets.
func (t *Tempering) RoundTrips() int { return t.trips }

// Renewals is the number of states that have come to β = 1 from β = 0, or from a jump on the way, over all sets and
// from the beginning.
func (t *Tempering) Renewals() uint64 { return t.arrived }

// Rounds is the number of rounds from the beginning.
func (t *Tempering) Rounds() uint64 { return t.rounds }

// ChainSteps is the number of sweeps of single replicas in a round.
func (t *Tempering) ChainSteps() int { return t.replicas.Visible.Rows() }

// Reset sets the counts of SwapRates and RoundTrips to zero.
func (t *Tempering) Reset() {
	t.trips = 0
	clear(t.rejected)
	clear(t.tried)
}

// Round makes a sweep of every replica, and tries the exchanges of every second pair of neighbours.
func (t *Tempering) Round() {
	if t.moved {
		t.place()
	}
	t.replicas.Sweep(t.at, 1)
	if t.Jumps != nil && t.rounds%max(t.JumpEvery, 1) == 0 {
		t.jump()
	}
	t.computeWork()
	for k := int(t.rounds % 2); k+1 < len(t.betas); k += 2 {
		t.exchange(k)
	}
	first, last := t.returning[:t.sets], t.returning[len(t.returning)-t.sets:]
	for r := range first {
		first[r] = true
		t.renewed.SetBit(r, 0, true)
		if last[r] {
			last[r] = false
			t.trips++
		}
		if top := len(t.returning) - t.sets + r; t.renewed.Bit(top, 0) {
			t.renewed.SetBit(top, 0, false)
			t.arrived++
		}
	}
	t.rounds++
}

// jumpingSets is the default largest number of replica sets that jump in a round: for each of them that doubles the
// cost.
const jumpingSets = 4

// JumpingSets is the number of replica sets that jump in a round.
func (t *Tempering) JumpingSets() int { return min(cmp.Or(t.JumpSets, jumpingSets), t.sets) }

// jump lets the replicas of some sets jump, each at its temperature.
func (t *Tempering) jump() {
	jumping, first := t.JumpingSets(), max(0, len(t.betas)-cmp.Or(t.JumpTop, len(t.betas)))
	index, list := make([]int, 0, jumping*len(t.betas)), make([]rbm.Stretch, 0, len(t.betas))
	for k, β := range t.betas {
		if k < first {
			continue
		}
		list = append(list, rbm.Stretch{Rows: jumping, Place: β})
		for j := range jumping {
			set := (t.rounds*uint64(jumping) + uint64(j)) % uint64(t.sets)
			index = append(index, k*t.sets+int(set))
		}
	}
	states := t.replicas.Visible.Like(len(index))
	states.Gather(t.replicas.Visible, index)
	moved, down, up := t.Jumps.move(states, t.line.At(list...).FreeEnergy, t.key.Stream(rng.StreamJumps), t.rounds)
	if t.ObserveJumps != nil {
		top := (len(t.betas) - 1) * t.sets
		for k := len(up) - jumping; k >= 0 && k < len(up); k++ {
			t.ObserveJumps(index[k]-top, up[k], -down[k])
		}
	}
	for _, k := range moved {
		t.replicas.Visible.Slice(index[k], index[k]+1).Copy(states.Slice(k, k+1))
		t.returning[index[k]] = false
		t.renewed.SetBit(index[k], 0, true)
	}
}

// computeWork computes the free energies of all replicas at their temperatures and at those of this round's neighbours.
func (t *Tempering) computeWork() {
	list := make([]rbm.Stretch, len(t.betas))
	for k := range list {
		neighbour := k + 1 - 2*((k+int(t.rounds))%2)
		list[k] = rbm.Stretch{Rows: t.sets, Place: t.betas[min(max(neighbour, 0), len(list)-1)]}
	}
	t.neighbours.Set(list...)
	rbm.FreeEnergies(t.replicas.Visible, rbm.Free{To: t.own, At: t.at}, rbm.Free{To: t.other, At: t.neighbours})
}

// swapProbability is the probability min(1, e^(−up−down)) with which two replicas exchange their states, where up and
// down are the changes of free energy that the two states see.
func swapProbability(up, down float64) float64 { return math.Exp(min(-up-down, 0)) }

// exchange tries the exchanges between temperatures k and k+1, one in each set.
func (t *Tempering) exchange(k int) {
	low, high := k*t.sets, (k+1)*t.sets // their replicas
	for r := range t.sets {
		t.up[r] = t.other[low+r] - t.own[low+r]
		t.down[r] = t.other[high+r] - t.own[high+r]
	}
	if t.ObserveWork != nil {
		t.ObserveWork(k, t.up, t.down)
	}
	for r := range t.sets {
		probability := swapProbability(t.up[r], t.down[r])
		t.rejected[k] += 1 - probability
		t.tried[k]++
		word := t.key.Block(rng.At(t.rounds, uint32(r), uint32(4*k)))[0]
		if float64(rng.Uniform(word)) < probability {
			t.replicas.Visible.Swap(low+r, t.replicas.Visible, high+r)
			t.returning[low+r], t.returning[high+r] = t.returning[high+r], t.returning[low+r]
			t.renewed.Swap(low+r, t.renewed, high+r)
		}
	}
}

// Respace moves the temperatures so that all neighbours exchange equally often, by the rates since the last Reset, and
// makes their number twice the sum of the rejection rates and one (from 3 to most): half of the exchanges are then
// rejected, which gives the most round trips (Syed et al. 2022, section 5). It ends with a Reset.
func (t *Tempering) Respace(most int) {
	barrier := 0.0
	for _, rate := range t.SwapRates() {
		barrier += 1 - rate
	}
	count := min(max(int(math.Ceil(2*barrier))+1, 3), most)
	if have := len(t.betas); have <= most && math.Abs(float64(count-have)) <= steady*float64(have) {
		count = have
	}
	t.respace(count)
}

// steady is the part by which the number of temperatures may be off before it changes.
const steady = 0.15

func (t *Tempering) respace(count int) {
	const least = 1e-3 // rejection rate that counts: temperatures with none between them would coincide
	lengths := t.SwapRates()
	for k, rate := range lengths {
		lengths[k] = max(1-rate, least)
	}
	places := Respace(t.betas, lengths, count-1)
	from := make([]int, count)
	for k, β := range places { // places and betas rise
		if k > 0 {
			from[k] = from[k-1]
		}
		for at := from[k] + 1; at < len(t.betas) && math.Abs(t.betas[at]-β) <= math.Abs(t.betas[at-1]-β); at++ {
			from[k] = at
		}
	}
	t.arrange(from)
	copy(t.betas, places)
	t.place()
	t.Reset()
}

// arrange gives each temperature the states of the one from, as it is now.
func (t *Tempering) arrange(from []int) {
	count := len(from)
	before, returning, renewed := t.replicas, t.returning, t.renewed
	all := before.Visible.Like(count * t.sets)
	t.returning, t.renewed = make([]bool, count*t.sets), rbm.NewBatch(count*t.sets, 1)
	for k, at := range from {
		all.Slice(k*t.sets, (k+1)*t.sets).Copy(before.Visible.Slice(at*t.sets, (at+1)*t.sets))
		if k == 0 || from[k-1] != at { // copies come from nowhere
			copy(t.returning[k*t.sets:], returning[at*t.sets:(at+1)*t.sets])
			t.renewed.Slice(k*t.sets, (k+1)*t.sets).Copy(renewed.Slice(at*t.sets, (at+1)*t.sets))
		}
	}
	t.replicas = NewChains(all, t.line.Model().Hidden, t.key)
	t.replicas.Sweeps = before.Sweeps
	t.betas, t.rejected, t.tried = make([]float64, count), make([]float64, count), make([]float64, count)
}

// Resize makes room for another number of temperatures, all but the last at β = 0 until their places are set by
// [Tempering.State].
func (t *Tempering) Resize(count int) {
	t.arrange(make([]int, count))
	t.betas[count-1] = 1
	t.moved = true
}

// Clone returns a copy that goes on by the random numbers of another key. It observes no work, has no Jumps, and no
// trips yet.
func (t *Tempering) Clone(key rng.Key) *Tempering {
	c := NewTempering(t.line, t.Visible(), len(t.betas), key)
	c.replicas.Visible.Copy(t.replicas.Visible)
	copy(c.betas, t.betas)
	c.place()
	return c
}

// State is everything that a checkpoint of a Tempering must hold, so that it goes on to the same bits, as views of it.
type State struct {
	Visible                  rbm.Batch // of all replicas
	Renewed                  rbm.Batch // a bit for each
	Sweeps, Rounds, Renewals *uint64
	Betas, Rejected, Tried   []float64
}

// Check returns an error if no Tempering can be in this state.
func (s State) Check() error {
	last := len(s.Betas) - 1
	if s.Betas[0] != 0 || s.Betas[last] != 1 || !slices.IsSorted(s.Betas) {
		return fmt.Errorf("temperatures at %v, want them to rise from 0 to 1", s.Betas)
	}
	for k, tried := range s.Tried {
		if rejected := s.Rejected[k]; !(rejected >= 0 && rejected <= tried && tried < math.MaxInt64) {
			return fmt.Errorf("%v of %v exchanges rejected, want a part of a finite number", rejected, tried)
		}
	}
	return nil
}

// State lists it. The next Round takes over what has been changed.
func (t *Tempering) State() State {
	t.moved = true
	return State{t.replicas.Visible, t.renewed, &t.replicas.Sweeps, &t.rounds, &t.arrived, t.betas, t.rejected, t.tried}
}
