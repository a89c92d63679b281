package sample

import (
	"fmt"
	"math"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// Tempering is parallel tempering: chains at several models on a path from a base, where they move freely, to the model of interest, which
// exchange their visible states (K. Hukushima and K. Nemoto, J. Phys. Soc. Japan 65 (1996) 1604; for RBMs G. Desjardins et al., AISTATS
// 2010; along the models of a training N. Béreux et al., ICLR 2025). A temperature is a place β of the path, a replica a chain at one, and
// a replica set has a replica at each. Neighbours t and u exchange v_t and v_u with probability min(1, e^(F_t(v_t) + F_u(v_u) − F_t(v_u) −
// F_u(v_t))), the even pairs in one round and the odd ones in the next, so that states travel all temperatures in one go (S. Syed, A.
// Bouchard-Côté, G. Deligiannidis and A. Doucet, J. R. Statist. Soc. B 84 (2022) 321).
//
// Several replica sets run side by side, independent of each other.
type Tempering struct {
	// Works, unless nil, is called for every pair of temperatures k and k+1 that may exchange, before they do, with what a step to the
	// neighbour costs the states of each replica set: up[r] = F_{k+1}(v_k) − F_k(v_k), down[r] = F_k(v_{k+1}) − F_{k+1}(v_{k+1}). The
	// slices are reused.
	Works func(k int, up, down []float64)

	path         Path
	temperatures []*replicas
	compute      *compute.Context
	key          rng.Key
	rounds       uint64
	clamps       []clamped
	trips        int
	free         [4][]float64
	shared       *placed // of the temperatures that have no model of their own, at the place of one of them
}

// replicas holds the chains of all replica sets at one model.
type replicas struct {
	β        float64
	own      *placed // the model at β; nil where the temperatures together would be too large
	chains   *Chains
	climbing []bool  // of a replica set's state: it was at the base later than at the model
	rejected float64 // expected exchanges with the next temperature that were turned down, summed since the last Reset
	tried    float64
}

// placed is the model at a place of a path.
type placed struct {
	β            float64
	model        *rbm.Model
	conditionals *rbm.Conditionals
}

// keptBytes bounds the models that temperatures have of their own, with placedBytes for each weight: the model and both products' operands.
// The temperatures beyond it share one, which is made again for each, to the same bits: that costs more time than a sweep. Tests set it.
var keptBytes = 2 << 30

const placedBytes = 12

type clamped struct {
	unit int
	on   bool
}

// NewTempering prepares replica sets that start at the rows of v, at so many evenly spaced temperatures. It panics if the first model of
// the path has weights or there are fewer than two temperatures.
func NewTempering(path Path, v rbm.Batch, temperatures int, key rng.Key, on *compute.Context) *Tempering {
	if temperatures < 2 {
		panic(fmt.Sprintf("sample: tempering with %d temperatures", temperatures))
	}
	path.check()
	t := &Tempering{path: path, compute: on, key: key.Stream(rng.StreamExchange)}
	for k := range t.free {
		t.free[k] = make([]float64, v.Rows())
	}
	for k := range temperatures {
		r := &replicas{climbing: make([]bool, v.Rows())}
		r.chains = NewChains(v, path.model().N(), key.Stream(rng.Stream(k)).Stream(rng.StreamExchange))
		t.temperatures = append(t.temperatures, r)
	}
	for k, r := range t.temperatures {
		r.β = float64(k) / float64(temperatures-1)
	}
	t.place()
	return t
}

// place makes the models of the temperatures at their β.
func (t *Tempering) place() {
	if t.shared != nil {
		t.shared.β = math.NaN() // no temperature's
	}
	for k, r := range t.temperatures {
		if (k+1)*placedBytes*len(t.path.model().W) > keptBytes {
			r.own = nil
		} else {
			r.own = t.at(r.own, r.β)
		}
	}
}

// at puts a model at β, or a new one instead of nil.
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

// conditionals are those of a temperature, until they are asked for those of another.
func (t *Tempering) conditionals(r *replicas) *rbm.Conditionals {
	if r.own != nil {
		return r.own.conditionals
	}
	if t.shared == nil || t.shared.β != r.β {
		t.shared = t.at(t.shared, r.β)
	}
	return t.shared.conditionals
}

// SetPath takes over a path, which may have changed, and the parameters that its models have now.
func (t *Tempering) SetPath(path Path) {
	t.path = path
	t.place()
}

// Compress moves all temperatures but the last nearer to the base, to a part of their places: before a model is added to the path next to
// its end, which moves all others.
func (t *Tempering) Compress(part float64) {
	for _, r := range t.temperatures[:len(t.temperatures)-1] {
		r.β *= part
	}
}

// ClampVisible holds unit i of every chain at a value from now on.
func (t *Tempering) ClampVisible(i int, on bool) {
	t.clamps = append(t.clamps, clamped{i, on})
	for _, r := range t.temperatures {
		r.chains.ClampVisible(i, on)
	}
}

// Visible are the states of the last temperature, one a replica set: those of the model.
func (t *Tempering) Visible() rbm.Batch { return t.temperatures[len(t.temperatures)-1].chains.Visible }

// Betas are the places of the temperatures.
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

// RoundTrips is how many states have travelled from the model to the base and back since the last Reset, over all replica sets.
func (t *Tempering) RoundTrips() int { return t.trips }

// ChainSteps is the number of sweeps of single chains in a round.
func (t *Tempering) ChainSteps() int { return len(t.temperatures) * t.Visible().Rows() }

// Reset forgets the rates and the trips.
func (t *Tempering) Reset() {
	t.trips = 0
	for _, r := range t.temperatures {
		r.rejected, r.tried = 0, 0
	}
}

// Round sweeps every chain once and lets every second pair of neighbours exchange.
func (t *Tempering) Round() {
	for _, r := range t.temperatures {
		r.chains.Sweep(t.conditionals(r), 1)
	}
	for k := int(t.rounds % 2); k+1 < len(t.temperatures); k += 2 {
		t.exchange(k)
	}
	top, bottom := t.temperatures[0], t.temperatures[len(t.temperatures)-1]
	for r := range top.climbing {
		top.climbing[r] = true
		if bottom.climbing[r] {
			bottom.climbing[r] = false
			t.trips++
		}
	}
	t.rounds++
}

// exchange is that of temperatures k and k+1.
func (t *Tempering) exchange(k int) {
	a, b := t.temperatures[k], t.temperatures[k+1]
	at := t.conditionals(a)
	at.FreeEnergy(t.free[0], a.chains.Visible)
	at.FreeEnergy(t.free[2], b.chains.Visible)
	at = t.conditionals(b)
	at.FreeEnergy(t.free[1], b.chains.Visible)
	at.FreeEnergy(t.free[3], a.chains.Visible)
	up, down := t.free[3], t.free[2]
	for r := range up {
		up[r] = t.free[3][r] - t.free[0][r]
		down[r] = t.free[2][r] - t.free[1][r]
	}
	if t.Works != nil {
		t.Works(k, up, down)
	}
	for r := range a.climbing {
		probability := math.Exp(min(-up[r]-down[r], 0))
		a.rejected += 1 - probability
		a.tried++
		word := t.key.Block(rng.At(t.rounds, uint32(r), uint32(4*k)))[0]
		if float64(rng.Uniform(word)) < probability {
			va, vb := a.chains.Visible.Row(r), b.chains.Visible.Row(r)
			for i := range va {
				va[i], vb[i] = vb[i], va[i]
			}
			a.climbing[r], b.climbing[r] = b.climbing[r], a.climbing[r]
		}
	}
}

// Respace moves the temperatures so that all neighbours exchange equally often, from the rates since the last Reset, and changes their
// number to twice the sum of the rejection rates (at least 3 and at most most): half of the exchanges are then turned down, which makes for
// the most round trips (Syed et al. 2022, section 5). It resets the rates.
func (t *Tempering) Respace(most int) {
	barrier := 0.0
	for _, rate := range t.SwapRates() {
		barrier += 1 - rate
	}
	t.spread(min(max(int(math.Ceil(2*barrier))+1, 3), most))
}

// RespaceEvenly is Spread with as many temperatures as there are.
func (t *Tempering) RespaceEvenly() { t.spread(len(t.temperatures)) }

func (t *Tempering) spread(count int) {
	const least = 1e-3 // of a rejection rate: temperatures without any would fall together
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

// resize takes temperatures away before the last, or adds copies of it before it.
func (t *Tempering) resize(count int) {
	last := t.temperatures[len(t.temperatures)-1]
	temperatures := t.temperatures[:len(t.temperatures)-1]
	for len(temperatures) < count-1 {
		k := len(temperatures)
		r := &replicas{climbing: make([]bool, len(last.climbing))}
		r.chains = NewChains(last.chains.Visible, t.path.model().N(), t.key.Stream(rng.Stream(t.rounds)).Stream(rng.Stream(k)))
		for _, c := range t.clamps {
			r.chains.ClampVisible(c.unit, c.on)
		}
		temperatures = append(temperatures, r)
	}
	t.temperatures = append(temperatures[:count-1], last)
}

// State is what must be kept for the replica sets to go on as if they had never stopped, as views of it.
type State struct {
	Visible []rbm.Batch // of each temperature
	Sweeps  []*uint64
	Rounds  *uint64
	Numbers []*float64 // places and rates of the temperatures
}

// State lists it. Call Follow after it has been changed.
func (t *Tempering) State() State {
	s := State{Rounds: &t.rounds}
	for _, r := range t.temperatures {
		s.Visible = append(s.Visible, r.chains.Visible)
		s.Sweeps = append(s.Sweeps, &r.chains.Sweeps)
		s.Numbers = append(s.Numbers, &r.β, &r.rejected, &r.tried)
	}
	return s
}
