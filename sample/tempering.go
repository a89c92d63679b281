package sample

import (
	"fmt"
	"math"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// Tempering is replica exchange, or parallel tempering: replicas of a chain at several temperatures, which exchange states
// (K. Hukushima and K. Nemoto, J. Phys. Soc. Japan 65 (1996) 1604; for RBMs G. Desjardins et al., AISTATS 2010; along the models of a
// training N. Béreux et al., ICLR 2025).
//
// A temperature is a place β on a path, from the model of independent units at β = 0 to the model of interest at β = 1. On the
// straight line the model at β has the energy (1−β)·E_0 + β·E_1. Neighbours t and u exchange their visible states with probability
//
//	min(1, e^(F_t(v_t) + F_u(v_u) − F_t(v_u) − F_u(v_t))),
//
// which leaves Π_t P_t(v_t) invariant. Even pairs exchange in one round and odd pairs in the next: a state then goes on in its
// direction as long as its exchanges are accepted (S. Syed, A. Bouchard-Côté, G. Deligiannidis and A. Doucet, J. R. Statist. Soc. B 84
// (2022) 321).
//
// A replica set is one replica at each temperature. Several sets run side by side, independent of each other.
type Tempering struct {
	// ObserveWork, unless nil, is called for every pair of temperatures k and k+1 before they exchange, with the work of taking each set's
	// states to the neighbour, a change of free energy: up[r] = F_{k+1}(v_k) − F_k(v_k), down[r] = F_k(v_{k+1}) − F_{k+1}(v_{k+1}). The
	// slices are reused.
	ObserveWork func(k int, up, down []float64)

	path         Path
	temperatures []*temperature
	compute      *compute.Context
	key          rng.Key
	rounds       uint64
	clamps       []clamped
	trips        int
	free         [4][]float64
	shared       *placed // of the temperatures that have no model of their own, at one of them
}

// Replica sets that find their temperatures by themselves begin with FirstTemperatures and get at most MaxTemperatures.
const (
	FirstTemperatures = 12
	MaxTemperatures   = 64
)

// temperature holds the replicas of all sets at one place.
type temperature struct {
	β         float64
	own       *placed // the model at β; nil where the models of all temperatures would be too large
	replicas  *Chains // one of each set
	returning []bool  // of a replica's state: it was at β = 0 later than at β = 1
	rejected  float64 // expected number of rejected exchanges with the next temperature since the last Reset
	tried     float64
}

// placed is the model at a place of a path.
type placed struct {
	β            float64
	model        *rbm.Model
	conditionals *rbm.Conditionals
}

// keptBytes bounds the memory for models that temperatures keep, at placedBytes a weight: the model and both products' operands. The other
// temperatures share one model, which is computed again for each of them, to the same bits: that takes longer than a sweep. Tests set it.
var keptBytes = 2 << 30

const placedBytes = 12

type clamped struct {
	unit int
	on   bool
}

// NewTempering returns a replica set for each row of v, whose replicas all begin at that row, with a number of temperatures at even
// distances. It panics if the first model of the path has weights, or if there are fewer than two temperatures.
func NewTempering(path Path, v rbm.Batch, temperatures int, key rng.Key, on *compute.Context) *Tempering {
	if temperatures < 2 {
		panic(fmt.Sprintf("sample: tempering with %d temperatures", temperatures))
	}
	path.check()
	t := &Tempering{path: path, compute: on, key: key.Stream(rng.StreamExchange)}
	for k := range t.free {
		t.free[k] = make([]float64, v.Rows())
	}
	for k, β := range Even(temperatures - 1) {
		chains := NewChains(v, path.model().N(), key.Stream(rng.Stream(k)).Stream(rng.StreamExchange))
		t.temperatures = append(t.temperatures, &temperature{β: β, replicas: chains, returning: make([]bool, v.Rows())})
	}
	t.place()
	return t
}

// place computes the models at all temperatures.
func (t *Tempering) place() {
	if t.shared != nil {
		t.shared.β = math.NaN() // that of no temperature
	}
	for k, r := range t.temperatures {
		if (k+1)*placedBytes*len(t.path.model().W) > keptBytes {
			r.own = nil
		} else {
			r.own = t.at(r.own, r.β)
		}
	}
}

// at moves a model to β, and makes one for nil.
func (t *Tempering) at(p *placed, β float64) *placed {
	if p == nil {
		p = &placed{model: t.path.model().Clone()}
	}
	p.β = β
	t.path.at(p.model, β, t.compute)
	if p.conditionals == nil {
		p.conditionals = rbm.NewConditionals(p.model, t.compute)
	} else {
		p.conditionals.Update(p.model)
	}
	return p
}

// conditionals are those at a temperature. They are valid until those of another temperature are asked for.
func (t *Tempering) conditionals(r *temperature) *rbm.Conditionals {
	if r.own != nil {
		return r.own.conditionals
	}
	if t.shared == nil || t.shared.β != r.β {
		t.shared = t.at(t.shared, r.β)
	}
	return t.shared.conditionals
}

// SetPath takes over a path and the present parameters of its models. The temperatures keep their places on it.
func (t *Tempering) SetPath(path Path) {
	t.path = path
	t.place()
}

// Compress multiplies all β but that of the last temperature by part. Call it before a model is inserted next to the end of the
// path, which moves the models before it to smaller β.
func (t *Tempering) Compress(part float64) {
	for _, r := range t.temperatures[:len(t.temperatures)-1] {
		r.β *= part
	}
}

// ClampVisible holds unit i of every chain at a value from now on.
func (t *Tempering) ClampVisible(i int, on bool) {
	t.clamps = append(t.clamps, clamped{i, on})
	for _, r := range t.temperatures {
		r.replicas.ClampVisible(i, on)
	}
}

// Visible are the states of the replicas at β = 1, one of each set: those of the model of interest.
func (t *Tempering) Visible() rbm.Batch {
	return t.temperatures[len(t.temperatures)-1].replicas.Visible
}

// Betas are the temperatures, as places on the path.
func (t *Tempering) Betas() []float64 {
	β := make([]float64, len(t.temperatures))
	for k, r := range t.temperatures {
		β[k] = r.β
	}
	return β
}

// SwapRates are the mean probabilities of the exchanges between neighbours since the last Reset.
func (t *Tempering) SwapRates() []float64 {
	rates := make([]float64, len(t.temperatures)-1)
	for k := range rates {
		rates[k] = 1 - t.temperatures[k].rejected/t.temperatures[k].tried
	}
	return rates
}

// RoundTrips is the number of times that a state has travelled from β = 1 to β = 0 and back since the last Reset, over all sets.
func (t *Tempering) RoundTrips() int { return t.trips }

// ChainSteps is the number of sweeps of single replicas in a round.
func (t *Tempering) ChainSteps() int { return len(t.temperatures) * t.Visible().Rows() }

// Reset sets the counts of SwapRates and RoundTrips to zero.
func (t *Tempering) Reset() {
	t.trips = 0
	for _, r := range t.temperatures {
		r.rejected, r.tried = 0, 0
	}
}

// Round makes a sweep of every replica, and tries the exchanges of every second pair of neighbours.
func (t *Tempering) Round() {
	for _, r := range t.temperatures {
		r.replicas.Sweep(t.conditionals(r), 1)
	}
	for k := int(t.rounds % 2); k+1 < len(t.temperatures); k += 2 {
		t.exchange(k)
	}
	first, last := t.temperatures[0], t.temperatures[len(t.temperatures)-1]
	for r := range first.returning {
		first.returning[r] = true
		if last.returning[r] {
			last.returning[r] = false
			t.trips++
		}
	}
	t.rounds++
}

// SwapProbability is the probability min(1, e^(−up−down)) with which two replicas exchange their states, where up and down are the
// changes of free energy that the two states see.
func SwapProbability(up, down float64) float64 { return math.Exp(min(-up-down, 0)) }

// exchange tries the exchanges between temperatures k and k+1, one in each set.
func (t *Tempering) exchange(k int) {
	a, b := t.temperatures[k], t.temperatures[k+1]
	at := t.conditionals(a)
	at.FreeEnergy(t.free[0], a.replicas.Visible)
	at.FreeEnergy(t.free[2], b.replicas.Visible)
	at = t.conditionals(b)
	at.FreeEnergy(t.free[1], b.replicas.Visible)
	at.FreeEnergy(t.free[3], a.replicas.Visible)
	up, down := t.free[3], t.free[2]
	for r := range up {
		up[r] = t.free[3][r] - t.free[0][r]
		down[r] = t.free[2][r] - t.free[1][r]
	}
	if t.ObserveWork != nil {
		t.ObserveWork(k, up, down)
	}
	for r := range a.returning {
		probability := SwapProbability(up[r], down[r])
		a.rejected += 1 - probability
		a.tried++
		word := t.key.Block(rng.At(t.rounds, uint32(r), uint32(4*k)))[0]
		if float64(rng.Uniform(word)) < probability {
			a.replicas.Visible.Swap(r, b.replicas.Visible, r)
			a.returning[r], b.returning[r] = b.returning[r], a.returning[r]
		}
	}
}

// Respace moves the temperatures so that all neighbours exchange equally often, by the rates since the last Reset, and makes their number
// twice the sum of the rejection rates and one (from 3 to most): half of the exchanges are then rejected, which gives the most round
// trips (Syed et al. 2022, section 5). It ends with a Reset.
func (t *Tempering) Respace(most int) {
	barrier := 0.0
	for _, rate := range t.SwapRates() {
		barrier += 1 - rate
	}
	t.respace(min(max(int(math.Ceil(2*barrier))+1, 3), most))
}

// RespaceEvenly is Respace to the same number of temperatures.
func (t *Tempering) RespaceEvenly() { t.respace(len(t.temperatures)) }

func (t *Tempering) respace(count int) {
	const least = 1e-3 // rejection rate that counts: temperatures with none between them would coincide
	lengths := t.SwapRates()
	for k, rate := range lengths {
		lengths[k] = max(1-rate, least)
	}
	places := Respace(t.Betas(), lengths, count-1)
	t.resize(count)
	for k, r := range t.temperatures {
		r.β = places[k]
	}
	t.place()
	t.Reset()
}

// resize removes temperatures before the last, or adds copies of the last before it.
func (t *Tempering) resize(count int) {
	last := t.temperatures[len(t.temperatures)-1]
	others := t.temperatures[:len(t.temperatures)-1]
	for k := len(others); k < count-1; k++ {
		chains := NewChains(last.replicas.Visible, t.path.model().N(), t.key.Stream(rng.Stream(t.rounds)).Stream(rng.Stream(k)))
		for _, c := range t.clamps {
			chains.ClampVisible(c.unit, c.on)
		}
		others = append(others, &temperature{replicas: chains, returning: make([]bool, len(last.returning))})
	}
	t.temperatures = append(others[:count-1], last)
}

// State points to everything that a checkpoint of a Tempering must hold, so that it goes on to the same bits.
type State struct {
	Visible []rbm.Batch // of each temperature
	Sweeps  []*uint64   // of each temperature
	Rounds  *uint64
	Numbers []*float64 // β, rejected and tried of each temperature
}

// State returns pointers into the Tempering. Call SetPath after writing through them.
func (t *Tempering) State() State {
	s := State{Rounds: &t.rounds}
	for _, r := range t.temperatures {
		s.Visible = append(s.Visible, r.replicas.Visible)
		s.Sweeps = append(s.Sweeps, &r.replicas.Sweeps)
		s.Numbers = append(s.Numbers, &r.β, &r.rejected, &r.tried)
	}
	return s
}
