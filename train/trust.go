package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// trust is a trust region: it bounds how far an update changes the distribution of the model, by the means of the
// natural gradient (S. Amari, Neural Comput. 10 (1998) 251; for Boltzmann machines G. Desjardins, R. Pascanu, A.
// Courville and Y. Bengio, ICLR 2013, arXiv 1301.3545).
//
// The Kullback–Leibler divergence of a small update is ½ Var(ΔF), with the change ΔF(v) of the free energy of states of
// the model. It is large where modes gain or lose weight against each other, and chains follow that slowest of all. d_r
// is ΔF of chain r less the mean over the N chains. Where the standard deviation √(Σ d²/N) is above the bound, the
// update is changed by the least, in the sum of squares of the centered parameters, that brings it there:
//
//	Δλ ← Δλ + Σ_r α_r φ_r,   (ρ + K) α = d,   K_rs = φ_r·φ_s,
//
// where φ_r = −∂F(v_r)/∂λ less its mean over the chains: (v−μ)(⟨h⟩−ν) of the weights, and v and ⟨h⟩ of the biases. The
// deviation is then √(Σ (ρα)²/N), and ρ is chosen so that it is the bound. Directions in which chains differ much are
// held back, and all others keep the rate.
//
// The rate is less where the deviation before the change would be above mostDeviation. It is more, by the factor pace,
// while the errors of log Z at scores tell that chains follow.
//
// Σ_r α_r = 0, so that the change is Σ|α|/2 times the difference of two averages: a step of gradient descent whose data
// are the chains with α > 0 and whose model the ones with α < 0.
type trust struct {
	t     *Training
	bound float64   // of the standard deviation, in nats
	v     rbm.Batch // the chains

	before, after []float64 // F of the chains
	d, α          []float64
	y             []float32 // ⟨h⟩−ν, chain after chain
	own           []float64 // Σ_i (offset−μ_i)·scale over the bits that are on
	kernel        []float64 // K, row after row; before that Y
	krylov        krylov
	rate          float64 // of this update
	slope         float64 // the deviation that a rate of 1 would give, a running mean; 0 before the first update
	pace          float64 // factor of the rate by the errors of scores, from 1 to Config.Rise

	back     *ascent
	up, down *rbm.Statistics // averages over the chains with α > 0 and α < 0, in the memory of the gradient
	order    []int           // the chains, these first
	sorted   rbm.Batch
	weights  []float32 // |α| in this order
}

// Bounded is a [Negative] whose chains bound the updates.
type Bounded interface {
	Persistent
	// Bound is that on the standard deviation of ΔF over the chains in an update, in nats; 0 means none.
	Bound() float64
}

// mostTrusted bounds the number of chains that are looked at, as the time grows with its square.
const mostTrusted = 100

// newTrust returns nil where nothing bounds the updates. The kernel is that of units with two values, whose only
// parameters are biases.
func newTrust(t *Training) *trust {
	if !isBounded(t.config.Negative, t.Model) {
		return nil
	}
	n := t.config.Negative.(Bounded)
	all := n.Visible()
	v := all.Slice(0, min(all.Rows(), mostTrusted))
	chains := v.Rows()
	r := &trust{
		t: t, bound: n.Bound(), pace: 1, v: v, before: make([]float64, chains), after: make([]float64, chains),
		d: make([]float64, chains), α: make([]float64, chains),
		y: make([]float32, chains*t.Model.N()), own: make([]float64, chains), kernel: make([]float64, chains*chains),
		up: rbm.NewStatisticsWith(t.Model, t.positive.VH), down: rbm.NewStatisticsWith(t.Model, nil),
		order: make([]int, chains), sorted: v.Like(chains), weights: make([]float32, chains),
	}
	descent := new(SGD)
	descent.Start(t.Model, t.config.Compute)
	r.back = newAscent(t, r.up, r.down, descent, false)
	t.device.bind(slices.Concat(r.up.Averages(), r.down.Averages())...)
	return r
}

