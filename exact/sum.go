package exact

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
)

const (
	// lowUnits is the size of the tabulated group: 64 states a unit of the larger layer are 400 kB for 784 units, which
	// stays in a core's second-level cache.
	lowUnits = 6
	// tableStates is the number of its states.
	tableStates = 1 << lowUnits
	// parts is the number of pieces of the sum.
	parts = 128
	// refresh is the number of Gray-code steps after which the A_i are computed afresh: rounding grows to 1024·2^−53 at
	// most.
	refresh = 1024
	// steep is the bound on |x_i| above which a unit's factor is not a product but log(1+e^x), with room to spare in
	// float64's e^±709.
	steep = 600
	// costSteep is about the number of steps that a steep unit takes: 0.4 to 0.6 µs for 64 states, which are 3 ns at
	// unitRate.
	costSteep = 125
	// maxEnergy bounds the energies: float64 has an eighth of a nat there.
	maxEnergy = 1e15
	// room is the number of binary digits that a product may lose before its logarithm is taken.
	room = 900
)

// sum is a model turned so that the layer to be enumerated is the hidden one, with the tables of the low group, and log
// Z.
type sum struct {
	p          *rbm.BitParameters
	transposed bool // the enumerated layer is the model's visible one
	m, k, low  int  // units summed, enumerated, and of those tabulated
	compute    *compute.Context

	table  []float64 // T_i(e), m×64; states after the last of them are as the first; of steep units its logarithm
	most   []float64 // max_e T_i(e)
	bias   []power   // e^(Σ_{j low} c_j h_j) for each e
	flip   []float64 // e^(w_ij) for the high units, (k−low)×m
	unflip []float64 // e^(−w_ij)
	steep  []int     // units whose factors are log(1+e^x); in the products they are factors of 1
	cuts   []int     // take the products' powers of two out before these units

	part []float64 // log of each part of Z
	logZ float64

	free sync.Pool // walkers that are done with their part
}

// newSum prepares the tables and sums Z, of at most a number of enumerated units.
func newSum(ctx context.Context, model *rbm.Model, o Options, most int) (*sum, error) {
	s, err := prepared(model, o, most)
	if err == nil {
		err = s.sumParts(ctx, o)
	}
	return s, err
}

// prepared has the tables.
func prepared(model *rbm.Model, o Options, most int) (*sum, error) {
	if err := feasible(model, most); err != nil {
		return nil, err
	}
	s := turned(model)
	s.compute = o.Compute
	if bound := s.largestEnergy(); !(bound <= maxEnergy) {
		return nil, fmt.Errorf("energies reach %.3g, and beyond %g their sum in float64 means nothing", bound, maxEnergy)
	}
	s.tabulate()
	s.part = make([]float64, min(parts, s.outer()))
	return s, nil
}

// sumParts sums the parts of Z.
func (s *sum) sumParts(ctx context.Context, o Options) error {
	if e := s.compute.Enumerator(); e != nil && s.low == lowUnits && len(s.steep) == 0 {
		if enumeration := s.enumeration(); e.Pays(enumeration) {
			err := s.enumerate(ctx, o, e, enumeration)
			s.logZ = logSumExp(s.part)
			return err
		}
	}
	return s.sumFrom(ctx, o, newSums(len(s.part)), s.states(), nil)
}

// turned is the model with its smaller layer as the hidden one, and with its units sorted.
func turned(model *rbm.Model) *sum {
	s := &sum{transposed: model.M() < model.N()}
	if s.transposed {
		model = model.Transpose()
	}
	s.p, s.m, s.k = model.Bits(), model.M(), model.N()
	s.low = min(s.k, lowUnits)
	s.sortUnits()
	return s
}

// cost is the number of steps of the sum, those of smooth units in a state.
func (s *sum) cost() float64 {
	return math.Exp2(float64(s.k)) * float64(s.m+(costSteep-1)*len(s.steep))
}

// largestEnergy bounds |E| over all states.
func (s *sum) largestEnergy() float64 {
	bound := math.Abs(s.p.Offset)
	for _, x := range [][]float64{s.p.W, s.p.B, s.p.C} {
		for _, x := range x {
			bound += math.Abs(x)
		}
	}
	return bound
}

// outer is the number of states of the high group, and states that of a part.
func (s *sum) outer() int  { return 1 << (s.k - s.low) }
func (s *sum) states() int { return s.outer() / len(s.part) }

func (s *sum) tabulate() {
	size, high := 1<<s.low, s.k-s.low
	s.table, s.most = make([]float64, s.m*tableStates), make([]float64, s.m)
	s.bias = make([]power, size)
	for e := range size {
		x := 0.0
		forBits(uint64(e), func(j int) { x += s.p.C[j] })
		s.bias[e] = exp(x)
	}
	s.flip, s.unflip = make([]float64, high*s.m), make([]float64, high*s.m)
	s.compute.Parallel(s.m, func(i int) {
		w := s.p.W[i*s.k : (i+1)*s.k]
		if slices.Contains(s.steep, i) {
			for j := range high {
				s.flip[j*s.m+i], s.unflip[j*s.m+i] = 1, 1
			}
			for e := range tableStates {
				forBits(uint64(e%size), func(j int) { s.table[i*tableStates+e] += w[j] })
			}
			return
		}
		for e := range tableStates {
			x := 0.0
			forBits(uint64(e%size), func(j int) { x += w[j] })
			t := math.Exp(x)
			s.table[i*tableStates+e] = t
			s.most[i] = max(s.most[i], t)
		}
		for j, x := range w[s.low:] {
			s.flip[j*s.m+i], s.unflip[j*s.m+i] = math.Exp(x), math.Exp(-x)
		}
	})
}