// isBounded reports whether a negative phase bounds the updates of a model.
func isBounded(negative Negative, model *rbm.Model) bool {
	n, ok := negative.(Bounded)
	return ok && n.Bound() > 0 && twoValued(model.Visible) && twoValued(model.Hidden)
}

func twoValued(l rbm.Layer) bool { return l.Kind() == rbm.Bernoulli || l.Kind() == rbm.Spin }

// begin takes F of the chains before an update, and returns the update's rate: that of the schedule, or less where by
// the updates before the deviation would come to more than mostDeviation, times the pace. The conditionals are at the
// model.
func (r *trust) begin(rate float64) float64 {
	if r == nil {
		return rate
	}
	r.t.conditionals.FreeEnergy(r.before, r.v)
	r.rate = rate
	if r.slope > 0 {
		r.rate = min(rate, mostDeviation*r.bound/r.slope)
	}
	r.rate *= r.pace
	return r.rate
}

// unpaced returns the last update's rate without the pace.
func (r *trust) unpaced(rate float64) float64 {
	if r == nil {
		return rate
	}
	return rate / r.pace
}

const (
	// mostDeviation is the largest deviation of an update before it is changed, as a multiple of the bound: a change
	// that is most of the update is no longer small.
	mostDeviation = 10. / 3
	slopeDecay    = 0.9 // of the running mean of its square
)

// follow takes the standard error of log Z of a score, in nats, which is large where chains and replicas lag behind the
// model. That of an exact score is 0, and tells nothing of them.
func (r *trust) follow(stderr float64) {
	switch {
	case r == nil || stderr == 0:
	case stderr < fasterBelow:
		r.pace = min(faster*r.pace, r.t.config.Rise)
	case stderr > slowerAbove:
		r.pace = max(slower*r.pace, 1)
	}
}

const (
	fasterBelow, slowerAbove = 0.1, 0.15 // nats
	faster, slower           = 1.1, 0.8
)

// learn takes the deviation of an update before it is changed.
func (r *trust) learn(deviation float64) {
	if r.rate == 0 {
		return
	}
	now := deviation / r.rate
	if r.slope == 0 {
		r.slope = now
	}
	r.slope = math.Sqrt(float64(slopeDecay*r.slope*r.slope) + float64((1-slopeDecay)*now*now))
}

// end changes the update, where it must, and reports whether a model may have all parameters. ΔF is not quite linear in Δλ,
// so that a large update is changed more than once.
func (r *trust) end() (sound bool) {
	if r == nil {
		return true
	}
	deviation := r.measure()
	r.learn(deviation)
	for range mostCorrections {
		if !(deviation > r.bound*(1+trustSlack)) {
			break
		}
		r.computeKernel()
		r.krylov.span(r.kernel, r.d)
		r.krylov.solve(r.α, r.krylov.shift(r.bound*math.Sqrt(float64(len(r.d)))))
		if !r.correct() {
			return false
		}
		deviation = r.measure()
	}
	return true
}

const (
	mostCorrections = 3
	trustSlack      = 0.1 // part of the bound by which an update may be above it
)

// measure computes d of the model as it is now, and returns its standard deviation.
func (r *trust) measure() float64 {
	r.t.conditionals.Update(r.t.Model)
	r.t.conditionals.FreeEnergy(r.after, r.v)
	for k, after := range r.after {
		r.d[k] = after - r.before[k]
	}
	center(r.d)
	return math.Sqrt(dot(r.d, r.d) / float64(len(r.d)))
}

// center subtracts the mean.
func center(x []float64) {
	sum := 0.0
	for _, x := range x {
		sum += x
	}
	for k := range x {
		x[k] -= sum / float64(len(x))
	}
}

// computeKernel computes K = H(X + Y + X∘Y)H, X_rs = (v_r−μ)·(v_s−μ) and Y the same of the hidden units, where H takes
// the means over the chains away. With bits b and v = scale·b + offset
//
//	X_rs = scale² b_r·b_s + scale (b_r + b_s)·(offset−μ) + |offset−μ|².
func (r *trust) computeKernel() {
	t, n, chains := r.t, r.t.Model.N(), len(r.d)
	t.device.fetch(t.centerH)
	t.conditionals.HiddenProbs(r.y, r.v)
	scale, offset := t.Model.Hidden.Line()
	for k := range chains {
		y := r.y[k*n : (k+1)*n]
		for j, p := range y {
			y[j] = float32(float32(scale)*p) + float32(offset)
		}
		if !t.config.Plain {
			t.config.Compute.Subtract(y, y, t.centerH)
		}
	}
	t.config.Compute.Gram(r.kernel, r.y, chains)
	scale, offset = t.Model.Visible.Line()
	from := func(i int) float64 { // offset − μ
		if t.config.Plain {
			return offset
		}
		return offset - float64(t.centerV[i])
	}
	all := 0.0
	for i := range t.Model.M() {
		all += float64(from(i) * from(i))
	}
	for k := range chains {
		r.own[k] = 0
		for i := range r.v.On(k) {
			r.own[k] += float64(scale * from(i))
		}
	}
	for k := range chains {
		for l := range k + 1 {
			x := float64(scale*scale*float64(r.v.Common(k, r.v, l))) + r.own[k] + r.own[l] + all
			y := r.kernel[k*chains+l]
			r.kernel[k*chains+l] = x + y + float64(x*y)
			r.kernel[l*chains+k] = r.kernel[k*chains+l]
		}
	}
	for k := range chains {
		center(r.kernel[k*chains : (k+1)*chains])
	}
	for k := range chains { // columns, as rows of the transpose
		for l := range k {
			a, b := k*chains+l, l*chains+k
			r.kernel[a], r.kernel[b] = r.kernel[b], r.kernel[a]
		}
	}
	for k := range chains {
		center(r.kernel[k*chains : (k+1)*chains])
	}
}

// correct moves the parameters by Σ_r α_r φ_r.
func (r *trust) correct() (sound bool) {
	for k := range r.order {
		r.order[k] = k
	}
	slices.SortStableFunc(r.order, func(a, b int) int {
		switch up := r.α[a] > 0; {
		case up == (r.α[b] > 0):
			return 0
		case up:
			return -1
		}
		return 1
	})
	ups, sum := 0, 0.0
	for k, c := range r.order {
		if r.α[c] > 0 {
			ups, sum = k+1, sum+r.α[c]
		}
		r.weights[k] = float32(math.Abs(r.α[c]))
	}
	if ups == 0 || ups == len(r.order) { // α is too small for float64, or none
		return true
	}
	r.sorted.Gather(r.v, r.order)
	c := r.t.conditionals
	c.Difference(r.up, r.down, rbm.Rows{Visible: r.sorted.Slice(0, ups), Weights: r.weights[:ups]},
		rbm.Rows{Visible: r.sorted.Slice(ups, len(r.order)), Weights: r.weights[ups:]})
	_, sound = r.back.run(sum)
	return sound
}

// trustCost is the number of elementary operations of one change, as measured.
func trustCost(model *rbm.Model, chains int) float64 {
	const costPair = 4 // a unit of two chains
	looked := float64(min(chains, mostTrusted))
	return costPair * looked * looked / 2 * float64(model.M()+model.N())
}

// check returns an error if no training can be at the pace.
func (r *trust) check() error {
	if most := r.t.config.Rise; !(r.pace >= 1 && r.pace <= most) {
		return fmt.Errorf("a rate of %g times that of the schedule, want 1 to %g times", r.pace, most)
	}
	return nil
}

func (r *trust) remember(m *Memory) {
	if r != nil {
		m.Number("slope", &r.slope)
		m.Number("pace", &r.pace)
		m.Check(r.check)
	}
}