// sortUnits finds the steep units, and after which of the others the products could run out of range.
func (s *sum) sortUnits() {
	digits := 0.0
	for i, b := range s.p.B {
		bound, spread := math.Abs(b), 0.0
		for j, w := range s.p.W[i*s.k : (i+1)*s.k] {
			bound += math.Abs(w)
			if j < s.low {
				spread += math.Abs(w)
			}
		}
		if bound > steep {
			s.steep = append(s.steep, i)
			spread = 0
		}
		// A factor lies between ½·e^(−spread) and 1.
		loss := 1 + spread*math.Log2E
		if digits += loss; digits > room {
			s.cuts = append(s.cuts, i)
			digits = loss
		}
	}
	s.cuts = append(s.cuts, s.m)
}

// weights are Σ_v e^(−E) of the 2^low states of one state of the high group: e^scale·x[e], where the largest x is 1 or
// more and below 4.
type weights struct {
	scale float64
	x     []float64
}

// sum is Σ_e x[e], in order.
func (w weights) sum() float64 {
	sum := 0.0
	for _, x := range w.x {
		sum += x
	}
	return sum
}

// visitor is called with the weights of each state of the high group (whose bits are state, and
// whose e^(x_i) without the low group are a), and at the end of a part.
type visitor struct {
	visit func(state uint64, w weights, a []float64)
	done  func()
}

// walk goes through all states, part by part on several workers.
func (s *sum) walk(ctx context.Context, o Options, begin func(part int) visitor) error {
	return s.walkParts(ctx, span{endPart: len(s.part), end: s.states()}, s.progress(o, 1, 0), begin)
}

// A span are the states from begin to end of each of some parts.
type span struct{ firstPart, endPart, begin, end int }

// walkParts goes through the states of a span, which begins at a multiple of refresh.
func (s *sum) walkParts(ctx context.Context, of span, progress func(outer int), begin func(part int) visitor) error {
	s.compute.Parallel(of.endPart-of.firstPart, func(k int) {
		part := of.firstPart + k
		v, w := begin(part), s.walker()
		from, to := part*s.states()+of.begin, part*s.states()+of.end
		for at := from; at < to; at += 2 { // refresh is even
			if (at-from)%256 == 0 {
				if ctx.Err() != nil {
					return
				}
				progress(min(256, to-at))
			}
			first, second := &w.places[0], &w.places[1]
			if (at-from)%refresh == 0 {
				w.start(first, uint64(at))
			} else {
				w.step(first, second, uint64(at))
			}
			w.step(second, first, uint64(at+1)) // a state too many at the end of an odd part
			w.multiply()
			v.visit(first.state, w.weights(first), first.a)
			if at+1 < to {
				v.visit(second.state, w.weights(second), second.a)
			}
		}
		v.done()
		s.free.Put(w)
	})
	return ctx.Err()
}

// progress returns a function that reports a number of further states of the high group as done, beside those of each
// part that were done before, of the share of all that this process does.
func (s *sum) progress(o Options, share float64, before int) func(outer int) {
	var mu sync.Mutex
	total := uint64(share * math.Exp2(float64(s.k)))
	done := uint64(float64(total) * float64(before) / float64(s.states()))
	return func(outer int) {
		if o.Progress == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		done += uint64(outer) << s.low
		o.Progress(done, total)
	}
}

// walker is one worker on its way, two states of the high group at a time.
type walker struct {
	*sum
	places [2]place
}

// place is a state of the high group with what is computed for it.
type place struct {
	state   uint64          // bits of the high group
	a       []float64       // e^(b_i + Σ_{j high} w_ij h_j) of the smooth units
	factors kernel.Factored // of the products
	common  int             // power of two that was taken out of all factors
	product kernel.Product  // of the factors, for each state of the low group
	x       []float64       // weights
}

func (s *sum) walker() *walker {
	if w, ok := s.free.Get().(*walker); ok {
		return w
	}
	w := &walker{sum: s}
	for k := range w.places {
		w.places[k] = place{
			a: make([]float64, s.m), x: make([]float64, 1<<s.low),
			factors: kernel.Factored{R: make([]float64, s.m), AR: make([]float64, s.m)},
		}
	}
	return w
}

// start goes to the Gray code of index.
func (w *walker) start(p *place, index uint64) {
	p.state = index ^ index>>1
	w.startAt(p.a, p.state)
	for _, i := range w.steep {
		p.a[i] = 0
	}
}

// startAt computes e^(b_i + Σ_{j high} w_ij h_j) of a state of the high group.
func (s *sum) startAt(a []float64, state uint64) {
	var units []int
	forBits(state, func(j int) { units = append(units, s.low+j) })
	for i := range a {
		x, w := s.p.B[i], s.p.W[i*s.k:(i+1)*s.k]
		for _, j := range units {
			x += w[j]
		}
		a[i] = math.Exp(x)
	}
}

// input is the exponent, b_i + Σ_{j high} w_ij h_j.
func (s *sum) input(state uint64, i int) float64 {
	x := s.p.B[i]
	forBits(state, func(j int) { x += s.p.W[i*s.k+s.low+j] })
	return x
}

// step goes from the Gray code of index−1 at `from` to that of index at p: one unit flips. After the last state it
// stays.
func (w *walker) step(p, from *place, index uint64) {
	j := bits.TrailingZeros64(index)
	if j >= w.k-w.low {
		copy(p.a, from.a)
		p.state = from.state
		return
	}
	p.state = from.state ^ 1<<j
	factors := w.flip
	if p.state>>j&1 == 0 {
		factors = w.unflip
	}
	w.compute.Multiply(p.a, from.a, factors[j*w.m:(j+1)*w.m])
}

// multiply computes Π_i (1 + A_i·T_i) of the low group's states at both places, with a power of two taken out of each
// factor that brings the largest of the states into [½, 1), and of the products before they run out of range.
func (w *walker) multiply() {
	p, q := &w.places[0], &w.places[1]
	for _, p := range []*place{p, q} {
		p.common = w.compute.Factors(p.factors.R, p.factors.AR, p.a, w.most)
		p.product.Reset()
	}
	from := 0
	for _, to := range w.cuts {
		w.compute.Products(&p.product, &q.product, w.table[from*tableStates:to*tableStates], p.slice(from, to), q.slice(from, to))
		from = to
	}
}

func (p *place) slice(from, to int) kernel.Factored {
	return kernel.Factored{R: p.factors.R[from:to], AR: p.factors.AR[from:to]}
}

// weights turns a place's products into weights.
func (w *walker) weights(p *place) weights {
	product := &p.product
	for e, bias := range w.bias {
		product.Mantissa[e] *= bias.mantissa
		product.Exponent[e] += bias.exponent
	}
	if len(w.steep) > 0 {
		w.multiplySteep(p)
	}
	largest := product.Exponent[0]
	for e := range p.x {
		largest = max(largest, product.Exponent[e])
	}
	for e := range p.x {
		// A power of two below the normal numbers is none: beside the largest weight it is nothing.
		power := math.Float64frombits(uint64(max(0, 1023+product.Exponent[e]-largest)) << 52)
		p.x[e] = product.Mantissa[e] * power
	}
	scale := float64(float64(int64(p.common)+largest)*math.Ln2) - w.p.Offset
	forBits(p.state, func(j int) { scale += w.p.C[w.low+j] })
	return weights{scale, p.x}
}

// multiplySteep multiplies a place's products by the factors of steep units, e^(Σ_i log(1+e^(x_i))).
func (w *walker) multiplySteep(p *place) {
	logs, product := p.x, &p.product
	clear(logs)
	for _, i := range w.steep {
		x := w.input(p.state, i)
		for e, t := range w.row(i) {
			logs[e] += softplus(x + t)
		}
	}
	for e, x := range logs {
		factor := exp(x)
		mantissa, exponent := math.Frexp(product.Mantissa[e] * factor.mantissa)
		product.Mantissa[e], product.Exponent[e] = 2*mantissa, product.Exponent[e]+factor.exponent+int64(exponent-1)
	}
}

// softplus is log(1+e^x), without its tail where x is far from 0, as it nearly always is: there 1 + e^(−|x|) is 1.
func softplus(x float64) float64 {
	if math.Abs(x) > 40 {
		return max(x, 0)
	}
	return rbm.Softplus(x)
}

// row returns the table of unit i.
func (s *sum) row(i int) []float64 { return s.table[i*tableStates:][:1<<s.low] }

// power is mantissa·2^exponent: a number of any size.
type power struct {
	mantissa float64 // of [1, 2), or a hair outside
	exponent int64
}

// exp returns e^x.
func exp(x float64) power {
	k := math.Floor(x * math.Log2E)
	return power{math.Exp(x - float64(k*math.Ln2)), int64(k)}
}

// logSum is the logarithm of a sum of weights that come one after the other.
type logSum struct{ most, sum float64 }

func newLogSum() *logSum { return &logSum{most: math.Inf(-1)} }

// add adds e^scale·sum.
func (l *logSum) add(scale, sum float64) {
	if scale > l.most {
		l.sum *= math.Exp(l.most - scale)
		l.most = scale
	}
	l.sum += float64(sum * math.Exp(scale-l.most))
}

func (l *logSum) log() float64 { return l.most + math.Log(l.sum) }

func logSumExp(x []float64) float64 {
	most, sum := slices.Max(x), 0.0
	for _, x := range x {
		sum += math.Exp(x - most)
	}
	return most + math.Log(sum)
}

func forBits(word uint64, f func(j int)) {
	for ; word != 0; word &= word - 1 {
		f(bits.TrailingZeros64(word))
	}
}
